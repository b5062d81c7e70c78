using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>Says what a run would do, from what source and target hold now. Changes nothing, needs no lease. Thread-safe.</summary>
public sealed class JobPlanner(JobHost host)
{
    /// <exception cref="PawlException">Source or target cannot be opened, or the job is bound to another source.</exception>
    public async Task<PlanReport> PlanAsync(JobSpec job, RunOptions options, CancellationToken ct)
    {
        await using var ends = await JobEnds.OpenAsync(host, job, ct);
        await using var ledger = await ends.Sink.OpenLedgerAsync(ct);
        var record = await FindAsync(ledger, job, ct);
        if (record is not null) JobRunner.Claim(host, job, ends.Source, options).CheckSource(record);
        var found = record is null ? new JobProgress([], new Dictionary<LaneId, LedgerEntry>(), new Dictionary<TableName, long>(), 0)
            : await ledger.ReadAsync(record.Id, ct);
        var matched = await TableCatalogue.MatchAsync(ends.Source, job, options.Tables, ends.SinkSpec.Limits, ct, ends.Sink);
        var planner = new TablePlanner(ends.Source, ends.Sink, ends.SinkSpec, job, lookOnly: true, matched, found.Plans);
        var stored = found.Plans.ToDictionary(p => p.Source);
        var generation = found.Generation;
        var decisions = new List<TableDecision>();
        foreach (var table in matched.Where(m => m.Schema is not null))
        {
            decisions.Add(await planner.DecideAsync(table.Rule, table.Schema!, stored.GetValueOrDefault(table.Schema!.Name), record?.Id,
                found, () => ++generation, options.Restart, ct));
        }
        await RefuseCirclesAsync(ends.Sink, decisions, ct);
        var forecasts = new List<TableForecast>();
        foreach (var d in decisions)
        {
            var isOpen = d.State is not (TableState.Finished or TableState.Blocked);
            var forecast = Forecast(d, record?.Id ?? Guid.Empty, found, ends.Sink);
            if (d.Plan is not null && isOpen) forecast = await BesideTargetAsync(ends.Sink, d.Plan, forecast, ct);
            forecasts.Add(await PublishedAsync(ends.Sink, d, isOpen, forecast, ct));
        }
        forecasts.AddRange(matched.Where(m => m.Schema is null).Select(Missing));
        return new PlanReport(job.Name, record?.Id, forecasts, record?.Runner)
        {
            Left = [.. Left(job, options, found, matched, record?.Id ?? Guid.Empty)],
        };
    }

    private static IEnumerable<LeftTable> Left(JobSpec job, RunOptions options, JobProgress found, IReadOnlyList<MatchedTable> matched,
        Guid id)
    {
        foreach (var plan in found.Plans)
        {
            var name = plan.Source.ToString();
            if (matched.Any(m => m.Name == name)) continue;
            if (options.Tables.Count > 0 && !options.Tables.Any(t => t.Matches(name))) continue;
            var reason = TableRules.Resolve(job.Tables, name) is null ? LeftReason.NotInJob : LeftReason.NotAtSource;
            var rows = plan.Splits.Sum(s => found.Last.GetValueOrDefault(plan.Lane(id, s.Index))?.Total.Read ?? 0);
            yield return new LeftTable(name, plan.Target.ToString(), reason, rows, plan.Phase >= TablePhase.Done);
        }
    }

    /// <summary>Tables that refer to each other, none of which could be the first to be filled.</summary>
    private static async ValueTask RefuseCirclesAsync(ISink sink, List<TableDecision> decisions, CancellationToken ct)
    {
        var open = decisions.Where(d => d.State is not (TableState.Finished or TableState.Blocked)).ToArray();
        if (open.Length < 2 || sink is not IKnowsReferences knows) return;
        var order = new TableOrder(open, await knows.ReferencesAsync(ct), sink);
        foreach (var table in open)
        {
            if (order.Circle(table, open) is { } circle)
                decisions[decisions.IndexOf(table)] = table with { State = TableState.Blocked, Error = circle };
        }
    }

    /// <summary>A copy that could not be published is refused before it is made.</summary>
    private static async ValueTask<TableForecast> PublishedAsync(ISink sink, TableDecision decision, bool isOpen, TableForecast forecast,
        CancellationToken ct)
    {
        if (!isOpen || decision.Plan is not { Write: WriteMode.Replace } plan || sink is not IPublishesCopies copies) return forecast;
        try
        {
            return forecast with { Publication = await copies.ForeseeAsync(plan, ct) };
        }
        catch (PawlException e) when (!RetryRules.MayRetry(e))
        {
            return forecast with { State = TableState.Blocked, Error = e };
        }
    }

    /// <summary>What types and keys become on the other side: by the table that is there, or by the one that would be made.</summary>
    private static async ValueTask<TableForecast> BesideTargetAsync(ISink sink, TablePlan plan, TableForecast forecast,
        CancellationToken ct)
    {
        var there = await sink.InspectAsync(plan, ct);
        return forecast with { TypeChanges = Changes(sink, plan, there), CoarseKey = there.CoarseKey };
    }

    private static List<TypeChange> Changes(ISink sink, TablePlan plan, TargetState there)
    {
        var held = there.Schema?.Columns ?? (sink as IForeseesColumns)?.Foresee(plan) ?? plan.TargetSchema.Columns;
        var changes = new List<TypeChange>();
        foreach (var column in plan.TargetSchema.Columns.Where(c => !plan.Columns.Set.ContainsKey(c.Name)))
        {
            var kept = held.FirstOrDefault(h => h.Name == column.Name)
                ?? held.FirstOrDefault(h => string.Equals(h.Name, column.Name, StringComparison.OrdinalIgnoreCase));
            if (kept is null || IsSame(column.Type.Kind, kept.Type.Kind)) continue;
            changes.Add(new TypeChange(column.Name, column.NativeType, kept.NativeType));
        }
        return changes;
    }

    private static bool IsSame(TypeKind one, TypeKind other) =>
        one == other || (one is TypeKind.Float32 or TypeKind.Float64 && other is TypeKind.Float32 or TypeKind.Float64);

    /// <summary>The job under its name or an earlier one; null when the target does not know it.</summary>
    internal static async ValueTask<JobRecord?> FindAsync(ILedgerStore ledger, JobSpec job, CancellationToken ct)
    {
        foreach (var name in job.Was.Prepend(job.Name))
        {
            if (await ledger.FindAsync(name, ct) is { } record) return record;
        }
        return null;
    }

    private static TableForecast Forecast(TableDecision d, Guid job, JobProgress found, ISink sink)
    {
        var plan = d.Plan;
        var kept = d.State is TableState.Resumes or TableState.Finished or TableState.Blocked && plan is not null;
        var last = !kept ? [] : plan!.Splits.Select(s => plan.Lane(job, s.Index)).Where(found.Last.ContainsKey)
            .Select(l => found.Last[l]).ToArray();
        var schema = plan?.SourceSchema ?? d.Schema;
        return new TableForecast
        {
            Source = d.Schema.Name.ToString(),
            Target = d.Target.ToString(),
            State = d.State,
            Guarantee = plan is null ? Guarantee.AtLeastOnce : sink.GuaranteeFor(plan),
            Key = schema.Key.Kind,
            KeyColumns = [.. schema.Key.Columns.Select(i => schema.Columns[i].Name)],
            Write = d.Rule.Write,
            Where = d.Rule.Where,
            Window = plan?.Read.Window,
            Columns = plan?.Columns ?? new ColumnChanges(),
            Generation = plan?.Generation ?? 0,
            SplitsDone = last.Count(e => e.Final),
            SplitsPartial = last.Count(e => !e.Final),
            SplitsToDo = (plan?.Splits.Count ?? 0) - last.Length,
            Durable = last.Aggregate(default(WriteCounts), (sum, e) => sum + e.Total),
            DurableBytes = last.Sum(e => e.TotalBytes),
            EstimatedRows = d.Schema.EstimatedRows,
            Rejects = last.Sum(e => e.Total.Rejected),
            Consistency = plan?.Consistency ?? Consistency.Mixed,
            IsSnapshotLost = d.IsSnapshotLost,
            Difference = d.Difference is { IsSlight: true, Breaking: null } ? null : d.Difference,
            Answer = d.Answer,
            LastCommit = last.Max(e => e.At),
            Error = d.Error,
        };
    }

    private static TableForecast Missing(MatchedTable table) => new()
    {
        Source = table.Name,
        Target = "",
        State = TableState.Blocked,
        Guarantee = Guarantee.AtLeastOnce,
        Key = KeyKind.None,
        KeyColumns = [],
        Write = table.Rule.Write,
        Error = table.Error,
    };
}
