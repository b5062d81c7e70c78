using System.Globalization;
using System.Text;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// What two ends must agree on so that the tuples of one's binary COPY mean the same to the other: the columns' types, their modifiers (a
/// receive function rounds to its column's without a word), and the server where a type's binary form depends on its version. Only types
/// whose binary form names nothing of one database: an array of a user's type carries that type's oid.
/// </summary>
internal static class PgWireFormat
{
    /// <summary>Built-in types; the form of an interval knows infinity since version 17.</summary>
    private static readonly HashSet<uint> Plain =
    [
        16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 600, 601, 602, 603, 604, 628, 650, 700, 701, 718, 774, 829, 869, 1042, 1043, 1082, 1083,
        1114, 1184, 1186, 1266, 1560, 1562, 1700, 2950, 3220, 3614, 3615, 3802, 3904, 3906, 3908, 3910, 3912, 3926, 4451, 4532, 4533,
        4534, 4535, 4536,
        // and arrays of them
        199, 651, 775, 1000, 1001, 1002, 1003, 1005, 1007, 1009, 1014, 1015, 1016, 1017, 1021, 1022, 1028, 1040, 1041, 1115, 1182, 1183,
        1185, 1187, 1231, 1270, 1561, 1563, 2951, 3221, 3643, 3645, 3807, 3905, 3907, 3909, 3911, 3913, 3927,
    ];

    private const uint Interval = 1186, Intervals = 1187;

    /// <summary>Null when a column is of a type whose form cannot be promised.</summary>
    /// <param name="columns">Base type's oid, modifier and name (which decides for extension types), in the order of the plan.</param>
    /// <param name="version">The server's major version.</param>
    public static string? Of(IEnumerable<(uint Oid, int Modifier, string Name)> columns, int version)
    {
        var text = new StringBuilder("pgcopy/1");
        foreach (var (oid, modifier, name) in columns)
        {
            if (Plain.Contains(oid)) text.Append(CultureInfo.InvariantCulture, $" {oid}:{modifier}");
            else if (PgTypes.Of(oid, modifier, name).Wire == PgWire.Text) text.Append(" text:").Append(name);
            else return null;
            if (oid is Interval or Intervals && version >= 17) text.Append("+infinity");
        }
        return text.ToString();
    }
}
