using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>Where a cell lies in <see cref="MyRows.Row"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MyCell
{
    /// <summary>Offset of its first byte.</summary>
    public int Start;
    /// <summary>Bytes; -1 = NULL.</summary>
    public int Length;

    public readonly bool IsNull => Length < 0;
}

/// <summary>
/// The rows of one query as they come off the wire. In text form: numbers as digits, times as text, everything else as the bytes the
/// column's charset has. In binary form numbers and times are as <see cref="MyBinary"/> reads them. The fast way through them awaits once
/// per buffer:
/// <code>while (await rows.ReadAsync(ct)) { do { … rows.Bytes(0) … } while (rows.TryRead()); }</code>
/// Nothing is allocated per row. Spans hold until the next read. Not thread-safe; the connection takes no other statement until the end
/// or <see cref="DisposeAsync"/>.
/// </summary>
internal sealed class MyRows : IAsyncDisposable
{
    private readonly MyConnection connection;
    private readonly MyWire wire;
    private readonly MyCell[] cells;
    /// <summary>The packet taken last is no row; it is still to be looked at.</summary>
    private bool isHeld;

    /// <summary>Bytes of each column's cells, 0 where every cell says it itself; null = text form.</summary>
    private readonly byte[]? widths;

    internal MyRows(MyConnection connection, MyWire wire, IReadOnlyList<MyColumn> columns, bool isBinary)
    {
        (this.connection, this.wire, Columns) = (connection, wire, columns);
        cells = new MyCell[columns.Count];
        if (isBinary) widths = [.. columns.Select(c => (byte)MyBinary.Width(c.Type))];
    }

    /// <summary>At least 1, at most 4096.</summary>
    public IReadOnlyList<MyColumn> Columns { get; }

    /// <summary>The last row was read, or there was an error. From then on the connection is free.</summary>
    public bool IsAtEnd { get; private set; }

    /// <summary>The server's word after the last row: warnings and status.</summary>
    public MyOk End { get; private set; }

    /// <summary>The row's bytes as they came; cells lie in it by <see cref="Cells"/>.</summary>
    public ReadOnlySpan<byte> Row => wire.Packet;

    /// <summary>One per column.</summary>
    public ReadOnlySpan<MyCell> Cells => cells;

    /// <summary>Goes to the next row; false = there is none. Cancelled: see <see cref="MyConnection"/>.</summary>
    /// <exception cref="MyServerException">The server gave up half-way.</exception>
    /// <exception cref="MyProtocolException"/>
    /// <exception cref="IOException">The connection broke.</exception>
    public ValueTask<bool> ReadAsync(CancellationToken ct) => TryRead() ? new(true) : ReadSlowlyAsync(ct);

    /// <summary>
    /// Goes to the next row if all of it is here already; false = it is not, or there is none: <see cref="ReadAsync"/> tells.
    /// </summary>
    public bool TryRead()
    {
        if (isHeld || IsAtEnd) return false;
        try
        {
            if (!wire.TryTake()) return false;
            isHeld = !TakeRow();
        }
        catch (MyProtocolException)
        {
            Broke();
            throw;
        }
        return !isHeld;
    }

    public bool IsNull(int column) => cells[column].Length < 0;

    /// <summary>A cell's bytes; empty for NULL.</summary>
    public ReadOnlySpan<byte> Bytes(int column)
    {
        var cell = cells[column];
        return cell.Length <= 0 ? [] : wire.Input.AsSpan(wire.Start + cell.Start, cell.Length);
    }

    /// <summary>
    /// Leaves the rest unread: what is little is read to its end, else the query is killed and its end awaited for some seconds, else the
    /// connection is cut. Afterwards the connection is usable or <see cref="MyConnection.IsBroken"/>. Throws nothing.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (IsAtEnd) return;
        IsAtEnd = true;
        await connection.LeaveAsync(isHeld).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReadSlowlyAsync(CancellationToken ct)
    {
        while (true)
        {
            if (IsAtEnd) return false;
            if (isHeld)
            {
                isHeld = false;
                IsAtEnd = true;
                End = connection.EndRows();
                return false;
            }
            try
            {
                await connection.TakeAsync(ct).ConfigureAwait(false);
                isHeld = !TakeRow();
            }
            catch (MyProtocolException)
            {
                Broke();
                throw;
            }
            catch (Exception)
            {
                IsAtEnd = true;
                throw;
            }
            if (!isHeld) return true;
        }
    }

    private void Broke()
    {
        IsAtEnd = true;
        connection.Break();
    }

    /// <returns>False: it is not a row.</returns>
    private bool TakeRow()
    {
        var row = wire.Packet;
        if (row.Length > 0 && (row[0] == MyPackets.Error || MyPackets.IsEnd(row, connection.DeprecatesEof))) return false;
        var at = 0;
        if (widths is not null)
        {
            TakeBinary(row, widths);
            return true;
        }
        foreach (ref var cell in cells.AsSpan()) cell = Counted(row, ref at);
        if (at != row.Length) throw Misfit();
        return true;
    }

    /// <summary>A zero, a bit for each column that is NULL (the first two mean nothing), the cells that are not.</summary>
    private void TakeBinary(ReadOnlySpan<byte> row, byte[] widths)
    {
        const int FirstBit = 2;
        var at = 1 + (cells.Length + FirstBit + 7) / 8;
        if (row.Length < at || row[0] != 0) throw Misfit();
        for (var i = 0; i < cells.Length; i++)
        {
            if ((row[1 + (i + FirstBit >> 3)] >> (i + FirstBit & 7) & 1) != 0)
            {
                cells[i] = new MyCell { Start = at, Length = -1 };
                continue;
            }
            int width = widths[i];
            if (width == 0)
            {
                cells[i] = Counted(row, ref at);
                if (cells[i].Length < 0) throw Misfit();
                continue;
            }
            if (width > row.Length - at) throw Misfit();
            cells[i] = new MyCell { Start = at, Length = width };
            at += width;
        }
        if (at != row.Length) throw Misfit();
    }

    private static MyCell Counted(ReadOnlySpan<byte> row, ref int at)
    {
        if ((uint)at >= (uint)row.Length) throw Misfit();
        uint length = row[at++];
        if (length >= 0xFB)
        {
            if (length == 0xFB) return new MyCell { Start = at, Length = -1 };
            var more = new MyReader(row[(at - 1)..]);
            var left = more.Left;
            var number = more.Number();
            at += left - more.Left - 1;
            if (number > int.MaxValue) throw Misfit();
            length = (uint)number;
        }
        if (length > (uint)(row.Length - at)) throw Misfit();
        var cell = new MyCell { Start = at, Length = (int)length };
        at += (int)length;
        return cell;
    }

    private static MyProtocolException Misfit() => new("a row does not hold what its columns say");
}
