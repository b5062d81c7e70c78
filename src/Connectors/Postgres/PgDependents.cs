using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// What a table would lose, or others with it, if another one took its name: whatever refers to it by its oid, and whatever was said of it
/// that a copy of its columns, keys and checks does not repeat. What is not known here counts as well.
/// </summary>
internal static class PgDependents
{
    // Since its minor releases of late 2026 the server numbers each column's changes in an option of its own, pg_attver.
    /// <summary>$1 is the table's oid. The sentence of a thing that is known is a word, its name stands beside it.</summary>
    private const string Query = """
        select 'foreign key', conname::text from pg_constraint where contype = 'f' and (conrelid = $1::oid or confrelid = $1::oid)
        union all select 'view', coalesce(v.relname::text, '') from pg_depend d join pg_rewrite r on r.oid = d.objid
            join pg_class v on v.oid = r.ev_class
            where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = $1::oid
                and r.ev_class <> $1::oid
        union all select 'trigger', tgname::text from pg_trigger where tgrelid = $1::oid and not tgisinternal
        union all select 'rule', rulename::text from pg_rewrite where ev_class = $1::oid
        union all select 'policy', polname::text from pg_policy where polrelid = $1::oid
        union all select 'publication', p.pubname::text from pg_publication_tables p join pg_class c on c.relname = p.tablename
            join pg_namespace n on n.oid = c.relnamespace and n.nspname = p.schemaname where c.oid = $1::oid
        union all select 'publication', p.pubname::text from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
            where r.prrelid = $1::oid
        union all select 'grant', coalesce(g.rolname::text, 'public') from pg_class c cross join lateral aclexplode(c.relacl) a
            left join pg_roles g on g.oid = a.grantee where c.oid = $1::oid and a.grantee <> c.relowner
        union all select 'grant', attname::text from pg_attribute where attrelid = $1::oid and attacl is not null and attnum > 0
        union all select 'owner', o.rolname::text from pg_class c join pg_roles o on o.oid = c.relowner
            where c.oid = $1::oid and o.rolname <> current_user
        union all select 'inheritance', c.relname::text from pg_inherits i join pg_class c
            on c.oid = case when i.inhparent = $1::oid then i.inhrelid else i.inhparent end
            where i.inhparent = $1::oid or i.inhrelid = $1::oid
        union all select 'partitions', relname::text from pg_class where oid = $1::oid and relkind <> 'r'
        union all select 'row security', relname::text from pg_class where oid = $1::oid and (relrowsecurity or relforcerowsecurity)
        union all select 'storage', relname::text from pg_class where oid = $1::oid and (reloptions is not null or reltablespace <> 0
            or reloftype <> 0 or relreplident <> 'd')
        union all select 'column setting', attname::text from pg_attribute where attrelid = $1::oid and attnum > 0 and not attisdropped
            and (coalesce(attstattarget, -1) <> -1 or exists (select 1 from unnest(attoptions) o where not starts_with(o, 'pg_')))
        union all select 'index setting', c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid
            where i.indrelid = $1::oid and (i.indisclustered or i.indisreplident or not i.indisvalid)
        union all select 'comment', relname::text from pg_class where oid = $1::oid and obj_description(oid, 'pg_class') is not null
        union all select 'security label', provider from pg_seclabel where classoid = 'pg_class'::regclass and objoid = $1::oid
        union all select 'statistics', stxname::text from pg_statistic_ext where stxrelid = $1::oid
        union all select 'extension', e.extname::text from pg_depend d join pg_extension e on e.oid = d.refobjid
            where d.classid = 'pg_class'::regclass and d.objid = $1::oid and d.deptype = 'e'
        union all select 'sequence', s.relname::text from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
            where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = $1::oid
        union all select 'object', pg_describe_object(d.classid, d.objid, d.objsubid)
            from pg_class t join pg_type y on y.oid = t.reltype
            join pg_depend d on (d.refclassid = 'pg_class'::regclass and d.refobjid = t.oid)
                or (d.refclassid = 'pg_type'::regclass and d.refobjid in (y.oid, y.typarray))
            where t.oid = $1::oid
                and not (d.classid = 'pg_type'::regclass and d.objid in (y.oid, y.typarray))
                and not (d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass
                    and (select k.relkind from pg_class k where k.oid = d.objid) in ('i', 'I', 't', 'S'))
                and not (d.classid = 'pg_class'::regclass and exists (select 1 from pg_inherits i where i.inhrelid = d.objid))
                and not (d.classid = 'pg_constraint'::regclass
                    and exists (select 1 from pg_constraint k where k.oid = d.objid and (k.conrelid = t.oid or k.contype = 'f')))
                and not (d.classid = 'pg_attrdef'::regclass
                    and exists (select 1 from pg_attrdef k where k.oid = d.objid and k.adrelid = t.oid))
                and d.classid not in ('pg_rewrite'::regclass, 'pg_trigger'::regclass, 'pg_policy'::regclass,
                    'pg_publication_rel'::regclass, 'pg_statistic_ext'::regclass)
        """;

    /// <summary>What makes two tables hold and refuse the same rows, and be granted to the same.</summary>
    private const string Shape = """
        select concat_ws('; ', c.relam, c.relacl::text,
            (select string_agg(concat_ws(' ', a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attidentity, a.attgenerated,
                    a.attcollation, a.attstorage, pg_get_expr(d.adbin, d.adrelid)), ', ' order by a.attnum)
                from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
            (select string_agg(pg_get_constraintdef(k.oid), ', ' order by pg_get_constraintdef(k.oid)) from pg_constraint k
                where k.conrelid = c.oid and k.contype in ('p', 'u', 'x', 'c')))
        from pg_class c where c.oid = $1::oid
        """;

    private const string Indexes = "select pg_get_indexdef(indexrelid) from pg_index where indrelid = $1::oid";

    /// <summary>Null when nothing depends on the table.</summary>
    public static async ValueTask<(string What, string Name)?> FirstAsync(PgSession session, PgTarget target, CancellationToken ct)
    {
        var found = await session.QueryAsync(Query, ct, (long)target.Oid).ConfigureAwait(false);
        return found.Count == 0 ? null : ((string)found[0][0]!, (string)found[0][1]!);
    }

    /// <summary>The one may take the place of the other: columns, keys, checks, indexes and grants are alike.</summary>
    public static async ValueTask<bool> AreAlikeAsync(PgSession session, PgTarget one, PgTarget other, CancellationToken ct) =>
        (await ShapeAsync(session, one, ct).ConfigureAwait(false)).SequenceEqual(
            await ShapeAsync(session, other, ct).ConfigureAwait(false), StringComparer.Ordinal);

    private static async ValueTask<List<string>> ShapeAsync(PgSession session, PgTarget table, CancellationToken ct)
    {
        var indexes = await session.QueryAsync(Indexes, ct, (long)table.Oid).ConfigureAwait(false);
        var shape = await session.QueryAsync(Shape, ct, (long)table.Oid).ConfigureAwait(false);
        return [(string)shape[0][0]!, .. indexes.Select(i => Definition((string)i[0]!)).Order(StringComparer.Ordinal)];
    }

    /// <summary>An index's definition without the names of index and table.</summary>
    public static string Definition(string indexdef) => PgCreation.IndexRest().Match(indexdef) is { Success: true } match
        ? (indexdef.StartsWith("CREATE UNIQUE", StringComparison.Ordinal) ? "unique " : "") + match.Groups["rest"].Value : indexdef;
}
