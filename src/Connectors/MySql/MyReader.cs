using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>Rows and the position of the last of them.</summary>
internal sealed record MyRead(RowBatch Batch, Position? Last);

/// <summary>
/// One read of one split: a session of its own, or of a held moment, and one statement whose rows are decoded as they come. One caller at
/// a time; <see cref="StopAsync"/> from anywhere.
/// </summary>
internal sealed class MyReader : IAsyncDisposable
{
    private readonly MyLease lease;
    private readonly MyAddress at;
    private readonly TableName table;
    private readonly MyStatement statement;
    private readonly MyRows rows;
    private readonly MySelection selection;
    private readonly BatchBudget budget;
    private readonly CancellationTokenSource stop = new();
    private readonly int fixedBytes;
    /// <summary>The key cells of the row that was taken last: the next one may be on the wire already when a batch ends.</summary>
    private byte[] lastKey = new byte[64];
    private readonly int[] lastEnds;
    private bool isWaiting;
    private bool ended;

    private MyReader(MyLease lease, MyAddress at, TableName table, MyStatement statement, MyRows rows, MySelection selection,
        BatchBudget budget)
    {
        (this.lease, this.at, this.table, this.statement, this.rows) = (lease, at, table, statement, rows);
        (this.selection, this.budget) = (selection, budget);
        lastEnds = new int[selection.Key.Count];
        fixedBytes = 8 * selection.Cells.Length;
    }

    /// <param name="lease">Taken over, also when this throws.</param>
    /// <exception cref="PawlException">Also when it is not the table of the plan any more, or may not be read.</exception>
    public static async ValueTask<MyReader> OpenAsync(MyLease lease, MyAddress at, TableSchema table, ReadOptions read, Position? after,
        Position? through, BatchBudget budget, CancellationToken ct)
    {
        var shape = MyShape.Required(table);
        var said = "select";
        MyStatement? statement = null;
        MyRows? rows = null;
        try
        {
            var selection = new MySelection(table, shape, at, read.Columns);
            string[]? Tuple(Position? p) => p is null ? null : MyKeyCodec.Read(p, shape.Key);
            var query = new MyQuery(table.Name, shape, read.Where, read.Window);
            // An error says what was asked, and holds no values: neither of keys nor of a window's ends.
            said = new MyQuery(table.Name, shape, read.Where).Select(selection.Expressions, null, null);
            await MyTableCheck.RunAsync(lease.Connection, at, table, shape, selection.Names, ct).ConfigureAwait(false);
            if (shape.IsView && Tuple(after) is { } from)
            {
                await MyViews.CheckAsync(lease.Connection, at, table, shape, read, from, Tuple(through), ct).ConfigureAwait(false);
            }
            if (query.IsSorted) await MySorting.PrepareAsync(lease.Connection, shape, ct).ConfigureAwait(false);
            // Rows in binary form: the server spells nothing out that would be read back here, and floats are the same bits.
            var select = query.Select(selection.Expressions, Tuple(after), Tuple(through));
            statement = await lease.Connection.PrepareAsync(select, ct).ConfigureAwait(false);
            rows = await lease.Connection.QueryAsync(statement, ct).ConfigureAwait(false);
            for (var i = 0; i < selection.Cells.Length; i++) selection.Cells[i].Bind(rows.Columns[i]);
            return new MyReader(lease, at, table.Name, statement, rows, selection, budget);
        }
        catch (Exception e)
        {
            if (rows is not null) await rows.DisposeAsync().ConfigureAwait(false);
            if (statement is not null) lease.Connection.Forget(statement);
            await lease.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw Classify(e, at, said, table.Name, lease.IsHeld);
        }
    }

    /// <summary>The next rows; null when there are no more.</summary>
    public async Task<MyRead?> NextAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (ended) return null;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, stop.Token);
        var batch = new RowBatch(selection.Output);
        try
        {
            for (var i = 0; i < selection.Cells.Length; i++) selection.Cells[i].Target = batch.Columns[i];
            var (count, bytes) = (0, 0L);
            while (true)
            {
                if (!Fill(ref count, ref bytes)) break;
                if (await rows.ReadAsync(either.Token).ConfigureAwait(false))
                {
                    isWaiting = true;
                    continue;
                }
                ended = true;
                break;
            }
            if (count == 0)
            {
                batch.Dispose();
                return null;
            }
            batch.Rows = count;
            return new MyRead(batch, Last());
        }
        catch (Exception e)
        {
            batch.Dispose();
            if (e is OperationCanceledException) throw new OperationCanceledException("The read was stopped.", e, ct);
            throw Classify(e, at, "select", table, lease.IsHeld);
        }
    }

    /// <summary>Ends the read wherever it is; a <see cref="NextAsync"/> under way fails.</summary>
    public Task StopAsync() => stop.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await rows.DisposeAsync().ConfigureAwait(false);
        lease.Connection.Forget(statement);
        await lease.DisposeAsync().ConfigureAwait(false);
        stop.Dispose();
    }

    /// <summary>Takes rows that are here already.</summary>
    /// <returns>True: more are to come off the wire first. False: the batch is full.</returns>
    private bool Fill(ref int count, ref long bytes)
    {
        var cells = selection.Cells;
        while (count < budget.Rows && bytes < budget.Bytes)
        {
            if (!isWaiting && !rows.TryRead()) return true;
            var row = rows.Row;
            var places = rows.Cells;
            long size = fixedBytes;
            for (var i = 0; i < cells.Length; i++)
            {
                if (places[i].Length > 0) size += cells[i].Measure(places[i].Length);
            }
            if (size > budget.RowBytes)
            {
                throw new PawlException(Fault.Data, Codes.ValueTooLarge, ("table", table), ("bytes", size), ("limit", budget.RowBytes));
            }
            // A row that would burst the batch waits; alone it always fits.
            isWaiting = count > 0 && bytes + size > budget.Bytes;
            if (isWaiting) return false;
            for (var i = 0; i < cells.Length; i++)
            {
                var place = places[i];
                if (place.Length < 0) cells[i].Target.AppendNull();
                else cells[i].Append(row.Slice(place.Start, place.Length));
            }
            Remember(row, places);
            bytes += size;
            count++;
        }
        return false;
    }

    private void Remember(ReadOnlySpan<byte> row, ReadOnlySpan<MyCell> places)
    {
        var used = 0;
        for (var i = 0; i < lastEnds.Length; i++)
        {
            var key = selection.Key[i];
            var place = places[key.Field];
            if (place.Length < 0)
            {
                throw new PawlException(Fault.Schema, Codes.KeyNull, ("column", key.Part.Column), ("table", table));
            }
            if (used + place.Length > lastKey.Length) Array.Resize(ref lastKey, Math.Max(used + place.Length, lastKey.Length * 2));
            row.Slice(place.Start, place.Length).CopyTo(lastKey.AsSpan(used));
            lastEnds[i] = used += place.Length;
        }
    }

    /// <summary>Null where there is no key, or where the server would not know it again: the rows are committed with later ones.</summary>
    private Position? Last()
    {
        if (lastEnds.Length == 0) return null;
        var values = new string[lastEnds.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var from = i == 0 ? 0 : lastEnds[i - 1];
            var key = selection.Key[i];
            values[i] = MyKeyCodec.Text(key.Part, key.Wire, rows.Columns[key.Field], lastKey.AsSpan(from, lastEnds[i] - from));
            if (!MyKeyCodec.IsSayable(key.Part, values[i])) return null;
        }
        return MyKeyCodec.Write(values);
    }

    /// <param name="isHeld">In a moment that others read in, too.</param>
    public static PawlException Classify(Exception e, MyAddress at, string doing, TableName table, bool isHeld)
    {
        // The table was altered after the transaction had begun to look: in a fresh one it is seen as it is now.
        if (e is MyServerException { Number: 1412 })
        {
            return isHeld ? new PawlException(Fault.PositionLost, Codes.SnapshotLost, e, ("table", table), ("cause", e.Message))
                : new PawlException(Fault.Transient, Codes.Busy, e, ("table", table), ("cause", e.Message), ("endpoint", at.Display));
        }
        // The index that orders the read is gone.
        if (e is MyServerException { Number: 1176 })
        {
            return new PawlException(Fault.Schema, Codes.SchemaChanged, e, ("table", table), ("changed", e.Message));
        }
        return MyFaults.Classify(e, at.Server, doing, table, MyTableCheck.Grant(at, table));
    }
}
