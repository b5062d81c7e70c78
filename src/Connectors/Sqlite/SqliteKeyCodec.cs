using System.Globalization;
using System.Text;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Positions of this connector, <c>sqlite.key/1</c>: the key tuple, a tag and a value per column, joined by commas.
/// <c>i:</c> whole number, <c>t:</c> text (backslash before comma and backslash, <c>\xHH</c> for control characters), <c>u:</c> text
/// that is not valid UTF-8 as hex, <c>b:</c> blob as hex, <c>f:</c> the sixteen hex digits of a double's bits. Lossless; holds no control
/// characters.
/// </summary>
internal static class SqliteKeyCodec
{
    public const string Name = "sqlite.key/1";

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <param name="values">long, double, <see cref="Utf8"/> or byte[] per key column.</param>
    public static Position Write(IReadOnlyList<object> values)
    {
        var text = new StringBuilder();
        for (var i = 0; i < values.Count; i++)
        {
            if (i > 0) text.Append(',');
            switch (values[i])
            {
                case long number: text.Append("i:").Append(number.ToString(CultureInfo.InvariantCulture)); break;
                case double number: text.Append("f:").Append(Hex(BitConverter.DoubleToUInt64Bits(number), 16)); break;
                case Utf8 utf8: WriteText(text, utf8.Bytes); break;
                case byte[] bytes: text.Append("b:").Append(Convert.ToHexStringLower(bytes)); break;
                default: throw new PawlException(Fault.Bug, Codes.ContractBroken, ("key", values[i].GetType().Name));
            }
        }
        return new Position(Name, text.ToString());
    }

    public static Position Write(long number) => new(Name, "i:" + number.ToString(CultureInfo.InvariantCulture));

    /// <exception cref="PawlException"><see cref="Codes.PositionUnreadable"/>.</exception>
    public static object[] Read(Position position, int columns)
    {
        if (position.Codec != Name) throw Unreadable(position);
        var parts = Cut(position.Text);
        if (parts.Count != columns) throw Unreadable(position);
        return [.. parts.Select(p => ReadOne(p, position))];
    }

    private static void WriteText(StringBuilder text, byte[] bytes)
    {
        string value;
        try
        {
            value = StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            // The form for bytes that are no text.
            text.Append("u:").Append(Convert.ToHexStringLower(bytes));
            return;
        }
        text.Append("t:");
        foreach (var letter in value)
        {
            if (letter is '\\' or ',') text.Append('\\').Append(letter);
            else if (letter < ' ' || letter == '\x7f') text.Append("\\x").Append(Hex(letter, 2));
            else text.Append(letter);
        }
    }

    private static string Hex(ulong bits, int digits) => bits.ToString($"x{digits}", CultureInfo.InvariantCulture);

    private static List<string> Cut(string text)
    {
        var parts = new List<string>();
        var from = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == ',') { parts.Add(text[from..i]); from = i + 1; }
        }
        parts.Add(text[from..]);
        return parts;
    }

    private static object ReadOne(string part, Position position)
    {
        if (part.Length < 2 || part[1] != ':') throw Unreadable(position);
        var value = part[2..];
        try
        {
            return part[0] switch
            {
                'i' => long.Parse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
                'f' => BitConverter.UInt64BitsToDouble(ulong.Parse(value, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)),
                't' => new Utf8(Encoding.UTF8.GetBytes(ReadText(value))),
                'u' => new Utf8(Convert.FromHexString(value)),
                'b' => Convert.FromHexString(value),
                _ => throw Unreadable(position),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw Unreadable(position);
        }
    }

    private static string ReadText(string value)
    {
        var text = new StringBuilder(value.Length);
        for (var i = 0; i < value.Length; i++)
        {
            if (value[i] != '\\') { text.Append(value[i]); continue; }
            if (++i >= value.Length) throw new FormatException();
            if (value[i] != 'x') { text.Append(value[i]); continue; }
            if (i + 2 >= value.Length) throw new FormatException();
            text.Append((char)int.Parse(value.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            i += 2;
        }
        return text.ToString();
    }

    private static PawlException Unreadable(Position position) =>
        new(Fault.PositionLost, Codes.PositionUnreadable, ("codec", position.Codec), ("position", position.Text));
}
