using System.Globalization;
using System.Threading.Channels;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Sessions that all see one moment. A snapshot cannot be handed from session to session: with the right to lock all tables (RELOAD)
/// several
/// begin theirs while nobody can write, without it there is one, and reads wait for each other. Thread-safe.
/// </summary>
internal sealed class MyMoment : IAsyncDisposable
{
    private const int MostSessions = 8;
    private readonly Channel<MyConnection> free = Channel.CreateUnbounded<MyConnection>();
    private int alive;

    private MyMoment(string name, IReadOnlyList<MyConnection> sessions)
    {
        Name = name;
        alive = sessions.Count;
        Sessions = sessions.Count;
        foreach (var session in sessions) free.Writer.TryWrite(session);
    }

    /// <summary>Names the session that holds it, and when it began.</summary>
    public string Name { get; }

    /// <summary>How many reads it takes at a time.</summary>
    public int Sessions { get; }

    public bool IsAlive => Volatile.Read(ref alive) > 0;

    /// <param name="at">For errors.</param>
    /// <param name="from">Of one server: on another the lock would keep nobody from writing.</param>
    /// <exception cref="PawlException">Classified.</exception>
    public static async ValueTask<MyMoment> HoldAsync(MyAddress at, MySessions from, CancellationToken ct)
    {
        var sessions = new List<MyConnection>();
        try
        {
            for (var i = 0; i < MostSessions; i++)
            {
                sessions.Add(await from.OpenAsync(ct).ConfigureAwait(false));
                await sessions[i].ExecuteAsync("set session transaction isolation level repeatable read", ct).ConfigureAwait(false);
            }
            var isLocked = await TryLockAsync(from, () => BeginAsync(sessions, ct), ct).ConfigureAwait(false);
            if (!isLocked)
            {
                foreach (var other in sessions[1..]) await other.DisposeAsync().ConfigureAwait(false);
                sessions.RemoveRange(1, sessions.Count - 1);
                await BeginAsync(sessions, ct).ConfigureAwait(false);
            }
            var began = (await sessions[0].RowsAsync("select utc_timestamp(6)", ct).ConfigureAwait(false))[0][0];
            return new MyMoment(string.Create(CultureInfo.InvariantCulture, $"session {sessions[0].Server.ConnectionId} {began}"),
                sessions);
        }
        catch (Exception e)
        {
            foreach (var session in sessions) await session.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw MyFaults.Classify(e, at.Server, "snapshot");
        }
    }

    /// <exception cref="PawlException"><see cref="Codes.SnapshotLost"/>.</exception>
    public async ValueTask<MyLease> TakeAsync(TableName table, CancellationToken ct)
    {
        try
        {
            return new MyLease(await free.Reader.ReadAsync(ct).ConfigureAwait(false), true, BackAsync);
        }
        catch (ChannelClosedException e)
        {
            throw Lost(table, e);
        }
    }

    public static PawlException Lost(TableName table, Exception? inner) => new(Fault.PositionLost, Codes.SnapshotLost, inner,
        ("table", table), ("cause", "the sessions that held it have ended"));

    public async ValueTask DisposeAsync()
    {
        free.Writer.TryComplete();
        while (free.Reader.TryRead(out var session)) await session.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask BackAsync(MyConnection session)
    {
        // A transaction that was rolled back, or a session that is gone, sees another moment.
        if (!session.IsBroken && session.InTransaction && free.Writer.TryWrite(session)) return;
        await session.DisposeAsync().ConfigureAwait(false);
        if (Interlocked.Decrement(ref alive) == 0) free.Writer.TryComplete();
    }

    private static async ValueTask BeginAsync(IReadOnlyList<MyConnection> sessions, CancellationToken ct)
    {
        foreach (var session in sessions)
        {
            await session.ExecuteAsync("start transaction with consistent snapshot, read only", ct).ConfigureAwait(false);
        }
    }

    /// <returns>False: nobody may lock all tables here, or somebody holds them for too long.</returns>
    private static async ValueTask<bool> TryLockAsync(MySessions from, Func<ValueTask> whileLocked, CancellationToken ct)
    {
        await using var locker = await from.OpenAsync(ct).ConfigureAwait(false);
        try
        {
            await locker.ExecuteAsync("flush tables with read lock", ct).ConfigureAwait(false);
        }
        catch (MyServerException e) when (e.Number is 1227 or 1205 or 1044 or 1045 or 1290)
        {
            return false;
        }
        await whileLocked().ConfigureAwait(false);
        await locker.ExecuteAsync("unlock tables", ct).ConfigureAwait(false);
        return true;
    }
}
