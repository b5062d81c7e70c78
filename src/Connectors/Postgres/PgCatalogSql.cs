namespace Pawl.Connectors.Postgres;

/// <summary>
/// The catalogue queries. They run under <c>search_path = pg_catalog</c>, so that every name they write is qualified, and answer in JSON
/// with the names of <see cref="PgShape"/>'s properties: one round trip describes any number of tables.
/// https://www.postgresql.org/docs/current/catalogs.html
/// </summary>
internal static class PgCatalogSql
{
    /// <summary>
    /// Everything that can be read like a table: no partition of another, nothing temporary, of the system or of an extension.
    /// </summary>
    public const string Tables = $"{Readable} {InOrder}";

    /// <summary>Of them those of some exact names: $1 schemas and, one for one, $2 names.</summary>
    public const string TablesNamed = $"""
        {Readable} and exists (select 1 from unnest($1, $2) wanted (nspname, relname)
            where wanted.nspname = n.nspname and wanted.relname = c.relname) and c.relname = any ($2) {InOrder}
        """;

    private const string Readable = """
        select n.nspname::text, c.relname::text, c.oid::text, c.relkind::text
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and c.relpersistence <> 't'
            and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)' and c.relname !~ '^pawl_'
            and not exists (select 1 from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        """;

    private const string InOrder = """
        order by n.nspname collate "C", c.relname collate "C"
        """;

    /// <summary>$1 = oids joined by commas. Twelve answers, in the order <see cref="PgCatalog"/> reads them.</summary>
    public const string Describe = $"""
        {Described}
        where c.oid = any (string_to_array($1, ',')::oid[])
        order by n.nspname collate "C", c.relname collate "C"
        """;

    /// <summary>$1 = one oid. A text of its own: the server plans it once a session, where for a list it would plan each time.</summary>
    public const string DescribeOne = $"{Described} where c.oid = $1::oid";

    private const string Described = $"""
        select n.nspname::text, c.relname::text, c.oid::text, c.reltype::text, c.relkind::text, c.relpersistence::text,
            ({Rows})::int8, pg_get_partkeydef(c.oid),
            exists (select 1 from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal),
            ({Columns})::text, ({Key})::text, ({Indexes})::text, ({Constraints})::text, ({Sequences})::text, ({Types})::text,
            current_setting('server_version_num')::int4 / 10000
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        """;

    private const string Rows = """
        case c.relkind when 'p' then (select coalesce(sum(l.reltuples) filter (where l.reltuples >= 0), -1)
            from pg_partition_tree(c.oid) p join pg_class l on l.oid = p.relid where p.isleaf)
        when 'v' then -1 else c.reltuples end
        """;

    /// <summary>
    /// A type's base, through any number of domains, with the modifier of the innermost one. Of a type that is no domain nothing is
    /// searched for.
    /// </summary>
    private const string Base = """
        lateral (select t.oid, t.typname, a.atttypmod as modifier from pg_type t where t.oid = a.atttypid and t.typtype <> 'd'
            union all
            (with recursive chain (oid, modifier) as (
                select t.typbasetype, t.typtypmod from pg_type t where t.oid = a.atttypid and t.typtype = 'd'
                union all
                select t.typbasetype, t.typtypmod from chain join pg_type t on t.oid = chain.oid where t.typtype = 'd')
            select b.oid, b.typname, chain.modifier from chain join pg_type b on b.oid = chain.oid where b.typtype <> 'd')) base
        """;

    private const string Columns = $"""
        select coalesce(json_agg(json_build_object('Name', a.attname, 'Type', format_type(a.atttypid, a.atttypmod),
            'Oid', a.atttypid::int8, 'BaseOid', base.oid::int8, 'BaseName', base.typname, 'Modifier', base.modifier,
            'NotNull', a.attnotnull, 'Default', pg_get_expr(d.adbin, d.adrelid), 'Identity', a.attidentity::text,
            'Generated', a.attgenerated::text,
            'Collation', (select format('%I.%I', ln.nspname, l.collname) from pg_collation l
                join pg_namespace ln on ln.oid = l.collnamespace
                where l.oid = a.attcollation and a.attcollation <> (select typcollation from pg_type where oid = a.atttypid)))
            order by a.attnum), '[]')
        from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum, {Base}
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        """;

    /// <summary>
    /// The key that orders reading: the primary key, else the unique index with the fewest columns, over plain not-null columns without
    /// floats, checked at once, with the operators that the index itself orders by.
    /// </summary>
    private const string Key = $"""
        select json_build_object('Index', ic.relname, 'Primary', i.indisprimary, 'Parts', (
            select json_agg(jsonb_build_object('Column', a.attname, 'Type', format_type(base.oid, -1),
                    'Collation', (select format('%I.%I', ln.nspname, l.collname) from pg_collation l
                        join pg_namespace ln on ln.oid = l.collnamespace
                        where l.oid = i.indcollation[k.n - 1] and l.oid <> a.attcollation),
                    'Descending', (i.indoption[k.n - 1] & 1) = 1)
                || (select jsonb_object_agg(
                        case m.amopstrategy when 1 then 'Less' when 2 then 'LessOrEqual' when 3 then 'Equal' when 4 then 'GreaterOrEqual'
                            else 'Greater' end,
                        format('OPERATOR(%I.%s)', op_schema.nspname, o.oprname))
                    from pg_opclass oc join pg_amop m on m.amopfamily = oc.opcfamily and m.amoplefttype = oc.opcintype
                        and m.amoprighttype = oc.opcintype and m.amoppurpose = 's'
                    join pg_operator o on o.oid = m.amopopr join pg_namespace op_schema on op_schema.oid = o.oprnamespace
                    where oc.oid = i.indclass[k.n - 1])
                order by k.n)
            from generate_series(1, i.indnkeyatts) k (n)
            join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[k.n - 1],
                {Base}))
        from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam
        where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indexprs is null
            and am.amname = 'btree' and c.relkind in ('r', 'p')
            and not exists (select 1 from generate_series(1, i.indnkeyatts) k (n)
                join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[k.n - 1]
                join pg_opclass oc on oc.oid = i.indclass[k.n - 1] where not a.attnotnull or not oc.opcdefault
                    or oc.opcintype in ('float4'::regtype, 'float8'::regtype))
        order by i.indisprimary desc, i.indnkeyatts, ic.relname collate "C" limit 1
        """;

    private const string Indexes = """
        select coalesce(json_agg(json_build_object('Name', ic.relname, 'Definition', pg_get_indexdef(i.indexrelid),
            'Unique', i.indisunique, 'Primary', i.indisprimary,
            'Constraint', (select pg_get_constraintdef(k.oid) from pg_constraint k
                where k.conindid = i.indexrelid and k.conrelid = c.oid and k.contype in ('p', 'u', 'x')),
            'Columns', (select json_agg(a.attname order by k.n) from generate_series(1, i.indnkeyatts) k (n)
                left join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[k.n - 1] and a.attnum > 0),
            'Uses', (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and (a.attnum = any (i.indkey::int2[]) or exists (select 1 from pg_depend d
                    where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refclassid = 'pg_class'::regclass
                        and d.refobjid = c.oid and d.refobjsubid = a.attnum))))
            order by i.indisprimary desc, i.indisunique desc, ic.relname collate "C"), '[]')
        from pg_index i join pg_class ic on ic.oid = i.indexrelid
        where i.indrelid = c.oid and i.indisvalid and i.indislive
        """;

    private const string Constraints = """
        select coalesce(json_agg(json_build_object('Name', k.conname, 'Kind', k.contype::text, 'Definition', pg_get_constraintdef(k.oid),
            'Uses', (select coalesce(json_agg(a.attname order by a.attnum), '[]') from pg_attribute a
                where a.attrelid = c.oid and a.attnum = any (k.conkey)))
            order by k.contype, k.conname collate "C"), '[]')
        from pg_constraint k where k.conrelid = c.oid and k.contype in ('c', 'f')
        """;

    private const string Sequences = """
        select coalesce(json_agg(json_build_object('Name', format('%I.%I', sn.nspname, sc.relname), 'Column', a.attname,
            'Identity', d.deptype = 'i', 'Type', format_type(s.seqtypid, null), 'Start', s.seqstart, 'Increment', s.seqincrement,
            'Minimum', s.seqmin, 'Maximum', s.seqmax, 'Cache', s.seqcache, 'Cycle', s.seqcycle,
            'Shared', d.shared) order by a.attnum), '[]')
        from (select objid as sequence, refobjsubid as number, deptype, false as shared from pg_depend
                where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and refobjid = c.oid and deptype in ('a', 'i')
            union all
            select u.refobjid, ad.adnum, 'n', true from pg_attrdef ad join pg_depend u on u.classid = 'pg_attrdef'::regclass
                    and u.objid = ad.oid and u.refclassid = 'pg_class'::regclass and u.deptype = 'n'
                where ad.adrelid = c.oid and not exists (select 1 from pg_depend o where o.classid = 'pg_class'::regclass
                    and o.objid = u.refobjid and o.refclassid = 'pg_class'::regclass and o.refobjid = c.oid
                    and o.refobjsubid = ad.adnum and o.deptype in ('a', 'i'))) d
        join pg_class sc on sc.oid = d.sequence and sc.relkind = 'S' join pg_namespace sn on sn.oid = sc.relnamespace
        join pg_sequence s on s.seqrelid = sc.oid
        join pg_attribute a on a.attrelid = c.oid and a.attnum = d.number
        """;

    /// <summary>
    /// Column types, what arrays of them hold, and what domains stand on. Numbers below 16384 are the server's own types.
    /// </summary>
    private const string Types = """
        with recursive used (oid) as (
            select a.atttypid from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and a.atttypid >= 16384
            union
            select u.oid from used join pg_type t on t.oid = used.oid,
                lateral (values (t.typbasetype), (case when t.typcategory = 'A' then t.typelem else 0 end)) u (oid) where u.oid <> 0)
        select coalesce(json_agg(json_build_object('Name', format('%I.%I', tn.nspname, t.typname), 'Kind', t.typtype::text,
            'Labels', (select coalesce(json_agg(e.enumlabel order by e.enumsortorder), '[]') from pg_enum e where e.enumtypid = t.oid),
            'Extension', (select x.extname from pg_depend d join pg_extension x on x.oid = d.refobjid
                where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e' and d.refclassid = 'pg_extension'::regclass),
            'Domain', case t.typtype when 'd' then format_type(t.typbasetype, t.typtypmod)
                || coalesce((select format(' COLLATE %I.%I', ln.nspname, l.collname) from pg_collation l
                    join pg_namespace ln on ln.oid = l.collnamespace
                    where l.oid = t.typcollation and l.oid <> (select b.typcollation from pg_type b where b.oid = t.typbasetype)), '')
                || coalesce(' DEFAULT ' || t.typdefault, '')
                || case when t.typnotnull then ' NOT NULL' else '' end
                || coalesce((select string_agg(format(' CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid)), '' order by k.conname)
                    from pg_constraint k where k.contypid = t.oid and k.contype = 'c'), '') end)
            order by t.oid), '[]')
        from used join pg_type t on t.oid = used.oid join pg_namespace tn on tn.oid = t.typnamespace
        where tn.nspname not in ('pg_catalog', 'information_schema') and t.typcategory <> 'A'
        """;

    /// <summary>Which database this is. A database keeps its oid when it is renamed, a server its identifier when it is promoted.</summary>
    public const string Identity = """
        select (select system_identifier from pg_control_system())::text, d.oid::text, d.datname::text,
            (select timeline_id from pg_control_checkpoint())::text
        from pg_database d where d.datname = current_database()
        """;

    /// <summary>
    /// Whether the table is still the one that was planned, and may be read. $1 schema, $2 name, $3 columns to be read, joined by NUL's
    /// stand-in (chr(1)).
    /// </summary>
    public const string Check = """
        select (select system_identifier from pg_control_system())::text || ' ' || (select oid from pg_database where datname =
                current_database())::text,
            c.oid::text, c.reltype::text, has_schema_privilege(n.oid, 'usage'),
            has_table_privilege(c.oid, 'select') or not exists (select 1 from pg_attribute a where a.attrelid = c.oid
                and a.attname = any (string_to_array($3, chr(1))) and not has_column_privilege(c.oid, a.attnum, 'select')),
            row_security_active(c.oid),
            (select coalesce(json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod)) order by a.attnum), '[]')
                from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)::text,
            current_user::text, c.relrowsecurity
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2
        """;
}
