using System.Text.Json;
using System.Text.Json.Serialization;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Positions of keyed tables, <c>pg.key/1</c>: a JSON array with the text form of each key column, which the server's own input function
/// takes back without loss. Fewer texts than key columns name all rows that begin so: after it means after the last of them.
/// </summary>
internal static class PgKeyCodec
{
    public const string Name = "pg.key/1";

    public static Position Write(IReadOnlyList<string> values) =>
        new(Name, JsonSerializer.Serialize([.. values], PgKeyJson.Default.StringArray));

    /// <param name="columns">Columns of the key.</param>
    /// <exception cref="PawlException"><see cref="Codes.PositionUnreadable"/>.</exception>
    public static string[] Read(Position position, int columns)
    {
        try
        {
            if (position.Codec == Name && JsonSerializer.Deserialize(position.Text, PgKeyJson.Default.StringArray) is { } values
                && values.Length > 0 && values.Length <= columns && values.All(v => v is not null && !v.Contains('\0'))) return values;
        }
        catch (JsonException e)
        {
            throw Unreadable(position, e);
        }
        throw Unreadable(position, null);
    }

    public static PawlException Unreadable(Position position, Exception? cause) =>
        new(Fault.PositionLost, Codes.PositionUnreadable, cause, ("position", position.Text), ("codec", position.Codec));
}

[JsonSerializable(typeof(string[]))]
[JsonSerializable(typeof(string[][]))]
internal sealed partial class PgKeyJson : JsonSerializerContext;
