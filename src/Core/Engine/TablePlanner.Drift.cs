using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>
/// Tables whose source has other columns than their plan. A row that is there already must not come to mean something else.
/// </summary>
internal sealed partial class TablePlanner
{
    private static bool HasDrifted(TablePlan stored, TableSchema schema) => stored.SourceSchema.Hash() != schema.Hash();

    private async ValueTask<TableDecision> FollowAsync(TableRule rule, TableSchema schema, TablePlan stored, Guid jobId,
        JobProgress progress, Func<long> nextGeneration, CancellationToken ct)
    {
        ValueTask<TableDecision> AsPlannedAsync(TableSchema table) =>
            PlannedAsync(rule, table, stored, jobId, progress, nextGeneration, restart: false, ct);

        // What the job file names by now is its own change, and told as such.
        if (rule.Drop.Concat(rule.Rename.Keys).Concat(rule.Select ?? []).Any(c => stored.SourceSchema.IndexOf(c) < 0))
        {
            return await AsPlannedAsync(schema);
        }
        if (IsHistory(stored, rule.Write, jobId, progress)) return await RenewedAsync(rule, schema, stored, AsPlannedAsync);
        var open = stored.Phase < TablePhase.Done;
        if (!open && rule.Cursor is null)
        {
            // Of a finished copy nothing is read any more; that it lacks a column is to be said all the same.
            var left = Difference(stored, schema, ReadNow(rule, schema));
            return await AsPlannedAsync(stored.SourceSchema) with { Schema = schema, Difference = left, Answer = DriftAnswer.Left };
        }
        if (job.Changes == SchemaChanges.Fail) return await AsPlannedAsync(schema);
        var difference = Difference(stored, schema, ReadNow(rule, schema));
        if (schema.Identity != stored.SourceSchema.Identity)
        {
            return MayBeginAnew(rule, schema, stored, difference)
                ? await AnewAsync(rule, schema, stored, jobId, progress, difference, nextGeneration, ct) : await AsPlannedAsync(schema);
        }
        if (difference.Breaking is not null || (job.Changes == SchemaChanges.Ignore && difference.Widened.Count > 0))
        {
            throw Changed(stored, difference);
        }
        if (job.Changes == SchemaChanges.Ignore || difference.IsSlight)
        {
            return await AsPlannedAsync(stored.SourceSchema) with
            {
                Schema = schema, Difference = difference, Answer = DriftAnswer.Ignored,
            };
        }
        // What the job file says must not have changed with it: of the old columns it has to say what it said.
        Check(rule, stored, Describe(rule, stored.SourceSchema, stored.Target));
        if (open && stored.IsIncremental && difference is { Widened.Count: 0, Freed.Count: 0 })
        {
            return await AsPlannedAsync(stored.SourceSchema) with
            {
                Schema = schema, Difference = difference, Answer = DriftAnswer.AfterWindow,
            };
        }
        if (!open) return await EvolveAsync(rule, schema, stored, jobId, progress, difference, nextGeneration, ct);
        var keeps = !stored.IsBound && stored.Write != WriteMode.Replace;
        return difference.Added.Count == 0 && keeps && schema.Key.Kind == KeyKind.Primary
            ? await AmendAsync(rule, schema, stored, jobId, progress, difference, ct)
            : await AnewAsync(rule, schema, stored, jobId, progress, difference, nextGeneration, ct);
    }

    /// <summary>The next whole copy of a table that is replaced: nothing that was read before is left in it.</summary>
    private async ValueTask<TableDecision> RenewedAsync(TableRule rule, TableSchema schema, TablePlan stored,
        Func<TableSchema, ValueTask<TableDecision>> asPlanned)
    {
        if (job.Changes == SchemaChanges.Fail) return await asPlanned(schema);
        var difference = Difference(stored, schema, ReadNow(rule, schema));
        var isIgnored = job.Changes == SchemaChanges.Ignore && schema.Identity == stored.SourceSchema.Identity
            && difference is { Breaking: null, Widened.Count: 0 };
        return await asPlanned(isIgnored ? stored.SourceSchema : schema) with
        {
            Schema = schema, Difference = difference, Answer = isIgnored ? DriftAnswer.Ignored : DriftAnswer.Followed,
        };
    }

    private static IReadOnlyList<string>? ReadNow(TableRule rule, TableSchema schema)
    {
        // A column that the job names and that is gone is found among those that were planned.
        string[] there = [.. schema.Columns.Select(c => c.Name)];
        return Transform.Projection.Apply(schema, rule.Select is null ? null : [.. rule.Select.Intersect(there)],
            [.. rule.Drop.Intersect(there)]);
    }

    private SchemaDifference Difference(TablePlan stored, TableSchema schema, IReadOnlyList<string>? reads) =>
        SchemaDifference.Between(stored.SourceSchema, stored.Read.Columns, schema, reads, source);

    /// <summary>What the target of a plan that is begun anew has to follow, with what the old one had not come to.</summary>
    private IReadOnlyList<ColumnDrift> DriftOf(TablePlan stored, TablePlan wanted) =>
    [
        .. stored.Phase < TablePhase.Done ? stored.Drift : [],
        .. job.Changes == SchemaChanges.Evolve ? Difference(stored, wanted.SourceSchema, wanted.Read.Columns).Of(wanted) : [],
    ];

    private static PawlException Changed(TablePlan stored, SchemaDifference difference) => new(Fault.PositionLost, Codes.SchemaChanged,
        ("table", stored.Source), ("changed", difference.Breaking
            ?? string.Join(", ", difference.Widened.Select(w => $"{w.Column} {w.From} → {w.To}"))));

    /// <summary>
    /// Where a table that was altered cannot be told from another one in its place, no position counts any more: it may only be read from
    /// the beginning, and only where that takes no row away that may be nowhere else.
    /// </summary>
    private bool MayBeginAnew(TableRule rule, TableSchema schema, TablePlan stored, SchemaDifference difference) =>
        job.Changes == SchemaChanges.Evolve && source is ILosesIdentity loses && loses.MayBeAltered(stored.SourceSchema, schema)
            && difference.Breaking is null
            && (rule.Write == WriteMode.Upsert || (stored.Phase < TablePhase.Done && rule.Cursor is null));

    /// <summary>Rows that were copied lack a column: all of them are read once more.</summary>
    private async ValueTask<TableDecision> AnewAsync(TableRule rule, TableSchema schema, TablePlan stored, Guid jobId,
        JobProgress progress, SchemaDifference difference, Func<long> nextGeneration, CancellationToken ct)
    {
        Check(rule, stored, Describe(rule, stored.SourceSchema, stored.Target));
        var rows = Written(stored, jobId, progress);
        if (stored.Write == WriteMode.Append && rows > 0 || stored.Write == WriteMode.Insert && stored.RowsBefore > 0)
        {
            throw Stuck(stored, difference);
        }
        await CheckPastAsync(stored, ct);
        var wanted = Describe(rule, schema, stored.Target);
        CheckCursor(rule, wanted);
        var anew = await RestartAsync(rule, wanted, stored, nextGeneration, ct);
        return anew with
        {
            Difference = difference, IsDriftedAway = true,
            Answer = rule.Write == WriteMode.Insert ? DriftAnswer.CopiedAnew : DriftAnswer.ReadAgain,
        };
    }

    private static PawlException Stuck(TablePlan stored, SchemaDifference difference) => new(Fault.PositionLost, Codes.DriftNeedsReread,
        ("table", stored.Source), ("columns", string.Join(", ", difference.Added.Concat(difference.Widened.Select(w => w.Column)))),
        ("write", stored.Write.ToString().ToLowerInvariant()));

    /// <summary>Wider types only: every place stays what it was, in the plan that stands.</summary>
    private async ValueTask<TableDecision> AmendAsync(TableRule rule, TableSchema schema, TablePlan stored, Guid jobId,
        JobProgress progress, SchemaDifference difference, CancellationToken ct)
    {
        var wanted = Describe(rule, schema, stored.Target);
        CheckCursor(rule, wanted);
        await CheckTargetAsync(stored, jobId, progress, ct);
        await CheckPastAsync(stored, ct);
        var plan = stored with
        {
            SourceSchema = wanted.SourceSchema, TargetSchema = wanted.TargetSchema, ResultHash = wanted.ResultHash,
            Read = stored.Read with { Columns = wanted.Read.Columns },
            Drift = [.. stored.Drift, .. difference.Of(wanted)],
            RejectLimit = wanted.RejectLimit, CauseLimits = wanted.CauseLimits, NullCauses = wanted.NullCauses, Create = wanted.Create,
        };
        return new TableDecision(rule, schema, stored.Target, plan, TableState.Resumes)
        {
            Difference = difference, Answer = DriftAnswer.Followed, IsAmended = true,
        };
    }

    /// <summary>
    /// Between two windows. A new column that none of the rows before holds anything in is NULL there, and NULL in the target: they stay.
    /// Else they are read again and written over, or the table stops.
    /// </summary>
    private async ValueTask<TableDecision> EvolveAsync(TableRule rule, TableSchema schema, TablePlan stored, Guid jobId,
        JobProgress progress, SchemaDifference difference, Func<long> nextGeneration, CancellationToken ct)
    {
        var wanted = Describe(rule, schema, stored.Target);
        CheckCursor(rule, wanted);
        await CheckTargetAsync(stored, jobId, progress, ct);
        var before = stored.Read with { Window = stored.Read.Window?.FromStart, Snapshot = null };
        var again = difference.Added.Count > 0 && (source is not IAltersTables alters
            || await alters.HoldsAnyAsync(schema, before, difference.Added, ct));
        if (again && rule.Write != WriteMode.Upsert) throw Stuck(stored, difference);
        var decision = await NextAsync(rule, wanted, stored, jobId, progress, nextGeneration, ct, again);
        var goesOn = decision.State == TableState.Continues;
        return decision with
        {
            Plan = goesOn ? decision.Plan! with { Drift = difference.Of(wanted) } : decision.Plan, Difference = difference,
            Answer = !goesOn ? DriftAnswer.AfterWindow : again ? DriftAnswer.ReadAgain : DriftAnswer.Followed,
        };
    }
}
