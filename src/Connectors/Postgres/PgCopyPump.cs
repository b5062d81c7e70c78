using System.Buffers;
using System.Threading.Channels;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// A piece of a copy stream. The bytes lie behind <see cref="PgCopyPump.Headroom"/> free ones. Begins with one user; its memory goes back
/// when the last lets go of it. Thread-safe.
/// </summary>
/// <param name="buffer">Of the shared pool when <paramref name="isRented"/>.</param>
/// <param name="length">Bytes of the stream in it.</param>
internal sealed class PgChunk(byte[] buffer, int length, bool isRented = true)
{
    private int users = 1;

    public byte[] Buffer => buffer;

    public int Length => length;

    /// <summary>Somebody else reads it too.</summary>
    public bool IsShared => Volatile.Read(ref users) > 1;

    public void Share() => Interlocked.Increment(ref users);

    public void Release()
    {
        if (Interlocked.Decrement(ref users) == 0 && isRented) ArrayPool<byte>.Shared.Return(buffer);
    }
}

/// <summary>
/// Reads a copy stream in a task of its own, a bounded number of large pieces ahead, so that the network, the server and the decoder work
/// at the same time. <see cref="StopAsync"/> ends it from any state.
/// </summary>
internal sealed class PgCopyPump(PgCopyOut copy)
{
    /// <summary>Free bytes in front of each piece, where the beginning of a row that lies across two pieces is put.</summary>
    public const int Headroom = 16 * 1024;

    private const int ChunkBytes = 256 * 1024, ChunksAhead = 2;

    private readonly Channel<PgChunk> chunks = Channel.CreateBounded<PgChunk>(
        new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource stopped = new();
    private Task? pumping;

    /// <summary>The server has sent everything: there is nothing left to cancel.</summary>
    public bool IsAtEnd { get; private set; }

    public void Start() => pumping = Task.Run(PumpAsync);

    /// <summary>The next piece; null at the end of the stream. Throws what the driver threw.</summary>
    public async ValueTask<PgChunk?> NextAsync(CancellationToken ct)
    {
        try
        {
            return await chunks.Reader.ReadAsync(ct).ConfigureAwait(false);
        }
        catch (ChannelClosedException e)
        {
            if (e.InnerException is { } cause) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
            return null;
        }
    }

    /// <summary>Stops reading, even in the middle of a wait for the server, and gives everything back.</summary>
    public async ValueTask StopAsync()
    {
        await stopped.CancelAsync().ConfigureAwait(false);
        if (pumping is not null) await pumping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (chunks.Reader.TryRead(out var chunk)) chunk.Release();
        stopped.Dispose();
    }

    private async Task PumpAsync()
    {
        Exception? failure = null;
        try
        {
            var (more, bytes) = (true, 0L);
            while (more && bytes < PgSocket.WorthBytes) (more, bytes) = await PieceAsync(bytes).ConfigureAwait(false);
            if (more && copy.TakeSocket())
            {
                await Task.Factory.StartNew(PumpHere, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
                    .ConfigureAwait(false);
            }
            else
            {
                while (more) (more, bytes) = await PieceAsync(bytes).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            failure = e;
        }
        finally
        {
            copy.GiveSocketBack();
            chunks.Writer.Complete(failure);
        }
    }

    /// <summary>The rest of a long stream, on a thread that may wait.</summary>
    private void PumpHere()
    {
        while (PieceAsync(0).AsTask().GetAwaiter().GetResult().More) continue;
    }

    /// <summary>Reads one piece and hands it on.</summary>
    /// <returns>False at the stream's end, and <paramref name="bytes"/> with those of the piece.</returns>
    private async ValueTask<(bool More, long Bytes)> PieceAsync(long bytes)
    {
        var ct = stopped.Token;
        var buffer = ArrayPool<byte>.Shared.Rent(Headroom + ChunkBytes);
        var used = Headroom;
        try
        {
            while (used < buffer.Length)
            {
                var read = await copy.ReadAsync(buffer.AsMemory(used), ct).ConfigureAwait(false);
                if (read == 0)
                {
                    IsAtEnd = true;
                    break;
                }
                used += read;
            }
            await chunks.Writer.WriteAsync(new PgChunk(buffer, used - Headroom), ct).ConfigureAwait(false);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
        return (!IsAtEnd, bytes + used - Headroom);
    }
}
