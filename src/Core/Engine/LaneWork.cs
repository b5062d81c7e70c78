using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>One lane to be moved.</summary>
internal sealed record LaneWork(TablePlan Plan, Split Split, LaneId Lane, TableProgress Progress);

/// <summary>What is durable of one table, lane by lane, as the target said it last. Thread-safe.</summary>
internal sealed class TableProgress
{
    private readonly Lock gate = new();
    private readonly Dictionary<LaneId, LedgerEntry> lanes = [];
    private readonly Dictionary<LaneId, long> pendingRejects = [];
    private readonly WriteCounts before;
    private bool tried;

    /// <param name="found">Last entries of the table's lanes when the run began.</param>
    public TableProgress(IEnumerable<LedgerEntry> found)
    {
        foreach (var entry in found) lanes[entry.Lane] = entry;
        before = Total;
    }

    public WriteCounts Total { get { lock (gate) return lanes.Values.Aggregate(default(WriteCounts), (sum, e) => sum + e.Total); } }
    public WriteCounts ThisRun => Total - before;
    public long TotalBytes { get { lock (gate) return lanes.Values.Sum(e => e.TotalBytes); } }

    /// <summary>Rows of the table are in the target, or may be: a commit may come through whose answer was lost.</summary>
    public bool MayHoldRows { get { lock (gate) return tried || Total.Inserted > 0; } }

    /// <summary>This entry is about to be committed.</summary>
    public void Try(LedgerEntry entry)
    {
        lock (gate) tried |= entry.Total.Inserted > 0;
    }

    /// <summary>The target holds this entry.</summary>
    public void Durable(LedgerEntry? entry)
    {
        if (entry is null) return;
        lock (gate)
        {
            lanes[entry.Lane] = entry;
            pendingRejects.Remove(entry.Lane);
        }
    }

    /// <exception cref="PawlException"><see cref="Codes.RejectLimit"/> before a commit that would go past the table's limit.</exception>
    /// <param name="last">The one that is told of: the group is rolled back, so that its rejects are stored nowhere.</param>
    public void CheckRejects(TablePlan plan, LaneId lane, long more, RejectedRow? last)
    {
        if (more == 0) return;
        long rejected;
        lock (gate)
        {
            // Other lanes may be between this check and their commit: what they are about to reject counts already.
            pendingRejects[lane] = more;
            rejected = Total.Rejected + pendingRejects.Values.Sum();
        }
        if (rejected > plan.RejectLimit)
        {
            List<(string, object?)> details = [("table", plan.Source), ("rejected", rejected), ("limit", plan.RejectLimit)];
            if (last?.Where is { } where) details.Add(("where", where));
            if (last?.Column is { } column) details.Add(("column", column));
            if (last is not null) details.Add(("cause", last.Cause));
            throw new PawlException(Fault.Data, Codes.RejectLimit, [.. details]);
        }
    }
}
