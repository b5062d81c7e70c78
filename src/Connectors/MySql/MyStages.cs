using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Staging tables in a target: made like it, filled, and published by one transaction that removes the target's rows and inserts the staged
/// ones. A rename would be quicker, and would commit by itself, apart from the note that says it was done.
/// </summary>
internal sealed class MyStages(MyTables tables, MyTargetOptions options)
{
    public ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct) => tables.LookAsync(async session =>
        await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is { } target
            ? Decide(session, plan, target) : new Publication(PublicationWay.Create), ct);

    public async ValueTask MakeAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (MyQuote.IsReserved(plan.Target.Name)) throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", plan.Target));
        var stage = plan.AsWritten();
        await tables.ChangeAsync(stage.Target, fence, async session =>
        {
            await MySurroundings.CheckSightAsync(session, plan.Target, ct).ConfigureAwait(false);
            var target = await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
            if (target is not null) Decide(session, plan, target);
            var made = await MyTargetTable.FindAsync(session, stage.Target, ct).ConfigureAwait(false);
            if (made is null && target is not null)
            {
                await LikeAsync(session, stage.Target, target, ct).ConfigureAwait(false);
                made = await MyTargetTable.FindAsync(session, stage.Target, ct).ConfigureAwait(false);
            }
            made ??= await tables.CreateAsync(session, stage, ct).ConfigureAwait(false);
            MyTargetColumns.Match(made, stage, session.Server);
        }, ct).ConfigureAwait(false);
    }

    public async ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        // A target that is not there yet is made first, and is empty until its rows are published.
        var isNew = await tables.EnsureAsync(plan, fence, ct).ConfigureAwait(false);
        return await tables.LookAsync(async session =>
        {
            await session.BeginAsync(ct).ConfigureAwait(false);
            var ended = false;
            try
            {
                if (await rules.FenceAsync(session, ct).ConfigureAwait(false) is not { } expected) return null;
                var result = await ExchangeAsync(session, plan, rules, expected, isNew, ct).ConfigureAwait(false);
                await rules.NoteAsync(session, ct).ConfigureAwait(false);
                ended = true;
                await session.EndAsync(commit: true).ConfigureAwait(false);
                return result;
            }
            finally
            {
                if (!ended) await session.EndAsync(commit: false).ConfigureAwait(false);
            }
        }, ct).ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyList<TableName>> AllAsync(CancellationToken ct) => tables.LookAsync(session => AllAsync(session, ct), ct);

    public async ValueTask DropAsync(string prefix, TableName? keep, Func<ITargetSession, CancellationToken, ValueTask> fence,
        CancellationToken ct)
    {
        var left = await tables.LookAsync(FindAsync, ct).ConfigureAwait(false);
        if (left.Count == 0) return;
        await tables.ChangeAsync(left[0], fence, async session =>
        {
            // Behind the fence once more: only its holder makes or drops them.
            foreach (var one in await FindAsync(session).ConfigureAwait(false))
            {
                await session.ExecuteAsync($"drop table if exists {MyQuote.Name(one)}", ct, one,
                    MyGrants.Of("drop", one, options)).ConfigureAwait(false);
            }
        }, ct).ConfigureAwait(false);

        async ValueTask<List<TableName>> FindAsync(MyTargetSession session)
        {
            var kept = keep is null ? null : keep with { Schema = keep.Schema ?? options.Database };
            return [.. (await AllAsync(session, ct).ConfigureAwait(false)).Where(one => StageName.IsOne(prefix, one.Name)
                && (kept is null || !MyTargetTable.Same(one, kept)))];
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

    private static async ValueTask LikeAsync(MyTargetSession session, TableName stage, MyTargetTable target, CancellationToken ct)
    {
        var at = stage with { Schema = stage.Schema ?? session.Options.Database };
        await session.ExecuteAsync($"create table if not exists {MyQuote.Name(at)} like {target.Quoted}", ct, at,
            MyGrants.OfDatabase("create, select, insert, drop", at.Schema!, session.Options)).ConfigureAwait(false);
    }

    private async ValueTask<PublicationResult> ExchangeAsync(MyTargetSession session, TablePlan plan, PublicationRules rules, long expected,
        bool isNew, CancellationToken ct)
    {
        var stage = await MyTargetTable.FindAsync(session, plan.Stage!, ct).ConfigureAwait(false);
        var target = await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) ?? throw plan.TargetGone();
        var how = Decide(session, plan, target);
        long? staged = stage is null ? null : long.Parse((await session.RowsAsync($"select count(*) from {stage.Quoted}", ct)
            .ConfigureAwait(false))[0][0]!, System.Globalization.CultureInfo.InvariantCulture);
        rules.CheckStaged(expected, staged, await MySurroundings.HasRowsAsync(session, target, ct).ConfigureAwait(false));
        try
        {
            var removed = await session.ExecuteAsync($"delete from {target.Quoted}", ct, target.Name,
                MyGrants.Of("select, insert, delete", target.Name, options)).ConfigureAwait(false);
            var columns = MyQuote.Names(target.Columns.Where(c => !c.IsGenerated && stage!.Column(c.Name) is not null).Select(c => c.Name));
            var filled = await session.ExecuteAsync($"insert into {target.Quoted} ({columns}) select {columns} from {stage!.Quoted}", ct,
                target.Name).ConfigureAwait(false);
            rules.CheckPublished(staged!.Value, filled.Warnings == 0 ? filled.Records ?? filled.AffectedRows : -1);
            return new PublicationResult(isNew ? new Publication(PublicationWay.Create) : how, staged.Value, removed.AffectedRows);
        }
        catch (PawlException e) when (e.Fault == Fault.Data && e.Code != Codes.PublicationDiffers)
        {
            throw new PawlException(Fault.Data, Codes.CannotPublish, e, ("table", plan.Source), ("target", plan.Target),
                ("cause", e.Details.GetValueOrDefault("cause")));
        }
    }

    /// <exception cref="PawlException">The target does not fit, or cannot be replaced: <see cref="Codes.CannotPublish"/>.</exception>
    private Publication Decide(MyTargetSession session, TablePlan plan, MyTargetTable target)
    {
        MySurroundings.CheckTarget(options, plan.Target, target);
        MyTargetColumns.Match(target, plan, session.Server);
        if (options.ForeignKeys && target.ForeignKeys.FirstOrDefault(f => !f.Outgoing || f.ToItself) is { } key)
        {
            // InnoDB looks at every row at once, so no row may go for a moment that another one names.
            throw new PawlException(Fault.Configuration, Codes.CannotPublish, ("table", plan.Source), ("target", plan.Target),
                ("what", "foreign key"), ("name", key.Name), ("cause", "the rows that refer to it keep its rows from being removed"));
        }
        return new Publication(PublicationWay.Rows, "storage", "InnoDB");
    }
}
