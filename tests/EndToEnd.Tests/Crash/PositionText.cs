using System.Globalization;
using System.Text;
using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// Reads a position of the ledger into SQL literals. Written from the description of <c>sqlite.key/1</c>, not from the connector's code:
/// values divided by commas, each a tag and a text, backslash before comma and backslash, <c>\xHH</c> for control characters.
/// </summary>
internal static class PositionText
{
    /// <summary>(a, b) as SQL.</summary>
    public static string Tuple(string position)
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
        return $"({string.Join(", ", literals)})";
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
