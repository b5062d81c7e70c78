using System.Buffers;
using System.Buffers.Binary;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Why <see cref="PgTuples.Decode"/> came back.</summary>
internal enum PgPause
{
    /// <summary>The next row is not all there yet: <see cref="PgTuples.MoreAsync"/>.</summary>
    Hungry,
    /// <summary>The budget is used up.</summary>
    Full,
    /// <summary>There are no more rows.</summary>
    End,
}

/// <summary>
/// Rows of a binary copy stream, decoded in place: a 16-bit field count, then for each field a 32-bit length (-1 = null) and its bytes;
/// a count of -1 ends the stream. A row that lies across two pieces is put together once. One caller at a time.
/// https://www.postgresql.org/docs/current/sql-copy.html
/// </summary>
/// <param name="cells">One for each column of the batch.</param>
/// <param name="fields">Fields of a row, those after the columns included.</param>
internal sealed class PgTuples(PgCopyPump pump, PgCells[] cells, int fields) : IDisposable
{
    private const int HeaderBytes = 19;

    /// <summary>The largest array that is kept for another row: the pool's are powers of two, and twice a larger one is too much.</summary>
    private const int PooledBytes = 4 << 20;

    private static readonly byte[] Signature = [.. "PGCOPY\n"u8, 0xFF, .. "\r\n\0"u8];
    private PgChunk? chunk;
    private byte[] data = [];
    private int at;
    private int end;
    private bool isWide;
    private bool begun;
    private int lastAt;
    private int lastBytes;
    private byte[] kept = [];

    /// <summary>Fields that are read for the position alone.</summary>
    private bool HasHidden => fields > cells.Length;

    /// <summary>Bytes of the last decoded row, valid until the next call.</summary>
    public ReadOnlySpan<byte> Last => lastAt < 0 ? kept.AsSpan(0, lastBytes) : data.AsSpan(lastAt, lastBytes);

    /// <summary>Decodes whole rows into the cells' columns until something pauses it.</summary>
    /// <param name="rows">Rows of the batch so far; raised.</param>
    /// <param name="bytes">Their size on the wire; raised.</param>
    public PgPause Decode(BatchBudget budget, ref int rows, ref long bytes)
    {
        if (!begun && !Begin()) return PgPause.Hungry;
        while (rows < budget.Rows && bytes < budget.Bytes)
        {
            var size = Size(budget.RowBytes);
            if (size == 0) return PgPause.Hungry;
            if (size < 0) return PgPause.End;
            // A row that would burst the batch waits; alone it always fits.
            if (rows > 0 && bytes + size > budget.Bytes) return PgPause.Full;
            (lastAt, lastBytes) = (at, size);
            Append(data.AsSpan(at + 2, size - 2));
            at += size;
            bytes += size;
            rows++;
        }
        return PgPause.Full;
    }

    /// <summary>
    /// Whole rows as they are, in place where the wire has nothing that the batch does not want; null when
    /// <paramref name="pause"/> came before the first.
    /// </summary>
    /// <param name="rows">How many.</param>
    public PgWireRows? Take(string format, BatchBudget budget, out int rows, out PgPause pause)
    {
        rows = 0;
        pause = PgPause.Hungry;
        if (!begun && !Begin()) return null;
        var (from, bytes) = (at, 0L);
        pause = PgPause.Full;
        while (rows < budget.Rows && bytes < budget.Bytes)
        {
            var size = Size(budget.RowBytes);
            if (size <= 0)
            {
                pause = size == 0 ? PgPause.Hungry : PgPause.End;
                break;
            }
            if (rows > 0 && bytes + size > budget.Bytes) break;
            (lastAt, lastBytes) = (at, size);
            at += size;
            bytes += size;
            rows++;
        }
        if (rows == 0) return null;
        if (HasHidden) return new PgWireRows(format, cells, Cut(from, rows, out var cut), 0, cut);
        chunk!.Share();
        return new PgWireRows(format, cells, chunk, from, at - from);
    }

    /// <summary>The same rows without the hidden fields at their ends.</summary>
    private PgChunk Cut(int from, int rows, out int length)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(at - from);
        var source = data.AsSpan(from, at - from);
        var to = 0;
        for (; rows > 0; rows--)
        {
            BinaryPrimitives.WriteInt16BigEndian(buffer.AsSpan(to), checked((short)cells.Length));
            var end = Skip(source, cells.Length);
            source[2..end].CopyTo(buffer.AsSpan(to + 2));
            to += end;
            source = source[(end + Skip(source[(end - 2)..], fields - cells.Length) - 2)..];
        }
        length = to;
        return new PgChunk(buffer, to);
    }

    /// <summary>Where a row's field of that number begins.</summary>
    private static int Skip(ReadOnlySpan<byte> row, int count)
    {
        var place = 2;
        for (; count > 0; count--) place += 4 + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(row[place..]));
        return place;
    }

    /// <summary>Waits for more of the stream.</summary>
    /// <exception cref="PawlException">The stream ended within a row.</exception>
    public async ValueTask MoreAsync(CancellationToken ct)
    {
        if (lastAt >= 0 && lastBytes > 0)
        {
            if (kept.Length < lastBytes) kept = new byte[Math.Max(lastBytes, 512)];
            data.AsSpan(lastAt, lastBytes).CopyTo(kept);
            lastAt = -1;
        }
        if (await pump.NextAsync(ct).ConfigureAwait(false) is not { Length: > 0 } next) throw Ended();
        var left = end - at;
        if (left <= PgCopyPump.Headroom)
        {
            data.AsSpan(at, left).CopyTo(next.Buffer.AsSpan(PgCopyPump.Headroom - left));
            Release();
            (chunk, data, at, end) = (next, next.Buffer, PgCopyPump.Headroom - left, PgCopyPump.Headroom + next.Length);
            return;
        }
        Widen(left, next);
    }

    public void Dispose() => Release();

    /// <summary>The bytes of one field of a row; null where the cell is.</summary>
    /// <param name="row">As in <see cref="Last"/>.</param>
    public static bool TryField(ReadOnlySpan<byte> row, int field, out ReadOnlySpan<byte> value)
    {
        var at = 2;
        for (var i = 0; ; i++)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(row[at..]);
            at += 4;
            if (i == field)
            {
                value = length < 0 ? default : row.Slice(at, length);
                return length >= 0;
            }
            at += Math.Max(0, length);
        }
    }

    /// <summary>A row larger than the headroom is collected in an array of its own, which doubles.</summary>
    private void Widen(int left, PgChunk next)
    {
        var needed = checked(left + next.Length);
        if (!isWide || chunk!.IsShared || data.Length < needed)
        {
            // The array that a batch still reads stays as it is, and says nothing about the next: only one row that goes on and on doubles.
            var size = isWide && !chunk!.IsShared ? Math.Max(needed, (int)Math.Min(2L * data.Length, Array.MaxLength)) : needed;
            var isRented = size <= PooledBytes;
            var wide = isRented ? ArrayPool<byte>.Shared.Rent(size) : GC.AllocateUninitializedArray<byte>(size);
            data.AsSpan(at, left).CopyTo(wide);
            Release();
            (chunk, data, isWide) = (new PgChunk(wide, wide.Length, isRented), wide, true);
        }
        else data.AsSpan(at, left).CopyTo(data);
        next.Buffer.AsSpan(PgCopyPump.Headroom, next.Length).CopyTo(data.AsSpan(left));
        next.Release();
        (at, end) = (0, needed);
    }

    private void Release()
    {
        chunk?.Release();
        (chunk, data, isWide) = (null, [], false);
    }

    private bool Begin()
    {
        if (end - at < HeaderBytes) return false;
        var extension = BinaryPrimitives.ReadInt32BigEndian(data.AsSpan(at + 15));
        if (!data.AsSpan(at, 11).SequenceEqual(Signature) || extension is < 0 or > 1024) throw Wrong("not a binary copy stream");
        if (end - at < HeaderBytes + extension) return false;
        at += HeaderBytes + extension;
        return begun = true;
    }

    /// <summary>Bytes of the row that begins here; 0 = not all there, -1 = the end of the stream.</summary>
    /// <exception cref="PawlException">The row is larger than it may be; said as soon as its lengths are known.</exception>
    private int Size(long most)
    {
        var bytes = data.AsSpan(at, end - at);
        if (bytes.Length < 2) return 0;
        var count = BinaryPrimitives.ReadInt16BigEndian(bytes);
        if (count == -1) return -1;
        if (count != fields) throw Wrong(FormattableString.Invariant($"{count} fields in a row of {fields}"));
        long size = 2;
        for (var i = 0; i < count; i++)
        {
            if (size + 4 > bytes.Length) return 0;
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes[(int)size..]);
            if (length < -1) throw Wrong(FormattableString.Invariant($"a field of {length} bytes"));
            size += 4 + Math.Max(0, length);
            if (size > most) throw TooLarge(i, size, most);
        }
        return size > bytes.Length ? 0 : (int)size;
    }

    private void Append(ReadOnlySpan<byte> row)
    {
        foreach (var cell in cells)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(row);
            if (length < 0)
            {
                cell.Target.AppendNull();
                row = row[4..];
            }
            else
            {
                cell.Append(row.Slice(4, length));
                row = row[(4 + length)..];
            }
        }
    }

    private PawlException TooLarge(int field, long size, long most)
    {
        List<(string, object?)> details = [("bytes", size), ("limit", most)];
        if (field < cells.Length) details.Add(("column", cells[field].Name));
        return new PawlException(Fault.Data, Codes.ValueTooLarge, [.. details]);
    }

    private static PawlException Wrong(string cause) => new(Fault.Bug, Codes.ContractBroken, ("cause", cause));

    private static PawlException Ended() => new(Fault.Transient, Codes.Unreachable, ("cause", "the copy stream ended within a row"));
}
