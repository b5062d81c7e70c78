using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Puts the fields of one column into a batch, chosen once by the column's type. A value that is not of the type is carried as the text it
/// is, and judged by the job.
/// </summary>
internal abstract class FileCell
{
    public abstract Column Target { set; }

    public static FileCell For(LogicalType type) => type.Kind switch
    {
        TypeKind.Integer => new FileLongCell(type.Length switch { 2 => Int16Value, 4 => Int32Value, _ => Int64Value }),
        TypeKind.UnsignedInteger => new FileLongCell(UInt64Value),
        TypeKind.Bool => new FileLongCell(BoolValue),
        TypeKind.Date => new FileLongCell(FileCalendar.TryDate),
        TypeKind.Time => new FileLongCell(FileCalendar.TryTime),
        TypeKind.DateTime => new FileLongCell(FileCalendar.TryMoment),
        TypeKind.Instant => new FileLongCell(FileCalendar.TryInstant),
        TypeKind.Float32 => new FileFloatCell(isSingle: true),
        TypeKind.Float64 => new FileFloatCell(isSingle: false),
        TypeKind.Uuid => new FileUuidCell(),
        TypeKind.Decimal => new FileDecimalCell(type),
        TypeKind.Bytes => new FileHexCell(),
        TypeKind.Json => new FileTextCell(IsJson),
        _ => new FileTextCell(type.Length == 0 ? null : value => Characters(value) <= type.Length),
    };

    public abstract void Append(ReadOnlySpan<byte> value);

    public abstract void AppendNull();

    protected static StrayCell Stray(ReadOnlySpan<byte> value) => new(TypeKind.Text, 0, value.ToArray());

    private static bool Int64Value(ReadOnlySpan<byte> text, out long value) =>
        Utf8Parser.TryParse(text, out value, out var used) && used == text.Length;

    /// <summary>The column holds the bits.</summary>
    private static bool UInt64Value(ReadOnlySpan<byte> text, out long value)
    {
        var isRead = Utf8Parser.TryParse(text, out ulong number, out var used) && used == text.Length;
        value = unchecked((long)number);
        return isRead;
    }

    private static bool Int32Value(ReadOnlySpan<byte> text, out long value) => Int64Value(text, out value) && value == (int)value;

    private static bool Int16Value(ReadOnlySpan<byte> text, out long value) => Int64Value(text, out value) && value == (short)value;

    private static bool BoolValue(ReadOnlySpan<byte> text, out long value)
    {
        Span<byte> lower = stackalloc byte[5];
        value = 0;
        if (text.Length is 0 or > 5 || Ascii.ToLower(text, lower, out var length) != System.Buffers.OperationStatus.Done) return false;
        lower = lower[..length];
        value = lower.SequenceEqual("true"u8) || lower.SequenceEqual("t"u8) || lower.SequenceEqual("1"u8) ? 1 : 0;
        return value == 1 || lower.SequenceEqual("false"u8) || lower.SequenceEqual("f"u8) || lower.SequenceEqual("0"u8);
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            var any = false;
            while (reader.Read()) any = true;
            return any;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static int Characters(ReadOnlySpan<byte> utf8)
    {
        var characters = 0;
        foreach (var b in utf8)
        {
            if ((b & 0xC0) != 0x80) characters++;
        }
        return characters;
    }
}

internal delegate bool FileValue(ReadOnlySpan<byte> text, out long value);

internal delegate bool FileCheck(ReadOnlySpan<byte> text);

/// <summary>Text and JSON, exactly as they stand.</summary>
internal sealed class FileTextCell(FileCheck? fits) : FileCell
{
    private BytesColumn target = null!;
    public override Column Target { set => target = (BytesColumn)value; }
    public override void AppendNull() => target.AppendNull();

    public override void Append(ReadOnlySpan<byte> value)
    {
        if (fits is null || fits(value)) target.Append(value);
        else target.AppendStray(Stray(value));
    }
}

/// <summary>Whole numbers, booleans, dates and times.</summary>
internal sealed class FileLongCell(FileValue read) : FileCell
{
    private Int64Column target = null!;
    public override Column Target { set => target = (Int64Column)value; }
    public override void AppendNull() => target.AppendNull();

    public override void Append(ReadOnlySpan<byte> value)
    {
        if (read(value, out var number)) target.Append(number);
        else target.AppendStray(Stray(value));
    }
}

internal sealed class FileFloatCell(bool isSingle) : FileCell
{
    private Float64Column target = null!;
    public override Column Target { set => target = (Float64Column)value; }
    public override void AppendNull() => target.AppendNull();

    public override void Append(ReadOnlySpan<byte> value)
    {
        if (TryRead(value, out var number)) target.Append(number);
        else target.AppendStray(Stray(value));
    }

    private bool TryRead(ReadOnlySpan<byte> text, out double number)
    {
        bool isRead;
        if (isSingle)
        {
            isRead = Utf8Parser.TryParse(text, out float single, out var read) && read == text.Length;
            number = single;
        }
        else isRead = Utf8Parser.TryParse(text, out number, out var read) && read == text.Length;
        // Digits that go beyond the range are no infinity.
        return isRead && (!double.IsInfinity(number) || !text.ContainsAnyInRange((byte)'0', (byte)'9'));
    }
}

internal sealed class FileUuidCell : FileCell
{
    private Fixed16Column target = null!;
    public override Column Target { set => target = (Fixed16Column)value; }
    public override void AppendNull() => target.AppendNull();

    public override void Append(ReadOnlySpan<byte> value)
    {
        Span<byte> bytes = stackalloc byte[16];
        var isRead = value.Length == 36 && Utf8Parser.TryParse(value, out Guid uuid, out var used, 'D') && used == 36
            && uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        if (isRead) target.Append(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes));
        else target.AppendStray(Stray(value));
    }
}

/// <summary>
/// Exact decimals: sign, digits, point, digits. A zero before the point is added, leading ones and a plus are left out. And the three
/// words that a decimal can be: NaN, Infinity, -Infinity.
/// </summary>
internal sealed class FileDecimalCell(LogicalType type) : FileCell
{
    private BytesColumn target = null!;
    public override Column Target { set => target = (BytesColumn)value; }
    public override void AppendNull() => target.AppendNull();

    public override void Append(ReadOnlySpan<byte> value)
    {
        if (value.SequenceEqual("NaN"u8) || value.SequenceEqual("Infinity"u8) || value.SequenceEqual("-Infinity"u8))
        {
            target.Append(value);
            return;
        }
        var body = value.Length > 0 && value[0] is (byte)'-' or (byte)'+' ? value[1..] : value;
        var point = body.IndexOf((byte)'.');
        var whole = point < 0 ? body : body[..point];
        var fraction = point < 0 ? [] : body[(point + 1)..];
        var digits = whole.TrimStart((byte)'0');
        var fits = type.Precision == 0 || (digits.Length <= type.Precision - type.Scale && fraction.Length <= type.Scale);
        if (!fits || whole.Length + fraction.Length == 0 || (point >= 0 && fraction.Length == 0)
            || whole.ContainsAnyExceptInRange((byte)'0', (byte)'9') || fraction.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            target.AppendStray(Stray(value));
            return;
        }
        if (digits.Length == 0) digits = "0"u8;
        var isNegative = value[0] == '-';
        var slot = target.Reserve((isNegative ? 1 : 0) + digits.Length + (point < 0 ? 0 : 1 + fraction.Length));
        if (isNegative)
        {
            slot[0] = (byte)'-';
            slot = slot[1..];
        }
        digits.CopyTo(slot);
        if (point < 0) return;
        slot[digits.Length] = (byte)'.';
        fraction.CopyTo(slot[(digits.Length + 1)..]);
    }
}

/// <summary>Bytes as hex digits, with or without <c>\x</c> before them.</summary>
internal sealed class FileHexCell : FileCell
{
    private BytesColumn target = null!;
    public override Column Target { set => target = (BytesColumn)value; }
    public override void AppendNull() => target.AppendNull();

    public override void Append(ReadOnlySpan<byte> value)
    {
        var digits = value.StartsWith("\\x"u8) ? value[2..] : value;
        if (digits.Length % 2 != 0 || digits.ContainsAnyExcept(HexDigits))
        {
            target.AppendStray(Stray(value));
            return;
        }
        Convert.FromHexString(digits, target.Reserve(digits.Length / 2), out _, out _);
    }

    private static readonly System.Buffers.SearchValues<byte> HexDigits = System.Buffers.SearchValues.Create("0123456789abcdefABCDEF"u8);
}
