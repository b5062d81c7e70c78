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
/// <param name="budget">Bytes of a batch: of lanes that may hold little, the pieces are small.</param>
internal sealed class PgCopyPump(PgCopyOut copy, long budget)
{
    /// <summary>Free bytes in front of each piece, where the beginning of a row that lies across two pieces is put.</summary>
    public const int Headroom = 16 * 1024;

    private const int MinBytes = 128 * 1024, MaxBytes = 512 * 1024, ChunksAhead = 2;

    private readonly int bytes = (int)Math.Clamp(budget / 4, MinBytes, MaxBytes);

    private readonly Channel<PgChunk> chunks = Channel.CreateBounded<PgChunk>(
        new BoundedChannelOptions(ChunksAhead) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource stopped = new();
    private Task? pumping;
    private PgThread? thread;

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
            var taken = 0L;
            for (var isAsked = false; !IsAtEnd;)
            {
                if (!isAsked && taken >= PgSocket.WorthBytes)
                {
                    isAsked = true;
                    if (copy.TakeSocket()) thread = new PgThread();
                }
                taken += await PieceAsync(stopped.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            failure = e;
        }
        finally
        {
            thread?.Dispose();
            GiveSocketBack(ref failure);
            chunks.Writer.Complete(failure);
        }
    }

    private void GiveSocketBack(ref Exception? failure)
    {
        try
        {
            copy.GiveSocketBack();
        }
        catch (IOException e)
        {
            // Nobody would be woken for this connection any more: it is good for nothing but closing.
            IsAtEnd = false;
            failure ??= e;
        }
    }

    /// <summary>Reads one piece and hands it on.</summary>
    /// <returns>Its bytes.</returns>
    private async ValueTask<int> PieceAsync(CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(bytes);
        var used = Headroom;
        try
        {
            while (used < buffer.Length)
            {
                if (thread is not null && copy.HasSocket)
                {
                    await thread.RunAsync(() => used += copy.Fill(buffer.AsSpan(used), ct)).ConfigureAwait(false);
                    if (used == buffer.Length) break;
                }
                var read = await copy.ReadAsync(buffer.AsMemory(used), ct).ConfigureAwait(false);
                if (read == 0)
                {
                    IsAtEnd = true;
                    break;
                }
                used += read;
            }
            await chunks.Writer.WriteAsync(new PgChunk(buffer, used - Headroom), ct).ConfigureAwait(false);
            return used - Headroom;
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }
}
