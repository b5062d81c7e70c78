using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Decimals of any length, from their digits to groups of four and never through a number type. With a type modifier the server would round
/// to the scale: a value with more digits is refused.
/// </summary>
/// <param name="precision">Digits in all; 0 = no limit.</param>
/// <param name="scale">Digits after the point; may be negative.</param>
internal sealed class PgNumericCell(int precision, int scale) : PgCell
{
    /// <summary>What numeric can hold: https://www.postgresql.org/docs/current/datatype-numeric.html</summary>
    private const int MostBefore = 131_072, MostAfter = 16_383;
    private const int SignNegative = 0x4000, SignNaN = 0xC000, SignInfinity = 0xD000, SignMinusInfinity = 0xF000;

    private BytesColumn? texts;
    private Int64Column? wholes;
    private bool isAny;
    private bool isUnsigned;

    public override void Attach(Column column)
    {
        texts = column as BytesColumn;
        wholes = column as Int64Column;
        isAny = column.Schema.Type.Kind == TypeKind.Any;
        isUnsigned = column.Schema.Type.Kind == TypeKind.UnsignedInteger;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row) => Value(to, row, isText: false);

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row) => Value(to, row, isText: true);

    protected override PgRefusal? Stray(PgCopyBuffer to, StrayCell cell, bool isText)
    {
        if (!isAny || cell.Kind is not (TypeKind.Integer or TypeKind.Float64)) return base.Stray(to, cell, isText);
        if (cell.Kind == TypeKind.Integer) return Whole(to, cell.Number, isText);
        var real = BitConverter.Int64BitsToDouble(cell.Number);
        // The shortest digits that mean this very number: what a decimal was before it was stored as a float.
        return Write(to, Encoding.ASCII.GetBytes(PgText.Float(real)), isText);
    }

    private PgRefusal? Value(PgCopyBuffer to, int row, bool isText)
    {
        if (wholes is not null) return Whole(to, wholes.Values[row], isText);
        return isAny ? PgRefusal.Mistyped("text in a column of decimals") : Write(to, texts![row], isText);
    }

    private PgRefusal? Whole(PgCopyBuffer to, long value, bool isText)
    {
        Span<byte> digits = stackalloc byte[20];
        int length;
        if (isUnsigned) Utf8Formatter.TryFormat((ulong)value, digits, out length);
        else Utf8Formatter.TryFormat(value, digits, out length);
        return Write(to, digits[..length], isText);
    }

    private PgRefusal? Write(PgCopyBuffer to, ReadOnlySpan<byte> text, bool isText)
    {
        var isNegative = text.Length > 0 && text[0] == '-';
        var body = isNegative || (text.Length > 0 && text[0] == '+') ? text[1..] : text;
        if (body.SequenceEqual("NaN"u8) && body.Length == text.Length) return Special(to, text, SignNaN, isText);
        if (body.SequenceEqual("Infinity"u8))
        {
            if (precision > 0) return PgRefusal.Beyond("infinity in a column of limited digits");
            return Special(to, text, isNegative ? SignMinusInfinity : SignInfinity, isText);
        }
        if (body.IndexOfAny((byte)'e', (byte)'E') is var at and >= 0)
        {
            return Expand(body, at) is { } expanded ? Write(to, isNegative ? [(byte)'-', .. expanded] : expanded, isText) : NoDecimal(text);
        }
        var point = body.IndexOf((byte)'.');
        var whole = point < 0 ? body : body[..point];
        var fraction = point < 0 ? [] : body[(point + 1)..];
        if (whole.Length + fraction.Length == 0 || whole.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            || fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return NoDecimal(text);
        }
        whole = whole.TrimStart((byte)'0');
        // Zeros at the end are kept as far as they can be: 1.50 stays 1.50.
        if (fraction.Length > MostAfter) fraction = fraction.TrimEnd((byte)'0');
        if (Check(whole, fraction) is { } refusal) return refusal;
        if (isText) to.Raw(text);
        else Groups(to, isNegative, whole, fraction);
        return null;
    }

    /// <summary>Digits without an exponent; null when there is no number, or none that fits.</summary>
    private static byte[]? Expand(ReadOnlySpan<byte> body, int at)
    {
        if (!int.TryParse(body[(at + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent)
            || Math.Abs((long)exponent) > MostBefore || at == 0) return null;
        var digits = body[..at];
        var point = digits.IndexOf((byte)'.');
        var all = point < 0 ? digits.ToArray() : [.. digits[..point], .. digits[(point + 1)..]];
        if (all.AsSpan().ContainsAnyExceptInRange((byte)'0', (byte)'9')) return null;
        var place = (point < 0 ? digits.Length : point) + exponent;
        var text = new byte[Math.Max(place, 0) + Math.Max(all.Length - place, 0) + 2];
        var length = 0;
        for (var i = Math.Min(place, 0); i < Math.Max(place, all.Length); i++)
        {
            if (i == place || (place < 0 && length == 0)) text[length++] = (byte)'.';
            text[length++] = i < 0 || i >= all.Length ? (byte)'0' : all[i];
        }
        return text[..length];
    }

    private static PgRefusal NoDecimal(ReadOnlySpan<byte> text) =>
        PgRefusal.Mistyped($"no decimal: {Encoding.UTF8.GetString(text[..Math.Min(text.Length, 40)])}");

    private PgRefusal? Check(ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
    {
        if (whole.Length > MostBefore) return PgRefusal.Beyond($"{whole.Length} digits before the point, at most {MostBefore}");
        if (fraction.Length > MostAfter) return PgRefusal.Beyond($"{fraction.Length} digits after the point, at most {MostAfter}");
        if (precision == 0) return null;
        var after = fraction.TrimEnd((byte)'0').Length;
        if (after == 0 && scale < 0) after = whole.TrimEnd((byte)'0').Length - whole.Length;
        if (after > scale && (after > 0 || whole.Length > 0))
        {
            return PgRefusal.Beyond(string.Create(CultureInfo.InvariantCulture,
                $"{after} digits after the point, numeric({precision},{scale}) would round to {scale}"));
        }
        // A fraction that begins with zeros has fewer digits than its scale: numeric(2,4).
        var before = whole.Length > 0 ? whole.Length : -(fraction.Length - fraction.TrimStart((byte)'0').Length);
        if (before <= precision - scale || (whole.Length == 0 && after <= 0)) return null;
        return PgRefusal.Beyond(string.Create(CultureInfo.InvariantCulture,
            $"{before} digits before the point, numeric({precision},{scale}) holds {precision - scale}"));
    }

    private static PgRefusal? Special(PgCopyBuffer to, ReadOnlySpan<byte> text, int sign, bool isText)
    {
        if (isText)
        {
            to.Raw(text);
            return null;
        }
        to.Int32(8);
        to.Int16(0);
        to.Int16(0);
        to.Int16(sign);
        to.Int16(0);
        return null;
    }

    /// <summary>Number of groups, weight of the first, sign, digits to show after the point, groups.</summary>
    private static void Groups(PgCopyBuffer to, bool isNegative, ReadOnlySpan<byte> whole, ReadOnlySpan<byte> fraction)
    {
        var before = (whole.Length + 3) / 4;
        var count = before + (fraction.Length + 3) / 4;
        var start = to.Length;
        var slot = to.Take(12 + 2 * count);
        var groups = slot[12..];
        int first = -1, last = -1;
        for (var i = 0; i < count; i++)
        {
            var group = i < before ? Group(whole, whole.Length - (before - i) * 4) : Group(fraction, (i - before) * 4);
            BinaryPrimitives.WriteInt16BigEndian(groups[(2 * i)..], (short)group);
            if (group == 0) continue;
            if (first < 0) first = i;
            last = i;
        }
        if (first > 0) groups[(2 * first)..(2 * last + 2)].CopyTo(groups);
        var kept = first < 0 ? 0 : last - first + 1;
        BinaryPrimitives.WriteInt32BigEndian(slot, 8 + 2 * kept);
        BinaryPrimitives.WriteInt16BigEndian(slot[4..], (short)kept);
        BinaryPrimitives.WriteInt16BigEndian(slot[6..], (short)(kept == 0 ? 0 : before - 1 - first));
        BinaryPrimitives.WriteInt16BigEndian(slot[8..], (short)(isNegative && kept > 0 ? SignNegative : 0));
        BinaryPrimitives.WriteInt16BigEndian(slot[10..], (short)fraction.Length);
        to.CutTo(start + 12 + 2 * kept);
    }

    /// <summary>Four digits from there on; what lies outside counts as 0.</summary>
    private static int Group(ReadOnlySpan<byte> digits, int from)
    {
        var group = 0;
        for (var i = from; i < from + 4; i++) group = group * 10 + ((uint)i < (uint)digits.Length ? digits[i] - '0' : 0);
        return group;
    }
}
