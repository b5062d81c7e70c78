namespace Pawl.Connectors.Postgres;

/// <summary>
/// What is asked about a target table, $1 its schema and $2 its name; the five go to the server together. They run under
/// <c>search_path = pg_catalog</c>.
/// </summary>
internal static class PgTargetSql
{
    private const string Table = """
        (select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = $1 and c.relname = $2 and c.relkind not in ('i', 'I', 't'))
        """;

    private const string Kind = $"""
        select c.oid::bigint, c.relkind::text, c.relpersistence = 'u' from pg_class c where c.oid = {Table}
        """;

    /// <summary>The base of a type that is no domain is itself: nothing is searched for.</summary>
    private const string Columns = $"""
        select a.attname::text, format_type(a.atttypid, a.atttypmod), b.oid::bigint, b.typname::text, b.typtype::text, p.proname::text,
            coalesce(nullif(a.atttypmod, -1), b.modifier)::bigint, a.attnotnull, a.atthasdef, a.attidentity::text, a.attgenerated::text
        from pg_attribute a
        cross join lateral (
            select t.oid, t.typname, t.typtype, t.typreceive, -1 as modifier from pg_type t
            where t.oid = a.atttypid and t.typtype <> 'd'
            union all
            (with recursive d(oid, modifier) as (
                select t.typbasetype, t.typtypmod from pg_type t where t.oid = a.atttypid and t.typtype = 'd'
                union all
                select t.typbasetype, t.typtypmod from d join pg_type t on t.oid = d.oid where t.typtype = 'd')
            select t.oid, t.typname, t.typtype, t.typreceive, d.modifier
            from d join pg_type t on t.oid = d.oid where t.typtype <> 'd')) b
        left join pg_proc p on p.oid = b.typreceive
        where a.attrelid = {Table} and a.attnum > 0 and not a.attisdropped order by a.attnum
        """;

    private const string Unique = $"""
        select i.indexrelid::bigint, i.indisprimary, a.attname::text
        from pg_index i
        cross join lateral unnest(i.indkey::int2[]) with ordinality k(number, place)
        join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number
        where i.indrelid = {Table} and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
            and k.place <= i.indnkeyatts
        order by not i.indisprimary, i.indexrelid, k.place
        """;

    private const string Triggers = $"""
        select tgname::text from pg_trigger where tgrelid = {Table} and not tgisinternal and tgenabled in ('O', 'A') order by 1
        """;

    private const string ForeignKeys = $"""
        select f.conname::text, f.conrelid = o.oid, f.conrelid = f.confrelid, f.confdeltype::text, n.nspname::text, c.relname::text
        from (select {Table} as oid) o
        join pg_constraint f on f.conrelid = o.oid or f.confrelid = o.oid
        join pg_class c on c.oid = case when f.conrelid = o.oid then f.confrelid else f.conrelid end
        join pg_namespace n on n.oid = c.relnamespace
        where f.contype = 'f' and f.conparentid = 0
        order by f.conname
        """;

    public static readonly string[] Looks = [Kind, Columns, Unique, Triggers, ForeignKeys];
}
