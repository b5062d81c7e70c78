using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Transform;

namespace Pawl.Engine;

/// <summary>What is to be done with one table.</summary>
/// <param name="Plan">Stored or new; null when <paramref name="Error"/> says that there is none.</param>
/// <param name="State">Why.</param>
/// <param name="EmptyTarget">The new plan removes the target's rows.</param>
internal sealed record TableDecision(TableRule Rule, TableSchema Schema, TableName Target, TablePlan? Plan, TableState State,
    bool EmptyTarget = false, PawlException? Error = null);

/// <summary>
/// Decides per table: new, go on, done, start over, or refuse. Refuses rather than guesses: every difference between what was planned and
/// what is there now is named.
/// </summary>
internal sealed class TablePlanner(ISource source, ISink sink, ConnectorSpec sinkSpec, JobSpec job)
{
    public async ValueTask<TableDecision> DecideAsync(TableRule rule, TableSchema schema, TablePlan? stored, Guid? jobId,
        JobProgress? progress, Func<long> nextGeneration, bool restart, CancellationToken ct)
    {
        var target = Expand(rule.Target, schema.Name);
        try
        {
            var wanted = Describe(rule, schema, target);
            if (stored is null) return await OpenAsync(rule, wanted, nextGeneration, ct);
            if (restart) return await RestartAsync(rule, wanted, nextGeneration, ct);
            Check(stored, wanted);
            if (stored.Phase >= TablePhase.Done) return new TableDecision(rule, schema, target, stored, TableState.Finished);
            await CheckTargetAsync(stored, jobId!.Value, progress!, ct);
            return new TableDecision(rule, schema, target, stored, TableState.Resumes);
        }
        catch (PawlException e) when (!RetryRules.MayRetry(e))
        {
            return new TableDecision(rule, schema, target, stored, TableState.Blocked, Error: e);
        }
    }

    /// <summary>The plan as the job file and the source want it now; generation and splits still open.</summary>
    private TablePlan Describe(TableRule rule, TableSchema schema, TableName target)
    {
        if (target.Name.StartsWith("pawl_", StringComparison.OrdinalIgnoreCase))
        {
            throw new PawlException(Fault.Configuration, Codes.ReservedName, ("table", target));
        }
        if (sinkSpec.Limits.IdentifierBytes is > 0 and var limit && Encoding.UTF8.GetByteCount(target.Name) > limit)
        {
            throw new PawlException(Fault.Configuration, Codes.NameTooLong, ("table", target), ("limit", limit));
        }
        var read = new ReadOptions
        {
            Columns = Projection.Apply(schema, rule.Select, rule.Drop),
            Where = rule.Where,
            Splits = rule.Splits ?? 0,
        };
        var changes = new ColumnChanges { Rename = rule.Rename, Set = rule.Set };
        var result = TransformChain.Output(Projection.Schema(schema, read.Columns), changes);
        return new TablePlan
        {
            Source = schema.Name,
            Target = target,
            Generation = 0,
            SourceSchema = schema,
            TargetSchema = result with { Name = target },
            Read = read,
            Splits = [],
            Write = rule.Write,
            Columns = changes,
            Strays = rule.Strays,
            Create = job.CreateTables,
            RejectLimit = rule.RejectLimit,
            ResultHash = ResultHash(rule, read, target),
            SourceIdentity = source.Identity,
        };
    }

    private async ValueTask<TableDecision> OpenAsync(TableRule rule, TablePlan wanted, Func<long> nextGeneration, CancellationToken ct)
    {
        var there = await sink.InspectAsync(wanted, ct);
        if (there.HasRows && wanted.Write == WriteMode.Insert)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetNotEmpty, ("table", wanted.Target), ("source_table", wanted.Source));
        }
        if (!there.Exists && !wanted.Create)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("table", wanted.Target));
        }
        var plan = await SplitAsync(wanted, nextGeneration, ct);
        return new TableDecision(rule, wanted.SourceSchema, wanted.Target, plan, TableState.New);
    }

    private async ValueTask<TableDecision> RestartAsync(TableRule rule, TablePlan wanted, Func<long> nextGeneration, CancellationToken ct)
    {
        var there = await sink.InspectAsync(wanted, ct);
        var plan = await SplitAsync(wanted, nextGeneration, ct);
        return new TableDecision(rule, wanted.SourceSchema, wanted.Target, plan, TableState.Restarts,
            EmptyTarget: there.Exists && wanted.Write == WriteMode.Insert);
    }

    private async ValueTask<TablePlan> SplitAsync(TablePlan wanted, Func<long> nextGeneration, CancellationToken ct)
    {
        var splits = wanted.Read.Splits > 0 ? wanted.Read.Splits : UsualSplits(wanted.SourceSchema);
        var read = wanted.Read with { Splits = splits };
        return wanted with
        {
            Read = read,
            Splits = await source.PlanAsync(wanted.SourceSchema, read, ct),
            Generation = nextGeneration(),
        };
    }

    /// <summary>Several times the writers for large tables, one for small ones.</summary>
    private int UsualSplits(TableSchema schema)
    {
        var writers = Math.Min(job.Parallel, sinkSpec.Limits.MaxWriters);
        if (writers <= 1 || schema.EstimatedRows is >= 0 and < 200_000) return 1;
        return Math.Min(256, writers * 4);
    }

    private static void Check(TablePlan stored, TablePlan wanted)
    {
        if (stored.ResultHash != wanted.ResultHash)
        {
            throw new PawlException(Fault.PositionLost, Codes.DefinitionChanged, ("table", stored.Source), ("changed", Changed(stored, wanted)));
        }
        if (stored.Phase >= TablePhase.Done) return;
        if (stored.SourceIdentity.Text != wanted.SourceIdentity.Text)
        {
            throw new PawlException(Fault.PositionLost, Codes.SourceReplaced, ("table", stored.Source),
                ("known", stored.SourceIdentity.Display), ("source", wanted.SourceIdentity.Display));
        }
        if (stored.SourceSchema.Hash() != wanted.SourceSchema.Hash())
        {
            throw new PawlException(Fault.PositionLost, Codes.SchemaChanged, ("table", stored.Source));
        }
        if (stored.SourceSchema.Identity != wanted.SourceSchema.Identity)
        {
            throw new PawlException(Fault.PositionLost, Codes.TableRecreated, ("table", stored.Source));
        }
    }

    private static string Changed(TablePlan stored, TablePlan wanted)
    {
        var changed = new List<string>();
        if (stored.Target != wanted.Target) changed.Add("target");
        if (stored.Read.Where != wanted.Read.Where) changed.Add("where");
        if (stored.Write != wanted.Write) changed.Add("write");
        if (stored.Strays != wanted.Strays) changed.Add("mistyped");
        if (changed.Count == 0) changed.Add("columns");
        return string.Join(", ", changed);
    }

    /// <summary>The ledger says rows are there; a target that is empty or gone was truncated behind our back.</summary>
    private async ValueTask CheckTargetAsync(TablePlan plan, Guid jobId, JobProgress progress, CancellationToken ct)
    {
        var written = plan.Splits.Sum(s => progress.Last.TryGetValue(plan.Lane(jobId, s.Index), out var e) ? e.Total.Inserted : 0);
        if (written == 0) return;
        var there = await sink.InspectAsync(plan, ct);
        if (!there.Exists || !there.HasRows)
        {
            throw new PawlException(Fault.PositionLost, Codes.TargetTruncated, ("table", plan.Target), ("rows", written));
        }
    }

    /// <summary><c>{schema}</c> and <c>{table}</c> filled in; a schema is split off where the target has schemas.</summary>
    private TableName Expand(string template, TableName name) => TableRules.TargetName(template, name, sinkSpec.Limits.HasSchemas);

    private static string ResultHash(TableRule rule, ReadOptions read, TableName target)
    {
        var text = new StringBuilder().Append("1\n").Append(target).Append('\n').Append(rule.Write).Append('\n').Append(rule.Strays)
            .Append('\n').Append(rule.Where).Append('\n').AppendJoin('\0', read.Columns ?? ["*"]).Append('\n');
        foreach (var (from, to) in rule.Rename.OrderBy(r => r.Key, StringComparer.Ordinal)) text.Append(from).Append('\0').Append(to).Append('\n');
        foreach (var (column, value) in rule.Set.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            text.Append(column).Append('\0').Append(value?.GetType().Name).Append('\0')
                .Append(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)).Append('\n');
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}
