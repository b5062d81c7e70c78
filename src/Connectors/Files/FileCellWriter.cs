using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Writes the cells of one column as text, chosen once by the column's type; the way back is <see cref="FileCell"/>. Nulls and cells of
/// another type are the caller's. Not thread-safe.
/// </summary>
internal abstract class FileCellWriter
{
    public abstract void Attach(Column column);

    /// <summary>False: the file cannot hold the value, and what was written of it is to be cut off again.</summary>
    public abstract bool TryWrite(int row, FileBuffer to);
}

/// <summary>Whole numbers, booleans, dates and times.</summary>
/// <param name="quote">Stands around what is no number in JSON; 0 = nothing does.</param>
internal sealed class FileLongWriter(TypeKind kind, byte quote) : FileCellWriter
{
    private Int64Column column = null!;

    public override void Attach(Column column) => this.column = (Int64Column)column;

    public override bool TryWrite(int row, FileBuffer to)
    {
        var value = column.Values[row];
        var room = to.Room(CalendarText.MostBytes + 2);
        int length;
        switch (kind)
        {
            case TypeKind.Bool when value is 0 or 1:
                var word = value == 1 ? "true"u8 : "false"u8;
                word.CopyTo(room);
                length = word.Length;
                break;
            case TypeKind.UnsignedInteger: Utf8Formatter.TryFormat((ulong)value, room, out length); break;
            case TypeKind.Date or TypeKind.Time or TypeKind.DateTime or TypeKind.Instant:
                to.Take(Moment(value, room));
                return true;
            default: Utf8Formatter.TryFormat(value, room, out length); break;
        }
        to.Take(length);
        return true;
    }

    private int Moment(long value, Span<byte> room)
    {
        var at = quote == 0 ? 0 : 1;
        var text = room[at..];
        var length = at + kind switch
        {
            TypeKind.Date => CalendarText.Date(value, text),
            TypeKind.Time => CalendarText.Time(value, text),
            TypeKind.DateTime => CalendarText.DateTime(value, text),
            _ => CalendarText.Instant(value, text),
        };
        if (quote == 0) return length;
        room[0] = quote;
        room[length] = quote;
        return length + 1;
    }
}

/// <summary>Floats in their shortest form that is read back as the same bits; what is no number in words.</summary>
internal sealed class FileFloatWriter(bool isSingle, byte quote) : FileCellWriter
{
    private Float64Column column = null!;

    public override void Attach(Column column) => this.column = (Float64Column)column;

    public override bool TryWrite(int row, FileBuffer to)
    {
        Write(column.Values[row], isSingle, quote, to);
        return true;
    }

    public static void Write(double value, bool isSingle, byte quote, FileBuffer to)
    {
        var isQuoted = quote != 0 && !double.IsFinite(value);
        if (isQuoted) to.Write(quote);
        int length;
        if (isSingle) ((float)value).TryFormat(to.Room(40), out length, default, CultureInfo.InvariantCulture);
        else value.TryFormat(to.Room(40), out length, default, CultureInfo.InvariantCulture);
        to.Take(length);
        if (isQuoted) to.Write(quote);
    }
}

/// <summary>Identifiers in lower-case hex with hyphens; intervals as <c>1 months 2 days 3 microseconds</c>.</summary>
internal sealed class FileWideWriter(TypeKind kind, byte quote) : FileCellWriter
{
    private Fixed16Column column = null!;

    public override void Attach(Column column) => this.column = (Fixed16Column)column;

    public override bool TryWrite(int row, FileBuffer to)
    {
        if (quote != 0) to.Write(quote);
        var value = column.Values[row];
        var room = to.Room(80);
        int length;
        if (kind == TypeKind.Uuid)
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
            Utf8Formatter.TryFormat(new Guid(bytes, bigEndian: true), room, out length);
        }
        else
        {
            var (months, days, rest) = ((int)(uint)(value >> 96), (int)(uint)(value >> 64), (long)(ulong)value);
            System.Text.Unicode.Utf8.TryWrite(room, CultureInfo.InvariantCulture, $"{months} months {days} days {rest} microseconds",
                out length);
        }
        to.Take(length);
        if (quote != 0) to.Write(quote);
        return true;
    }
}

/// <summary>How a file format writes texts. Stateless.</summary>
internal interface IFileText
{
    /// <summary>False: the format cannot hold it.</summary>
    bool TryWrite(ReadOnlySpan<byte> value, TypeKind kind, FileBuffer to);
}

/// <summary>Texts, decimals, JSON, native values, and cells that say for themselves what they are.</summary>
internal sealed class FileTextWriter(TypeKind kind, IFileText format) : FileCellWriter
{
    private BytesColumn column = null!;
    private bool isValid;

    public override void Attach(Column column)
    {
        this.column = (BytesColumn)column;
        isValid = IsText(this.column);
    }

    public override bool TryWrite(int row, FileBuffer to)
    {
        var value = column[row];
        return (isValid || System.Text.Unicode.Utf8.IsValid(value)) && format.TryWrite(value, kind, to);
    }

    /// <summary>All values at once: the heap is UTF-8, and none of them ends within a character.</summary>
    private static bool IsText(BytesColumn column)
    {
        var data = column.Data;
        if (!System.Text.Unicode.Utf8.IsValid(data)) return false;
        foreach (var end in column.Ends)
        {
            if (end < data.Length && (data[end] & 0xC0) == 0x80) return false;
        }
        return true;
    }
}

/// <summary>Bytes as <c>\x</c> and hex digits.</summary>
internal sealed class FileHexWriter(IFileText format) : FileCellWriter
{
    private BytesColumn column = null!;
    private byte[] scratch = [];

    public override void Attach(Column column) => this.column = (BytesColumn)column;

    public override bool TryWrite(int row, FileBuffer to)
    {
        var length = 2 + 2 * column[row].Length;
        if (scratch.Length < length) scratch = new byte[Math.Max(length, 256)];
        return format.TryWrite(Hex(column[row], scratch), TypeKind.Bytes, to);
    }

    public static ReadOnlySpan<byte> Hex(ReadOnlySpan<byte> bytes, Span<byte> room)
    {
        (room[0], room[1]) = ((byte)'\\', (byte)'x');
        Convert.TryToHexStringLower(bytes, room[2..], out var digits);
        return room[..(2 + digits)];
    }
}
