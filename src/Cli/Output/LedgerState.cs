using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Cli.Output;

/// <summary>What a target durably knows of a job, summed up per table. Immutable.</summary>
public sealed record LedgerState(JobRecord Record, IReadOnlyList<LedgerState.TableState> Tables)
{
    /// <summary>A heartbeat older than this is a dead runner's, see the engine's liveness rule.</summary>
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(30);

    /// <summary>One table of the newest generation.</summary>
    /// <param name="Entries">The last ledger entry of each lane that has one, in split order.</param>
    public sealed record TableState(TablePlan Plan, IReadOnlyList<LedgerEntry> Entries, long Rejects)
    {
        public WriteCounts Rows { get; } = Entries.Aggregate(default(WriteCounts), (sum, e) => sum + e.Total);
        public long Bytes { get; } = Entries.Sum(e => e.TotalBytes);
        public int SplitsDone { get; } = Entries.Count(e => e.Final);
        public DateTimeOffset? LastCommit { get; } = Entries.Max(e => e.At);
        public bool Finished => Plan.Phase is TablePhase.Done or TablePhase.Verified;

        public string Word => Plan.Phase switch
        {
            TablePhase.Verified => Both("verified", "已校验"),
            TablePhase.Done => Both("done", "完成"),
            TablePhase.Restarting => Both("to be started over", "待重新开始"),
            TablePhase.Published => Both("published, to be verified", "已发布，待校验"),
            _ when SplitsDone == Plan.Splits.Count && Plan.IsStaged => Both("staged, to be published", "已暂存，待发布"),
            _ when SplitsDone == Plan.Splits.Count => Both("copied, to be verified", "已复制，待校验"),
            _ when Entries.Count == 0 => Both("not begun", "未开始"),
            _ when Plan.IsStaged => Both("staging", "暂存中"),
            _ => Both("copying", "复制中"),
        };
    }

    public bool Alive => Record.Runner is not null && Record.HeartbeatAge is { } age && age < Stale;
    public bool Finished => Tables.Count > 0 && Tables.All(t => t.Finished);
    public long Commits => Tables.Sum(t => t.Entries.Sum(e => e.Sequence));
    public DateTimeOffset? LastCommit => Tables.Max(t => t.LastCommit);

    public static LedgerState Of(JobRecord record, JobProgress progress) => new(record,
    [
        .. progress.Plans.Select(p => new TableState(p,
            [.. p.Splits.Select(s => progress.Last.GetValueOrDefault(p.Lane(record.Id, s.Index))).OfType<LedgerEntry>()],
            progress.Rejects.GetValueOrDefault(p.Source))),
    ]);
}
