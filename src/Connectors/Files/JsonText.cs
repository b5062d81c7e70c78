using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Texts as values of JSON Lines: strings, escaped no more than JSON asks for; decimals as numbers of all their digits; JSON as it stands,
/// as long as it is one line and not the null that would be read as NULL. Thread-safe.
/// </summary>
internal sealed class JsonText : IFileText
{
    public static readonly JsonText Instance = new();

    private static readonly SearchValues<byte> Special =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    public bool TryWrite(ReadOnlySpan<byte> value, TypeKind kind, FileBuffer to)
    {
        switch (kind)
        {
            case TypeKind.Decimal when IsNumber(value): to.Write(value); return true;
            case TypeKind.Json:
                if (value.ContainsAny("\r\n"u8) || !IsJson(value)) return false;
                to.Write(value);
                return true;
            default: String(value, to); return true;
        }
    }

    public static void String(ReadOnlySpan<byte> value, FileBuffer to)
    {
        to.Write((byte)'"');
        while (value.IndexOfAny(Special) is >= 0 and var at)
        {
            to.Write(value[..at]);
            Escaped(value[at], to);
            value = value[(at + 1)..];
        }
        to.Write(value);
        to.Write((byte)'"');
    }

    private static void Escaped(byte value, FileBuffer to)
    {
        switch (value)
        {
            case (byte)'"': to.Write("\\\""u8); break;
            case (byte)'\\': to.Write("\\\\"u8); break;
            case (byte)'\n': to.Write("\\n"u8); break;
            case (byte)'\r': to.Write("\\r"u8); break;
            case (byte)'\t': to.Write("\\t"u8); break;
            default:
                to.Write("\\u00"u8);
                Utf8Formatter.TryFormat(value, to.Room(2), out var digits, new StandardFormat('x', 2));
                to.Take(digits);
                break;
        }
    }

    /// <summary>By JSON's grammar, digits and a point alone.</summary>
    private static bool IsNumber(ReadOnlySpan<byte> text)
    {
        var body = text.Length > 0 && text[0] == '-' ? text[1..] : text;
        var point = body.IndexOf((byte)'.');
        var whole = point < 0 ? body : body[..point];
        var fraction = point < 0 ? "0"u8 : body[(point + 1)..];
        return whole.Length > 0 && fraction.Length > 0 && !(whole.Length > 1 && whole[0] == '0')
            && !whole.ContainsAnyExceptInRange((byte)'0', (byte)'9') && !fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            if (!reader.Read() || reader.TokenType == JsonTokenType.Null) return false;
            while (reader.Read()) { }
            // A blank around the value would not come back.
            return text[0] is not ((byte)' ' or (byte)'\t') && text[^1] is not ((byte)' ' or (byte)'\t');
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
