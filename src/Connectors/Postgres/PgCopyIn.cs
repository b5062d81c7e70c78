using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// One COPY … FROM STDIN at a time on a session: while one buffer is on its way to the server the next is filled. Not thread-safe.
/// </summary>
internal sealed class PgCopyIn(NpgsqlConnection connection) : IDisposable
{
    private PgCopyBuffer filling = new();
    private PgCopyBuffer sending = new();

    /// <summary>
    /// Sends the rows [<paramref name="from"/>, <paramref name="to"/>) of the batch that the encoder is attached to.
    /// </summary>
    /// <param name="refused">Told of a row that cannot be sent; what it throws ends the COPY.</param>
    /// <returns>Rows as the server counted them, and rows sent.</returns>
    public async ValueTask<(long Counted, long Sent)> SendAsync(string command, PgCopyEncoder encoder, int from, int to,
        Action<int, PgRowRefusal> refused, CancellationToken ct)
    {
        var stream = await OpenAsync(command, encoder.IsText, ct).ConfigureAwait(false);
        var answer = PgCopyAnswer.Of(stream);
        var onItsWay = Task.CompletedTask;
        var sent = 0L;
        try
        {
            filling.Clear();
            encoder.Begin(filling);
            for (var row = from; row < to; row++)
            {
                if (encoder.Row(filling, row) is { } refusal) refused(row, refusal);
                else sent++;
                if (!filling.IsFull) continue;
                await onItsWay.ConfigureAwait(false);
                onItsWay = WriteAsync(stream, ct);
            }
            encoder.End(filling);
            await onItsWay.ConfigureAwait(false);
            onItsWay = Task.CompletedTask;
            await WriteAsync(stream, ct).ConfigureAwait(false);
        }
        catch
        {
            await AbandonAsync(stream, onItsWay).ConfigureAwait(false);
            throw;
        }
        await stream.DisposeAsync().ConfigureAwait(false);
        return (PgCopyAnswer.RowsOf(answer), sent);
    }

    /// <summary>Bytes that are in the server's form already.</summary>
    public async ValueTask<long> SendRawAsync(string command, ReadOnlyMemory<byte> tuples, CancellationToken ct)
    {
        var stream = await connection.BeginRawBinaryCopyAsync(command, ct).ConfigureAwait(false);
        var answer = PgCopyAnswer.Of(stream);
        try
        {
            await stream.WriteAsync(PgCopyEncoder.Header, ct).ConfigureAwait(false);
            for (var at = 0; at < tuples.Length; at += PgCopyBuffer.Size)
            {
                await stream.WriteAsync(tuples.Slice(at, Math.Min(PgCopyBuffer.Size, tuples.Length - at)), ct).ConfigureAwait(false);
            }
            await stream.WriteAsync(PgCopyEncoder.Trailer, ct).ConfigureAwait(false);
        }
        catch
        {
            await AbandonAsync(stream, Task.CompletedTask).ConfigureAwait(false);
            throw;
        }
        await stream.DisposeAsync().ConfigureAwait(false);
        return PgCopyAnswer.RowsOf(answer);
    }

    private async ValueTask<NpgsqlRawCopyStream> OpenAsync(string command, bool isText, CancellationToken ct)
    {
        if (!isText) return await connection.BeginRawBinaryCopyAsync(command, ct).ConfigureAwait(false);
        // Of the writer only the stream below it is used: the text is made of bytes already.
        var writer = (StreamWriter)(TextWriter)await connection.BeginTextImportAsync(command, ct).ConfigureAwait(false);
        return (NpgsqlRawCopyStream)writer.BaseStream;
    }

    private async Task WriteAsync(Stream stream, CancellationToken ct)
    {
        (filling, sending) = (sending, filling);
        filling.Clear();
        await stream.WriteAsync(sending.Written, ct).ConfigureAwait(false);
    }

    /// <summary>
    /// Tells the server that the COPY is off. The error that led here is the one to report: what fails now has failed with it already.
    /// </summary>
    private static async ValueTask AbandonAsync(NpgsqlRawCopyStream stream, Task onItsWay)
    {
        await TryAsync(() => onItsWay).ConfigureAwait(false);
        await TryAsync(stream.CancelAsync).ConfigureAwait(false);
        await TryAsync(() => stream.DisposeAsync().AsTask()).ConfigureAwait(false);
    }

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or OperationCanceledException or ObjectDisposedException
            or InvalidOperationException)
        {
            // The connection is broken, or the server had ended the COPY by itself; the next call meets that.
        }
    }

    public void Dispose()
    {
        filling.Dispose();
        sending.Dispose();
    }
}
