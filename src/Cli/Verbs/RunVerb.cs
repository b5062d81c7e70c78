using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Cli.Progress;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl run</c>: run a job, or carry it on; there is no difference.</summary>
internal static class RunVerb
{
    public static Command Create()
    {
        var job = VerbRun.JobArgument();
        var tables = VerbRun.TablesOption();
        var restart = new Option<bool>("--restart")
        {
            Description = Both("Begin the chosen tables anew. Deletes what they hold in the target (asks first).",
                "让所选的表重新开始。会删除它们在目标端的内容（先询问）。"),
        };
        var yes = new Option<bool>("--yes", "-y") 
        {
            Description = Both("Answer the question of --restart with yes.", "对 --restart 的询问回答 yes。"),
        };
        var progress = new Option<string?>("--progress")
        {
            Description = Both("How to show progress on stderr: live, plain, json or none.",
                "如何在标准错误上显示进度：live、plain、json 或 none。"),
        };
        progress.AcceptOnlyFromAmong("live", "plain", "json", "none");
        return new Command("run", Both("Run a job, or carry it on from its last durable point.", "运行作业，或从最后的持久点接着运行。"))
        {
            job, tables, restart, yes, progress,
        }
            .Does("run", (shell, parse, ct) => RunAsync(shell, parse.GetValue(job)!, new RunOptions
            {
                Tables = [.. (parse.GetValue(tables) ?? []).Select(t => new TablePattern(t))],
                Restart = parse.GetValue(restart),
            }, parse.GetValue(yes), parse.GetValue(progress), ct));
    }

    private static async Task<int> RunAsync(Shell shell, string file, RunOptions options, bool yes, string? progress, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        if (options.Restart && !await RestartQuestion.AskAsync(shell, connectors, job, options, yes, ct)) return ExitCode.Failed;
        var board = new Board(job.Commit.Rows, job.MemoryBytes);
        var view = RunViews.Open(shell, progress, board);
        EventFan? fan = null;
        await using var history = new HistoryMirror(open => Home.OpenHistoryAsync(connectors, shell.Time, open),
            e => fan?.Warn("history", Both($"{Home.HistoryFile} cannot be written ({Cause(e)}); the run goes on",
                $"无法写入 {Home.HistoryFile}（{Cause(e)}）；运行继续")));
        fan = new EventFan(board, view, history, shell.Time);
        using var signals = new StopSignals(now => view.Note(now
            ? Both("Ending at once; everything committed is safe.", "立即结束；已提交的内容都是安全的。")
            : Both("Stopping after the commit in flight; Ctrl-C again ends at once (also safe).",
                "完成进行中的提交后停止；再按一次 Ctrl-C 立即结束（同样安全）。")));
        RunSummary summary;
        int exit;
        await using (view)
        {
            summary = await new JobRunner(Hosts.Create(connectors, fan, shell.Time)).RunAsync(job, options, signals.Signals);
            exit = ExitCode.Of(summary, signals.Terminated);
            fan.End(exit);
            await history.DisposeAsync(); // while the view can still show what it complains of
        }
        shell.Run = summary.Run;
        Report(shell, job, summary, options, board);
        if (summary.Error is { } error) shell.Failure = ErrorView.Data(error, VerbRun.Context(shell));
        return exit;
    }

    private static string Cause(Exception e) => e is PawlException known ? ErrorView.Short(known, new Dictionary<string, string?>())
        : e.Message;

    private static void Report(Shell shell, JobSpec job, RunSummary summary, RunOptions options, Board board)
    {
        shell.Data.AddRange(RunResult.Data(summary, VerbRun.Context(shell)));
        if (shell.Json) return;
        if (summary.Status == RunStatus.NothingToDo && summary.Tables.Count > 0)
        {
            var (tables, rows) = (Figures.Plural(summary.Tables.Count, Noun.Table), Figures.Full(summary.Tables.Sum(t => t.Total.Read)));
            shell.Say(Both($"Nothing to do: {tables} finished before, {rows} rows.", $"无事可做：{tables}此前已完成，共 {rows} 行。"));
        }
        else if (summary.Tables.Count > 0)
        {
            shell.Say(RunResult.Table(summary, board.Took).Lines(shell.Width, shell.OutPaint));
            shell.Say();
            shell.Say(RunResult.Totals(summary, shell.OutPaint));
        }
        foreach (var table in summary.Tables.Where(t => t.Error is not null))
        {
            shell.Error.WriteLine();
            VerbRun.ShowError(shell, table.Error!);
        }
        if (summary.Error is not null) VerbRun.ShowError(shell, summary.Error);
        if (Continue(job, summary, options, shell) is { } line) shell.Note(line);
        else if (summary.Status != RunStatus.NothingToDo && summary.Tables.Any(t => t.ThisRun.Rejected + t.ThisRun.Nulled > 0))
        {
            shell.Note(Both("What was set aside: ", "被搁置的内容：") + $"pawl rejects list {Quoting.Word(shell.JobFile!)}");
        }
    }

    /// <summary>The exact command that goes on; null when there is nothing to go on with.</summary>
    private static string? Continue(JobSpec job, RunSummary summary, RunOptions options, Shell shell)
    {
        if (summary.Status is not (RunStatus.Interrupted or RunStatus.Paused)) return null;
        var tables = options.Tables.Count == 0 ? "" : " --tables " + string.Join(' ', options.Tables.Select(t => Quoting.Word(t.Text)));
        var what = summary.Status == RunStatus.Paused ? Both("Paused", "已暂停") : Both("Stopped", "已停止");
        return what + Both($"; everything committed is kept. To continue {job.Name}:", $"；已提交的内容都会保留。继续 {job.Name}：")
            + $"\n  pawl run {Quoting.Word(shell.JobFile!)}{tables}";
    }
}
