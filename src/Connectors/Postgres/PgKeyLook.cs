using System.Text.Json;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Looks for the row of a key, given as the texts that PostgreSQL reads; in the open transaction.</summary>
internal static class PgKeyLook
{
    /// <summary>Types below it are the server's own and have no other name.</summary>
    private const uint FirstUserOid = 16_384;

    /// <param name="columns">Of the key, 0-based places in the batch; its only row is looked for.</param>
    public static async ValueTask<bool> HoldsAsync(PgSession session, PgTarget target, RowBatch batch, IReadOnlyList<int> columns,
        CancellationToken ct)
    {
        var values = new List<object>();
        var conditions = new List<string>();
        using var key = JsonDocument.Parse(RowJson.Write(batch, 0, columns));
        foreach (var place in columns)
        {
            var (name, kind) = (batch.Columns[place].Schema.Name, batch.Columns[place].Schema.Type.Kind);
            // A null is equal to nothing; a form that is not a plain value is no key's.
            if (Text(key.RootElement.GetProperty(name)) is not { } given || target.Column(name) is not { } column) return false;
            values.Add(given);
            var text = FormattableString.Invariant($"${values.Count}::text");
            var value = kind == TypeKind.Bytes ? $"decode({text}, 'base64')" : $"{text}::{Type(column)}";
            conditions.Add($"{PgNames.Quote(name)} = {value}");
        }
        await session.ExecuteAsync("savepoint pawl_key", ct).ConfigureAwait(false);
        try
        {
            var query = $"select exists (select from {target.Alone} where {string.Join(" and ", conditions)})";
            var found = await session.QueryAsync(query, ct, [.. values]).ConfigureAwait(false);
            await session.ExecuteAsync("release savepoint pawl_key", ct).ConfigureAwait(false);
            return (bool)found[0][0]!;
        }
        catch (PawlException e) when (e.Fault == Fault.Data)
        {
            // The column's type has no such value, so no row holds it.
            await session.ExecuteAsync("rollback to savepoint pawl_key", ct).ConfigureAwait(false);
            return false;
        }
    }

    /// <summary>Without a modifier, which would cut the value to the column's measure on the way.</summary>
    private static string Type(PgTargetColumn column) =>
        column.BaseOid < FirstUserOid ? $"pg_catalog.{PgNames.Quote(column.BaseName)}" : column.Type;

    private static string? Text(JsonElement cell) => cell.ValueKind switch
    {
        JsonValueKind.String => cell.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => cell.GetRawText(),
        _ => null,
    };
}
