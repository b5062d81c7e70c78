using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Staging tables: made like their target, with its keys, checks and defaults, so that a row the target would refuse is refused when it is
/// staged; published, or dropped.
/// </summary>
internal sealed class PgStages(PgTables tables, PgOptions options)
{
    private const string Find = """
        select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relname >= $1::name and c.relname < $2::name and c.relkind = 'r' and n.nspname !~ '^pg_'
        """;

    public ValueTask<Publication> ForeseeAsync(TablePlan plan, CancellationToken ct) => tables.LookAsync(async session =>
        await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is { } target
            ? await DecideAsync(session, plan, target, ct).ConfigureAwait(false) : new Publication(PublicationWay.Create), ct);

    public async ValueTask MakeAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct)
    {
        if (PgNames.IsReserved(plan.Target.Name)) throw new PawlException(Fault.Configuration, Codes.ReservedName, ("name", plan.Target));
        var stage = plan.AsWritten();
        await tables.ChangeAsync(fence, async session =>
        {
            var target = await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
            if (target is not null) await DecideAsync(session, plan, target, ct).ConfigureAwait(false);
            if (await PgTarget.FindAsync(session, stage.Target, ct).ConfigureAwait(false) is null)
            {
                if (target is null) await tables.CreateAsync(session, stage, ct).ConfigureAwait(false);
                else await LikeAsync(session, stage.Target, target, ct).ConfigureAwait(false);
            }
            var made = await PgTarget.FindAsync(session, stage.Target, ct).ConfigureAwait(false);
            PgColumns.Match(made!, stage);
        }, ct).ConfigureAwait(false);
    }

    public ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules,
        Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        PublishAsync(plan, rules, () => tables.FinishAsync(plan.AsWritten(), fence, ct), ct);

    private async ValueTask<PublicationResult?> PublishAsync(TablePlan plan, PublicationRules rules, Func<ValueTask> indexes,
        CancellationToken ct)
    {
        try
        {
            await indexes().ConfigureAwait(false);
        }
        catch (PawlException e) when (e.Code == Codes.TargetTruncated)
        {
            throw new PawlException(Fault.PositionLost, Codes.StageLost, e, ("table", plan.Source), ("stage", plan.Stage));
        }
        return await tables.ChangeAsync(session => new PgPublication(session, plan, rules).RunAsync(ct), ct).ConfigureAwait(false);
    }

    public ValueTask<IReadOnlyList<TableName>> AllAsync(CancellationToken ct) => tables.LookAsync(session => AllAsync(session, ct), ct);

    private static async ValueTask<IReadOnlyList<TableName>> AllAsync(PgSession session, CancellationToken ct) =>
    [
        .. (await session.QueryAsync(Find, ct, StageName.Start, StageName.End).ConfigureAwait(false))
            .Select(row => new TableName((string)row[0]!, (string)row[1]!)),
    ];

    public async ValueTask DropAsync(string prefix, TableName? keep, Func<ITargetSession, CancellationToken, ValueTask> fence,
        CancellationToken ct)
    {
        var kept = keep is null ? null : keep with { Schema = keep.Schema ?? PgNames.DefaultSchema };
        var left = await tables.LookAsync(FindAsync, ct).ConfigureAwait(false);
        if (left.Count == 0) return;
        await tables.ChangeAsync(fence, async session =>
        {
            // Behind the fence once more: only its holder makes or drops them.
            foreach (var one in await FindAsync(session).ConfigureAwait(false))
            {
                await session.ExecuteAsync($"drop table {PgNames.Quote(one)}", ct, one).ConfigureAwait(false);
            }
        }, ct).ConfigureAwait(false);

        async ValueTask<List<TableName>> FindAsync(PgSession session) =>
            [.. (await AllAsync(session, ct).ConfigureAwait(false)).Where(one => StageName.IsOne(prefix, one.Name) && one != kept)];
    }

    private static async ValueTask LikeAsync(PgSession session, TableName stage, PgTarget target, CancellationToken ct) =>
        await session.ExecuteAsync($"create table {PgNames.Quote(stage)} (like {target.Quoted} including all)", ct, stage,
            $"grant create, usage on schema {PgNames.Quote(stage.Schema ?? PgNames.DefaultSchema)} to "
            + $"{PgNames.Quote(session.Options.User)}; grant select on table {target.Quoted} to {PgNames.Quote(session.Options.User)}")
            .ConfigureAwait(false);

    private async ValueTask<Publication> DecideAsync(PgSession session, TablePlan plan, PgTarget target, CancellationToken ct) =>
        await DecideAsync(session, options, plan, target, null, ct).ConfigureAwait(false);

    /// <param name="stage">What is to take its place; null = not made yet, it will be like the target.</param>
    /// <exception cref="PawlException">The target does not fit, or cannot be replaced: <see cref="Codes.CannotPublish"/>.</exception>
    public static async ValueTask<Publication> DecideAsync(PgSession session, PgOptions options, TablePlan plan, PgTarget target,
        PgTarget? stage, CancellationToken ct)
    {
        if (!target.IsTable)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target), ("there", target.Kind));
        }
        PgColumns.Match(target, plan);
        PgSurroundings.CheckTarget(options, plan.Target, target);
        var referring = target.ForeignKeys.Where(f => !f.Outgoing && !f.ToItself).ToArray();
        if (referring.Length > 0)
        {
            var (key, other) = (referring[0].Name, referring[0].Other.ToString());
            if (referring.FirstOrDefault(f => f.OnDelete is not ("a" or "r")) is { } spreading)
            {
                throw Cannot(plan, "foreign key", spreading.Name, "removing a row would change the rows that refer to it");
            }
            if (options.Triggers == PgTriggers.Skip)
            {
                throw Cannot(plan, "foreign key", key, "with triggers=skip the server would not look at the rows that refer to it");
            }
            if (KeyOf(target) is null) throw Cannot(plan, "foreign key", key, "the table has no key by which its rows could be changed");
            return new Publication(PublicationWay.Keys, "foreign key", $"{key} ({other})");
        }
        if (await PgDependents.FirstAsync(session, target, ct).ConfigureAwait(false) is var (what, name))
        {
            return new Publication(PublicationWay.Rows, what, name);
        }
        var isSame = stage is null || await PgDependents.AreAlikeAsync(session, target, stage, ct).ConfigureAwait(false);
        return isSame ? new Publication(PublicationWay.Rename)
            : new Publication(PublicationWay.Rows, "definition", plan.Target.Name);
    }

    /// <summary>The unique columns, none of them null, that tell the target's rows apart.</summary>
    public static IReadOnlyList<string>? KeyOf(PgTarget target) =>
        target.Unique.FirstOrDefault(u => u.Columns.All(c => target.Column(c)!.NotNull))?.Columns;

    public static PawlException Cannot(TablePlan plan, string what, string name, string cause) => new(Fault.Configuration,
        Codes.CannotPublish, ("table", plan.Source), ("target", plan.Target), ("what", what), ("name", name), ("cause", cause));
}
