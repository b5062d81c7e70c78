using System.Collections.Concurrent;
using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Sessions of one server. Behind an address there may be several, or another one since a while ago: what is read here and what is read
/// there are of no one moment, and a position of the one may lie beyond what the other has come to. Those for reading are kept for the next
/// read of the same source when a read came to its end: 500 small tables need not be 500 logins. Thread-safe.
/// </summary>
/// <param name="at">The address.</param>
/// <param name="home">The server that it led to first (<see cref="MyIdentity.HomeAsync"/>).</param>
internal sealed class MySessions(MyAddress at, string home) : IAsyncDisposable
{
    private const int MostIdle = 8;
    private readonly ConcurrentBag<MyConnection> idle = [];
    private volatile bool closed;

    /// <summary>A session that is logged in and set up as every session of Pawl's is.</summary>
    /// <exception cref="PawlException">Classified.</exception>
    public static async ValueTask<MyConnection> OpenAsync(MyAddress at, CancellationToken ct)
    {
        try
        {
            return await MyConnection.OpenAsync(at.Server, ct).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is not PawlException)
        {
            throw MyFaults.Classify(e, at.Server, "connect", grant: at.Database is not { } database ? null
                : $"GRANT SELECT ON {MyGrants.Pattern(database)}.* TO {MyTableCheck.Account(at with { Account = MyGrants.Refused(e) })}");
        }
    }

    /// <summary>The same on the server that all others are on.</summary>
    /// <exception cref="PawlException">Classified. <see cref="Codes.SourceReplaced"/>: the address leads elsewhere now. No matter of
    /// waiting: a run that met the right one again by chance would be at the mercy of the next chance.</exception>
    public async ValueTask<MyConnection> OpenAsync(CancellationToken ct)
    {
        var session = await OpenAsync(at, ct).ConfigureAwait(false);
        try
        {
            var there = await MyIdentity.HomeAsync(session, ct).ConfigureAwait(false);
            if (there == home) return session;
            throw new PawlException(Fault.PositionLost, Codes.SourceReplaced, ("was", home), ("now", there), ("endpoint", at.Display),
                ("cause", "the address leads to more than one server: name one of them"));
        }
        catch (Exception e)
        {
            await session.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw MyFaults.Classify(e, at.Server, "identity");
        }
    }

    /// <summary>A session in which a transaction is open that sees the database as it is now and writes nothing.</summary>
    /// <exception cref="PawlException">Classified.</exception>
    public async ValueTask<MyConnection> BeginAsync(CancellationToken ct)
    {
        while (idle.TryTake(out var kept))
        {
            try
            {
                await BeginAsync(kept, ct).ConfigureAwait(false);
                return kept;
            }
            catch (Exception e) when (e is IOException or MyServerException or MyProtocolException or ObjectDisposedException)
            {
                // Ended while it was idle: a fresh one says whether the server is there.
                await kept.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await kept.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        var fresh = await OpenAsync(ct).ConfigureAwait(false);
        try
        {
            await BeginAsync(fresh, ct).ConfigureAwait(false);
            return fresh;
        }
        catch (Exception e)
        {
            await fresh.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw MyFaults.Classify(e, at.Server, "start transaction");
        }
    }

    /// <summary>Takes a session back whose read is over.</summary>
    public async ValueTask ReturnAsync(MyConnection connection)
    {
        try
        {
            if (!closed && !connection.IsBroken && idle.Count < MostIdle)
            {
                await connection.ExecuteAsync("rollback", CancellationToken.None).ConfigureAwait(false);
                idle.Add(connection);
                if (closed) await DisposeAsync().ConfigureAwait(false);
                return;
            }
        }
        catch (Exception e) when (e is IOException or MyServerException or MyProtocolException)
        {
            // The rows are there already; only the session is gone.
        }
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        closed = true;
        while (idle.TryTake(out var kept)) await kept.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The first row's first cell as a number.</summary>
    public static long Number(IReadOnlyList<string?[]> rows) => long.Parse(rows[0][0]!, CultureInfo.InvariantCulture);

    /// <summary>The same in a session that is there.</summary>
    public static async ValueTask BeginAsync(MyConnection connection, CancellationToken ct)
    {
        // Read committed, or none, may be the server's default; what is set so holds for the next transaction alone.
        await connection.ExecuteAsync("set transaction isolation level repeatable read", ct).ConfigureAwait(false);
        await connection.ExecuteAsync("start transaction with consistent snapshot, read only", ct).ConfigureAwait(false);
    }
}
