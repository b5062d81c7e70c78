using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// A MySQL or MariaDB server as a transactional target. Thread-safe: every session is a connection of its own, and each holds a lock that
/// bears the runner's uuid.
/// </summary>
internal sealed class MyDatabase : ITargetDatabase, IKnowsPlace
{
    private static readonly TimeSpan EndWait = TimeSpan.FromSeconds(10), EndPoll = TimeSpan.FromMilliseconds(25);

    private readonly TimeProvider time;
    private readonly IdSource ids;
    private readonly MySlots slots;

    public MyDatabase(MyTargetOptions options, OpenContext context)
    {
        (Options, time, ids) = (options, context.Time, context.Ids);
        slots = new MySlots(ids.Next().ToString("N"));
    }

    public MyTargetOptions Options { get; }

    /// <summary>One that nobody else has.</summary>
    public Guid NextId() => ids.Next();

    public TargetTraits Traits { get; } = new() { Guarantee = Guarantee.OncePerRow, BuffersGroups = false };

    public ITargetTables Tables => new MyTables(this);

    public async ValueTask<ITargetSession> ConnectAsync(CancellationToken ct) => await OpenAsync(ct).ConfigureAwait(false);

    public async ValueTask<MyTargetSession> OpenAsync(CancellationToken ct)
    {
        var session = await MyTargetSession.OpenAsync(Options, slots, ct).ConfigureAwait(false);
        IgnoresCase = session.Server.LowerCaseTableNames != 0;
        return session;
    }

    public async ValueTask<string?> PlaceAsync(CancellationToken ct)
    {
        await using var session = await OpenAsync(ct).ConfigureAwait(false);
        return session.Server.Place.Length == 0 ? null : session.Server.Place;
    }

    public string? Schema => Options.Database;

    /// <remarks>Known with the first session.</remarks>
    public bool IgnoresCase { get; private set; }

    public async ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct)
    {
        var session = await OpenAsync(ct).ConfigureAwait(false);
        try
        {
            if (await TakeAsync(session, LockName(name), TimeSpan.Zero, ct).ConfigureAwait(false)) return new Held(session, LockName(name));
        }
        catch
        {
            await session.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        await session.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    public async ValueTask<bool> IsLockedAsync(string name, CancellationToken ct)
    {
        await using var session = await OpenAsync(ct).ConfigureAwait(false);
        return (await session.RowsAsync($"select is_used_lock({MyQuote.Text(LockName(name))})", ct)
            .ConfigureAwait(false))[0][0] is not null;
    }

    /// <summary>
    /// Ends the named session, and of another runner every other one too. Which sessions those are the server says by the locks they hold.
    /// </summary>
    public async ValueTask<bool> TerminateAsync(string backend, CancellationToken ct)
    {
        if (MyBackend.Parse(backend) is not { } named) return false;
        await using var session = await OpenAsync(ct).ConfigureAwait(false);
        for (var started = time.GetTimestamp(); time.GetElapsedTime(started) < EndWait;)
        {
            var left = await HoldersAsync(session, named, ct).ConfigureAwait(false);
            if (left.Count == 0) return true;
            foreach (var id in left)
            {
                if (!await KillAsync(session, id, ct).ConfigureAwait(false)) return false;
            }
            await Task.Delay(EndPoll, time, ct).ConfigureAwait(false);
        }
        return false;
    }

    private async ValueTask<List<ulong>> HoldersAsync(MyTargetSession session, MyBackend named, CancellationToken ct)
    {
        var isOwn = named.Runner == slots.Runner;
        var places = isOwn ? [named.Slot] : Enumerable.Range(1, MySlots.Most);
        var looks = places.Select(p => $"is_used_lock({MyQuote.Text(MySlots.Lock(named.Runner, p))})");
        var row = (await session.RowsAsync($"select {string.Join(", ", looks)}", ct).ConfigureAwait(false))[0];
        return [.. row.Where(id => id is not null).Select(id => ulong.Parse(id!, CultureInfo.InvariantCulture))
            .Where(id => !isOwn || id == named.Id)];
    }

    private static async ValueTask<bool> KillAsync(MyTargetSession session, ulong id, CancellationToken ct)
    {
        const string Gone = "1094", NotOurs = "1095";
        try
        {
            await session.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"kill connection {id}"), ct).ConfigureAwait(false);
            return true;
        }
        catch (PawlException e) when (e.Details.GetValueOrDefault("native") == Gone)
        {
            return true;
        }
        catch (PawlException e) when (e.Fault == Fault.Permission || e.Details.GetValueOrDefault("native") == NotOurs)
        {
            return false;
        }
    }

    /// <summary>Waits a bounded time for a lock of the session, which ends with it.</summary>
    internal static async ValueTask<bool> TakeAsync(MyTargetSession session, string lockName, TimeSpan wait, CancellationToken ct)
    {
        var seconds = ((long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var got = await session.RowsAsync($"select get_lock({MyQuote.Text(lockName)}, {seconds})", ct).ConfigureAwait(false);
        return got[0][0] == "1";
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>A server ends a session some time after it said goodbye: the lock is given back first, and is free at once.</summary>
    private sealed class Held(MyTargetSession session, string lockName) : IAsyncDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

        public async ValueTask DisposeAsync()
        {
            try
            {
                using var limit = new CancellationTokenSource(Patience);
                await session.RowsAsync($"select release_lock({MyQuote.Text(lockName)})", limit.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is PawlException or OperationCanceledException)
            {
                // It ends with the session.
            }
            await session.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Names of locks are at most 64 characters, and the server's, not a database's.</summary>
    internal static string LockName(string name) =>
        $"pawl_l_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 20))}";
}
