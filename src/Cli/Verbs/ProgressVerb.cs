using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl progress</c>: what the target durably holds of a job, whether or not somebody runs it now.</summary>
internal static class ProgressVerb
{
    public static Command Create()
    {
        var job = VerbRun.JobArgument();
        var tables = VerbRun.TablesOption();
        return new Command("progress", Both("Show how far a job is, by its ledger; works while it runs.",
            "按账本显示作业的进度；运行中也可以用。")) { job, tables }
            .Does("progress", (shell, parse, ct) => ShowAsync(shell, parse.GetValue(job)!, parse.GetValue(tables) ?? [], ct));
    }

    private static async Task<int> ShowAsync(Shell shell, string file, string[] tables, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        await using var door = await LedgerDoor.OpenAsync(connectors, job, shell.Time, ct);
        var known = await door.Store.ReadAsync(door.Record.Id, ct);
        var (whole, state) = (LedgerState.Of(door.Record, known),
            LedgerState.Of(door.Record, known.Only([.. tables.Select(t => new TablePattern(t))])));
        shell.Say($"{shell.OutPaint.Bold(job.Name)}: {job.Source.Display} → {job.Target.Display}");
        shell.Say(RunnerLine(whole, shell.OutPaint));
        shell.Say();
        shell.Say(Table(state, shell).Lines(shell.Width, shell.OutPaint));
        if (state.LastCommit is { } last)
        {
            shell.Say();
            var (ledger, at, ago) = (Figures.Full(state.Commits), Figures.TimeOfDay(last, shell.Now), Figures.Ago(shell.Now - last));
            shell.Say(Both($"Ledger {ledger}, last commit {at} ({ago}).", $"账本 {ledger}，最近提交 {at}（{ago}）。"));
        }
        if (!whole.Alive && !whole.Finished) shell.Note(Both("To go on: ", "继续：") + $"pawl run {Quoting.Word(file)}");
        shell.Data.AddRange(Data(whole, state));
        return ExitCode.Done;
    }

    /// <summary>Who runs the job, for people.</summary>
    internal static string RunnerLine(LedgerState state, Paint paint)
    {
        var age = state.Record.HeartbeatAge is { } beat ? Both($", heartbeat {Figures.Ago(beat)}", $"，心跳 {Figures.Ago(beat)}") : "";
        var asked = state.Record.Wanted == WantedState.Pause ? Both(", asked to pause", "，已请求暂停") : "";
        if (state.Alive)
        {
            return paint.Green(Both($"run by {state.Record.Runner}{age}{asked}", $"由 {state.Record.Runner} 运行{age}{asked}"));
        }
        if (state.Record.Runner is { } gone)
        {
            return paint.Yellow(Both($"nobody runs it: {gone} did not give it back{age}", $"没有进程运行：{gone} 没有交还{age}"));
        }
        return state.Finished ? paint.Green(Both("finished", "已完成")) : Both("nobody runs it", "没有进程运行");
    }

    private static TextTable Table(LedgerState state, Shell shell)
    {
        var table = new TextTable(new("table", "表"), new("done", "完成", true), new("rows", "行数", true),
            new("of about", "预计总数", true, 2), new("bytes", "字节", true, 3), new("splits", "分片", true, 1),
            new("rejected", "拒收", true, 4), new("set to NULL", "置空", true, 4), new("last commit", "最近提交", false, 5), new("", ""));
        foreach (var t in state.Tables)
        {
            table.AddPainted(t.Finished ? shell.OutPaint.Green : null, t.Plan.Source.ToString(),
                t.Finished ? "100%" : Figures.Percent(t.Rows.Read, t.Plan.SourceSchema.EstimatedRows), Figures.Full(t.Rows.Read),
                t.Plan.SourceSchema.EstimatedRows >= 0 && !t.Finished ? Figures.Full(t.Plan.SourceSchema.EstimatedRows) : "",
                Figures.Bytes(t.Bytes), $"{t.SplitsDone}/{t.Plan.Splits.Count}", t.Rejects > 0 ? Figures.Full(t.Rejects) : "",
                t.Rows.Nulled > 0 ? Figures.Full(t.Rows.Nulled) : "",
                t.LastCommit is { } at ? Figures.Ago(shell.Now - at) : "", t.Word);
        }
        return table;
    }

    private static Pairs Data(LedgerState whole, LedgerState state) => new()
    {
        ["alive"] = whole.Alive,
        ["finished"] = whole.Finished,
        ["runner"] = state.Record.Runner,
        ["heartbeat_age_ms"] = state.Record.HeartbeatAge is { } age ? (long)age.TotalMilliseconds : null,
        ["wanted"] = state.Record.Wanted.ToString(),
        ["commits"] = state.Commits,
        ["last_commit"] = state.LastCommit,
        ["tables"] = state.Tables.Select(t => new Pairs
        {
            ["source"] = t.Plan.Source.ToString(), ["target"] = t.Plan.Target.ToString(), ["phase"] = t.Plan.Phase.ToString(),
            ["finished"] = t.Finished, ["generation"] = t.Plan.Generation, ["rows"] = RunResult.Counts(t.Rows), ["bytes"] = t.Bytes,
            ["estimated_rows"] = t.Plan.SourceSchema.EstimatedRows, ["splits"] = t.Plan.Splits.Count, ["splits_done"] = t.SplitsDone,
            ["rejects"] = t.Rejects, ["nulled"] = t.Rows.Nulled, ["last_commit"] = t.LastCommit,
        }).ToArray(),
    };
}
