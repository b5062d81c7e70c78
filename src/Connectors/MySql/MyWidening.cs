using System.Globalization;
using System.Text.RegularExpressions;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Types whose values all mean the same in another one, in the same order. Types are written as COLUMN_TYPE has them; what is not known is
/// not wider. Pure functions.
/// </summary>
internal static partial class MyWidening
{
    private static readonly string[] Whole = ["tinyint", "smallint", "mediumint", "int", "bigint"];
    private static readonly string[] Texts = ["tinytext", "text", "mediumtext", "longtext"];
    private static readonly string[] Blobs = ["tinyblob", "blob", "mediumblob", "longblob"];

    /// <summary>Bytes that the smallest two kinds of a text or blob hold; a varchar has no more than the second.</summary>
    private const int Tiny = 255, Plain = 65_535;

    /// <summary>Whether a source's column means the same by every value that it had.</summary>
    public static bool Holds(ColumnSchema was, ColumnSchema now)
    {
        if (was.Collation != now.Collation) return false;
        // The same type is carried in another way by another option of the address.
        if (was.NativeType == now.NativeType) return was.Type == now.Type;
        return was.Type.Kind != TypeKind.Bool && now.Type.Kind != TypeKind.Bool && Holds(was.NativeType, now.NativeType);
    }

    /// <summary>Whether the second type holds all values of the first, and more.</summary>
    public static bool Holds(string was, string now)
    {
        if (IsSame(was, now) || Parse(was) is not { } from || Parse(now) is not { } to || from.IsFilled || to.IsFilled) return false;
        if (Array.IndexOf(Whole, from.Base) is >= 0 and var place)
        {
            // What has no sign needs the next larger type that has one.
            return Array.IndexOf(Whole, to.Base) > place && (!to.IsUnsigned || from.IsUnsigned);
        }
        if (from.IsUnsigned != to.IsUnsigned) return false;
        return from.Base switch
        {
            "decimal" => to.Base == "decimal" && to.Scale >= from.Scale && to.Length - to.Scale >= from.Length - from.Scale,
            "char" or "varbinary" or "bit" => to.Base == from.Base && to.Length > from.Length,
            "varchar" => to.Base == "varchar" ? to.Length > from.Length : Octets(Texts, to.Base) is { } bytes && bytes >= 4L * from.Length,
            "datetime" or "timestamp" or "time" => to.Base == from.Base && to.Length > from.Length,
            "enum" or "set" => to.Base == from.Base && now.StartsWith(was[..^1] + ",", StringComparison.Ordinal),
            _ => Grows(Texts, from.Base, to.Base) || Grows(Blobs, from.Base, to.Base),
        };
    }

    /// <summary>The same type, however wide its numbers are shown.</summary>
    public static bool IsSame(string one, string other) => one == other
        || Parse(one) is { } a && Parse(other) is { } b && Array.IndexOf(Whole, a.Base) >= 0 && !a.IsFilled && !b.IsFilled
            && (a.Base, a.IsUnsigned) == (b.Base, b.IsUnsigned);

    private static bool Grows(string[] kinds, string from, string to) =>
        Array.IndexOf(kinds, from) is >= 0 and var place && Array.IndexOf(kinds, to) > place;

    private static long? Octets(string[] kinds, string name) => Array.IndexOf(kinds, name) switch
    {
        0 => Tiny,
        1 => Plain,
        > 1 => long.MaxValue,
        _ => null,
    };

    /// <summary>Null for a type that is written in another way.</summary>
    private static Form? Parse(string type)
    {
        if (Written().Match(type) is not { Success: true } match) return null;
        int Number(string group) => match.Groups[group] is { Success: true } found
            ? int.Parse(found.ValueSpan, CultureInfo.InvariantCulture) : 0;
        return new Form(match.Groups["base"].Value, Number("length"), Number("scale"), match.Groups["unsigned"].Success,
            match.Groups["filled"].Success);
    }

    /// <param name="Length">Characters, bytes, bits, digits, or digits after the second; 0 = none is stated.</param>
    private sealed record Form(string Base, int Length, int Scale, bool IsUnsigned, bool IsFilled);

    [GeneratedRegex("""^(?<base>[a-z]+)(\((?<length>\d+)(,(?<scale>\d+))?\)|\('.*'\))?(?<unsigned> unsigned)?(?<filled> zerofill)?$""",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Singleline)]
    private static partial Regex Written();
}
