using System.Buffers;
using System.Runtime.CompilerServices;

namespace Pawl.Model;

/// <summary>A cell that does not hold its column's declared type (SQLite), carried exactly.</summary>
/// <param name="Kind">Integer, Float64, Text or Bytes.</param>
/// <param name="Number">The value, or the bits of the double; 0 for text and bytes.</param>
/// <param name="Data">The bytes for text and bytes; null otherwise.</param>
public readonly record struct StrayCell(TypeKind Kind, long Number, byte[]? Data);

/// <summary>
/// One column of a <see cref="RowBatch"/>: values in row order, nulls as a bitmap. Arrays are rented and grow by doubling. Not thread-safe.
/// A null or stray row still takes a place in the values (0, or an empty slice), so that row numbers are plain indexes.
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
    public Dictionary<int, StrayCell>? Strays { get; private set; }

    /// <summary>The stray cell of a row; null when the cell is of the declared type, or null.</summary>
    public StrayCell? Stray(int row) => Strays is not null && Strays.TryGetValue(row, out var cell) ? cell : null;

    /// <summary>Payload in bytes, for budgets.</summary>
    public abstract long Bytes { get; }

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
        (Strays ??= [])[row] = cell;
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
            var grown = ArrayPool<ulong>.Shared.Rent(Math.Max(16, Math.Max(word + 1, nulls.Length * 2)));
            Array.Clear(grown);
            nulls.CopyTo(grown, 0);
            if (nulls.Length > 0) ArrayPool<ulong>.Shared.Return(nulls);
            nulls = grown;
        }
        nulls[word] |= 1UL << (row & 63);
        nullCount++;
    }

    protected static T[] Grow<T>(T[] old, int used, int wanted)
    {
        var grown = ArrayPool<T>.Shared.Rent(Math.Max(256, Math.Max(wanted, (int)Math.Min(Array.MaxLength, (long)old.Length * 2))));
        Array.Copy(old, grown, used);
        if (old.Length > 0) ArrayPool<T>.Shared.Return(old);
        return grown;
    }

    protected static void Return<T>(ref T[] array)
    {
        if (array.Length > 0) ArrayPool<T>.Shared.Return(array);
        array = [];
    }

    public virtual void Dispose()
    {
        Return(ref nulls);
        nullCount = 0;
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
    public override long Bytes => Count * 8L;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(long value)
    {
        if (Count == values.Length) values = Grow(values, Count, Count + 1);
        values[Count++] = value;
    }

    protected override void AppendDefault() => Append(0);
    protected override void AppendValueFrom(Column other, int row) => Append(((Int64Column)other).values[row]);

    public override void Dispose()
    {
        Return(ref values);
        base.Dispose();
    }
}

/// <summary>Floating point numbers: one double a row, bits kept.</summary>
public sealed class Float64Column(ColumnSchema schema) : Column(schema)
{
    private double[] values = [];

    public ReadOnlySpan<double> Values => values.AsSpan(0, Count);
    public override long Bytes => Count * 8L;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Append(double value)
    {
        if (Count == values.Length) values = Grow(values, Count, Count + 1);
        values[Count++] = value;
    }

    protected override void AppendDefault() => Append(0);
    protected override void AppendValueFrom(Column other, int row) => Append(((Float64Column)other).values[row]);

    public override void Dispose()
    {
        Return(ref values);
        base.Dispose();
    }
}

/// <summary>Identifiers and intervals: 16 bytes a row, big-endian.</summary>
public sealed class Fixed16Column(ColumnSchema schema) : Column(schema)
{
    private UInt128[] values = [];

    public ReadOnlySpan<UInt128> Values => values.AsSpan(0, Count);
    public override long Bytes => Count * 16L;

    public void Append(UInt128 value)
    {
        if (Count == values.Length) values = Grow(values, Count, Count + 1);
        values[Count++] = value;
    }

    protected override void AppendDefault() => Append(0);
    protected override void AppendValueFrom(Column other, int row) => Append(((Fixed16Column)other).values[row]);

    public override void Dispose()
    {
        Return(ref values);
        base.Dispose();
    }
}

/// <summary>Text (UTF-8), bytes, decimals, JSON: one heap of bytes and an end offset a row. At most 2 GiB in all, checked.</summary>
public sealed class BytesColumn(ColumnSchema schema) : Column(schema)
{
    private byte[] data = [];
    private int[] ends = [];
    private int used;

    public override long Bytes => used + Count * 4L;

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

    /// <summary>Appends a value of <paramref name="length"/> bytes for the caller to fill at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Reserve(int length)
    {
        var end = checked(used + length);
        if (end > data.Length) data = Grow(data, used, end);
        if (Count == ends.Length) ends = Grow(ends, Count, Count + 1);
        var slot = data.AsSpan(used, length);
        used = end;
        ends[Count++] = end;
        return slot;
    }

    protected override void AppendDefault() => Append([]);
    protected override void AppendValueFrom(Column other, int row) => Append(((BytesColumn)other)[row]);

    public override void Dispose()
    {
        Return(ref data);
        Return(ref ends);
        used = 0;
        base.Dispose();
    }
}
