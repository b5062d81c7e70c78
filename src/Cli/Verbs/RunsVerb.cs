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
        var job = new Option<string?>("--job") { Description = "Only runs of the job of this name." };
        var limit = new Option<int>("--limit", "-n") { Description = "How many, newest first.", DefaultValueFactory = _ => 20 };
        var list = new Command("list", "List the last runs.") { job, limit }
            .Does("runs list", (shell, parse, ct) => ListAsync(shell, parse.GetValue(job), parse.GetValue(limit), ct));
        var shown = RunArgument();
        var show = new Command("show", "Show what happened in a run.") { shown }
            .Does("runs show", (shell, parse, ct) => ShowAsync(shell, parse.GetValue(shown), ct));
        var reported = RunArgument();
        var format = new Option<string>("--format") { Description = "md, html or json.", DefaultValueFactory = _ => "md" };
        format.AcceptOnlyFromAmong("md", "html", "json");
        var output = new Option<string?>("--output", "-o") { Description = "File to write; default stdout." };
        var report = new Command("report", "Write the recovery report of a run.") { reported, format, output }
            .Does("runs report", (shell, parse, ct) => ReportAsync(shell, parse.GetValue(reported), parse.GetValue(format)!,
                parse.GetValue(output), ct));
        return new Command("runs", "Look at past runs and their recovery reports.") { list, show, report };
    }

    private static Argument<string?> RunArgument() => new("run")
    {
        Description = "A run's id or its first digits. Default: the last run.", Arity = ArgumentArity.ZeroOrOne,
    };

    private static async Task<int> ListAsync(Shell shell, string? job, int limit, CancellationToken ct)
    {
        await using var history = await OpenAsync(shell, ct);
        var runs = history is null ? [] : await history.ListAsync(job, Math.Max(1, limit), ct);
        if (runs.Count == 0) shell.Say("No run is recorded yet.");
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
        shell.Note($"\nThe recovery report: pawl runs report {Figures.RunName(run.Run)}");
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
        shell.Say($"Wrote {output}.");
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
            ("cause", wanted is null ? "No run is recorded yet."
                : $"There is no run {wanted}, or its first digits are not unique; see pawl runs list."));
    }

    private static TextTable Table(IReadOnlyList<RunRecord> runs, Shell shell)
    {
        var table = new TextTable(new("run"), new("job"), new("started"), new("took", true, 2), new("rows written", true), new("exit",
            true, 1), new("status"));
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
                Word(r.Status));
        }
        return table;
    }

    private static string Word(string status) => status switch
    {
        "lost" => "lost (killed?)",
        "nothingtodo" => "nothing to do",
        _ => status,
    };

    private static Pairs Data(RunRecord r) => new()
    {
        ["run"] = r.Run.ToString(), ["job"] = r.Job, ["started"] = r.Started, ["ended"] = r.Ended, ["status"] = r.Status,
            ["exit"] = r.ExitCode,
        ["rows_written"] = r.RowsWritten,
    };
}
