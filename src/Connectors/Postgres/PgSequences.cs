using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Sequences that columns of the target own or take their defaults from are moved past the values that came with the rows, so that the
/// first insert after the copy does not meet one of them. Never back, and only where a value was written. A text that a default makes of
/// a number, as in <c>'INV-' || nextval('inv')</c>, says no number: only columns of whole numbers and numeric ones count.
/// </summary>
internal static class PgSequences
{
    private const string Query = """
        select s.oid::bigint, a.attname::text, quote_ident(n.nspname) || '.' || quote_ident(s.relname), n.nspname::text,
            n.nspname || '.' || s.relname, q.seqincrement, q.seqmin, q.seqmax, has_schema_privilege(n.oid, 'usage'),
            has_sequence_privilege(s.oid, 'select'), has_sequence_privilege(s.oid, 'update')
        from (select objid, refobjsubid from pg_depend where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
                and refobjid = $1::oid and deptype in ('a', 'i')
            union
            select u.refobjid, ad.adnum from pg_attrdef ad join pg_depend u on u.classid = 'pg_attrdef'::regclass and u.objid = ad.oid
                and u.refclassid = 'pg_class'::regclass and u.deptype = 'n' where ad.adrelid = $1::oid) d
        join pg_class s on s.oid = d.objid and s.relkind = 'S'
        join pg_namespace n on n.oid = s.relnamespace
        join pg_sequence q on q.seqrelid = s.oid
        join pg_attribute a on a.attrelid = $1::oid and a.attnum = d.refobjsubid
        join lateral (with recursive up(type, parent) as (select t.oid, t.typbasetype from pg_type t where t.oid = a.atttypid
                union all select t.oid, t.typbasetype from up join pg_type t on t.oid = up.parent)
            select type from up where parent = 0) b on b.type in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
        order by s.oid, a.attnum
        """;

    /// <summary>First half of the lock on a sequence; the second is its oid.</summary>
    internal static int LockClass { get; } = PgDatabase.LockKey("sequences").High;

    internal static int LockOf(long oid) => unchecked((int)(uint)oid);

    /// <summary>
    /// Where a sequence stands and where it goes are not one moment to the server, and tables may share a sequence: the lock keeps a table
    /// that finishes at the same time from moving it between the two. It is held until the transaction ends, so all of a table's values
    /// are read before the first lock, and locks are taken in the order of oids.
    /// </summary>
    public static async ValueTask AdvanceAsync(PgSession session, TablePlan plan, PgTarget target, CancellationToken ct)
    {
        var written = plan.TargetSchema.Columns.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var moves = new List<(PgNumbering Of, string Sql)>();
        foreach (var one in await FindAsync(session, target.Oid, ct).ConfigureAwait(false))
        {
            if (!written.Contains(one.Column)) continue;
            var (most, beyond) = one.Increment > 0 ? ("max", ">=") : ("min", "<=");
            // A value outside the sequence's own range says nothing about what it will give next.
            var found = await session.QueryAsync(FormattableString.Invariant($"""
                select {most}({PgNames.Quote(one.Column)})::bigint from {target.Quoted}
                where {PgNames.Quote(one.Column)} between {one.Least} and {one.Most}
                """), ct).ConfigureAwait(false);
            if (found[0][0] is not long value) continue;
            moves.Add((one, FormattableString.Invariant($"""
                select setval({PgNames.Literal(one.Quoted)}::regclass, {value}, true) from {one.Quoted} where {value} {beyond} last_value
                """)));
        }
        foreach (var (one, sql) in moves)
        {
            await session.QueryAsync("select pg_advisory_xact_lock($1::int, $2::int)", ct, (long)LockClass, (long)LockOf(one.Oid))
                .ConfigureAwait(false);
            await session.ExecuteAsync(sql, ct, plan.Target,
                $"grant select, update on sequence {one.Quoted} to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);
        }
    }

    /// <summary>In the order of oids; one that several columns take numbers from comes once for each.</summary>
    public static async ValueTask<IReadOnlyList<PgNumbering>> FindAsync(PgSession session, long table, CancellationToken ct) =>
    [
        .. (await session.QueryAsync(Query, ct, table).ConfigureAwait(false)).Select(row => new PgNumbering((long)row[0]!, (string)row[1]!,
            (string)row[2]!, (string)row[3]!, (string)row[4]!, (long)row[5]!, (long)row[6]!, (long)row[7]!)
        {
            IsSchemaUsable = (bool)row[8]!, IsReadable = (bool)row[9]!, IsMovable = (bool)row[10]!,
        }),
    ];
}

/// <summary>A sequence that a column takes its numbers from.</summary>
/// <param name="Column">Of whole numbers or numeric.</param>
/// <param name="Quoted">Schema and name, fit for SQL.</param>
/// <param name="Schema">As it is.</param>
/// <param name="Shown">For people.</param>
/// <param name="Increment">Below 0 for one that counts down.</param>
internal sealed record PgNumbering(long Oid, string Column, string Quoted, string Schema, string Shown, long Increment, long Least,
    long Most)
{
    /// <summary>The role may look things up in the sequence's schema.</summary>
    public required bool IsSchemaUsable { get; init; }
    /// <summary>The role has SELECT on it.</summary>
    public required bool IsReadable { get; init; }
    /// <summary>The role has UPDATE on it.</summary>
    public required bool IsMovable { get; init; }
}
