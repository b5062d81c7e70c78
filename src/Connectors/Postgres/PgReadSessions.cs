using System.Collections.Concurrent;
using Npgsql;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Sessions for reading, kept for the next read of the same source when a read came to its end: 500 small tables need not be 500 logins.
/// What a read sets, it sets inside its transaction, and the rollback at its end takes it back. Thread-safe.
/// </summary>
internal sealed class PgReadSessions(PgOptions at) : IAsyncDisposable
{
    private const int MostIdle = 8;
    private readonly ConcurrentBag<NpgsqlConnection> idle = [];
    private readonly PgSessionsAhead<NpgsqlConnection> ahead = new(ct => PgConnections.OpenAsync(at, PgRole.Read, ct));
    private volatile bool closed;

    /// <summary>Begins to open that many for reads that are about to begin.</summary>
    public void ConnectAhead(int sessions) => ahead.Begin(sessions);

    /// <summary>A session with an open repeatable-read transaction.</summary>
    public async ValueTask<NpgsqlConnection> BeginAsync(CancellationToken ct)
    {
        while ((idle.TryTake(out var kept) ? kept : await ahead.TakeAsync(ct).ConfigureAwait(false)) is { } found)
        {
            try
            {
                await BeginAsync(found, ct).ConfigureAwait(false);
                return found;
            }
            catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
            {
                // Ended while it was idle: a fresh one says whether the server is there.
                await found.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                await found.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
        var fresh = await PgConnections.OpenAsync(at, PgRole.Read, ct).ConfigureAwait(false);
        try
        {
            await BeginAsync(fresh, ct).ConfigureAwait(false);
            return fresh;
        }
        catch
        {
            await fresh.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Takes a session back whose read has come to its end.</summary>
    public async ValueTask ReturnAsync(NpgsqlConnection connection)
    {
        try
        {
            if (!closed && idle.Count < MostIdle && connection.State == System.Data.ConnectionState.Open)
            {
                await using var end = new NpgsqlCommand("rollback", connection);
                await end.ExecuteNonQueryAsync().ConfigureAwait(false);
                idle.Add(connection);
                if (closed) await DisposeAsync().ConfigureAwait(false);
                return;
            }
        }
        catch (NpgsqlException)
        {
            // The rows are there already; only the session is gone.
        }
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        closed = true;
        await ahead.DisposeAsync().ConfigureAwait(false);
        while (idle.TryTake(out var kept)) await kept.DisposeAsync().ConfigureAwait(false);
    }

    private static async ValueTask BeginAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var begin = new NpgsqlCommand("begin isolation level repeatable read, read only", connection);
        await begin.ExecuteNonQueryAsync(ct).ConfigureAwait(false);
    }
}
