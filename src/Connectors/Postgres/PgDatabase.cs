using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// A PostgreSQL database as a transactional target: rows stream into the open transaction. Thread-safe: every session is a connection of
/// its own, and all of them carry the runner's uuid in their name.
/// </summary>
internal sealed class PgDatabase : ITargetDatabase, IKnowsPlace, IConnectsAhead
{
    private static readonly TimeSpan EndWait = TimeSpan.FromSeconds(10), EndPoll = TimeSpan.FromMilliseconds(25);

    /// <summary>Sessions kept for the next look, and for the next lane: more are seldom needed at the same moment.</summary>
    private const int MostLooks = 4, MostWriters = 16;

    private readonly PgOptions options;
    private readonly TimeProvider time;
    private readonly PgIdleSessions looks = new(MostLooks), writers = new(MostWriters);
    private readonly PgSessionsAhead<PgSession> looksAhead, writersAhead;
    private int hasLooked;

    public PgDatabase(PgOptions options, OpenContext context)
    {
        this.options = options;
        time = context.Time;
        Runner = context.Ids.Next().ToString("N");
        Dialect = DialectOf(options);
        looksAhead = new(ct => OpenAsync(PgRole.Control, ct));
        writersAhead = new(OpenWriterAsync);
    }

    public SqlDialect Dialect { get; }

    public static SqlDialect DialectOf(PgOptions options) => new()
    {
        Quote = PgNames.Quote,
        Parameter = number => FormattableString.Invariant($"${number}"),
        Now = "(extract(epoch from clock_timestamp()) * 1000)::bigint",
        NumberType = "bigint",
        TextType = "text collate \"C\"",
        Schema = options.ControlSchema,
    };

    public PgOptions Options => options;

    public string Runner { get; }

    public TargetTraits Traits { get; } = new() { Guarantee = Guarantee.OncePerRow, BuffersGroups = false };

    public ITargetTables Tables => new PgTables(this);

    /// <remarks>
    /// One that somebody before has given back without a transaction, an error or a temporary table, or that was opened ahead, if there is
    /// one and it answers: small tables cost more in logins and in statements to be prepared than in rows.
    /// </remarks>
    public async ValueTask<ITargetSession> ConnectAsync(CancellationToken ct)
    {
        while ((writers.Take() ?? await writersAhead.TakeAsync(ct).ConfigureAwait(false)) is { } kept)
        {
            if (await kept.AnswersAsync(ct).ConfigureAwait(false)) return kept;
            // What broke one may have broken all, as a restart of the server does.
            await writers.DropAsync().ConfigureAwait(false);
        }
        return await OpenWriterAsync(ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>The first time one for looks, too: whoever writes looks first.</remarks>
    public void ConnectAhead(int sessions)
    {
        if (Interlocked.Exchange(ref hasLooked, 1) == 0) looksAhead.Begin(1);
        writersAhead.Begin(sessions);
    }

    private ValueTask<PgSession> OpenWriterAsync(CancellationToken ct) =>
        PgSession.OpenAsync(options, PgRole.Write, Runner, Dialect, ct, writers);

    public async ValueTask<string?> PlaceAsync(CancellationToken ct) =>
        (string?)(await UseAsync(session => session.QueryAsync(PgIdentity.Place, ct), ct).ConfigureAwait(false))[0][0];

    public ValueTask<PgSession> OpenAsync(PgRole role, CancellationToken ct) =>
        PgSession.OpenAsync(options, role, Runner, Dialect, ct);

    /// <summary>
    /// Looks and DDL, on a session that is nobody else's meanwhile and is kept for the next such call if this one went well. A target of
    /// many small tables would else be busier with connections than with rows.
    /// </summary>
    public async ValueTask<T> UseAsync<T>(Func<PgSession, ValueTask<T>> use, CancellationToken ct)
    {
        var kept = looks.Take() ?? await looksAhead.TakeAsync(ct).ConfigureAwait(false);
        if (kept is null) return await UseAsync(await OpenAsync(PgRole.Control, ct).ConfigureAwait(false), use).ConfigureAwait(false);
        try
        {
            return await UseAsync(kept, use).ConfigureAwait(false);
        }
        catch (PawlException e) when (e.Code == Codes.Unreachable && kept.IsLost)
        {
            // It was ended while nobody looked: that says nothing about the server. What is done here may be done twice.
            return await UseAsync(await OpenAsync(PgRole.Control, ct).ConfigureAwait(false), use).ConfigureAwait(false);
        }
    }

    private async ValueTask<T> UseAsync<T>(PgSession session, Func<PgSession, ValueTask<T>> use)
    {
        var isSound = false;
        try
        {
            var result = await use(session).ConfigureAwait(false);
            isSound = true;
            return result;
        }
        finally
        {
            if (!isSound || !looks.Keep(session)) await session.DisposeAsync().ConfigureAwait(false);
            // What broke one may have broken all, as a restart of the server does.
            if (!isSound) await looks.DropAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct)
    {
        var connection = await PgConnections.OpenAsync(options, PgRole.Lock, ct, Runner).ConfigureAwait(false);
        try
        {
            var (high, low) = LockKey(name);
            await using var command = new Npgsql.NpgsqlCommand(
                FormattableString.Invariant($"select pg_try_advisory_lock({high}, {low})"), connection);
            if (await command.ExecuteScalarAsync(ct).ConfigureAwait(false) is true) return connection;
        }
        catch (Exception e)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            if (e is OperationCanceledException && ct.IsCancellationRequested) throw;
            throw PgFaults.Classify(e, options, "advisory lock");
        }
        await connection.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    public async ValueTask<bool> IsLockedAsync(string name, CancellationToken ct)
    {
        var (high, low) = LockKey(name);
        var rows = await UseAsync(session => session.QueryAsync("""
            select count(*) from pg_locks l join pg_database d on d.oid = l.database
            where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and d.datname = current_database()
                and l.classid::bigint = $1 and l.objid::bigint = $2
            """, ct, (long)(uint)high, (long)(uint)low), ct).ConfigureAwait(false);
        return (long)rows[0][0]! > 0;
    }

    /// <summary>
    /// Ends the named backend, and of another runner every other session too. A session is known by process id, start time and the runner's
    /// uuid in its application name, which everybody may read.
    /// </summary>
    public async ValueTask<bool> TerminateAsync(string backend, CancellationToken ct)
    {
        if (PgBackend.Parse(backend) is not { } named) return false;
        await using var session = await OpenAsync(PgRole.Control, ct).ConfigureAwait(false);
        var others = named.Runner == Runner ? "false" : "true";
        var which = $"""
            from pg_stat_activity
            where pid <> pg_backend_pid() and starts_with(application_name, $3)
                and ({others} or pid = $1::bigint
                    and (backend_start is null or (extract(epoch from backend_start) * 1000000)::bigint = $2::bigint))
            """;
        object[] values = [named.Pid, named.Started, PgConnections.ApplicationPrefix(named.Runner) + "/"];
        try
        {
            await session.QueryAsync($"select pg_terminate_backend(pid) {which}", ct, values).ConfigureAwait(false);
        }
        catch (PawlException e) when (e.Fault == Fault.Permission)
        {
            return false;
        }
        for (var started = time.GetTimestamp(); time.GetElapsedTime(started) < EndWait;)
        {
            var left = await session.QueryAsync($"select count(*) {which}", ct, values).ConfigureAwait(false);
            if ((long)left[0][0]! == 0) return true;
            await Task.Delay(EndPoll, time, ct).ConfigureAwait(false);
        }
        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await looksAhead.DisposeAsync().ConfigureAwait(false);
        await writersAhead.DisposeAsync().ConfigureAwait(false);
        await looks.DisposeAsync().ConfigureAwait(false);
        await writers.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Two numbers, the only names the server has for such locks.</summary>
    internal static (int High, int Low) LockKey(string name)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes("pawl lock " + name));
        return (BinaryPrimitives.ReadInt32BigEndian(hash), BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(4)));
    }
}
