using Pawl.Cli.Progress;
using Pawl.Contracts;
using Pawl.Telemetry;

namespace Pawl.Cli.Reports;

/// <summary>
/// What happened to a run that went on from an earlier one: what ended the earlier one, the last durable point, what was kept, what was
/// done again,
/// and the proof. Made from the history of both; a figure the history does not know is null. Immutable.
/// </summary>
public sealed record RecoveryReport
{
    public required RunRecord Run { get; init; }
    /// <summary>The run of the same job before this one; null when there is none on this machine.</summary>
    public RunRecord? Before { get; init; }
    /// <summary>Why the run before ended.</summary>
    public required string Cause { get; init; }
    /// <summary>The last commit found by this run; null when it began afresh.</summary>
    public DateTimeOffset? LastDurable { get; init; }
    public long? Ledger { get; init; }
    public bool Resumed { get; init; }
    public string? TakenOverFrom { get; init; }
    public long SplitsDone { get; init; }
    public long SplitsPartial { get; init; }
    public long SplitsToDo { get; init; }
    /// <summary>Rows that were durable and were not copied again.</summary>
    public long RowsKept { get; init; }
    /// <summary>Rows of finished tables that were not even looked at.</summary>
    public long RowsSkipped { get; init; }
    /// <summary>Rows this run moved.</summary>
    public long RowsCopied { get; init; }
    /// <summary>Rows the run before had read without a commit when it ended, and this one read again; null when nobody could say.</summary>
    public long? RowsInFlight { get; init; }
    public long Rejected { get; init; }
    public long Retries { get; init; }
    /// <summary>From start to the first durable row of this run, in milliseconds.</summary>
    public long? FirstRowMs { get; init; }
    public required IReadOnlyList<ReportTable> Tables { get; init; }
    /// <summary>What happened, in order, without the single commits.</summary>
    public required IReadOnlyList<RunEvent> Timeline { get; init; }

    /// <summary>Share of all rows that did not have to be copied again, 0–100.</summary>
    public double SavedPercent => RowsKept + RowsSkipped + RowsCopied is > 0 and var all ? 100.0 * (RowsKept + RowsSkipped) / all : 0;

    public bool Proved => Tables.Count > 0 && Tables.All(t => t.Proved);

    public static async Task<RecoveryReport> ReadAsync(IRunHistory history, RunRecord run, CancellationToken ct)
    {
        var events = await history.EventsAsync(run.Run, ct);
        var others = await history.ListAsync(run.Job, 1000, ct);
        var before = others.Where(r => r.Run != run.Run && r.Started < run.Started).MaxBy(r => r.Started);
        var last = before is null ? [] : await history.EventsAsync(before.Run, ct);
        var resumed = events.FirstOrDefault(e => e.Code == EventCodes.RunResumed);
        var takenFrom = events.FirstOrDefault(e => e.Code == EventCodes.JobTakenOver)?.Text("from");
        var tables = ReportTable.Of(events);
        return new RecoveryReport
        {
            Run = run,
            Before = before,
            Cause = CauseOf(before, last, takenFrom is not null),
            Resumed = resumed is not null,
            LastDurable = resumed?.Long("last_commit_ms") is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms) : null,
            Ledger = resumed?.Long("ledger"),
            TakenOverFrom = takenFrom,
            SplitsDone = resumed?.Long("splits_done") ?? 0,
            SplitsPartial = resumed?.Long("splits_partial") ?? 0,
            SplitsToDo = resumed?.Long("splits_todo") ?? 0,
            RowsKept = tables.Where(t => !t.Skipped).Sum(t => t.RowsKept),
            RowsSkipped = tables.Where(t => t.Skipped).Sum(t => t.RowsKept),
            RowsCopied = tables.Sum(t => t.RowsCopied),
            RowsInFlight = resumed is null ? 0 : InFlight(last),
            Rejected = tables.Sum(t => t.Rejected),
            Retries = events.Count(e => e.Code is EventCodes.LaneRetry or EventCodes.EndpointBack),
            FirstRowMs = events.FirstOrDefault(e => e.Code == EventCodes.FirstRow)?.Long("ms"),
            Tables = tables,
            Timeline = [.. events.Where(e => e.Code is not (EventCodes.LaneOpened or EventCodes.LaneCommitted or EventCodes.LaneDone
                or EventCodes.LaneProgress))],
        };
    }

    private static string CauseOf(RunRecord? before, IReadOnlyList<RunEvent> events, bool takenOver)
    {
        if (before is null) return Both("no earlier run is recorded on this machine", "本机没有更早的运行记录");
        var ended = events.LastOrDefault(e => e.Code == EventCodes.RunEnded);
        if (ended is null)
        {
            return takenOver
                ? Both("the process ended without a word (killed, or the power went)", "进程无声无息地结束（被杀死或断电）")
                : Both("it was not heard of again", "此后再无音讯");
        }
        return ended.Text("status") switch
        {
            "Interrupted" => Both("it was asked to stop (Ctrl-C or SIGTERM)", "被要求停止（Ctrl-C 或 SIGTERM）"),
            "Paused" => Both("it was paused", "被暂停"),
            "Fenced" => Both("another runner took the job over", "作业被另一个运行者接管"),
            "Failed" => ended.Text("code") is { } code ? Both($"it failed with {code}", $"失败（{code}）") : Both("it failed", "失败"),
            "Partial" => Both("some of its tables failed", "部分表失败"),
            "Done" or "NothingToDo" => Both("it had finished", "已正常完成"),
            var other => other ?? Both("it ended", "已结束"),
        };
    }

    /// <summary>What each lane had read at its last report and never committed.</summary>
    private static long? InFlight(IReadOnlyList<RunEvent> events)
    {
        var rows = new Dictionary<string, long>();
        foreach (var e in events.Where(e => e.Lane is not null))
        {
            if (e.Code == EventCodes.LaneProgress) rows[e.Lane!] = e.Long("in_flight_rows") ?? 0;
            else if (e.Code is EventCodes.LaneCommitted or EventCodes.LaneDone) rows[e.Lane!] = 0;
        }
        var sum = rows.Values.Sum();
        return sum > 0 || events.Any(e => e.Code == EventCodes.RunEnded) ? sum : null;
    }
}
