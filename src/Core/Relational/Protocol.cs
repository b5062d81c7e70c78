using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>The statements of the protocol, each in one place. ARCHITECTURE.md says why each is there.</summary>
internal static class Protocol
{
    /// <summary>
    /// The fence of everything that changes a job: no row touched means somebody else owns it. Holds the row's lock until the end.
    /// </summary>
    public static ValueTask FenceJobAsync(ITargetSession session, JobLease lease, CancellationToken ct) =>
        ChangeJobAsync(session, lease, [("tick", Computed.PlusOne)], ct);

    /// <summary>Changes the job's row if it is still ours.</summary>
    public static async ValueTask ChangeJobAsync(ITargetSession session, JobLease lease, (string, object?)[] set, CancellationToken ct)
    {
        var touched = await session.ChangeAsync(ControlChange.Update(ControlTables.Job, set,
            Owned(lease)), ct);
        if (touched != 1) throw new PawlException(Fault.Fenced, Codes.Fenced, ("job", lease.Name), ("epoch", lease.Epoch));
    }

    /// <summary>
    /// The fence of work on one table that may take long (indexes, emptying). It locks the plan's row and not the job's, so that
    /// heartbeats, other tables and requests go on meanwhile. The job is read after the lock is there: either we still own it, and whoever
    /// takes it over waits for this transaction before touching the table, or we see that it is lost.
    /// </summary>
    public static async ValueTask FenceTableAsync(ITargetSession session, JobLease lease, TablePlan plan, CancellationToken ct)
    {
        await FencePlanAsync(session, lease, plan, ct);
        await CheckJobAsync(session, lease, ct);
    }

    private static Condition[] Owned(JobLease lease) =>
        [new("job", JobRows.Id(lease.Job)), new("epoch", lease.Epoch), new("holder", JobRows.Id(lease.Holder))];

    /// <summary>There while the job is ours.</summary>
    public static ControlGuard Ownership(JobLease lease) => new(ControlTables.Job, Owned(lease));

    public static async ValueTask CheckJobAsync(ITargetSession session, JobLease lease, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect { Table = ControlTables.Job, Where = Owned(lease) }, ct);
        if (rows.Count != 1) throw new PawlException(Fault.Fenced, Codes.Fenced, ("job", lease.Name), ("epoch", lease.Epoch));
    }

    /// <summary>
    /// A lane is taken only for a plan that stands in the target. A restore that keeps our lease but goes back behind the plan would
    /// otherwise leave rows that belong to no plan. The plan's row is locked by an owner of the job alone: a runner that lost it and is
    /// stopped right here would hold the lock on a session that nobody knows to end.
    /// </summary>
    public static async ValueTask FencePlanAsync(ITargetSession session, JobLease lease, TablePlan plan, CancellationToken ct)
    {
        var touched = await session.ChangeAsync(ControlChange.Update(ControlTables.Plan, [("tick", Computed.PlusOne)],
            new("job", JobRows.Id(lease.Job)), new("source_table", plan.Source.ToString()), new("generation", plan.Generation))
            with { While = Ownership(lease) }, ct);
        if (touched != 1)
        {
            throw new PawlException(Fault.Fenced, Codes.Fenced, ("job", lease.Name), ("table", plan.Source),
                ("generation", plan.Generation));
        }
    }

    /// <summary>
    /// The fence of everything that writes rows of a lane: epoch and holder, because a restored backup can bring an epoch back, and the
    /// very tick the last transaction left, because a restored backup can bring back a ledger of our own epoch that lacks what we committed
    /// since.
    /// </summary>
    public static async ValueTask FenceLaneAsync(ITargetSession session, LaneId lane, LaneTerm term, Guid holder, CancellationToken ct)
    {
        var touched = await session.ChangeAsync(ControlChange.Update(ControlTables.Lane,
            [("tick", Computed.PlusOne), ("heartbeat", Computed.Now)],
            new("job", JobRows.Id(lane.Job)), new("lane", lane.Name), new("epoch", term.Epoch), new("holder", JobRows.Id(holder)),
            new("tick", term.Tick)), ct);
        if (touched != 1) throw new PawlException(Fault.Fenced, Codes.Fenced, ("lane", lane.Name), ("epoch", term.Epoch));
    }

    /// <summary>
    /// Gives the lane to a new holder; whoever had it is fenced from here on. Waits for the lane's row lock, that is, until an older
    /// transaction is decided.
    /// </summary>
    public static async ValueTask<LaneTerm> RaiseLaneAsync(ITargetSession session, LaneId lane, TableName? table, Guid holder,
        CancellationToken ct)
    {
        var job = JobRows.Id(lane.Job);
        var touched = await session.ChangeAsync(ControlChange.Update(ControlTables.Lane,
            [
                ("epoch", Computed.PlusOne), ("tick", Computed.PlusOne), ("holder", JobRows.Id(holder)), ("backend", session.Backend),
                ("heartbeat", Computed.Now),
            ],
            new("job", job), new("lane", lane.Name)), ct);
        if (touched == 0)
        {
            await session.ChangeAsync(ControlChange.Insert(ControlTables.Lane,
                ("job", job), ("lane", lane.Name), ("source_table", JobRows.Owner(table)), ("epoch", 1L), ("tick", 0L),
                ("holder", JobRows.Id(holder)), ("backend", session.Backend), ("heartbeat", Computed.Now)), ct);
            return new LaneTerm(1, 0);
        }
        var rows = await session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Lane,
            Where = [new("job", job), new("lane", lane.Name)],
        }, ct);
        return new LaneTerm(rows[0].Number("epoch"), rows[0].Number("tick"));
    }

    public static async ValueTask<WantedState> WantedAsync(ITargetSession session, Guid job, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect { Table = ControlTables.Job, Where = [new("job", JobRows.Id(job))] }, ct);
        return rows.Count == 1 && rows[0].Text("wanted") == "pause" ? WantedState.Pause : WantedState.Run;
    }

    public static async ValueTask<LedgerEntry?> LastAsync(ITargetSession session, LaneId lane, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Ledger,
            Where = [new("job", JobRows.Id(lane.Job)), new("lane", lane.Name)],
            OrderBy = "seq",
            Descending = true,
            Limit = 1,
        }, ct);
        return rows.Count == 0 ? null : JobRows.Ledger(rows[0]);
    }

    /// <summary>
    /// A table is done when the ledger says so, not when we remember it: a restore may have taken final entries back while we ran.
    /// </summary>
    public static async ValueTask CheckFinalAsync(ITargetSession s, JobLease lease, TablePlan plan, CancellationToken ct)
    {
        var rows = await s.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Ledger,
            Where = [new("job", JobRows.Id(lease.Job)), new("source_table", plan.Source.ToString()), new("final", 1L)],
        }, ct);
        var final = rows.Select(r => r.Text("lane")).ToHashSet(StringComparer.Ordinal);
        if (plan.Splits.All(split => final.Contains(plan.Lane(lease.Job, split.Index).Name))) return;
        throw new PawlException(Fault.Fenced, Codes.Fenced, ("job", lease.Name), ("table", plan.Source), ("generation", plan.Generation));
    }

    /// <summary>Whether the plan's staged copy has taken its place already, by the note that committed with it.</summary>
    public static async ValueTask<bool> IsPublishedAsync(ITargetSession session, Guid job, TablePlan plan, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect { Table = ControlTables.Plan, Where = Of(job, plan) }, ct);
        return rows.Count == 1 && JobRows.Plan(rows[0]).Phase >= TablePhase.Published;
    }

    /// <summary>Notes it, once, in the transaction that does it.</summary>
    public static async ValueTask NotePublishedAsync(ITargetSession session, JobLease lease, TablePlan plan, CancellationToken ct)
    {
        var touched = await session.ChangeAsync(ControlChange.Update(ControlTables.Plan,
            [("phase", JobRows.Phase(TablePhase.Published)), ("tick", Computed.PlusOne)],
            [.. Of(lease.Job, plan), new("phase", JobRows.Phase(TablePhase.Copying))]), ct);
        if (touched == 1) return;
        throw new PawlException(Fault.Fenced, Codes.Fenced, ("job", lease.Name), ("table", plan.Source), ("generation", plan.Generation));
    }

    private static Condition[] Of(Guid job, TablePlan plan) =>
        [new("job", JobRows.Id(job)), new("source_table", plan.Source.ToString()), new("generation", plan.Generation)];

    /// <summary>How many entries a lane keeps at least, and how often older ones go.</summary>
    public const int KeptEntries = 64;

    /// <summary>
    /// Appends one entry and compacts: every 64th entry takes those more than 64 older with it; the final one takes all others. Running
    /// totals stand in every entry, so nothing is lost.
    /// </summary>
    public static async ValueTask AppendAsync(ITargetSession session, LedgerEntry entry, TableName? table, long epoch, CancellationToken ct)
    {
        await session.ChangeAsync(ControlChange.Insert(ControlTables.Ledger, JobRows.Ledger(entry, table, epoch)), ct);
        if (!entry.Final && entry.Sequence % KeptEntries != 0) return;
        var keepFrom = entry.Final ? entry.Sequence : entry.Sequence - KeptEntries;
        if (keepFrom <= 1) return; // the first entry has no older ones
        await session.ChangeAsync(ControlChange.Delete(ControlTables.Ledger,
            new("job", JobRows.Id(entry.Lane.Job)), new("lane", entry.Lane.Name), new("seq", keepFrom, Comparison.Less)), ct);
    }
}

/// <summary>A lane as its holder knows it.</summary>
/// <param name="Epoch">Raised with each acquisition.</param>
/// <param name="Tick">Raised with each transaction.</param>
internal readonly record struct LaneTerm(long Epoch, long Tick);
