using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>What a server holds, for people who choose: its databases, and the tables of the one that is connected to.</summary>
internal static class PgDiscovery
{
    private const string Databases = """
        select datname::text, datname = current_database(),
            case when has_database_privilege(oid, 'connect') then pg_database_size(oid) else -1 end
        from pg_database where datallowconn and not datistemplate order by datname collate "C"
        """;

    private const string Sizes = """
        select c.oid::int8, case when c.relkind = 'p' then (select coalesce(sum(pg_table_size(p.relid)), 0)::int8
                from pg_partition_tree(c.oid) p where p.isleaf)
            when c.relkind in ('r', 'm') then pg_table_size(c.oid) else -1 end,
            has_schema_privilege(c.relnamespace, 'usage') and (has_table_privilege(c.oid, 'select')
                or has_any_column_privilege(c.oid, 'select'))
        from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'f')
        """;

    public static async ValueTask<Discovery> LookAsync(PgOptions at, TablePattern pattern, CancellationToken ct)
    {
        await using var connection = await PgConnections.OpenAsync(at, PgRole.Look, ct).ConfigureAwait(false);
        try
        {
            var look = new PgLook(connection, at, new ProbeRequest(new Endpoint { Scheme = "postgres" }));
            var databases = await look.QueryAsync(Databases, ct).ConfigureAwait(false);
            var sizes = (await look.QueryAsync(Sizes, ct).ConfigureAwait(false))
                .ToDictionary(r => (long)r[0]!, r => ((long)r[1]!, (bool)r[2]!));
            var tables = await PgCatalog.DescribeAsync(connection, at, pattern, ct).ConfigureAwait(false);
            return new Discovery([.. databases.Select(r => new FoundDatabase((string)r[0]!, (bool)r[1]!, (long)r[2]!))],
            [
                .. tables.Select(t =>
                {
                    var (bytes, readable) = sizes.GetValueOrDefault(PgShape.Required(t).Oid, (-1, false));
                    return new FoundTable(t.Name, t.EstimatedRows, bytes, t.Key.Kind, [.. t.Key.Columns.Select(i => t.Columns[i].Name)],
                        readable);
                }),
            ]);
        }
        catch (NpgsqlException e)
        {
            throw PgFaults.Classify(e, at, "discover");
        }
    }
}
