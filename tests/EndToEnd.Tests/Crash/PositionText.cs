using System.Globalization;
using System.Text;
using System.Text.Json;
using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// Reads a position of the ledger into SQL literals. Written from the description of the codecs, not from the connectors' code.
/// </summary>
internal static class PositionText
{
    /// <summary>
    /// <c>pg.key/1</c>: a JSON array of texts, whose types the server infers from the columns they are compared with; fewer than key
    /// columns stand for all rows that begin so.
    /// <c>pg.ctid/1</c>: the snapshot, and the address in parentheses behind it.
    /// </summary>
    public static IReadOnlyList<string> Postgres(string position) => position[0] == '['
        ? [.. JsonSerializer.Deserialize<string[]>(position)!.Select(Sqlite3.Text)]
        : [Sqlite3.Text(position[position.IndexOf('(', StringComparison.Ordinal)..]) + "::tid"];

    /// <summary>
    /// <c>mysql.key/1</c>: a JSON array of texts, fewer than key columns stand for all rows that begin so. A text begins with an
    /// apostrophe, bytes with <c>0x</c>; numbers stand as they are, dates and times too.
    /// </summary>
    public static IReadOnlyList<string> MySql(string position) =>
        [.. JsonSerializer.Deserialize<string[]>(position)!.Select(value => value[0] switch
        {
            '\'' => Sqlite3.Text(value[1..]),
            '0' when value.StartsWith("0x", StringComparison.Ordinal) => $"x'{value.AsSpan(2)}'",
            _ => decimal.TryParse(value, NumberStyles.Number, CultureInfo.InvariantCulture, out _) ? value : Sqlite3.Text(value),
        })];

    /// <summary>
    /// <c>sqlite.key/1</c>: values divided by commas, each a tag and a text, backslash before comma and backslash, <c>\xHH</c> for control
    /// characters.
    /// </summary>
    public static IReadOnlyList<string> Sqlite(string position)
    {
        var literals = new List<string>();
        var value = new StringBuilder();
        for (var i = 0; i <= position.Length; i++)
        {
            if (i == position.Length || position[i] == ',')
            {
                literals.Add(Literal(value.ToString()));
                value.Clear();
            }
            else if (position[i] != '\\')
            {
                value.Append(position[i]);
            }
            else if (position[++i] == 'x')
            {
                value.Append((char)int.Parse(position.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 2;
            }
            else
            {
                value.Append(position[i]);
            }
        }
        return literals;
    }

    private static string Literal(string value) => value[..2] switch
    {
        "i:" => long.Parse(value.AsSpan(2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            .ToString(CultureInfo.InvariantCulture),
        "t:" => Sqlite3.Text(value[2..]),
        "b:" => $"x'{value[2..]}'",
        "u:" => $"cast(x'{value[2..]}' as text)",
        _ => throw new FormatException($"no position of sqlite.key/1: {value}"),
    };
}
