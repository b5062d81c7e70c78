using System.Buffers;
using System.Runtime.CompilerServices;

namespace Pawl.Model;

/// <summary>A cell that does not hold its column's declared type (SQLite), carried exactly.</summary>
/// <param name="Kind">Integer, Float64, Text or Bytes.</param>
/// <param name="Number">The value, or the bits of the double; 0 for text and bytes.</param>
/// <param name="Data">The bytes for text and bytes; null otherwise.</param>
public readonly record struct StrayCell(TypeKind Kind, long Number, byte[]? Data);

/// <summary>
/// One column of a <see cref="RowBatch"/>: values in row order, nulls as a bitmap. Not thread-safe. Disposing gives the arrays back and
/// leaves an empty column, which may be filled again; disposing twice does nothing. A null or stray row still takes a place in the values
/// (0, or an empty slice), so that row numbers are plain indexes.
/// </summary>
public abstract class Column(ColumnSchema schema) : IDisposable
{
    private ulong[] nulls = [];
    private int nullCount;

    /// <summary>May be replaced by a transform that renames; the storage kind never changes.</summary>
    public ColumnSchema Schema { get; set; } = schema;

    /// <summary>Rows appended so far.</summary>
    public int Count { get; protected set; }

    public bool HasNulls => nullCount > 0;

    /// <summary>Cells of another type than declared, by 0-based row; null when there are none.</summary>
    public StrayCells? Strays { get; private set; }

    /// <summary>The stray cell of a row; null when the cell is of the declared type, or null.</summary>
    public StrayCell? Stray(int row) => Strays is not null && Strays.TryGetValue(row, out var cell) ? cell : null;

    /// <summary>Payload in bytes, strays included, for budgets.</summary>
    public long Bytes => ValueBytes + (Strays?.Bytes ?? 0);

    protected abstract long ValueBytes { get; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsNull(int row) => nullCount > 0 && (row >> 6) < nulls.Length && (nulls[row >> 6] & (1UL << (row & 63))) != 0;

    public void AppendNull()
    {
        var row = Count;
        AppendDefault();
        MarkNull(row);
    }

    public void AppendStray(StrayCell cell)
    {
        var row = Count;
        AppendDefault();
        (Strays ??= new StrayCells()).Append(row, cell);
    }

    /// <summary>Makes every stray cell a null.</summary>
    public void NullStrays()
    {
        if (Strays is null) return;
        foreach (var row in Strays.Rows) MarkNull(row);
        Strays.Dispose();
        Strays = null;
    }

    /// <summary>Appends the cell of another column with the same storage, null, stray or value.</summary>
    public void AppendFrom(Column other, int row)
    {
        if (other.IsNull(row)) AppendNull();
        else if (other.Stray(row) is { } cell) AppendStray(cell);
        else AppendValueFrom(other, row);
    }

    protected abstract void AppendDefault();
    protected abstract void AppendValueFrom(Column other, int row);

    private void MarkNull(int row)
    {
        var word = row >> 6;
        if (word >= nulls.Length)
        {
            var used = nulls.Length;
            nulls = ColumnArrays.Grow(nulls, used, word + 1);
            // A rented array holds what its last user left there.
            Array.Clear(nulls, used, nulls.Length - used);
        }
        nulls[word] |= 1UL << (row & 63);
        nullCount++;
    }

    public virtual void Dispose()
    {
        ColumnArrays.Return(ref nulls);
        nullCount = 0;
        Strays?.Dispose();
        Strays = null;
        Count = 0;
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes the column that fits the type's storage.</summary>
    public static Column Create(ColumnSchema schema) => schema.Type.Storage switch
    {
        Storage.Int64 => new Int64Column(schema),
        Storage.Float64 => new Float64Column(schema),
        Storage.Fixed16 => new Fixed16Column(schema),
        _ => new BytesColumn(schema),
    };
}

/// <summary>Whole numbers, booleans, dates and times: one long a row.</summary>
public sealed class Int64Column(ColumnSchema schema) : Column(schema)
{
    private long[] values = [];

    public ReadOnlySpan<long> Values => values.AsSpan(0, Count);
    protected override long ValueBytes => Count * 8L;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(long value)
    {
        if (Count == values.Length) values = ColumnArrays.Grow(values, Count, Count + 1);
        values[Count++] = value;
    }

    protected override void AppendDefault() => Append(0);
    protected override void AppendValueFrom(Column other, int row) => Append(((Int64Column)other).values[row]);

    public override void Dispose()
    {
        ColumnArrays.Return(ref values);
        base.Dispose();
    }
}

/// <summary>Floating point numbers: one double a row, bits kept.</summary>
public sealed class Float64Column(ColumnSchema schema) : Column(schema)
{
    private double[] values = [];

    public ReadOnlySpan<double> Values => values.AsSpan(0, Count);
    protected override long ValueBytes => Count * 8L;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(double value)
    {
        if (Count == values.Length) values = ColumnArrays.Grow(values, Count, Count + 1);
        values[Count++] = value;
    }

    protected override void AppendDefault() => Append(0);
    protected override void AppendValueFrom(Column other, int row) => Append(((Float64Column)other).values[row]);

    public override void Dispose()
    {
        ColumnArrays.Return(ref values);
        base.Dispose();
    }
}

/// <summary>Identifiers and intervals: 16 bytes a row, big-endian.</summary>
public sealed class Fixed16Column(ColumnSchema schema) : Column(schema)
{
    private UInt128[] values = [];

    public ReadOnlySpan<UInt128> Values => values.AsSpan(0, Count);
    protected override long ValueBytes => Count * 16L;

    public void Append(UInt128 value)
    {
        if (Count == values.Length) values = ColumnArrays.Grow(values, Count, Count + 1);
        values[Count++] = value;
    }

    protected override void AppendDefault() => Append(0);
    protected override void AppendValueFrom(Column other, int row) => Append(((Fixed16Column)other).values[row]);

    public override void Dispose()
    {
        ColumnArrays.Return(ref values);
        base.Dispose();
    }
}

/// <summary>Text (UTF-8), bytes, decimals, JSON: one heap of bytes, at most <see cref="MaxBytes"/>, and an end offset a row.</summary>
public sealed class BytesColumn(ColumnSchema schema) : Column(schema)
{
    /// <summary>1 GiB less one byte: room enough is left below the longest array for the other cells of a row.</summary>
    public const int MaxBytes = int.MaxValue / 2;

    private byte[] data = [];
    private int[] ends = [];
    private int used;

    protected override long ValueBytes => used + Count * 4L;

    /// <summary>All values, one after another.</summary>
    public ReadOnlySpan<byte> Data => data.AsSpan(0, used);

    /// <summary>
    /// Holds <see cref="Data"/> in place for native code until the handle is disposed. Nothing may be appended meanwhile.
    /// </summary>
    public MemoryHandle Pin() => data.AsMemory(0, used).Pin();

    /// <summary>Exclusive end of each row's value in <see cref="Data"/>.</summary>
    public ReadOnlySpan<int> Ends => ends.AsSpan(0, Count);

    public ReadOnlySpan<byte> this[int row]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var from = row == 0 ? 0 : ends[row - 1];
            return data.AsSpan(from, ends[row] - from);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
    }

    /// <summary>Appends a value of <paramref name="length"/> bytes for the caller to fill, before anything else is appended.</summary>
    /// <exception cref="PawlException"><see cref="Codes.ValueTooLarge"/>; the column stays as it was.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Reserve(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (length > MaxBytes - used) throw TooLarge(length);
        var end = used + length;
        if (end > data.Length) data = ColumnArrays.Grow(data, used, end);
        if (Count == ends.Length) ends = ColumnArrays.Grow(ends, Count, Count + 1);
        var slot = data.AsSpan(used, length);
        used = end;
        ends[Count++] = end;
        return slot;
    }

    protected override void AppendDefault() => Append([]);

    protected override void AppendValueFrom(Column other, int row)
    {
        // Room first, then the value: in a column that copies a cell of its own, growing moves the value.
        var from = (BytesColumn)other;
        var slot = Reserve(from[row].Length);
        from[row].CopyTo(slot);
    }

    private PawlException TooLarge(int length) =>
        new(Fault.Data, Codes.ValueTooLarge, ("column", Schema.Name), ("bytes", (long)used + length), ("limit", MaxBytes));

    public override void Dispose()
    {
        ColumnArrays.Return(ref data);
        ColumnArrays.Return(ref ends);
        used = 0;
        base.Dispose();
    }
}
