using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Pawl.Model;
using static Pawl.Connectors.Sqlite.SqliteNative;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Binds the cells of one column. Made once per column and table; <see cref="Attach"/> per batch. Text and bytes are handed to SQLite where
/// they lie in the batch, held in place until <see cref="Detach"/>. Not thread-safe.
/// </summary>
internal abstract class SqliteBinding
{
    /// <summary>SQLite would store something else (NULL for NaN, 0.0 for -0.0): such a cell is refused instead.</summary>
    public const int NotStorable = -1;

    private bool plain;
    private Column column = null!;

    public virtual void Attach(Column cells)
    {
        column = cells;
        plain = !cells.HasNulls && cells.Strays is null;
    }

    public virtual void Detach() => column = null!;

    /// <summary>SQLite's result code, or <see cref="NotStorable"/>.</summary>
    public int Bind(nint statement, int parameter, int row)
    {
        if (plain) return BindValue(statement, parameter, row);
        if (column.IsNull(row)) return BindNull(statement, parameter);
        return column.Stray(row) is { } cell ? BindStray(statement, parameter, cell) : BindValue(statement, parameter, row);
    }

    protected abstract int BindValue(nint statement, int parameter, int row);

    /// <param name="affinity">Of the column that is written.</param>
    public static SqliteBinding For(LogicalType type, Affinity affinity) => type.Kind switch
    {
        TypeKind.Bool or TypeKind.Integer => new SqliteWholeBinding(),
        TypeKind.Float32 or TypeKind.Float64 => new SqliteFloatBinding(affinity),
        TypeKind.Bytes => new SqliteByteBinding(isText: false),
        TypeKind.UnsignedInteger or TypeKind.Date or TypeKind.Time or TypeKind.DateTime or TypeKind.Instant or TypeKind.Interval
            or TypeKind.Uuid => new SqliteFormedBinding(type.Kind),
        _ => new SqliteByteBinding(isText: true),
    };

    private static int BindStray(nint statement, int parameter, StrayCell cell)
    {
        switch (cell.Kind)
        {
            case TypeKind.Integer: return BindInt64(statement, parameter, cell.Number);
            case TypeKind.Float64:
                var real = BitConverter.Int64BitsToDouble(cell.Number);
                return double.IsNaN(real) ? NotStorable : BindDouble(statement, parameter, real);
            default: return BindCopy(statement, parameter, cell.Data!, cell.Kind == TypeKind.Text);
        }
    }

    protected static unsafe int BindCopy(nint statement, int parameter, ReadOnlySpan<byte> value, bool isText)
    {
        byte nothing = 0;
        fixed (byte* data = value)
        {
            var at = value.Length == 0 ? &nothing : data;
            return isText
                ? BindTextCopied(statement, parameter, at, value.Length, Transient)
                : BindBlobCopied(statement, parameter, at, value.Length, Transient);
        }
    }
}

internal sealed class SqliteWholeBinding : SqliteBinding
{
    private Int64Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Int64Column)column;
        base.Attach(column);
    }

    protected override int BindValue(nint statement, int parameter, int row) => BindInt64(statement, parameter, cells.Values[row]);
}

internal sealed class SqliteFloatBinding(Affinity affinity) : SqliteBinding
{
    /// <summary>A column with numeric affinity keeps whole floats as integers on disk, and there is no integer -0.</summary>
    private readonly bool losesSign = affinity is Affinity.Real or Affinity.Numeric or Affinity.Integer;

    private Float64Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Float64Column)column;
        base.Attach(column);
    }

    protected override int BindValue(nint statement, int parameter, int row)
    {
        var value = cells.Values[row];
        if (double.IsNaN(value) || (value == 0 && losesSign && double.IsNegative(value))) return NotStorable;
        return BindDouble(statement, parameter, value);
    }
}

internal sealed unsafe class SqliteByteBinding(bool isText) : SqliteBinding
{
    /// <summary>What an empty value points to: a null pointer would mean NULL.</summary>
    private static readonly byte* Nothing = (byte*)NativeMemory.AllocZeroed(1);

    private BytesColumn cells = null!;
    private MemoryHandle pin;
    private byte* data;

    public override void Attach(Column column)
    {
        cells = (BytesColumn)column;
        pin = cells.Pin();
        data = cells.Data.Length == 0 ? Nothing : (byte*)pin.Pointer;
        base.Attach(column);
    }

    public override void Detach()
    {
        pin.Dispose();
        base.Detach();
    }

    protected override int BindValue(nint statement, int parameter, int row)
    {
        var ends = cells.Ends;
        var from = row == 0 ? 0 : ends[row - 1];
        return isText
            ? BindText(statement, parameter, data + from, ends[row] - from, Static)
            : BindBlob(statement, parameter, data + from, ends[row] - from, Static);
    }
}

/// <summary>Types SQLite has no storage class for, as text of one fixed form; see TYPES.md.</summary>
internal sealed class SqliteFormedBinding(TypeKind kind) : SqliteBinding
{
    /// <summary>Three numbers and their words are the longest.</summary>
    private const int MostBytes = 96;

    private Column cells = null!;

    public override void Attach(Column column)
    {
        cells = column;
        base.Attach(column);
    }

    protected override int BindValue(nint statement, int parameter, int row)
    {
        if (kind == TypeKind.UnsignedInteger)
        {
            var number = ((Int64Column)cells).Values[row];
            return number < 0 ? NotStorable : BindInt64(statement, parameter, number);
        }
        Span<byte> text = stackalloc byte[MostBytes];
        var length = cells is Fixed16Column wide ? Form(wide.Values[row], text) : Form(((Int64Column)cells).Values[row], text);
        return BindCopy(statement, parameter, text[..length], isText: true);
    }

    private int Form(long value, Span<byte> to) => kind switch
    {
        TypeKind.Date => CalendarText.Date(value, to),
        TypeKind.Time => CalendarText.Time(value, to),
        TypeKind.DateTime => CalendarText.DateTime(value, to),
        _ => CalendarText.Instant(value, to),
    };

    private int Form(UInt128 value, Span<byte> to)
    {
        if (kind == TypeKind.Interval)
        {
            System.Text.Unicode.Utf8.TryWrite(to, CultureInfo.InvariantCulture,
                $"{(int)(uint)(value >> 96)} months {(int)(uint)(value >> 64)} days {(long)(ulong)value} microseconds", out var written);
            return written;
        }
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        new Guid(bytes, bigEndian: true).TryFormat(to, out var length);
        return length;
    }
}
