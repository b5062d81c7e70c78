using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Reads the catalogue: which tables there are, their columns, and what orders their rows.</summary>
internal static class PgCatalog
{
    private const NpgsqlDbType Texts = NpgsqlDbType.Array | NpgsqlDbType.Text;

    /// <summary>Tables whose name matches, in name order: a pattern is a glob over <c>schema.table</c>.</summary>
    public static async ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(NpgsqlConnection connection, PgOptions options,
        TablePattern pattern, CancellationToken ct)
    {
        var oids = new List<string>();
        await using (var list = List(connection, pattern))
        await using (var rows = await list.ExecuteReaderAsync(ct).ConfigureAwait(false))
        {
            while (await rows.ReadAsync(ct).ConfigureAwait(false))
            {
                var name = new TableName(rows.GetString(0), rows.GetString(1));
                // Views and foreign tables have no key of their own; without a stated one they are no tables to Pawl.
                var table = rows.GetString(3) is "r" or "p" || options.ViewKeys.ContainsKey(name.ToString());
                if (table && pattern.Matches(name.ToString())) oids.Add(rows.GetString(2));
            }
        }
        return oids.Count == 0 ? [] : await DescribeAsync(connection, options, oids, ct).ConfigureAwait(false);
    }

    /// <summary>One table among many is looked up, not searched for. Any point in its name may be the one behind the schema.</summary>
    private static NpgsqlCommand List(NpgsqlConnection connection, TablePattern pattern)
    {
        if (pattern.Exact is not { } name) return new NpgsqlCommand(PgCatalogSql.Tables, connection);
        var points = Enumerable.Range(0, name.Length).Where(i => name[i] == '.').ToArray();
        var list = new NpgsqlCommand(PgCatalogSql.TablesNamed, connection);
        list.Parameters.Add(new NpgsqlParameter { Value = points.Select(i => name[..i]).ToArray(), NpgsqlDbType = Texts });
        list.Parameters.Add(new NpgsqlParameter { Value = points.Select(i => name[(i + 1)..]).ToArray(), NpgsqlDbType = Texts });
        return list;
    }

    /// <summary>One table or view by its exact name; null when there is none. Partitions and Pawl's own tables too.</summary>
    public static async ValueTask<TableSchema?> FindAsync(NpgsqlConnection connection, PgOptions options, TableName name,
        CancellationToken ct)
    {
        await using var find = new NpgsqlCommand("""
            select c.oid::text from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')
            """, connection);
        find.Parameters.AddWithValue(name.Schema ?? PgNames.DefaultSchema);
        find.Parameters.AddWithValue(name.Name);
        return await find.ExecuteScalarAsync(ct).ConfigureAwait(false) is string oid
            ? (await DescribeAsync(connection, options, [oid], ct).ConfigureAwait(false)).FirstOrDefault() : null;
    }

    private static async ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(NpgsqlConnection connection, PgOptions options,
        IReadOnlyList<string> oids, CancellationToken ct)
    {
        var tables = new List<TableSchema>();
        await using var describe = new NpgsqlCommand(oids.Count == 1 ? PgCatalogSql.DescribeOne : PgCatalogSql.Describe, connection);
        describe.Parameters.AddWithValue(string.Join(',', oids));
        await using var row = await describe.ExecuteReaderAsync(ct).ConfigureAwait(false);
        while (await row.ReadAsync(ct).ConfigureAwait(false)) tables.Add(Read(row, options));
        return tables;
    }

    private static TableSchema Read(NpgsqlDataReader row, PgOptions options)
    {
        var name = new TableName(row.GetString(0), row.GetString(1));
        var columns = JsonSerializer.Deserialize(row.GetString(9), PgShapeJson.Default.ListPgColumn)!;
        var (key, kind, index) = row.IsDBNull(10) ? Stated(name, columns, options) : Found(row.GetString(10));
        var shape = new PgShape
        {
            Kind = row.GetString(4),
            Oid = uint.Parse(row.GetString(2), System.Globalization.CultureInfo.InvariantCulture),
            Persistence = row.GetString(5),
            Server = row.GetInt32(15),
            Columns = columns,
            Key = key,
            KeyIndex = index,
            Indexes = JsonSerializer.Deserialize(row.GetString(11), PgShapeJson.Default.ListPgIndex)!,
            Constraints = JsonSerializer.Deserialize(row.GetString(12), PgShapeJson.Default.ListPgConstraint)!,
            Sequences = JsonSerializer.Deserialize(row.GetString(13), PgShapeJson.Default.ListPgSequence)!,
            Types = JsonSerializer.Deserialize(row.GetString(14), PgShapeJson.Default.ListPgUserType)!,
            PartitionKey = row.IsDBNull(7) ? null : row.GetString(7),
            HasTriggers = row.GetBoolean(8),
        };
        return new TableSchema
        {
            Name = name,
            Columns = [.. columns.Select(Column)],
            Key = new KeySchema([.. key.Select(k => columns.FindIndex(c => c.Name == k.Column))], kind),
            Identity = Identity(row.GetString(2), row.GetString(3)),
            EstimatedRows = Math.Max(-1, row.GetInt64(6)),
            NativeDefinition = shape.Write(),
            UniqueSets = [.. shape.Indexes.Where(i => i.Unique && i.Name != index && i.Columns.All(c => c is not null)
                && i.Columns.Count == i.Uses.Count).Select(i => i.Columns.Select(c => c!).ToArray())],
        };
    }

    /// <summary>
    /// Two numbers that the server gives once each: the table's and its row type's. TRUNCATE, VACUUM FULL, ALTER and a rename leave both; a
    /// dropped and recreated table has others, and a number used again after a wrap-around would have to meet both.
    /// </summary>
    public static string Identity(string oid, string rowType) => $"table {oid} type {rowType}";

    private static ColumnSchema Column(PgColumn column) => new()
    {
        Name = column.Name,
        Type = PgTypes.Of(column.BaseOid, column.Modifier, column.BaseName).Type,
        NativeType = column.Type,
        Nullable = !column.NotNull,
        Generated = column.Generated.Length > 0,
        Collation = column.Collation,
    };

    private static (IReadOnlyList<PgKeyPart>, KeyKind, string?) Found(string json)
    {
        using var found = JsonDocument.Parse(json);
        var parts = found.RootElement.GetProperty("Parts").Deserialize(PgShapeJson.Default.ListPgKeyPart)!;
        var primary = found.RootElement.GetProperty("Primary").GetBoolean();
        return (parts, primary ? KeyKind.Primary : KeyKind.Unique, found.RootElement.GetProperty("Index").GetString());
    }

    /// <summary>A view's key as the user states it; its types must order by operators of pg_catalog, as the built-in ones do.</summary>
    private static (IReadOnlyList<PgKeyPart>, KeyKind, string?) Stated(TableName name, List<PgColumn> columns, PgOptions options)
    {
        if (!options.ViewKeys.TryGetValue(name.ToString(), out var key)) return ([], KeyKind.None, null);
        var parts = new List<PgKeyPart>();
        foreach (var stated in key)
        {
            var column = columns.Find(c => c.Name == stated)
                ?? throw new PawlException(Fault.Configuration, Codes.ColumnMissing, ("table", name), ("column", stated));
            if (column.Oid >= 16_384 || column.Wire is PgWire.Native or PgWire.Json or PgWire.Float4 or PgWire.Float8)
            {
                throw new PawlException(Fault.Configuration, Codes.KeyUnfit, ("table", name), ("column", stated), ("type", column.Type),
                    ("cause", "a view's key needs built-in types that have an order, and floats are no place to go on from"));
            }
            // bpchar and the like without their modifier: a cast to char would cut to one character.
            var type = column.BaseOid switch { 1042 => "bpchar", 1043 => "character varying", 1700 => "numeric", _ => column.Type };
            parts.Add(new PgKeyPart { Column = stated, Type = type });
        }
        return (parts, KeyKind.Unique, null);
    }
}
