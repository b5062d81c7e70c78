using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Looks at and makes tables of a target. DDL is transactional: the fence and the DDL commit together. A table that Pawl made and has
/// yet to finish says so in its comment: that goes with it into a dump and back, and is gone when somebody makes another of its name.
/// </summary>
internal sealed class PgTables(PgDatabase database) : ITargetTables, IForeseesColumns, IStagesTables, IMergesTables, IKnowsReferences,
    IEvolvesTables
{
    private PgStages Stages => new(this, database.Options);

    public ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct) => Stages.ForeseeAsync(plan, ct);

    public ValueTask StageAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        Stages.MakeAsync(plan, fence, ct);

    public ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) => Stages.PublishAsync(plan, rules, fence, ct);

    public ValueTask<IReadOnlyList<TableName>> StagesAsync(CancellationToken ct) => Stages.AllAsync(ct);

    public ValueTask DropStagesAsync(TablePlan plan, string prefix, TableName? keep,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) => Stages.DropAsync(prefix, keep, fence, ct);

    public IReadOnlyList<ColumnSchema> Foresee(TablePlan plan) => new PgCreation(plan, database.Options).Foresee();

    private const string Unfinished = "pawl: its keys and indexes come after the rows";

    public async ValueTask CreateControlTablesAsync(CancellationToken ct)
    {
        var schema = database.Options.ControlSchema;
        var user = PgNames.Quote(database.Options.User);
        await ChangeAsync(null, async session =>
        {
            // "if not exists" alone fails for one of two that come at the same moment.
            var (high, low) = PgDatabase.LockKey("control tables");
            await session.QueryAsync("select pg_advisory_xact_lock($1::int, $2::int)", ct, (long)high, (long)low).ConfigureAwait(false);
            await EnsureSchemaAsync(session, schema, ct).ConfigureAwait(false);
            foreach (var table in ControlTables.All)
            {
                if (await IsThereAsync(session, schema, table.Name, ct).ConfigureAwait(false)) continue;
                await session.ExecuteAsync(SqlSteps.CreateTable(table, database.Dialect), ct, new TableName(schema, table.Name),
                    $"grant create, usage on schema {PgNames.Quote(schema)} to {user}").ConfigureAwait(false);
            }
        }, ct).ConfigureAwait(false);
    }

    public ValueTask<bool> HasControlTablesAsync(CancellationToken ct) => LookAsync(async session =>
    {
        foreach (var table in ControlTables.First)
        {
            if (!await IsThereAsync(session, database.Options.ControlSchema, table.Name, ct).ConfigureAwait(false)) return false;
        }
        return true;
    }, ct);

    public ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct) => LookAsync(async session =>
    {
        if (await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target)
        {
            return new TargetState(false, false, null);
        }
        // Everything that writing needs is asked for at once.
        var rights = plan.Write switch
        {
            WriteMode.Upsert => "select, insert, update",
            WriteMode.Replace => "select, insert, update, delete",
            _ => "select, insert",
        };
        var rows = await PgSurroundings.HasRowsAsync(session, target, ct, rights, PgSlices.Where(target, plan.Slice)).ConfigureAwait(false);
        return new TargetState(true, rows, target.Schema());
    }, ct);

    public ValueTask<bool> HoldsOthersAsync(TablePlan plan, IReadOnlyCollection<string> known, CancellationToken ct) =>
        LookAsync(async session =>
        {
            if (await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target) return false;
            var beside = PgSlices.Beside(target, plan.Slice!, known);
            return await PgSurroundings.HasRowsAsync(session, target, ct, where: beside).ConfigureAwait(false);
        }, ct);

    /// <remarks>Under <c>triggers=skip</c> the server looks at none of them.</remarks>
    public async ValueTask<IReadOnlyList<TableReference>> ReferencesAsync(CancellationToken ct) =>
        database.Options.Triggers == PgTriggers.Skip ? []
            : await LookAsync(session => PgSurroundings.ReferencesAsync(session, ct), ct).ConfigureAwait(false);

    public async ValueTask PrepareAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (PgNames.IsReserved(plan.Target.Name)) throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", plan.Target));
        await ChangeAsync(fence, async session =>
        {
            var target = await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
            if (target is null)
            {
                await CreateAsync(session, plan, ct).ConfigureAwait(false);
                target = (await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false))!;
            }
            else if (!target.IsTable)
            {
                throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target), ("there", target.Kind));
            }
            var columns = PgColumns.Match(target, plan);
            if (plan.Write == WriteMode.Upsert) columns.RequireKey(plan);
            await PgSurroundings.CheckAsync(session, plan.Target, target, plan.Filled, ct).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
    }

    public async ValueTask EvolveAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        await ChangeAsync(fence, session => new PgEvolution(plan, new PgCreation(plan, database.Options)).RunAsync(session, ct), ct)
            .ConfigureAwait(false);

    public async ValueTask FinishAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        var creation = new PgCreation(plan, database.Options);
        var (created, isSmall) = await LookAsync(session => StateAsync(session, plan, ct), ct).ConfigureAwait(false);
        var steps = created ? creation.AfterRows() : [];
        if (!isSmall)
        {
            // One transaction for each: a large index takes long, and is not to be made again because the next one failed.
            foreach (var step in steps)
            {
                await ChangeAsync(fence, async session => await StepAsync(session, plan, [step], ct).ConfigureAwait(false), ct)
                    .ConfigureAwait(false);
            }
            steps = [];
        }
        await ChangeAsync(fence, async session =>
        {
            var target = await StepAsync(session, plan, steps, ct).ConfigureAwait(false);
            if (target is not { IsTable: true }) throw plan.TargetGone();
            await PgSequences.AdvanceAsync(session, plan, target, ct).ConfigureAwait(false);
            if (created) await session.ExecuteAsync(Comment(plan, "null"), ct).ConfigureAwait(false);
        }, ct).ConfigureAwait(false);
    }

    /// <summary>A step that changed the table is followed by another look, if there is a next one: it may find its like there.</summary>
    /// <returns>The table, perhaps as it was before the last step; null when there is none of that name.</returns>
    private static async ValueTask<PgTarget?> StepAsync(PgSession session, TablePlan plan, IReadOnlyList<PgStep> steps,
        CancellationToken ct)
    {
        var target = await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
        for (var i = 0; i < steps.Count && target is not null; i++)
        {
            if (await steps[i].RunAsync(session, target, ct).ConfigureAwait(false) && i + 1 < steps.Count)
            {
                target = await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
            }
        }
        return target;
    }

    private static string Comment(TablePlan plan, string text) => $"comment on table {PgNames.Quote(plan.Target)} is {text}";

    /// <summary>Whether Pawl made the table and has yet to finish it, and whether all its indexes are a matter of moments.</summary>
    private static async ValueTask<(bool IsCreated, bool IsSmall)> StateAsync(PgSession session, TablePlan plan, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select obj_description(c.oid, 'pg_class'), c.relkind = 'r' and pg_relation_size(c.oid) < 16777216
            from (select to_regclass($1)::oid as oid) named left join pg_class c on c.oid = named.oid
            """, ct, PgNames.Quote(plan.Target)).ConfigureAwait(false);
        return ((string?)rows[0][0] == Unfinished, rows[0][1] is true);
    }

    internal async ValueTask CreateAsync(PgSession session, TablePlan plan, CancellationToken ct)
    {
        if (!plan.Create)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target));
        }
        var schema = plan.Target.Schema ?? PgNames.DefaultSchema;
        await EnsureSchemaAsync(session, schema, ct).ConfigureAwait(false);
        var creation = new PgCreation(plan, database.Options);
        await creation.CreateTypesAsync(session, ct).ConfigureAwait(false);
        await creation.CreateSequencesAsync(session, ct).ConfigureAwait(false);
        await session.ExecuteAsync(creation.CreateTable(session.Version), ct, plan.Target,
            $"grant create, usage on schema {PgNames.Quote(schema)} to {PgNames.Quote(database.Options.User)}").ConfigureAwait(false);
        if (creation.BeforeRows() is { Count: > 0 } steps) await StepAsync(session, plan, steps, ct).ConfigureAwait(false);
        await session.ExecuteAsync(Comment(plan, PgNames.Literal(Unfinished)), ct).ConfigureAwait(false);
    }

    private static async ValueTask EnsureSchemaAsync(PgSession session, string schema, CancellationToken ct)
    {
        var there = await session.QueryAsync("select 1::bigint from pg_namespace where nspname = $1", ct, schema).ConfigureAwait(false);
        if (there.Count > 0) return;
        await session.ExecuteAsync($"create schema {PgNames.Quote(schema)}", ct, null,
            $"grant create on database {PgNames.Quote(session.Options.Database)} to {PgNames.Quote(session.Options.User)}")
            .ConfigureAwait(false);
    }

    private static async ValueTask<bool> IsThereAsync(PgSession session, string schema, string table, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select 1::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')
            """, ct, schema, table).ConfigureAwait(false);
        return rows.Count > 0;
    }

    internal async ValueTask ChangeAsync(Func<ITargetSession, CancellationToken, ValueTask>? fence, Func<PgSession, ValueTask> change,
        CancellationToken ct) => await ChangeAsync(async session =>
    {
        if (fence is not null) await fence(session, ct).ConfigureAwait(false);
        await change(session).ConfigureAwait(false);
        return true;
    }, ct).ConfigureAwait(false);

    /// <summary>One transaction, which commits if nothing is thrown.</summary>
    internal async ValueTask<T> ChangeAsync<T>(Func<PgSession, ValueTask<T>> change, CancellationToken ct) =>
        await database.UseAsync(async session =>
        {
            await session.BeginAsync(ct).ConfigureAwait(false);
            var ended = false;
            try
            {
                var result = await change(session).ConfigureAwait(false);
                ended = true;
                await session.EndAsync(commit: true).ConfigureAwait(false);
                return result;
            }
            finally
            {
                if (!ended) await session.EndAsync(commit: false).ConfigureAwait(false);
            }
        }, ct).ConfigureAwait(false);

    internal ValueTask<T> LookAsync<T>(Func<PgSession, ValueTask<T>> look, CancellationToken ct) => database.UseAsync(look, ct);
}
