using System.Buffers.Binary;

namespace Pawl.Verify;

/// <summary>
/// Exact decimals by value: 1.50 is 1.5, -0 is 0, 1e2 is 100, and what fits a signed 64-bit whole number looks like one. Any length.
/// Text that is no number is taken as text.
/// </summary>
internal readonly struct CanonicalDecimal : ICanonical<ReadOnlySpan<byte>>
{
    private const byte Negative = 1, Positive = 2, NaN = 3, Infinity = 4, MinusInfinity = 5;

    /// <summary>Beyond this an exponent is not one any system writes, and the arithmetic below could wrap.</summary>
    private const long LargestExponent = 1_000_000_000_000_000;

    /// <summary>Tag, sign, exponent of 8 bytes, count of digits of up to 5.</summary>
    public static int Room => 15;

    public static int Write(Span<byte> at, ReadOnlySpan<byte> text)
    {
        var negative = text.Length > 0 && text[0] == '-';
        var body = negative || (text.Length > 0 && text[0] == '+') ? text[1..] : text;
        if (body.Length > 0 && body[0] > '9') return Special(at, text, body, negative);
        if (!Split(body, out var digits, out var point, out var exponent)) return CanonicalText.Write(at, text);
        // The value is 0.d1d2…dn × 10^power with neither d1 nor dn zero.
        var (first, last) = (FirstDigit(digits), LastDigit(digits));
        if (first < 0) return CanonicalWhole.Write(at, 0);
        var power = exponent + point - (first - (first > point ? 1 : 0));
        var count = last - first + 1 - (point > first && point < last ? 1 : 0);
        if (power >= count && power <= 19 && FitsWhole(digits[first..(last + 1)], (int)power - count, negative, out var whole))
        {
            return CanonicalWhole.Write(at, whole);
        }
        at[0] = CanonicalTag.Decimal;
        at[1] = negative ? Negative : Positive;
        BinaryPrimitives.WriteInt64LittleEndian(at[2..], power);
        var length = 10 + CanonicalLength.Write(at[10..], count);
        foreach (var digit in digits[first..(last + 1)])
        {
            if (digit != '.') at[length++] = digit;
        }
        return length;
    }

    private static int Special(Span<byte> at, ReadOnlySpan<byte> text, ReadOnlySpan<byte> body, bool negative)
    {
        byte sign;
        if (Is(body, "nan"u8)) sign = NaN;
        else if (Is(body, "infinity"u8) || Is(body, "inf"u8)) sign = negative ? MinusInfinity : Infinity;
        else return CanonicalText.Write(at, text);
        at[0] = CanonicalTag.Decimal;
        at[1] = sign;
        return 2;
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) => System.Text.Ascii.EqualsIgnoreCase(text, word);

    /// <summary>digits [. digits] [e [sign] digits], with at least one digit before the exponent.</summary>
    /// <param name="digits">Digits with the point among them.</param>
    /// <param name="point">Place of the point in <paramref name="digits"/>, or their length.</param>
    private static bool Split(ReadOnlySpan<byte> body, out ReadOnlySpan<byte> digits, out int point, out long exponent)
    {
        exponent = 0;
        var end = body.IndexOfAny((byte)'e', (byte)'E');
        digits = end < 0 ? body : body[..end];
        point = digits.IndexOf((byte)'.');
        var dots = point < 0 ? 0 : 1;
        if (point < 0) point = digits.Length;
        if (digits.Length == dots || digits[..point].ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || (dots > 0 && digits[(point + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9')))
        {
            return false;
        }
        if (end < 0) return true;
        var tail = body[(end + 1)..];
        var sign = tail.Length > 0 && tail[0] == '-' ? -1 : 1;
        if (tail.Length > 0 && tail[0] is (byte)'-' or (byte)'+') tail = tail[1..];
        if (tail.Length == 0) return false;
        foreach (var digit in tail)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            exponent = exponent * 10 + (digit - '0');
            if (exponent > LargestExponent) return false;
        }
        exponent *= sign;
        return true;
    }

    private static int FirstDigit(ReadOnlySpan<byte> digits) => digits.IndexOfAnyInRange((byte)'1', (byte)'9');

    private static int LastDigit(ReadOnlySpan<byte> digits) => digits.LastIndexOfAnyInRange((byte)'1', (byte)'9');

    private static bool FitsWhole(ReadOnlySpan<byte> digits, int zeros, bool negative, out long whole)
    {
        Int128 value = 0;
        foreach (var digit in digits)
        {
            if (digit != '.') value = value * 10 + (digit - '0');
        }
        for (var i = 0; i < zeros; i++) value *= 10;
        if (negative) value = -value;
        whole = (long)value;
        return whole == value;
    }
}
