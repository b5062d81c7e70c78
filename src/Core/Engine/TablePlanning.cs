using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>Plans the tables of one run, and hands out their generations. One caller at a time.</summary>
internal sealed class TablePlanning(RunContext run, JobEnds ends, JobProgress found)
{
    private readonly TablePlanner planner = new(ends.Source, ends.Sink, ends.SinkSpec, run.Job);
    private readonly Dictionary<TableName, TablePlan> stored = found.Plans.ToDictionary(p => p.Source);
    private long generation = found.Generation;

    public RunContext Run => run;

    public Task<TableRun> DecideAsync(TableRule rule, TableSchema schema, bool restart) =>
        DecideAsync(rule, schema, stored.GetValueOrDefault(schema.Name), restart);

    /// <summary>A table of this run whose plan stands in the target and can no longer be carried out.</summary>
    public Task<TableRun> StartOverAsync(TableDecision old) => DecideAsync(old.Rule, old.Schema, old.Plan, restart: true);

    private async Task<TableRun> DecideAsync(TableRule rule, TableSchema schema, TablePlan? known, bool restart)
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
        var table = new TableRun(decision, run.Lease.Job, found, ends.Sink, run.Host.Time);
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
