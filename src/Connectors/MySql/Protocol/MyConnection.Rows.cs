using System.Runtime.CompilerServices;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>The part that rows need: the next packet, the end, and getting rid of what nobody wants.</summary>
internal sealed partial class MyConnection
{
    /// <summary>The next packet of rows.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask TakeAsync(CancellationToken ct)
    {
        isGivenUp = false;
        var registration = ct.UnsafeRegister(static me => ((MyConnection)me!).GiveUp(), this);
        try
        {
            await wire.TakeAsync(hard.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await registration.DisposeAsync().ConfigureAwait(false);
            if (Failed(e, ct) is { } other && other != e) throw other;
            throw;
        }
        await registration.DisposeAsync().ConfigureAwait(false);
        if (!isGivenUp) return;
        await LeaveAsync(isEnd: false, isTaken: true).ConfigureAwait(false);
        throw new OperationCanceledException(ct);
    }

    /// <summary>The packet taken last ends the rows, or is an error.</summary>
    internal MyOk EndRows()
    {
        isBusy = false;
        try
        {
            return Ended(wire.Packet);
        }
        catch (Exception e)
        {
            if (Failed(e, default) is { } other && other != e) throw other;
            throw;
        }
    }

    /// <summary>Gets rid of rows nobody wants. Throws nothing.</summary>
    /// <param name="isEnd">The packet taken last is the end.</param>
    /// <param name="isTaken">The packet taken last is not looked at yet.</param>
    internal async ValueTask LeaveAsync(bool isEnd, bool isTaken = false)
    {
        try
        {
            if (IsBroken) return;
            if (isGivenUp) hard.CancelAfter(Grace);
            using var patience = new CancellationTokenSource(LittleTime);
            await using var registration = patience.Token.UnsafeRegister(static me => ((MyConnection)me!).GiveUp(), this);
            if (isEnd) Ended(wire.Packet);
            else await DrainAsync(hard.Token, isTaken, LittleBytes).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Failed(e, default);
        }
        finally
        {
            isBusy = false;
            Calm();
        }
    }

    /// <summary>The definitions of columns.</summary>
    /// <param name="count">So many come.</param>
    /// <param name="isKept">Otherwise they are read and dropped, and none is returned.</param>
    /// <param name="ct"/>
    private async ValueTask<MyColumn[]> ColumnsAsync(int count, bool isKept, CancellationToken ct)
    {
        var columns = new List<MyColumn>();
        for (var (left, bytes) = (count, 0L); left > 0; left--)
        {
            await wire.TakeAsync(ct).ConfigureAwait(false);
            if (wire.Length > 0 && wire.Packet[0] == MyPackets.Error) throw MyPackets.ParseError(wire.Packet);
            bytes += wire.Length;
            if (bytes > MyPackets.MostDefinitionBytes) throw new MyProtocolException("columns beyond all measure");
            var column = MyPackets.ParseColumn(wire.Packet);
            if (isKept) columns.Add(column);
        }
        if (!DeprecatesEof)
        {
            await wire.TakeAsync(ct).ConfigureAwait(false);
            if (!MyPackets.IsEnd(wire.Packet, deprecatesEof: false)) throw new MyProtocolException("columns without an end");
        }
        return [.. columns];
    }

    /// <summary>Reads rows to their end and drops them; past <paramref name="most"/> bytes the query is killed.</summary>
    private async ValueTask<MyOk> DrainAsync(CancellationToken ct, bool isTaken, int most)
    {
        for (var limit = wire.Received + most; ;)
        {
            if (!isTaken && !wire.TryTake())
            {
                if (wire.Received > limit) GiveUp();
                await wire.TakeAsync(ct).ConfigureAwait(false);
            }
            isTaken = false;
            if (wire.Length == 0) continue;
            if (wire.Packet[0] == MyPackets.Error || MyPackets.IsEnd(wire.Packet, DeprecatesEof)) return Ended(wire.Packet);
        }
    }

    private MyOk Ended(ReadOnlySpan<byte> packet)
    {
        if (packet[0] == MyPackets.Error) throw MyPackets.ParseError(packet);
        var end = DeprecatesEof ? MyPackets.ParseOk(packet) : MyPackets.ParseOldEnd(packet);
        Status = end.Status;
        return end;
    }
}
