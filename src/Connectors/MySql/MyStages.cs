using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Staging tables: made like their target, with its keys, checks and defaults, so that a row the target would refuse is refused when it is
/// staged; published, or dropped.
/// </summary>
internal sealed class MyStages(MyTables tables, MyTargetOptions options)
{
    public ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct) => tables.LookAsync(async session =>
        await DecideAsync(session, plan, await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false), null, ct)
            .ConfigureAwait(false), ct);

    public async ValueTask MakeAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (MyQuote.IsReserved(plan.Target.Name)) throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", plan.Target));
        var stage = plan.AsWritten();
        var prefix = new MyStaging { Stage = stage.Target }.Prefix;
        await tables.ChangeAsync(MyStaging.LockOf(prefix), fence, async session =>
        {
            await MySurroundings.CheckSightAsync(session, plan.Target, ct).ConfigureAwait(false);
            var target = await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
            await DecideAsync(session, plan, target, null, ct).ConfigureAwait(false);
            var staging = await MyStaging.FindAsync(session, stage.Target, ct).ConfigureAwait(false);
            // Its publication came half-way, and is gone on with when its turn comes.
            if (staging.Old is not null) return;
            if (staging.Rows is null && target is not null) await LikeAsync(session, staging.Stage, target, ct).ConfigureAwait(false);
            var made = staging.Rows ?? await MyTargetTable.FindAsync(session, stage.Target, ct).ConfigureAwait(false)
                ?? await tables.CreateAsync(session, stage, ct).ConfigureAwait(false);
            MyTargetColumns.Match(made, stage, session.Server);
        }, ct).ConfigureAwait(false);
    }

    public async ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        var staged = await tables.LookAsync(session => MyStaging.FindAsync(session, plan.Stage!, ct), ct).ConfigureAwait(false);
        // One that Pawl made, and not like a target, lacks its indexes.
        if (staged.Rows is { Comment: MyCreation.Unfinished })
        {
            await tables.ChangeAsync(MyStaging.LockOf(staged.Prefix), fence, async session =>
            {
                if ((await MyStaging.FindAsync(session, plan.Stage!, ct).ConfigureAwait(false)).Rows is not { } rows) return;
                await MyTables.CompleteAsync(session, plan.AsWritten(), rows, ct).ConfigureAwait(false);
            }, ct).ConfigureAwait(false);
        }
        return await new MyPublication(tables, plan, rules).RunAsync(ct).ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyList<TableName>> AllAsync(CancellationToken ct) => tables.LookAsync(session => AllAsync(session, ct), ct);

    public async ValueTask DropAsync(TablePlan plan, string prefix, TableName? keep,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        var left = await tables.LookAsync(FindAsync, ct).ConfigureAwait(false);
        if (left.Count == 0) return;
        await tables.ChangeAsync(MyStaging.LockOf(prefix), fence, async session =>
        {
            // Behind the fence once more: only its holder makes or drops them.
            var all = await FindAsync(session).ConfigureAwait(false);
            foreach (var one in all.Where(MyStaging.IsOld)) await CheckOldAsync(session, plan, one, ct).ConfigureAwait(false);
            foreach (var one in all)
            {
                await session.ExecuteAsync($"drop table if exists {MyQuote.Name(one)}", ct, one,
                    MyGrants.Of("drop", one, options)).ConfigureAwait(false);
            }
        }, ct).ConfigureAwait(false);

        async ValueTask<List<TableName>> FindAsync(MyTargetSession session)
        {
            var kept = keep is null ? null : keep with { Schema = keep.Schema ?? options.Database };
            return [.. (await AllAsync(session, ct).ConfigureAwait(false)).Where(one => StageName.IsOne(prefix, one.Name)
                && !(kept is not null && (MyTargetTable.Same(one, kept)
                    || MyTargetTable.Same(one, kept with { Name = one.Name })
                        && one.Name.StartsWith(kept.Name + "_", StringComparison.Ordinal))))];
        }
    }

    /// <summary>
    /// What a rename made of the target, and nobody looked at since: a publication that is gone on with empties it before it goes. A copy
    /// that begins anew must not drop the only rows there are, nor what came to depend on the table in the last moment.
    /// </summary>
    private static async ValueTask CheckOldAsync(MyTargetSession session, TablePlan plan, TableName at, CancellationToken ct)
    {
        if (await MyTargetTable.FindAsync(session, at, ct).ConfigureAwait(false) is not { } old || MyStaging.StandsForNone(old)) return;
        if (old.Triggers.Count > 0 || old.ForeignKeys.Count > 0)
        {
            throw Cannot(plan, "table", at.Name,
                "it was the target before the last publication, and its triggers and references went with it");
        }
        if (await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is null
            && await MySurroundings.HasRowsAsync(session, old, ct).ConfigureAwait(false))
        {
            throw Cannot(plan, "table", at.Name, "it holds the rows of the target, which is not there");
        }
    }

    private static async ValueTask<IReadOnlyList<TableName>> AllAsync(MyTargetSession session, CancellationToken ct)
    {
        var rows = await session.RowsAsync("""
            select table_schema, table_name from information_schema.tables
            where table_type = 'BASE TABLE' and table_name like 'pawl_stage_%'
            """, ct).ConfigureAwait(false);
        return [.. rows.Where(r => r[1]!.StartsWith(StageName.Start, StringComparison.Ordinal)).Select(r => new TableName(r[0], r[1]!))];
    }

    private static async ValueTask LikeAsync(MyTargetSession session, TableName at, MyTargetTable target, CancellationToken ct)
    {
        await session.ExecuteAsync($"create table if not exists {MyQuote.Name(at)} like {target.Quoted}", ct, at,
            MyGrants.OfDatabase("create, select, insert, drop", at.Schema!, session.Options)).ConfigureAwait(false);
    }

    /// <param name="target">Null = not there.</param>
    /// <param name="stage">What is to take its place; null = not made yet, it will be like the target.</param>
    /// <exception cref="PawlException">The target does not fit, or cannot be replaced: <see cref="Codes.CannotPublish"/>.</exception>
    public static async ValueTask<Publication> DecideAsync(MyTargetSession session, TablePlan plan, MyTargetTable? target,
        MyTargetTable? stage, CancellationToken ct)
    {
        if (target is null) return new Publication(PublicationWay.Create);
        MySurroundings.CheckTarget(session.Options, plan.Target, target);
        MyTargetColumns.Match(target, plan, session.Server);
        if (session.Options.ForeignKeys && target.ForeignKeys.FirstOrDefault(f => f.ToItself) is { } own)
        {
            // InnoDB looks at every row at once, so no row may go for a moment that another one names.
            throw Cannot(plan, own, "the rows that refer to it keep its rows from being removed");
        }
        if (session.Options.ForeignKeys && target.ForeignKeys.FirstOrDefault(f => !f.Outgoing) is { } referring)
        {
            if (target.ForeignKeys.FirstOrDefault(f => !f.Outgoing && f.Spreads) is { } spreading)
            {
                throw Cannot(plan, spreading, "removing a row would change the rows that refer to it");
            }
            if (KeyOf(target) is null) throw Cannot(plan, referring, "the table has no key by which its rows could be changed");
            return new Publication(PublicationWay.Keys, "foreign key", $"{referring.Name} ({referring.Other})");
        }
        if (await MyDependents.FirstAsync(session, target, ct).ConfigureAwait(false) is var (what, name))
        {
            return new Publication(PublicationWay.Rows, what, name);
        }
        return stage is null || await AreAlikeAsync(session, target, stage, ct).ConfigureAwait(false)
            ? new Publication(PublicationWay.Rename) : new Publication(PublicationWay.Rows, "definition", plan.Target.Name);
    }

    /// <summary>The unique columns, none of them null, that tell the target's rows apart.</summary>
    public static IReadOnlyList<string>? KeyOf(MyTargetTable target) =>
        target.Unique.FirstOrDefault(u => u.Columns.All(c => target.Column(c)!.NotNull))?.Columns;

    private static async ValueTask<bool> AreAlikeAsync(MyTargetSession session, MyTargetTable one, MyTargetTable other,
        CancellationToken ct) => (await MyDependents.DefinitionAsync(session, one, ct).ConfigureAwait(false)).Definition
            == (await MyDependents.DefinitionAsync(session, other, ct).ConfigureAwait(false)).Definition;

    private static PawlException Cannot(TablePlan plan, MyForeignKey key, string cause) => Cannot(plan, "foreign key", key.Name, cause);

    private static PawlException Cannot(TablePlan plan, string what, string name, string cause) => new(Fault.Configuration,
        Codes.CannotPublish, ("table", plan.Source), ("target", plan.Target), ("what", what), ("name", name), ("cause", cause));
}
