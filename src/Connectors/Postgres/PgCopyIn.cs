using Npgsql;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// One COPY … FROM STDIN at a time on a session: while one buffer is on its way to the server the next is filled. Not thread-safe.
/// </summary>
internal sealed class PgCopyIn(NpgsqlConnection connection) : IDisposable
{
    /// <summary>How long the server has for taking back a COPY.</summary>
    private static readonly TimeSpan AbandonWait = TimeSpan.FromSeconds(10);

    private PgCopyBuffer filling = new();
    private PgCopyBuffer sending = new();
    private Task onItsWay = Task.CompletedTask;
    private NpgsqlRawCopyStream? stream;
    private object? answer;
    private PgSocket? socket;
    private PgThread? thread;
    private long bytes;
    private bool isAsked;
    private bool isMidway;

    public bool IsOpen => stream is not null;

    /// <param name="isText">In COPY's text form, else in its binary one.</param>
    public async ValueTask BeginAsync(string command, bool isText, CancellationToken ct)
    {
        stream = await OpenAsync(command, isText, ct).ConfigureAwait(false);
        answer = PgCopyAnswer.Of(stream);
        (bytes, isAsked) = (0, false);
        filling.Clear();
        if (!isText) filling.Raw(PgCopyEncoder.Header.Span);
    }

    /// <summary>
    /// Sends the rows [<paramref name="from"/>, <paramref name="to"/>) of the batch that the encoder is attached to.
    /// </summary>
    /// <param name="refused">Told of a row that cannot be sent; what it throws ends the COPY.</param>
    /// <returns>Rows sent.</returns>
    public async ValueTask<long> WriteAsync(PgCopyEncoder encoder, int from, int to, Action<int, PgRowRefusal> refused,
        CancellationToken ct)
    {
        var sent = 0L;
        for (var row = from; row < to; row++)
        {
            if (encoder.Row(filling, row) is { } refusal) refused(row, refusal);
            else sent++;
            if (filling.IsFull) await SwapAsync(ct).ConfigureAwait(false);
        }
        return sent;
    }

    /// <summary>Rows that are in the server's binary form already.</summary>
    /// <param name="rows">Stay as they are until the next call has come back.</param>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> rows, CancellationToken ct)
    {
        if (filling.Length > 0) await SwapAsync(ct).ConfigureAwait(false);
        await onItsWay.ConfigureAwait(false);
        onItsWay = SendAsync(rows, ct);
    }

    /// <returns>Rows as the server counted them.</returns>
    public async ValueTask<long> EndAsync(bool isText, CancellationToken ct)
    {
        if (!isText) filling.Raw(PgCopyEncoder.Trailer.Span);
        if (filling.Length > 0) await SwapAsync(ct).ConfigureAwait(false);
        await onItsWay.ConfigureAwait(false);
        GiveSocketBack();
        var ending = stream!;
        stream = null;
        await ending.DisposeAsync().ConfigureAwait(false);
        return PgCopyAnswer.RowsOf(answer!);
    }

    /// <summary>One COPY from its begin to its end.</summary>
    /// <returns>Rows as the server counted them, and rows sent.</returns>
    public async ValueTask<(long Counted, long Sent)> SendAsync(string command, PgCopyEncoder encoder, int from, int to,
        Action<int, PgRowRefusal> refused, CancellationToken ct)
    {
        await BeginAsync(command, encoder.IsText, ct).ConfigureAwait(false);
        try
        {
            var sent = await WriteAsync(encoder, from, to, refused, ct).ConfigureAwait(false);
            return (await EndAsync(encoder.IsText, ct).ConfigureAwait(false), sent);
        }
        catch
        {
            await AbandonAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Tells the server that the COPY is off. The error that led here is the one to report: what fails now has failed with it already.
    /// </summary>
    public async ValueTask AbandonAsync()
    {
        var (way, left) = (onItsWay, stream);
        (onItsWay, stream) = (Task.CompletedTask, null);
        var steps = StepsAsync(way, left);
        try
        {
            await steps.WaitAsync(AbandonWait).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A stopped server, or a network that swallows everything: without the socket all of it ends.
            PgDriver.Cut(connection);
            await steps.ConfigureAwait(false);
        }
    }

    private async Task StepsAsync(Task way, NpgsqlRawCopyStream? left)
    {
        await TryAsync(() => way).ConfigureAwait(false);
        await TryAsync(() =>
        {
            GiveSocketBack();
            // Half a message is out: the server would take whatever comes next for its other half.
            if (isMidway) PgDriver.Cut(connection);
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        isMidway = false;
        if (left is null) return;
        await TryAsync(left.CancelAsync).ConfigureAwait(false);
        await TryAsync(() => left.DisposeAsync().AsTask()).ConfigureAwait(false);
    }

    private async ValueTask SwapAsync(CancellationToken ct)
    {
        await onItsWay.ConfigureAwait(false);
        (filling, sending) = (sending, filling);
        filling.Clear();
        onItsWay = SendAsync(sending.Written, ct);
    }

    /// <summary>A long COPY goes around the driver, on a thread that may wait.</summary>
    private async Task SendAsync(ReadOnlyMemory<byte> rows, CancellationToken ct)
    {
        for (var at = 0; at < rows.Length; at += PgCopyBuffer.Size)
        {
            var piece = rows.Slice(at, Math.Min(PgCopyBuffer.Size, rows.Length - at));
            bytes += piece.Length;
            if (!isAsked && bytes >= PgSocket.WorthBytes && PgDriver.TryIdle(connection) is { } under)
            {
                isAsked = true;
                await stream!.FlushAsync(ct).ConfigureAwait(false);
                socket = PgSocket.Take(under);
            }
            if (socket is { } taken)
            {
                thread ??= new PgThread();
                await thread.RunAsync(() => taken.Send(piece.Span, ref isMidway, ct)).ConfigureAwait(false);
            }
            else await stream!.WriteAsync(piece, ct).ConfigureAwait(false);
        }
    }

    private void GiveSocketBack()
    {
        var taken = socket;
        socket = null;
        taken?.GiveBack();
    }

    private async ValueTask<NpgsqlRawCopyStream> OpenAsync(string command, bool isText, CancellationToken ct)
    {
        if (!isText) return await connection.BeginRawBinaryCopyAsync(command, ct).ConfigureAwait(false);
        // Of the writer only the stream below it is used: the text is made of bytes already.
        var writer = (StreamWriter)(TextWriter)await connection.BeginTextImportAsync(command, ct).ConfigureAwait(false);
        return (NpgsqlRawCopyStream)writer.BaseStream;
    }

    private static async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // Whatever it is, the error that led here is the one to tell. The connection is broken, or the server had ended the COPY by
            // itself; the next call meets that.
        }
    }

    public void Dispose()
    {
        thread?.Dispose();
        filling.Dispose();
        sending.Dispose();
    }
}
