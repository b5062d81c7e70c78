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
            Description = "Begin the chosen tables anew. Deletes what they hold in the target (asks first).",
        };
        var yes = new Option<bool>("--yes", "-y") { Description = "Answer the question of --restart with yes." };
        var progress = new Option<string?>("--progress") { Description = "How to show progress on stderr: live, plain, json or none." };
        progress.AcceptOnlyFromAmong("live", "plain", "json", "none");
        return new Command("run", "Run a job, or carry it on from its last durable point.") { job, tables, restart, yes, progress }
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
            e => fan?.Warn("history", $"{Home.HistoryFile} cannot be written ({Cause(e)}); the run goes on"));
        fan = new EventFan(board, view, history, shell.Time);
        using var signals = new StopSignals(now => view.Note(now ? "Ending at once; everything committed is safe."
            : "Stopping after the commit in flight; Ctrl-C again ends at once (also safe)."));
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
            shell.Say($"Nothing to do: {Figures.Plural(summary.Tables.Count, "table")} finished before, "
                + $"{Figures.Full(summary.Tables.Sum(t => t.Total.Read))} rows.");
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
    }

    /// <summary>The exact command that goes on; null when there is nothing to go on with.</summary>
    private static string? Continue(JobSpec job, RunSummary summary, RunOptions options, Shell shell)
    {
        if (summary.Status is not (RunStatus.Interrupted or RunStatus.Paused)) return null;
        var tables = options.Tables.Count == 0 ? "" : " --tables " + string.Join(' ', options.Tables.Select(t => Quoting.Word(t.Text)));
        var what = summary.Status == RunStatus.Paused ? "Paused" : "Stopped";
        return $"{what}; everything committed is kept. To continue {job.Name}:\n  pawl run {Quoting.Word(shell.JobFile!)}{tables}";
    }
}
