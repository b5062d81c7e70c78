using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Positions of keyed tables, <c>mysql.key/1</c>: a JSON array with one text for each key column. Numbers, dates and times stand as the
/// server writes them; a text begins with <c>'</c>, and one that is not UTF-8 in its column, or bytes, is <c>0x</c> and hex digits, in
/// the column's own charset. Fewer texts than key columns name all rows that begin so: after it means after the last of them.
/// </summary>
internal static class MyKeyCodec
{
    public const string Name = "mysql.key/1";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static Position Write(IReadOnlyList<string> values) =>
        new(Name, JsonSerializer.Serialize([.. values], MyKeyJson.Default.StringArray));

    /// <summary>A cell as it came off the wire in binary form, as a position has it.</summary>
    public static string Text(MyKeyPart part, MyForm wire, MyColumn column, ReadOnlySpan<byte> cell) =>
        MyBinary.Width(column.Type) > 0 || MyBinary.IsCalendar(column.Type) ? MyBinary.Text(column, cell) : Text(part, wire, cell);

    /// <summary>The same of a cell in text form.</summary>
    public static string Text(MyKeyPart part, MyForm wire, ReadOnlySpan<byte> cell) => part.Kind switch
    {
        MyKeyKind.Bytes => Hex(cell),
        MyKeyKind.Text => IsPlain(part) && System.Text.Unicode.Utf8.IsValid(cell) ? "'" + Strict.GetString(cell) : Hex(cell),
        MyKeyKind.Number when wire == MyForm.Bit => MyBitCells.Number(cell).ToString(CultureInfo.InvariantCulture),
        _ => Encoding.ASCII.GetString(cell),
    };

    /// <summary>
    /// Whether the server takes the text as a constant of its charset. Old tables hold bytes that it would not store today; rows are read
    /// past them, but not on from them.
    /// </summary>
    public static bool IsSayable(MyKeyPart part, string value) => part.Kind != MyKeyKind.Text || !IsPlain(part) || part.Type switch
    {
        "ascii" => value[0] == '\'' && Ascii.IsValid(value),
        "utf8mb4" => value[0] == '\'',
        // Three bytes a letter at most.
        _ => value[0] == '\'' && !value.Any(char.IsSurrogate),
    };

    /// <param name="key">Of the table; a position that is not of its kind is not read.</param>
    /// <exception cref="PawlException"><see cref="Codes.PositionUnreadable"/>.</exception>
    public static string[] Read(Position position, IReadOnlyList<MyKeyPart> key)
    {
        try
        {
            if (position.Codec == Name && JsonSerializer.Deserialize(position.Text, MyKeyJson.Default.StringArray) is { } values
                && values.Length > 0 && values.Length <= key.Count && values.Select((v, i) => Fits(key[i], v)).All(f => f)) return values;
        }
        catch (JsonException e)
        {
            throw Unreadable(position, e);
        }
        throw Unreadable(position, null);
    }

    /// <summary>The value as a constant that the column's own order compares with.</summary>
    public static string Literal(MyKeyPart part, string value) => part.Kind switch
    {
        MyKeyKind.Number => value,
        MyKeyKind.Bytes => $"_binary {Quoted(value)}",
        MyKeyKind.Text when value[0] == '\'' => $"_{part.Type} {Quoted(Hex(Strict.GetBytes(value[1..])))}",
        MyKeyKind.Text => $"_{part.Type} {Quoted(value)}",
        MyKeyKind.Cast => $"cast('{value}' as {part.Type})",
        _ => $"'{value}'",
    };

    /// <summary>The same by itself, without a column beside it: of the column's type and collation.</summary>
    public static string Alone(MyKeyPart part, string value) => part.Kind switch
    {
        MyKeyKind.Text => $"{Literal(part, value)} collate {part.Collation}",
        MyKeyKind.Date => $"cast('{value}' as date)",
        MyKeyKind.DateTime => $"cast('{value}' as datetime(6))",
        MyKeyKind.Time => $"cast('{value}' as time(6))",
        _ => Literal(part, value),
    };

    public static PawlException Unreadable(Position position, Exception? cause) =>
        new(Fault.PositionLost, Codes.PositionUnreadable, cause, ("position", position.Text), ("codec", position.Codec));

    /// <summary>
    /// A position comes back from the target, where others could have written: it goes into SQL as nothing but a constant.
    /// </summary>
    private static bool Fits(MyKeyPart part, string? value) => value is { Length: > 0 } && part.Kind switch
    {
        MyKeyKind.Number => Has(value, "-.0123456789") && IsOneNumber(value),
        MyKeyKind.Bytes => IsHex(value),
        MyKeyKind.Text => IsHex(value) || (value[0] == '\'' && IsPlain(part)),
        MyKeyKind.Cast => Has(value, ".:-0123456789abcdefABCDEF"),
        _ => Has(value, " -:.0123456789"),
    };

    private static bool IsOneNumber(string value) =>
        value.LastIndexOf('-') <= 0 && value.IndexOf('.') == value.LastIndexOf('.') && char.IsAsciiDigit(value[^1]);

    private static bool Has(string value, string allowed) => value.All(c => allowed.Contains(c, StringComparison.Ordinal));

    private static bool IsHex(string value) => value.StartsWith("0x", StringComparison.Ordinal) && value.Length % 2 == 0
        && value.AsSpan(2).IndexOfAnyExcept("0123456789abcdef") < 0;

    /// <summary>A charset that is UTF-8, or a part of it.</summary>
    public static bool IsPlain(MyKeyPart part) => part.Type is "utf8mb4" or "utf8mb3" or "utf8" or "ascii";

    private static string Hex(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    /// <summary>x'…' and not 0x…: of no bytes the latter is an error.</summary>
    private static string Quoted(string hex) => $"x'{hex.AsSpan(2)}'";
}

[JsonSerializable(typeof(string[]))]
internal sealed partial class MyKeyJson : JsonSerializerContext;
