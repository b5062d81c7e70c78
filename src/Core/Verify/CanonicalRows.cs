using System.Buffers;
using System.Runtime.CompilerServices;
using Pawl.Model;

namespace Pawl.Verify;

/// <summary>
/// Digest v1: the bytes of a row, the same whichever system the row was read from (docs/digest-v1.md). A row is the number of its columns
/// and then its cells in order; every cell says by its first byte and length where it ends, so that no two different rows have the same
/// bytes. Written column by column over a run of rows; nothing is allocated a cell. Thread-safe.
/// </summary>
public static class CanonicalRows
{
    private const int RunRows = 128;
    private const int RunBytes = 256 << 10;

    /// <summary>The bytes of one row.</summary>
    /// <param name="row">0-based.</param>
    public static byte[] Encode(RowBatch batch, int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)batch.Rows);
        Span<int> starts = stackalloc int[2];
        Span<int> ends = stackalloc int[1];
        var room = Room(batch, row, 1, starts);
        var buffer = new byte[room];
        Write(batch, row, buffer, starts[..1], ends);
        return buffer[..ends[0]];
    }

    /// <summary>The 128-bit hash of each row.</summary>
    /// <param name="hashes">As long as the batch has rows.</param>
    /// <exception cref="PawlException"><see cref="Codes.ValueTooLarge"/> when a row is longer than an array can be.</exception>
    public static void Hash(RowBatch batch, Span<UInt128> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hashes.Length, batch.Rows);
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            Span<int> starts = stackalloc int[RunRows + 1];
            Span<int> ends = stackalloc int[RunRows];
            for (var from = 0; from < batch.Rows;)
            {
                var rows = Math.Min(RunRows, batch.Rows - from);
                var room = Room(batch, from, rows, starts);
                while (room > RunBytes && rows > 1) room = Room(batch, from, rows /= 2, starts);
                if (room > buffer.Length)
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = [];
                    buffer = ArrayPool<byte>.Shared.Rent(room);
                }
                Write(batch, from, buffer, starts[..rows], ends);
                for (var r = 0; r < rows; r++) hashes[from + r] = Xxh3.Hash128(buffer.AsSpan(starts[r], ends[r] - starts[r]));
                from += rows;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Fills <paramref name="starts"/>: where each row may begin for its longest form to fit. Returns the bytes in all.</summary>
    private static int Room(RowBatch batch, int from, int rows, Span<int> starts)
    {
        long fixedRoom = 5, own = 0;
        foreach (var column in batch.Columns)
        {
            fixedRoom += FixedRoom(column);
            if (column is BytesColumn bytes) own += bytes.Ends[from + rows - 1] - (from == 0 ? 0 : bytes.Ends[from - 1]);
            own += StrayRoom(column, from, rows);
        }
        var all = fixedRoom * rows + own;
        if (all > Array.MaxLength)
        {
            // Halving the run comes first; a single row that long is a fault of the data.
            if (rows > 1) return int.MaxValue;
            throw new PawlException(Fault.Data, Codes.ValueTooLarge, ("table", batch.Schema.Name), ("bytes", all));
        }
        starts[0] = 0;
        for (var r = 1; r <= rows; r++) starts[r] = (int)fixedRoom;
        foreach (var column in batch.Columns)
        {
            if (column is BytesColumn bytes)
            {
                for (var r = 1; r <= rows; r++) starts[r] += bytes[from + r - 1].Length;
            }
            if (column.Strays is null) continue;
            for (var r = 1; r <= rows; r++) starts[r] += column.Stray(from + r - 1)?.Data?.Length ?? 0;
        }
        for (var r = 1; r <= rows; r++) starts[r] += starts[r - 1];
        return (int)all;
    }

    /// <summary>Most bytes a cell takes beyond its own length; a stray takes no more than that either (9, or 6 and its length).</summary>
    private static int FixedRoom(Column column) => column.Schema.Type.Kind switch
    {
        TypeKind.Decimal => CanonicalDecimal.Room,
        TypeKind.UnsignedInteger => CanonicalUnsigned.Room,
        TypeKind.Interval or TypeKind.Uuid => CanonicalInterval.Room,
        TypeKind.Time or TypeKind.DateTime or TypeKind.Instant => CanonicalInstant.Room,
        _ => CanonicalWhole.Room,
    };

    private static long StrayRoom(Column column, int from, int rows)
    {
        if (column.Strays is null) return 0;
        long sum = 0;
        for (var row = from; row < from + rows; row++) sum += column.Stray(row)?.Data?.Length ?? 0;
        return sum;
    }

    private static void Write(RowBatch batch, int from, byte[] buffer, ReadOnlySpan<int> starts, Span<int> ends)
    {
        for (var r = 0; r < starts.Length; r++)
        {
            ends[r] = starts[r] + CanonicalLength.Write(buffer.AsSpan(starts[r]), batch.Columns.Length);
        }
        ends = ends[..starts.Length];
        foreach (var column in batch.Columns) WriteColumn(column, from, buffer, ends);
    }

    private static void WriteColumn(Column column, int from, byte[] buffer, Span<int> at)
    {
        switch (column.Schema.Type.Kind)
        {
            case TypeKind.Bool or TypeKind.Integer: Whole<CanonicalWhole>(column, from, buffer, at); break;
            case TypeKind.UnsignedInteger: Whole<CanonicalUnsigned>(column, from, buffer, at); break;
            case TypeKind.Date: Whole<CanonicalDate>(column, from, buffer, at); break;
            case TypeKind.Time: Whole<CanonicalTime>(column, from, buffer, at); break;
            case TypeKind.DateTime: Whole<CanonicalDateTime>(column, from, buffer, at); break;
            case TypeKind.Instant: Whole<CanonicalInstant>(column, from, buffer, at); break;
            case TypeKind.Float32 or TypeKind.Float64: Real(column, from, buffer, at); break;
            case TypeKind.Interval: Wide<CanonicalInterval>(column, from, buffer, at); break;
            case TypeKind.Uuid: Wide<CanonicalUuid>(column, from, buffer, at); break;
            case TypeKind.Decimal: Slices<CanonicalDecimal>(column, from, buffer, at); break;
            case TypeKind.Text or TypeKind.Any: Slices<CanonicalText>(column, from, buffer, at); break;
            case TypeKind.Bytes: Slices<CanonicalBytes>(column, from, buffer, at); break;
            case TypeKind.Json: Slices<CanonicalJson>(column, from, buffer, at); break;
            case TypeKind.Native: Slices<CanonicalNative>(column, from, buffer, at); break;
            default: throw new PawlException(Fault.Bug, Codes.ContractBroken, ("type", column.Schema.Type.Kind));
        }
    }

    private static void Whole<TCanonical>(Column column, int from, byte[] buffer, Span<int> at)
        where TCanonical : struct, ICanonical<long>
    {
        var values = ((Int64Column)column).Values.Slice(from, at.Length);
        var odd = column.HasNulls || column.Strays is not null;
        for (var r = 0; r < at.Length; r++)
        {
            if (odd && WriteOdd(column, from + r, buffer, ref at[r])) continue;
            at[r] += TCanonical.Write(buffer.AsSpan(at[r]), values[r]);
        }
    }

    private static void Real(Column column, int from, byte[] buffer, Span<int> at)
    {
        var values = ((Float64Column)column).Values.Slice(from, at.Length);
        var odd = column.HasNulls || column.Strays is not null;
        for (var r = 0; r < at.Length; r++)
        {
            if (odd && WriteOdd(column, from + r, buffer, ref at[r])) continue;
            at[r] += CanonicalFloat.Write(buffer.AsSpan(at[r]), values[r]);
        }
    }

    private static void Wide<TCanonical>(Column column, int from, byte[] buffer, Span<int> at)
        where TCanonical : struct, ICanonical<UInt128>
    {
        var values = ((Fixed16Column)column).Values.Slice(from, at.Length);
        var odd = column.HasNulls || column.Strays is not null;
        for (var r = 0; r < at.Length; r++)
        {
            if (odd && WriteOdd(column, from + r, buffer, ref at[r])) continue;
            at[r] += TCanonical.Write(buffer.AsSpan(at[r]), values[r]);
        }
    }

    private static void Slices<TCanonical>(Column column, int from, byte[] buffer, Span<int> at)
        where TCanonical : struct, ICanonical<ReadOnlySpan<byte>>
    {
        var data = ((BytesColumn)column).Data;
        var ends = ((BytesColumn)column).Ends.Slice(from, at.Length);
        var start = from == 0 ? 0 : ((BytesColumn)column).Ends[from - 1];
        var odd = column.HasNulls || column.Strays is not null;
        for (var r = 0; r < at.Length; r++)
        {
            var value = data[start..ends[r]];
            start = ends[r];
            if (odd && WriteOdd(column, from + r, buffer, ref at[r])) continue;
            at[r] += TCanonical.Write(buffer.AsSpan(at[r]), value);
        }
    }

    /// <summary>Writes a null, or a stray cell by what it really holds; false when the row has neither.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool WriteOdd(Column column, int row, byte[] buffer, ref int at)
    {
        if (column.IsNull(row))
        {
            buffer[at++] = CanonicalTag.Null;
            return true;
        }
        if (column.Stray(row) is not { } cell) return false;
        var room = buffer.AsSpan(at);
        at += cell.Kind switch
        {
            TypeKind.Integer => CanonicalWhole.Write(room, cell.Number),
            TypeKind.Float64 => CanonicalFloat.Write(room, BitConverter.Int64BitsToDouble(cell.Number)),
            TypeKind.Text => CanonicalText.Write(room, cell.Data),
            TypeKind.Bytes => CanonicalBytes.Write(room, cell.Data),
            _ => throw new PawlException(Fault.Bug, Codes.ContractBroken, ("stray", cell.Kind)),
        };
        return true;
    }
}
