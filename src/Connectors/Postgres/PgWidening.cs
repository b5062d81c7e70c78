using System.Globalization;
using System.Text.RegularExpressions;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Types whose values all mean the same in another one, in the same order: a column that is altered from the one to the other keeps its
/// positions. Only built-in types, written as format_type writes them; a domain may check, and char(n) pads. Pure functions.
/// </summary>
internal static partial class PgWidening
{
    private static readonly string[] Whole = ["smallint", "integer", "bigint"];

    public static bool Holds(ColumnSchema was, ColumnSchema now)
    {
        if (was.Collation != now.Collation) return false;
        var (from, to) = (was.NativeType, now.NativeType);
        if (from == to) return true;
        if (Array.IndexOf(Whole, from) is >= 0 and var place) return Array.IndexOf(Whole, to) > place;
        if (Characters(from) is { } length)
        {
            return length > 0 && (to == "text" || Characters(to) is { } more && (more == 0 || more > length));
        }
        return Digits(from) is (var point, var fraction) && (to == "numeric"
            || Digits(to) is (var before, var after) && before >= point && after >= fraction);
    }

    /// <summary>Of varchar(n); 0 = no limit, null = another type.</summary>
    private static int? Characters(string type) => VarChar().Match(type) is not { Success: true } match ? null
        : match.Groups["n"].Success ? int.Parse(match.Groups["n"].ValueSpan, CultureInfo.InvariantCulture) : 0;

    /// <summary>Digits before and after the point of numeric(p,s); null = another type, or one that rounds before the point.</summary>
    private static (int Before, int After)? Digits(string type)
    {
        if (Numeric().Match(type) is not { Success: true } match) return null;
        var (precision, scale) = (int.Parse(match.Groups["p"].ValueSpan, CultureInfo.InvariantCulture),
            int.Parse(match.Groups["s"].ValueSpan, CultureInfo.InvariantCulture));
        return (precision - scale, scale);
    }

    [GeneratedRegex("""^character varying(\((?<n>\d+)\))?$""", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex VarChar();

    [GeneratedRegex("""^numeric\((?<p>\d+),(?<s>\d+)\)$""", RegexOptions.CultureInvariant)]
    private static partial Regex Numeric();
}
