using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// One COPY that stays open over several batches, of columns or of rows as they came off the wire. The batches are held until it ends, so
/// that a row the server stumbles over can be named. Not thread-safe.
/// </summary>
/// <param name="command">For batches of columns.</param>
/// <param name="binary">The same in binary form, for rows off the wire.</param>
/// <param name="format">The wire format that is taken; null = none.</param>
internal sealed class PgRowStream(PgCopyIn copy, PgCopyEncoder encoder, string command, string binary, string? format) : IDisposable
{
    private readonly List<RowBatch> held = [];
    private bool isText;
    private long sent;

    public bool IsOpen => copy.IsOpen;

    /// <summary>Takes a batch over. It is given back when the COPY has ended.</summary>
    public void Hold(RowBatch batch) => held.Add(batch);

    /// <param name="refused">Told of a row that cannot be sent; it throws.</param>
    /// <returns>Rows sent in this COPY so far.</returns>
    public async ValueTask<long> SendAsync(RowBatch batch, Action<int, PgRowRefusal> refused, CancellationToken ct)
    {
        var wire = batch.Wire is PgWireRows rows && rows.Format == format ? rows : null;
        if (!copy.IsOpen)
        {
            isText = wire is null && encoder.IsText;
            await copy.BeginAsync(wire is null ? command : binary, isText, ct).ConfigureAwait(false);
            sent = 0;
        }
        if (wire is not null && !isText)
        {
            await copy.WriteAsync(wire.Data, ct).ConfigureAwait(false);
            return sent += batch.Rows;
        }
        if (isText != encoder.IsText) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "two forms of rows in one COPY"));
        encoder.Attach(batch);
        try
        {
            return sent += await copy.WriteAsync(encoder, 0, batch.Rows, refused, ct).ConfigureAwait(false);
        }
        finally
        {
            encoder.Detach();
        }
    }

    public async ValueTask<(long Counted, long Sent)> EndAsync(CancellationToken ct)
    {
        var counted = await copy.EndAsync(isText, ct).ConfigureAwait(false);
        Release();
        return (counted, sent);
    }

    /// <summary>Never throws.</summary>
    public async ValueTask AbandonAsync()
    {
        await copy.AbandonAsync().ConfigureAwait(false);
        Release();
    }

    /// <summary>The batch and the 0-based row in it of the COPY's row of that number, from 1; null when it is not among them.</summary>
    public (RowBatch? Batch, int Row) Find(int? line)
    {
        var row = line - 1;
        foreach (var batch in held)
        {
            if (row < batch.Rows) return (batch, (int)row);
            row -= batch.Rows;
        }
        return (null, -1);
    }

    private void Release()
    {
        foreach (var batch in held) batch.Dispose();
        held.Clear();
    }

    public void Dispose() => Release();
}
