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
    public static async ValueTask AdvanceAsync(PgSession session, TablePlan plan, PgTarget target, CancellationToken ct)
    {
        var written = plan.TargetSchema.Columns.Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var owned = await session.QueryAsync("""
            select a.attname::text, quote_ident(n.nspname) || '.' || quote_ident(s.relname), q.seqincrement, q.seqmin, q.seqmax
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
            """, ct, (long)target.Oid).ConfigureAwait(false);
        foreach (var row in owned)
        {
            var (column, sequence, increment) = ((string)row[0]!, (string)row[1]!, (long)row[2]!);
            if (!written.Contains(column)) continue;
            var (most, beyond) = increment > 0 ? ("max", ">=") : ("min", "<=");
            // A value outside the sequence's own range says nothing about what it will give next.
            var sql = FormattableString.Invariant($"""
                select setval({PgNames.Literal(sequence)}::regclass, m.value::bigint, true)
                from (select {most}({PgNames.Quote(column)}) as value from {target.Quoted}
                    where {PgNames.Quote(column)} between {row[3]} and {row[4]}) m, {sequence} s
                where m.value {beyond} s.last_value
                """);
            await session.GuardAsync(async () => await session.ExecuteAsync(sql, ct, plan.Target,
                $"grant select, update on sequence {sequence} to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false), sql, ct)
                .ConfigureAwait(false);
        }
    }
}
