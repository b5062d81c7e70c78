using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// One transaction that puts staged rows in the place of the target's. Other writers of the target wait from its look to its commit, other
/// readers see the old rows until then. One caller.
/// </summary>
internal sealed class PgPublication(PgSession session, TablePlan plan, PublicationRules rules)
{
    private readonly TableName name = plan.Target with { Schema = plan.Target.Schema ?? PgNames.DefaultSchema };

    /// <returns>Null when it was published before.</returns>
    public async ValueTask<PublicationResult?> RunAsync(CancellationToken ct)
    {
        if (await rules.FenceAsync(session, ct).ConfigureAwait(false) is not { } expected) return null;
        var stage = await PgTarget.FindAsync(session, plan.Stage!, ct).ConfigureAwait(false);
        if (stage is not null) await LockAsync(stage, "access exclusive", ct).ConfigureAwait(false);
        long? staged = stage is null ? null : await CountAsync(stage, ct).ConfigureAwait(false);
        var target = await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
        if (target is { IsTable: true }) await LockAsync(target, "share row exclusive", ct).ConfigureAwait(false);
        var hasRows = target is { IsTable: true } && await PgSurroundings.HasRowsAsync(session, target, ct).ConfigureAwait(false);
        rules.CheckStaged(expected, staged, hasRows);
        var result = target is null ? await CreateAsync(stage!, staged!.Value, ct).ConfigureAwait(false)
            : await ReplaceAsync(stage!, target, staged!.Value, ct).ConfigureAwait(false);
        if (result.How.Way is PublicationWay.Rows or PublicationWay.Keys)
        {
            await PgSequences.AdvanceAsync(session, plan, target!, ct).ConfigureAwait(false);
            await session.ExecuteAsync($"drop table {stage!.Quoted}", ct, stage.Name).ConfigureAwait(false);
        }
        await rules.NoteAsync(session, ct).ConfigureAwait(false);
        return result;
    }

    private async ValueTask<PublicationResult> CreateAsync(PgTarget stage, long staged, CancellationToken ct)
    {
        if (!plan.Create) throw new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", plan.Target));
        await RenameAsync(stage, [], ct).ConfigureAwait(false);
        return new PublicationResult(new Publication(PublicationWay.Create), staged, 0);
    }

    private async ValueTask<PublicationResult> ReplaceAsync(PgTarget stage, PgTarget target, long staged, CancellationToken ct)
    {
        var how = await PgStages.DecideAsync(session, session.Options, plan, target, stage, ct).ConfigureAwait(false);
        if (how.Way == PublicationWay.Rename)
        {
            var old = await CountAsync(target, ct).ConfigureAwait(false);
            var names = await IndexesAsync(target, ct).ConfigureAwait(false);
            await session.ExecuteAsync($"drop table {target.Quoted}", ct, target.Name).ConfigureAwait(false);
            await RenameAsync(stage, names, ct).ConfigureAwait(false);
            return new PublicationResult(how, staged, old);
        }
        try
        {
            var (published, removed) = how.Way == PublicationWay.Keys ? await MergeAsync(stage, target, ct).ConfigureAwait(false)
                : await ExchangeAsync(stage, target, ct).ConfigureAwait(false);
            rules.CheckPublished(staged, published);
            return new PublicationResult(how, published, removed);
        }
        catch (PawlException e) when (e.Fault == Fault.Data && PgFaults.IsConstraint(e))
        {
            throw new PawlException(Fault.Data, Codes.CannotPublish, e, ("table", plan.Source), ("target", plan.Target),
                ("name", e.Details.GetValueOrDefault("constraint")), ("cause", e.Details.GetValueOrDefault("cause")));
        }
    }

    private async ValueTask<(long Published, long Removed)> ExchangeAsync(PgTarget stage, PgTarget target, CancellationToken ct)
    {
        if (session.Options.Triggers == PgTriggers.Skip)
        {
            await session.ExecuteAsync("set local session_replication_role = replica", ct, target.Name,
                $"grant set on parameter session_replication_role to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);
        }
        var removed = await ChangeAsync(target, $"delete from {target.Alone}", "delete", ct).ConfigureAwait(false);
        var list = List(Columns(stage, target));
        // What no column is named of has rows, too.
        var sql = list.Length == 0 ? $"insert into {target.Quoted} select from only {stage.Quoted}"
            : $"insert into {target.Quoted} ({list}) overriding system value select {list} from only {stage.Quoted}";
        return (await ChangeAsync(target, sql, "insert", ct).ConfigureAwait(false), removed);
    }

    /// <summary>
    /// Rows whose key comes again are changed and not removed, so that those which refer to them stand. If one is gone that another table
    /// refers to, the server refuses, and all of it is taken back.
    /// </summary>
    private async ValueTask<(long Published, long Removed)> MergeAsync(PgTarget stage, PgTarget target, CancellationToken ct)
    {
        var key = PgStages.KeyOf(target)!;
        var same = string.Join(" and ", key.Select(c => $"t.{PgNames.Quote(c)} = s.{PgNames.Quote(c)}"));
        var (into, from) = (target.Kind == "p" ? target.Quoted : "only " + target.Quoted, "only " + stage.Quoted);
        var columns = Columns(stage, target);
        var removed = await ChangeAsync(target, $"delete from {into} t where not exists (select 1 from {from} s where {same})", "delete",
            ct).ConfigureAwait(false);
        var changed = columns.Where(c => !key.Contains(c)).ToArray();
        var set = string.Join(", ", (changed.Length == 0 ? key.Take(1) : changed)
            .Select(c => $"{PgNames.Quote(c)} = s.{PgNames.Quote(c)}"));
        var updated = await ChangeAsync(target, $"update {into} t set {set} from {from} s where {same}", "update", ct)
            .ConfigureAwait(false);
        var inserted = await ChangeAsync(target, $"insert into {target.Quoted} ({List(columns)}) overriding system value "
            + $"select {List(columns)} from {from} s where not exists (select 1 from {into} t where {same})", "insert", ct)
            .ConfigureAwait(false);
        return (updated + inserted, removed);
    }

    /// <summary>
    /// All that a staged row holds and the target does not compute. Numbers that the staging table gave by itself, for an identity column
    /// that the job does not bring, mean nothing: the target gives its own.
    /// </summary>
    private string[] Columns(PgTarget stage, PgTarget target) =>
    [
        .. target.Columns.Where(c => c.Generated.Length == 0 && stage.Column(c.Name) is not null
            && (c.Identity.Length == 0 || plan.TargetSchema.IndexOf(c.Name) >= 0)).Select(c => c.Name),
    ];

    private static string List(IEnumerable<string> columns) => string.Join(", ", columns.Select(PgNames.Quote));

    private ValueTask<long> ChangeAsync(PgTarget target, string sql, string right, CancellationToken ct) =>
        session.ExecuteAsync(sql, ct, target.Name, $"grant {right} on table {target.Quoted} to {PgNames.Quote(session.Options.User)}");

    private async ValueTask LockAsync(PgTarget table, string mode, CancellationToken ct) => await session.ExecuteAsync(
        $"lock table {table.Alone} in {mode} mode", ct, table.Name,
        $"grant select, insert, update, delete on table {table.Quoted} to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);

    private async ValueTask<long> CountAsync(PgTarget table, CancellationToken ct) =>
        (long)(await session.QueryAsync($"select count(*) from {table.Alone}", ct).ConfigureAwait(false))[0][0]!;

    private async ValueTask<List<(string Name, string Definition)>> IndexesAsync(PgTarget table, CancellationToken ct) =>
    [
        .. (await session.QueryAsync("""
            select c.relname::text, pg_get_indexdef(i.indexrelid) from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indrelid = $1::oid order by c.relname
            """, ct, (long)table.Oid).ConfigureAwait(false)).Select(r => ((string)r[0]!, PgDependents.Definition((string)r[1]!))),
    ];

    /// <summary>The staging table under the target's name, and what hangs on it under names as the target's had them.</summary>
    /// <param name="known">Indexes of the table that was there, whose names are free again.</param>
    private async ValueTask RenameAsync(PgTarget stage, List<(string Name, string Definition)> known, CancellationToken ct)
    {
        await session.ExecuteAsync($"alter table {stage.Quoted} rename to {PgNames.Quote(name.Name)}", ct, stage.Name)
            .ConfigureAwait(false);
        foreach (var (index, definition) in await IndexesAsync(stage, ct).ConfigureAwait(false))
        {
            var at = known.FindIndex(k => k.Definition == definition);
            var wanted = at >= 0 ? known[at].Name : Renamed(index, stage);
            if (at >= 0) known.RemoveAt(at);
            await RenameAsync("index", index, wanted, ct).ConfigureAwait(false);
        }
        foreach (var row in await session.QueryAsync("""
            select s.relname::text from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
            where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = $1::oid order by 1
            """, ct, (long)stage.Oid).ConfigureAwait(false))
        {
            await RenameAsync("sequence", (string)row[0]!, Renamed((string)row[0]!, stage), ct).ConfigureAwait(false);
        }
        foreach (var row in await session.QueryAsync("""
            select conname::text from pg_constraint where conrelid = $1::oid and contype in ('c', 'n') order by 1
            """, ct, (long)stage.Oid).ConfigureAwait(false))
        {
            var constraint = (string)row[0]!;
            if (Renamed(constraint, stage) is not { } wanted || wanted == constraint) continue;
            await session.ExecuteAsync($"alter table {PgNames.Quote(name)} rename constraint {PgNames.Quote(constraint)} to "
                + PgNames.Quote(wanted), ct, name).ConfigureAwait(false);
        }
    }

    /// <summary>Null when its name is its own, or would be longer than names are.</summary>
    private string? Renamed(string one, PgTarget stage) => one.StartsWith(stage.Name.Name, StringComparison.Ordinal)
        && name.Name + one[stage.Name.Name.Length..] is var wanted && System.Text.Encoding.UTF8.GetByteCount(wanted) <= PgNames.MaxBytes
            ? wanted : null;

    private async ValueTask RenameAsync(string kind, string from, string? to, CancellationToken ct)
    {
        if (to is null || to == from) return;
        var taken = await session.QueryAsync("""
            select 1::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2
            """, ct, name.Schema!, to).ConfigureAwait(false);
        if (taken.Count > 0) return;
        await session.ExecuteAsync($"alter {kind} {PgNames.Quote(new TableName(name.Schema, from))} rename to {PgNames.Quote(to)}", ct,
            name).ConfigureAwait(false);
    }
}
