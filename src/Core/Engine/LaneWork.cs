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
    private readonly Dictionary<LaneId, PendingRejects> pending = [];
    private readonly Dictionary<string, long> byCause = [];
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

    /// <summary>What the reject store held of the table when the run began, by cause.</summary>
    public void Found(IReadOnlyDictionary<string, long> rejects)
    {
        lock (gate)
        {
            foreach (var (cause, rows) in rejects) byCause[cause] = rows;
        }
    }

    /// <summary>The target holds this entry.</summary>
    public void Durable(LedgerEntry? entry)
    {
        if (entry is null) return;
        lock (gate)
        {
            lanes[entry.Lane] = entry;
            // Of a commit whose answer was lost the ledger says whether it happened.
            if (!pending.Remove(entry.Lane, out var rejects) || entry.Sequence < rejects.Sequence) return;
            foreach (var (cause, rows) in rejects.ByCause) byCause[cause] = byCause.GetValueOrDefault(cause) + rows;
        }
    }

    /// <param name="entry">About to be committed.</param>
    /// <param name="rows">Its rejected rows: the group is rolled back, so that those which go past a limit are stored nowhere.</param>
    /// <exception cref="PawlException"><see cref="Codes.RejectLimit"/> before a commit that would go past a limit of the table, or the
    /// row's own code where its cause is to stop the table.</exception>
    public void CheckRejects(TablePlan plan, LedgerEntry entry, IReadOnlyList<RejectedRow> rows)
    {
        if (rows.Any(r => r.IsNulled)) rows = [.. rows.Where(r => !r.IsNulled)];
        lock (gate)
        {
            pending.Remove(entry.Lane);
            if (entry.Counts.Rejected == 0) return;
            // Other lanes may be between this check and their commit: what they are about to reject counts already.
            pending[entry.Lane] = new(entry.Sequence, entry.Counts.Rejected, rows.CountBy(r => RejectCause.Of(r.Code)).ToDictionary(
                c => c.Key, c => (long)c.Value));
            foreach (var (cause, limit) in plan.CauseLimits)
            {
                if (rows.LastOrDefault(r => RejectCause.Of(r.Code) == cause) is not { } last) continue;
                var some = byCause.GetValueOrDefault(cause) + pending.Values.Sum(p => p.ByCause.GetValueOrDefault(cause));
                if (some > limit) throw limit == 0 ? Stopped(plan, last) : TooMany(plan, some, limit, last, cause);
            }
            var all = Total.Rejected + pending.Values.Sum(p => p.Rows);
            if (all > plan.RejectLimit) throw TooMany(plan, all, plan.RejectLimit, rows.Count == 0 ? null : rows[^1], null);
        }
    }

    private static PawlException TooMany(TablePlan plan, long rejected, long limit, RejectedRow? last, string? cause)
    {
        List<(string, object?)> details = [("table", plan.Source), ("rejected", rejected), ("limit", limit)];
        if (cause is not null) details.Add(("reject_cause", cause));
        return new PawlException(Fault.Data, Codes.RejectLimit, [.. details, .. About(last)]);
    }

    private static PawlException Stopped(TablePlan plan, RejectedRow row) =>
        new(Fault.Data, row.Code, [("table", plan.Source), .. About(row), ("found", row.Cause)]);

    private static List<(string, object?)> About(RejectedRow? row)
    {
        List<(string, object?)> details = [];
        if (row?.Where is { } where) details.Add(("where", where));
        if (row?.Column is { } column) details.Add(("column", column));
        if (row is not null) details.Add(("cause", row.Cause));
        return details;
    }

    private sealed record PendingRejects(long Sequence, long Rows, IReadOnlyDictionary<string, long> ByCause);
}
