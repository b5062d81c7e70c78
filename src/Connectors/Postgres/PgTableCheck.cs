using System.Text.Json;
using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Whether a session sees the database and the table that a plan was made for, and may read it. One round trip.</summary>
internal static class PgTableCheck
{
    /// <param name="source">Text of the source's identity.</param>
    /// <param name="columns">Columns that will be read.</param>
    /// <exception cref="PawlException"><see cref="Codes.SourceReplaced"/>, <see cref="Codes.TableMissing"/>,
    /// <see cref="Codes.TableRecreated"/>, <see cref="Codes.SchemaChanged"/>, <see cref="Codes.GrantMissing"/>.</exception>
    public static async ValueTask RunAsync(NpgsqlConnection connection, PgOptions at, string source, TableSchema table, PgShape shape,
        IReadOnlyList<string> columns, CancellationToken ct)
    {
        await using var check = new NpgsqlCommand(PgCatalogSql.Check, connection);
        check.Parameters.AddWithValue(table.Name.Schema ?? PgNames.DefaultSchema);
        check.Parameters.AddWithValue(table.Name.Name);
        check.Parameters.AddWithValue(string.Join('\u0001', columns));
        await using var row = await check.ExecuteReaderAsync(ct).ConfigureAwait(false);
        if (!await row.ReadAsync(ct).ConfigureAwait(false))
        {
            throw new PawlException(Fault.Schema, Codes.TableMissing, ("table", table.Name), ("endpoint", at.Display));
        }
        if (PgIdentity.Text(row.GetString(0)) is var now && now != source)
        {
            throw new PawlException(Fault.PositionLost, Codes.SourceReplaced, ("known", source), ("source", now),
                ("endpoint", at.Display));
        }
        var identity = PgCatalog.Identity(row.GetString(1), row.GetString(2));
        if (identity != table.Identity)
        {
            throw new PawlException(Fault.PositionLost, Codes.TableRecreated, ("table", table.Name), ("was", table.Identity),
                ("now", identity), ("endpoint", at.Display));
        }
        CheckColumns(table, shape, columns, row.GetString(6));
        var right = !row.GetBoolean(3) ? $"GRANT USAGE ON SCHEMA {PgNames.Quote(table.Name.Schema ?? PgNames.DefaultSchema)} TO "
            : !row.GetBoolean(4) ? $"GRANT SELECT ON TABLE {PgNames.Quote(table.Name)} TO "
            : row.GetBoolean(5) ? "ALTER ROLE " : null;
        if (right is null) return;
        throw new PawlException(Fault.Permission, Codes.GrantMissing, ("table", table.Name), ("endpoint", at.Display),
            ("cause", row.GetBoolean(5) ? "row-level security would hide rows" : "may not be read"),
            ("grant", right + PgNames.Quote(row.GetString(7)) + (right == "ALTER ROLE " ? " BYPASSRLS" : "")));
    }

    /// <summary>What lets a role read a table.</summary>
    public static string Grant(PgOptions at, TableName table) =>
        $"GRANT USAGE ON SCHEMA {PgNames.Quote(table.Schema ?? PgNames.DefaultSchema)} TO {PgNames.Quote(at.User)}; "
        + $"GRANT SELECT ON TABLE {PgNames.Quote(table)} TO {PgNames.Quote(at.User)}";

    /// <summary>A column altered since the plan would be decoded as what it was.</summary>
    private static void CheckColumns(TableSchema table, PgShape shape, IReadOnlyList<string> columns, string json)
    {
        var there = JsonSerializer.Deserialize(json, PgKeyJson.Default.StringArrayArray)!.ToDictionary(c => c[0], c => c[1]);
        foreach (var column in shape.Columns.Where(c => columns.Contains(c.Name)))
        {
            if (there.GetValueOrDefault(column.Name) is var type && type == column.Type) continue;
            throw new PawlException(Fault.Schema, Codes.SchemaChanged, ("table", table.Name), ("column", column.Name),
                ("was", column.Type), ("now", type ?? "dropped"));
        }
    }
}
