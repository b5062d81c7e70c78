using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Relational;

/// <summary>Changes of what stands in the ledger already, each under the job's fence.</summary>
public sealed partial class LedgerStore
{
    public async ValueTask AmendPlanAsync(JobLease lease, TablePlan plan, CancellationToken ct)
    {
        await ChangingAsync(async s =>
        {
            await Protocol.FenceJobAsync(s, lease, ct);
            await AmendAsync(s, lease, plan, ct);
            return true;
        }, ct);
        context.Points.Reached(CrashPoint.PlanSaved);
    }

    public ValueTask<IReadOnlyList<LedgerEntry>> EntriesAsync(Guid job, TableName table, CancellationToken ct) =>
        ReadingAsync<IReadOnlyList<LedgerEntry>>(async s => [.. (await s.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Ledger, Where = [new("job", JobRows.Id(job)), new("source_table", JobRows.Owner(table))], OrderBy = "seq",
        }, ct)).Select(JobRows.Ledger)], ct);

    public async ValueTask ImportAsync(JobLease lease, IReadOnlyList<CheckpointTable> tables, CancellationToken ct)
    {
        await ChangingAsync(async s =>
        {
            await Protocol.FenceJobAsync(s, lease, ct);
            var job = JobRows.Id(lease.Job);
            var known = await s.SelectAsync(new ControlSelect { Table = ControlTables.Plan, Where = [new("job", job)], Limit = 1 }, ct);
            if (known.Count > 0)
            {
                throw new PawlException(Fault.PositionLost, Codes.ImportRefused, ("job", lease.Name),
                    ("cause", "the target has a ledger of this job"));
            }
            await s.ChangeAllAsync([.. tables.SelectMany(t => Import(lease, t)), ControlChange.Update(ControlTables.Job,
                [("generation", tables.Max(t => t.Plan.Generation))], new Condition("job", job))], ct);
            return true;
        }, ct);
        context.Points.Reached(CrashPoint.PlanSaved);
    }

    /// <summary>The lanes themselves are made when they are taken.</summary>
    private static IEnumerable<ControlChange> Import(JobLease lease, CheckpointTable table)
    {
        var plan = table.Plan;
        yield return ControlChange.Insert(ControlTables.Plan, ("job", JobRows.Id(lease.Job)), ("source_table", plan.Source.ToString()),
            ("generation", plan.Generation), ("phase", JobRows.Phase(plan.Phase)), ("tick", 0L), ("result_hash", plan.ResultHash),
            ("plan", JobRows.Plan(plan)), ("opened_at", Computed.Now));
        foreach (var entry in table.Entries)
        {
            var own = entry with { Lane = entry.Lane with { Job = lease.Job } };
            yield return ControlChange.Insert(ControlTables.Ledger, JobRows.Ledger(own, plan.Source, entry.Epoch));
        }
    }

    public async ValueTask RewindAsync(JobLease lease, IReadOnlyList<TableRewind> tables, CancellationToken ct)
    {
        await ChangingAsync(async s =>
        {
            await Protocol.FenceJobAsync(s, lease, ct);
            ControlTable[] retries = await ControlFormat.HasRetriesAsync(s, ct) ? [ControlTables.Retry] : [];
            foreach (var table in tables.OrderBy(t => t.Plan.Source.ToString(), StringComparer.Ordinal))
            {
                if (table.IsAmended) await AmendAsync(s, lease, table.Plan, ct);
                if (table.Restarts) await PhaseAsync(s, lease, table.Plan, TablePhase.Restarting, ct);
                if (table.Lanes.Count == 0) continue;
                await PhaseAsync(s, lease, table.Plan, TablePhase.Copying, ct);
                await s.ChangeAllAsync([.. table.Lanes.OrderBy(l => l.Lane).SelectMany(l => Back(l, retries))], ct);
            }
            return true;
        }, ct);
        context.Points.Reached(CrashPoint.PlanSaved);
    }

    private static async ValueTask PhaseAsync(ITargetSession s, JobLease lease, TablePlan plan, TablePhase phase, CancellationToken ct)
    {
        var touched = await s.ChangeAsync(ControlChange.Update(ControlTables.Plan,
            [("phase", JobRows.Phase(phase)), ("tick", Computed.PlusOne)], PlanOf(lease, plan)), ct);
        if (touched != 1) throw NoPlan(lease, plan);
    }

    private static IEnumerable<ControlChange> Back(LaneRewind rewind, ControlTable[] retries)
    {
        Condition[] lane = [new("job", JobRows.Id(rewind.Lane.Job)), new("lane", rewind.Lane.Name)];
        yield return ControlChange.Update(ControlTables.Lane, [("epoch", Computed.PlusOne), ("tick", Computed.PlusOne)], lane);
        foreach (var owned in retries.Prepend(ControlTables.Reject).Prepend(ControlTables.Ledger))
        {
            yield return ControlChange.Delete(owned, [.. lane, new("seq", rewind.Keep + 1, Comparison.GreaterOrEqual)]);
        }
    }

    private static Condition[] PlanOf(JobLease lease, TablePlan plan) =>
        [new("job", JobRows.Id(lease.Job)), new("source_table", plan.Source.ToString()), new("generation", plan.Generation)];

    private static PawlException NoPlan(JobLease lease, TablePlan plan) => new(Fault.Fenced, Codes.Fenced, ("job", lease.Name),
        ("table", plan.Source), ("generation", plan.Generation));

    private static async ValueTask AmendAsync(ITargetSession s, JobLease lease, TablePlan plan, CancellationToken ct)
    {
        var touched = await s.ChangeAsync(ControlChange.Update(ControlTables.Plan,
            [("plan", JobRows.Plan(plan)), ("result_hash", plan.ResultHash), ("tick", Computed.PlusOne)], PlanOf(lease, plan)), ct);
        if (touched != 1) throw NoPlan(lease, plan);
    }
}
