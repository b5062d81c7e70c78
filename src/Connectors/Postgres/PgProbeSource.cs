using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>A database as a source: may its tables be read, does a policy hide rows, what do statistics know, how large is it.</summary>
internal static class PgProbeSource
{
    /// <summary>Below it, splits are not worth the knowledge of where to cut.</summary>
    private const long StatisticsMatterBytes = 4 << 20;

    /// <summary>$1 = [[schema, name, column…], …]; no column = all of them.</summary>
    private const string Tables = """
        select w.schema, w.name, has_schema_privilege(n.oid, 'usage'),
            has_table_privilege(c.oid, 'select') or not exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
                and not a.attisdropped and (cardinality(w.columns) = 0 or a.attname = any (w.columns))
                and not has_column_privilege(c.oid, a.attnum, 'select')),
            row_security_active(c.oid), coalesce(l.bytes, 0)::int8, coalesce(l.unknown, false), coalesce(l.stale, false),
            c.relkind in ('r', 'p')
        from (select e ->> 0, e ->> 1, array(select json_array_elements_text(e) offset 2) from json_array_elements($1::json) e)
            w (schema, name, columns)
        join pg_namespace n on n.nspname = w.schema
        join pg_class c on c.relnamespace = n.oid and c.relname = w.name and c.relkind in ('r', 'p', 'v', 'm', 'f')
        left join lateral (
            select sum(pg_table_size(t.oid)) as bytes, bool_or(t.reltuples < 0) as unknown,
                sum(pg_stat_get_mod_since_analyze(t.oid)) * 5 > sum(t.reltuples) filter (where t.reltuples > 0) as stale
            from (select c.oid as relid where c.relkind in ('r', 'm')
                union all select p.relid from pg_partition_tree(c.oid) p where p.isleaf and c.relkind = 'p') parts
            join pg_class t on t.oid = parts.relid) l on true
        order by 1, 2
        """;

    private const string Functions = """
        select f.signature from (values ('pg_catalog.pg_control_system()'), ('pg_catalog.pg_control_checkpoint()')) f (signature)
        where not has_function_privilege(f.signature, 'execute') order by 1
        """;

    private sealed record Seen(TableName Name, bool SchemaUse, bool Select, bool Hidden, long Bytes, bool Unknown, bool Stale, bool Stored);

    /// <returns>The findings, and the size of the tables in bytes.</returns>
    public static async ValueTask<(IReadOnlyList<ProbeFinding>, long Bytes)> LookAsync(PgLook look, PgServerFacts server,
        CancellationToken ct)
    {
        var tables = await TablesAsync(look, ct).ConfigureAwait(false);
        var bytes = tables.Sum(t => t.Bytes);
        var grants = new PgGrants(server.User);
        foreach (var function in await look.QueryAsync(Functions, ct).ConfigureAwait(false))
        {
            grants.Add("EXECUTE", "FUNCTION", (string)function[0]!, "function " + (string)function[0]!);
        }
        foreach (var table in tables)
        {
            if (!table.SchemaUse) grants.Schema(table.Name.Schema!, "USAGE");
            if (!table.Select) grants.Table(table.Name, "SELECT");
        }
        List<ProbeFinding> findings = [ProbeFinding.Note(FindingCodes.Tables, ("tables", tables.Count), ("bytes", bytes))];
        findings.AddRange(grants.Findings(look.Request.Role == ProbeRole.Source));
        if (grants.IsEmpty) findings.Add(ProbeFinding.Good(FindingCodes.RightsRead, ("tables", tables.Count)));
        if (tables.Where(t => t.Hidden).Select(t => t.Name.ToString()).ToArray() is { Length: > 0 } hidden)
        {
            findings.Add(ProbeFinding.Broken(Fault.Permission, FindingCodes.RowsHidden, ("tables", PgLook.Names(hidden))) with
            {
                Mend = [$"ALTER ROLE {grants.Role} BYPASSRLS;"],
            });
        }
        findings.AddRange(Statistics(tables));
        return (findings, bytes);
    }

    private static IEnumerable<ProbeFinding> Statistics(IReadOnlyList<Seen> tables)
    {
        var large = tables.Where(t => t.Stored && t.Bytes >= StatisticsMatterBytes).ToArray();
        var unknown = large.Where(t => t.Unknown).ToArray();
        var stale = large.Where(t => !t.Unknown && t.Stale).ToArray();
        foreach (var (code, which) in new[] { (FindingCodes.StatisticsMissing, unknown), (FindingCodes.StatisticsStale, stale) })
        {
            if (which.Length == 0) continue;
            yield return ProbeFinding.Warning(code, ("tables", PgLook.Names([.. which.Select(t => t.Name.ToString())]))) with
            {
                Mend = [$"ANALYZE {string.Join(", ", which.Select(t => PgNames.Quote(t.Name)))};"],
            };
        }
        if (unknown.Length + stale.Length == 0) yield return ProbeFinding.Good(FindingCodes.Statistics);
    }

    private static async ValueTask<IReadOnlyList<Seen>> TablesAsync(PgLook look, CancellationToken ct)
    {
        string[][] wanted = look.Request.Tables.Count > 0
            ? [.. look.Request.Tables.Select(t => (string[])[t.Name.Schema ?? PgNames.DefaultSchema, t.Name.Name, .. t.Columns ?? []])]
            : look.Request.Role == ProbeRole.Source ? []
            : [.. (await look.QueryAsync(PgCatalogSql.Tables, ct).ConfigureAwait(false)).Where(r => (string)r[3]! is "r" or "p")
                .Select(r => (string[])[(string)r[0]!, (string)r[1]!])];
        var json = JsonSerializer.Serialize(wanted, PgKeyJson.Default.StringArrayArray);
        return
        [
            .. (await look.QueryAsync(Tables, ct, json).ConfigureAwait(false)).Select(r => new Seen(
                new TableName((string)r[0]!, (string)r[1]!), (bool)r[2]!, (bool)r[3]!, (bool)r[4]!, (long)r[5]!, (bool)r[6]!, (bool)r[7]!,
                (bool)r[8]!)),
        ];
    }
}
