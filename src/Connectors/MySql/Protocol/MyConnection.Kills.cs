namespace Pawl.Connectors.MySql.Protocol;

/// <summary>Ending a statement that nobody waits for any more.</summary>
internal sealed partial class MyConnection
{
    /// <summary>
    /// Kills the statement that runs now, through a connection of its own; the statement then fails with 1317. Nothing happens if the
    /// session is gone. A kill that comes late could hit the next statement: whoever calls this sends none until it returns.
    /// </summary>
    /// <exception cref="IOException">
    /// Behind the address there is another server now, or the same one started anew, where the id is somebody else's.
    /// </exception>
    /// <inheritdoc cref="OpenAsync(MyOptions, CancellationToken)"/>
    public async ValueTask KillQueryAsync(CancellationToken ct = default)
    {
        mayBeHit = true;
        var options = Options with
        {
            AllowLoad = false, Compress = false, Database = null,
            ConnectTimeout = Options.ConnectTimeout < KillTime ? Options.ConnectTimeout : KillTime,
        };
        await using var other = await OpenAsync(options, isSetUp: false, ct).ConfigureAwait(false);
        if (other.Server.Place != Server.Place)
        {
            throw new IOException($"the session is on {Server.Place}, and now {other.Server.Place} answers");
        }
        if (!other.Server.IsOfOneStart(Server))
        {
            throw new IOException("the server was started anew, and numbers its sessions from the first");
        }
        // Whoever waits for a kill has no patience of their own.
        using var limit = new CancellationTokenSource(options.ConnectTimeout);
        await using var registration = limit.Token.UnsafeRegister(static kill => ((MyConnection)kill!).Cut(), other);
        try
        {
            await other.ExecuteAsync(FormattableString.Invariant($"kill query {Server.ConnectionId}"), ct).ConfigureAwait(false);
        }
        catch (MyServerException e) when (e.Number == MyNumbers.NoSuchThread)
        {
            // It is gone.
        }
    }

    /// <summary>The caller wants no more, or has waited long enough.</summary>
    private void GiveUp()
    {
        if (isGivenUp) return;
        isGivenUp = true;
        if (isLoading || !isOpen)
        {
            hard.Cancel();
            return;
        }
        hard.CancelAfter(Grace);
        var kill = Task.Run(async () =>
        {
            try
            {
                await KillQueryAsync().ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Then the time runs out, and the connection is cut.
            }
        });
        killing = killing is { } before ? Task.WhenAll(before, kill) : kill;
    }
}
