using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Cli.Progress;
using Pawl.Cli.Reports;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl runs list|show|report</c>: the history of runs on this machine.</summary>
internal static class RunsVerb
{
    public static Command Create()
    {
        var job = new Option<string?>("--job") { Description = Both("Only runs of the job of this name.", "只列该名称作业的运行。") };
        var limit = new Option<int>("--limit", "-n") 
        {
            Description = Both("How many, newest first.", "列多少条，最新的在前。"), DefaultValueFactory = _ => 20,
        };
        var list = new Command("list", Both("List the last runs.", "列出最近的运行。")) { job, limit }
            .Does("runs list", (shell, parse, ct) => ListAsync(shell, parse.GetValue(job), parse.GetValue(limit), ct));
        var shown = RunArgument();
        var show = new Command("show", Both("Show what happened in a run.", "显示一次运行中发生了什么。")) { shown }
            .Does("runs show", (shell, parse, ct) => ShowAsync(shell, parse.GetValue(shown), ct));
        var reported = RunArgument();
        var format = new Option<string>("--format") 
        {
            Description = Both("md, html or json.", "md、html 或 json。"), DefaultValueFactory = _ => "md",
        };
        format.AcceptOnlyFromAmong("md", "html", "json");
        var output = new Option<string?>("--output", "-o") { Description = Both("File to write; default stdout.", "写入的文件；默认标准输出。") };
        var report = new Command("report", Both("Write the recovery report of a run.", "写出一次运行的恢复报告。")) { reported, format, output }
            .Does("runs report", (shell, parse, ct) => ReportAsync(shell, parse.GetValue(reported), parse.GetValue(format)!,
                parse.GetValue(output), ct));
        return new Command("runs", Both("Look at past runs and their recovery reports.", "查看历史运行及其恢复报告。")) { list, show, report };
    }

    private static Argument<string?> RunArgument() => new("run")
    {
        Description = Both("A run's id or its first digits. Default: the last run.", "运行的 id 或其开头几位。默认：最近一次运行。"),
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static async Task<int> ListAsync(Shell shell, string? job, int limit, CancellationToken ct)
    {
        await using var history = await OpenAsync(shell, ct);
        var runs = history is null ? [] : await history.ListAsync(job, Math.Max(1, limit), ct);
        if (runs.Count == 0) shell.Say(Both("No run is recorded yet.", "尚无运行记录。"));
        else shell.Say(Table(runs, shell).Lines(shell.Width, shell.OutPaint));
        shell.Data["runs"] = runs.Select(Data).ToArray();
        return ExitCode.Done;
    }

    private static async Task<int> ShowAsync(Shell shell, string? wanted, CancellationToken ct)
    {
        await using var history = await OpenAsync(shell, ct);
        var run = await FindAsync(history, wanted, ct);
        var events = await history!.EventsAsync(run.Run, ct);
        (shell.Run, shell.Job) = (run.Run, run.Job);
        shell.Say(Table([run], shell).Lines(shell.Width, shell.OutPaint));
        shell.Say();
        foreach (var e in events.Where(e => shell.Verbose
            || e.Code is not (EventCodes.LaneOpened or EventCodes.LaneCommitted or EventCodes.LaneDone
            or EventCodes.LaneProgress)))
        {
            if (EventLine.Of(e, shell.Now) is { } line) shell.Say($"{shell.OutPaint.Dim(Figures.TimeOfDay(e.At, shell.Now))} {line}");
        }
        shell.Note("\n" + Both("The recovery report: ", "恢复报告：") + $"pawl runs report {Figures.RunName(run.Run)}");
        shell.Data.AddRange(Data(run));
        shell.Data["events"] = events.Select(e => new Pairs
        {
            ["ts"] = e.At, ["code"] = e.Code, ["table"] = e.Table, ["lane"] = e.Lane, ["args"] = e.Args,
        }).ToArray();
        return ExitCode.Done;
    }

    private static async Task<int> ReportAsync(Shell shell, string? wanted, string format, string? output, CancellationToken ct)
    {
        await using var history = await OpenAsync(shell, ct);
        var run = await FindAsync(history, wanted, ct);
        (shell.Run, shell.Job) = (run.Run, run.Job);
        var report = await RecoveryReport.ReadAsync(history!, run, ct);
        var text = format switch
        {
            "html" => ReportHtml.Write(report),
            "json" => JsonLine.Object(ReportJson.Of(report), indented: true),
            _ => ReportMarkdown.Write(report),
        };
        shell.Data["report"] = ReportJson.Of(report);
        if (output is null)
        {
            shell.Raw(text);
            return ExitCode.Done;
        }
        await File.WriteAllTextAsync(output, text, ct);
        shell.Say(Both($"Wrote {output}.", $"已写出 {output}。"));
        shell.Data["file"] = Path.GetFullPath(output);
        return ExitCode.Done;
    }

    /// <summary>Null when there is no history yet.</summary>
    private static async Task<IRunHistory?> OpenAsync(Shell shell, CancellationToken ct) =>
        File.Exists(Home.HistoryFile) ? await Home.OpenHistoryAsync(new ConnectorScan(), shell.Time, ct) : null;

    private static async Task<RunRecord> FindAsync(IRunHistory? history, string? wanted, CancellationToken ct)
    {
        var found = history is null ? null : wanted is null ? (await history.ListAsync(null, 1, ct)).FirstOrDefault()
            : await history.FindAsync(wanted, ct);
        return found ?? throw new PawlException(Fault.Configuration, Codes.Usage,
            ("cause", wanted is null ? Both("No run is recorded yet.", "尚无运行记录。")
                : Both($"There is no run {wanted}, or its first digits are not unique; see pawl runs list.",
                    $"没有运行 {wanted}，或其开头几位不唯一；请看 pawl runs list。")));
    }

    private static TextTable Table(IReadOnlyList<RunRecord> runs, Shell shell)
    {
        var table = new TextTable(new("run", "运行"), new("job", "作业"), new("started", "开始时间"), new("took", "用时", true, 2),
            new("rows written", "写入行数", true), new("exit", "退出码", true, 1), new("status", "状态"));
        foreach (var r in runs)
        {
            Func<string, string>? paint = r.Status switch
            {
                "done" or "nothingtodo" => shell.OutPaint.Green,
                "failed" or "lost" or "fenced" => shell.OutPaint.Red,
                _ => shell.OutPaint.Yellow,
            };
            table.AddPainted(paint, Figures.RunName(r.Run), r.Job, $"{Figures.TimeOfDay(r.Started, shell.Now)}", r.Ended is { } end
                ? Figures.Took(end - r.Started) : "",
                r.Ended is null ? "" : Figures.Full(r.RowsWritten),
                    r.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "",
                ReportWords.Status(r.Status));
        }
        return table;
    }

    private static Pairs Data(RunRecord r) => new()
    {
        ["run"] = r.Run.ToString(), ["job"] = r.Job, ["started"] = r.Started, ["ended"] = r.Ended, ["status"] = r.Status,
            ["exit"] = r.ExitCode,
        ["rows_written"] = r.RowsWritten,
    };
}
