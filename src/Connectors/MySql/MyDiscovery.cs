using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>What a server holds, for people who choose: its databases, and the tables of the one that the URL names, or of all.</summary>
internal static class MyDiscovery
{
    private const string Databases = """
        select s.schema_name, coalesce((select sum(t.data_length) from information_schema.tables t where t.table_schema = s.schema_name), 0)
        from information_schema.schemata s order by s.schema_name
        """;

    public static async ValueTask<Discovery> LookAsync(MyAddress at, TablePattern pattern, CancellationToken ct)
    {
        await using var connection = await MySessions.OpenAsync(at, ct).ConfigureAwait(false);
        at = at.At(connection.Server);
        try
        {
            var databases = (await connection.RowsAsync(Databases, ct).ConfigureAwait(false)).Where(r => !MyNames.System.Contains(r[0]!));
            var tables = await MyCatalog.FoundAsync(connection, at, pattern, ct).ConfigureAwait(false);
            // The catalogue shows a table for any right on it.
            var readable = new HashSet<TableName>();
            foreach (var (schema, _) in tables)
            {
                if (await MyProbeSource.RefusalAsync(connection, schema.Name, null,
                    ct).ConfigureAwait(false) is null) readable.Add(schema.Name);
            }
            return new Discovery(
                [.. databases.Select(r => new FoundDatabase(r[0]!, r[0] == at.Database, long.Parse(r[1]!, CultureInfo.InvariantCulture)))],
                [.. tables.Select(t => new FoundTable(t.Schema.Name, t.Schema.EstimatedRows, t.Bytes, t.Schema.Key.Kind,
                    [.. t.Schema.Key.Columns.Select(i => t.Schema.Columns[i].Name)], readable.Contains(t.Schema.Name)))]);
        }
        catch (Exception e) when (e is not (PawlException or OperationCanceledException))
        {
            throw MyFaults.Classify(e, at.Server, "discover");
        }
    }
}
