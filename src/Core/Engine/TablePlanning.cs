using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Engine;

/// <summary>Plans the tables of one run, and hands out their generations. One caller at a time.</summary>
internal sealed class TablePlanning(RunContext run, JobEnds ends, JobProgress known, IReadOnlyList<MatchedTable> matched)
{
    private JobProgress found = known;
    private readonly TablePlanner planner = new(ends.Source, ends.Sink, ends.SinkSpec, run.Job, matched: matched,
        plans: known.Plans);
    private readonly Dictionary<TableName, TablePlan> stored = known.Plans.ToDictionary(p => p.Source);
    private long generation = known.Generation;

    public RunContext Run => run;

    public Task<TableRun> DecideAsync(TableRule rule, TableSchema schema, bool restart) =>
        DecideAsync(rule, schema, stored.GetValueOrDefault(schema.Name), restart);

    /// <summary>A table of this run whose plan stands in the target and can no longer be carried out.</summary>
    public Task<TableRun> StartOverAsync(TableDecision old) => DecideAsync(old.Rule,
        old is { Difference: not null, Answer: DriftAnswer.Ignored } ? old.Plan!.SourceSchema : old.Schema, old.Plan, restart: true);

    /// <summary>What has come since the window that another run had left half done; null = nothing.</summary>
    /// <param name="now">The ledger after it.</param>
    public async Task<TableRun?> ContinueAsync(TableRun done, JobProgress now)
    {
        found = now;
        var known = now.Plans.FirstOrDefault(p => p.Source == done.Plan!.Source);
        var next = await DecideAsync(done.Decision.Rule, done.Decision.Schema, known, restart: false, done);
        return next.Decision.State == TableState.Finished ? null : next;
    }

    private async Task<TableRun> DecideAsync(TableRule rule, TableSchema schema, TablePlan? known, bool restart, TableRun? earlier = null)
    {
        TableDecision decision;
        try
        {
            decision = await run.Retry(null, null).RunAsync(async ct => await planner.DecideAsync(rule, schema, known, run.Lease.Job, found,
                () => ++generation, restart, ct), run.StopToken);
        }
        catch (PawlException e) when (RetryRules.MayRetry(e) && !run.StopToken.IsCancellationRequested)
        {
            // A table that stays locked stops nobody else.
            decision = planner.Blocked(rule, schema, known, e);
        }
        if (decision.Plan is { Write: WriteMode.Replace, Stage: null } plan)
        {
            decision = decision with { Plan = plan with { Stage = StageName.For(run.Lease.Job, plan, run.Lease.Epoch) } };
        }
        var table = new TableRun(decision, run.Lease.Job, found, ends.Sink, run.Host.Time) { Earlier = earlier };
        if (decision is { State: TableState.Resumes, Plan.CauseLimits.Count: > 0 } && table.Progress.Total.Rejected > 0)
        {
            table.Progress.Found(await run.Retry(null, null).RunAsync(ct => CausesAsync(decision.Plan, ct), run.StopToken));
        }
        return table;
    }

    /// <summary>Open rejects of a table by cause: limits hold over all runs of its generation.</summary>
    private async Task<IReadOnlyDictionary<string, long>> CausesAsync(TablePlan plan, CancellationToken ct)
    {
        var causes = new Dictionary<string, long>();
        if (ends.Sink is not IKeepsRejects keeps) return causes;
        await foreach (var reject in keeps.ReadRejectsAsync(run.Lease.Job, plan, ct))
        {
            var cause = RejectCause.Of(reject.Row.Code);
            if (reject.State == RejectState.Open) causes[cause] = causes.GetValueOrDefault(cause) + 1;
        }
        return causes;
    }
}
