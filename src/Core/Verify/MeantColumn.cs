using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Pawl.Model;

namespace Pawl.Verify;

/// <summary>
/// A target without a type of its own for some kinds holds them as text of one fixed form; the plan says what the text means. Cells that
/// are not of that form stay text and so differ from any value. Pure.
/// </summary>
internal static class MeantColumn
{
    /// <summary>
    /// The column as what it means; the same column where nothing is to be done, else a new one and the old is disposed of.
    /// </summary>
    public static Column Of(Column column, LogicalType meant)
    {
        if (column.Schema.Type.Kind != TypeKind.Text || column is not BytesColumn text) return column;
        switch (meant.Kind)
        {
            case TypeKind.Decimal or TypeKind.Json or TypeKind.Native:
                column.Schema = column.Schema with { Type = meant };
                return column;
            case TypeKind.Date or TypeKind.Time or TypeKind.DateTime or TypeKind.Instant:
                return Read(text, new Int64Column(text.Schema with { Type = meant }), meant.Kind);
            case TypeKind.Uuid or TypeKind.Interval:
                return Read(text, new Fixed16Column(text.Schema with { Type = meant }), meant.Kind);
            default:
                return column;
        }
    }

    private static Column Read(BytesColumn from, Column to, TypeKind kind)
    {
        for (var row = 0; row < from.Count; row++)
        {
            if (from.IsNull(row)) to.AppendNull();
            else if (from.Stray(row) is { } stray) to.AppendStray(stray);
            else if (!TryAppend(from[row], to, kind)) to.AppendStray(new StrayCell(TypeKind.Text, 0, from[row].ToArray()));
        }
        from.Dispose();
        return to;
    }

    private static bool TryAppend(ReadOnlySpan<byte> text, Column to, TypeKind kind)
    {
        if (to is Fixed16Column wide)
        {
            if (kind == TypeKind.Uuid ? !TryUuid(text, out var bits) : !TryInterval(text, out bits)) return false;
            wide.Append(bits);
            return true;
        }
        long value;
        var isRead = kind switch
        {
            TypeKind.Date => CalendarText.TryDate(text, out value),
            TypeKind.Time => CalendarText.TryTime(text, out value),
            TypeKind.DateTime => CalendarText.TryDateTime(text, out value),
            _ => TryInstant(text, out value),
        };
        if (isRead) ((Int64Column)to).Append(value);
        return isRead;
    }

    private static bool TryInstant(ReadOnlySpan<byte> text, out long value)
    {
        var isZoned = text.EndsWith("Z"u8);
        if (!CalendarText.TryDateTime(isZoned ? text[..^1] : text, out value)) return false;
        var isInfinite = value is long.MinValue or long.MaxValue;
        return isZoned != isInfinite;
    }

    private static bool TryUuid(ReadOnlySpan<byte> text, out UInt128 bits)
    {
        bits = 0;
        if (!Guid.TryParseExact(Encoding.UTF8.GetString(text), "D", out var uuid)) return false;
        Span<byte> bytes = stackalloc byte[16];
        uuid.TryWriteBytes(bytes, bigEndian: true, out _);
        bits = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }

    private static bool TryInterval(ReadOnlySpan<byte> text, out UInt128 bits)
    {
        bits = 0;
        var words = Encoding.UTF8.GetString(text).Split(' ');
        if (words is not [var months, "months", var days, "days", var rest, "microseconds"]) return false;
        if (!int.TryParse(months, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var m)
            || !int.TryParse(days, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var d)
            || !long.TryParse(rest, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var us))
        {
            return false;
        }
        bits = ((UInt128)(uint)m << 96) | ((UInt128)(uint)d << 64) | (ulong)us;
        return true;
    }
}
