using Pawl.Model;

namespace Pawl.Simulation;

/// <summary>How a simulated target behaves where real ones differ.</summary>
internal enum Flavour
{
    /// <summary>Row locks; a failed statement dooms its transaction, whose COMMIT then rolls back; DDL in transactions.</summary>
    Dooming,
    /// <summary>Row locks; a failed statement undoes itself only; DDL commits by itself.</summary>
    StatementOnly,
    /// <summary>One file: one writer at a time, readers never wait, the process's death ends its locks at once.</summary>
    File,
}

/// <summary>How much goes wrong.</summary>
internal sealed class FaultRates
{
    public bool On { get; set; } = true;
    /// <summary>Per call.</summary>
    public double Call { get; init; }
    /// <summary>Per commit.</summary>
    public double Commit { get; init; }
    /// <summary>Longest usual way of a message, in ticks.</summary>
    public long Latency { get; init; } = TimeSpan.TicksPerMillisecond * 4;
    /// <summary>A message that takes much longer.</summary>
    public double Slow { get; init; }
}

/// <summary>
/// The simulated database server: connections, transactions, locks, restarts, backups. Statements are in <see cref="Statements"/>.
/// </summary>
internal sealed class Server(World world, Rng rng, Flavour flavour, FaultRates faults, Checker checker, Tally tally)
{
    private readonly List<Connection> connections = [];
    private readonly Dictionary<string, SimProcess> clients = [];
    private readonly Dictionary<string, Connection> locks = [];
    private int connectionIds;
    private int transactionIds;
    private bool up = true;

    public World World => world;
    public Rng Rng => rng;
    public Flavour Flavour => flavour;
    public FaultRates Faults => faults;
    public Checker Checker => checker;
    public Tally Tally => tally;
    public Database Db { get; private set; } = new();
    /// <summary>A file target's one writer.</summary>
    public Transaction? Writer { get; private set; }
    /// <summary>Server clock minus true time, in ticks.</summary>
    public long ClockOffset { get; set; }
    /// <summary>Statements served; the nemesis counts by them.</summary>
    public int Served { get; private set; }
    public Action<int>? OnServed { get; set; }
    public long NowMilliseconds => SimClock.Epoch.ToUnixTimeMilliseconds() + (world.Now + ClockOffset) / TimeSpan.TicksPerMillisecond;
    public bool Up => up;

    public long Latency() => faults.On && rng.Chance(faults.Slow)
        ? rng.Ticks(faults.Latency, 3000 * TimeSpan.TicksPerMillisecond)
        : rng.Ticks(1, faults.Latency);

    /// <summary>Delivers a message to the server, behind those sent before it on the same connection.</summary>
    public void Send(Connection c, long delay, Action arrive)
    {
        c.LastArrival = Math.Max(c.LastArrival, world.Now + delay);
        world.After(c.LastArrival - world.Now, arrive);
    }

    public void Count() => OnServed?.Invoke(++Served);

    public Connection Accept(SimProcess client)
    {
        var connection = new Connection(client, ++connectionIds);
        connections.Add(connection);
        clients.Add(connection.Backend, client);
        return connection;
    }

    public Transaction Begin(Connection c)
    {
        var tx = new Transaction(c, ++transactionIds);
        c.Open = tx;
        if (flavour == Flavour.File) Writer = tx;
        return tx;
    }

    public bool HasOpenTransaction(SimProcess process) =>
        connections.Any(c => c.ServerSide && c.Client == process && c.Open is { Decided: false });

    /// <summary>A transaction of this process that has target rows in it and is open now.</summary>
    public bool HasRowsInFlight(SimProcess process) =>
        connections.Any(c => c.ServerSide && c.Client == process && c.Open is { Decided: false, WritesTarget: true });

    public void Commit(Transaction tx)
    {
        if (tx.Decided) return;
        tx.Decided = true;
        world.Trace.Add(world.Now, tx.Connection.Client.Id, $"COMMIT tx{tx.Id} {Describe(tx)}");
        if (!tx.Connection.Client.Alive && !tx.Connection.Client.HasEnded) tally.LateCommits++;
        checker.OnCommit(Db, tx);
        foreach (var cell in tx.Cells)
        {
            cell.Committed = cell.Pending;
            cell.CommittedMark = cell.PendingMark;
        }
        foreach (var write in tx.Rows) Apply(write);
        Release(tx);
        tally.Commits++;
        checker.AfterCommit(Db, tx);
    }

    public void Rollback(Transaction tx)
    {
        if (tx.Decided) return;
        tx.Decided = true;
        world.Trace.Add(world.Now, tx.Connection.Client.Id, $"ROLLBACK tx{tx.Id}");
        Release(tx);
    }

    private static void Apply(RowWrite write)
    {
        var table = write.Table;
        if (table.Unique)
        {
            if (write.New is null) table.ByKey.Remove(write.Key!);
            else table.ByKey[write.Key!] = write.New;
            return;
        }
        if (write.Old is not null && table.Bag.TryGetValue(write.Old, out var old))
        {
            if (old == 1) table.Bag.Remove(write.Old);
            else table.Bag[write.Old] = old - 1;
        }
        if (write.New is not null) table.Bag[write.New] = table.Bag.GetValueOrDefault(write.New) + 1;
    }

    private void Release(Transaction tx)
    {
        foreach (var cell in tx.Cells)
        {
            if (cell.Owner != tx) continue;
            cell.Owner = null;
            cell.Pending = null;
            cell.PendingMark = null;
        }
        if (tx.Cells.Count > 0)
        {
            foreach (var rows in Db.Control.Values) rows.RemoveAll(c => c.Owner is null && c.Committed is null);
        }
        foreach (var write in tx.Rows)
        {
            if (write.Key is not null && write.Table.Locked.GetValueOrDefault(write.Key) == tx) write.Table.Locked.Remove(write.Key);
        }
        if (tx.Connection.Open == tx) tx.Connection.Open = null;
        if (Writer == tx) Writer = null;
        foreach (var waiter in tx.Waiters)
        {
            if (!waiter.Gone) world.After(0, waiter.Retry);
        }
        tx.Waiters.Clear();
    }

    /// <summary>The server lets go of a connection: roll-back, session locks gone. The client learns it when it next speaks.</summary>
    public void Close(Connection c)
    {
        if (!c.ServerSide) return;
        if (c.Open is { Committing: true, Decided: false }) world.After(TimeSpan.TicksPerSecond, () => Close(c));
        else Drop(c);
    }

    private void Drop(Connection c)
    {
        if (!c.ServerSide) return;
        c.ServerSide = false;
        if (c.Waiting is { } waiting) waiting.Gone = true;
        c.OnDropped?.Invoke();
        if (c.Open is { } tx) Rollback(tx);
        foreach (var name in c.Locks) locks.Remove(name);
        c.Locks.Clear();
        connections.Remove(c);
    }

    /// <summary>
    /// Ends every session of the runner that had this one, because a stopped runner may hold a lock on a session nobody recorded; of the
    /// asking runner's own sessions only the named one.
    /// </summary>
    public bool Terminate(string backend, SimProcess asking)
    {
        if (flavour == Flavour.File) return false;
        if (!clients.TryGetValue(backend, out var client)) return true;
        foreach (var c in connections.Where(c => c.Client == client && (client != asking || c.Backend == backend)).ToList())
        {
            if (c.Open is { Decided: false }) tally.TerminatedOpen++;
            Close(c);
        }
        return true;
    }

    public bool TryLock(Connection c, string name)
    {
        if (locks.ContainsKey(name)) return false;
        locks.Add(name, c);
        c.Locks.Add(name);
        return true;
    }

    public bool IsLocked(string name) => locks.ContainsKey(name);

    /// <summary>The process died: a file's locks end now, a server notices each connection when it notices it.</summary>
    public void ClientDied(SimProcess process)
    {
        foreach (var c in connections.Where(c => c.Client == process).ToList())
        {
            if (flavour == Flavour.File) Drop(c);
            else NoticeLater(c, process.Killed);
        }
    }

    public void NoticeLater(Connection c, bool slowly)
    {
        long delay = rng.Below(slowly && faults.On ? 4 : 2) switch
        {
            0 => 0,
            1 => rng.Ticks(0, TimeSpan.TicksPerSecond),
            2 => rng.Ticks(TimeSpan.TicksPerSecond, 60 * TimeSpan.TicksPerSecond),
            _ => rng.Ticks(0, 600 * TimeSpan.TicksPerSecond),
        };
        world.After(delay, () => Close(c));
    }

    /// <summary>Cuts one connection at random, an idle or a busy one, a lock's or a lane's.</summary>
    public void CutOne()
    {
        if (flavour == Flavour.File || connections.Count == 0) return;
        var c = rng.Pick(connections);
        world.Trace.Add(world.Now, c.Client.Id, $"CUT {c.Backend}");
        tally.Cuts++;
        c.Cut = true;
        NoticeLater(c, true);
    }

    public void Restart(long down)
    {
        if (flavour == Flavour.File) return;
        world.Trace.Add(world.Now, -1, "SERVER RESTART");
        tally.Restarts++;
        StopAll();
        up = false;
        world.After(down, () => up = true);
    }

    private void StopAll()
    {
        foreach (var c in connections.ToList())
        {
            // A commit that was being made durable has made it or has not.
            if (c.Open is { Committing: true, Decided: false } tx && rng.Chance(0.5)) Commit(tx);
            Drop(c);
        }
    }

    /// <summary>
    /// The whole database goes back to a backup. Hard: the server was stopped for it. Soft: loaded by SQL, so connections without a
    /// transaction live on.
    /// </summary>
    public bool Restore(Database backup, bool soft)
    {
        if (flavour == Flavour.File && (Writer is not null || !soft)) return false;
        world.Trace.Add(world.Now, -1, soft ? "RESTORE soft" : "RESTORE hard");
        tally.Restores++;
        if (!soft) StopAll();
        foreach (var c in connections.Where(c => c.Open is not null).ToList()) Drop(c);
        Db = backup.Copy();
        checker.OnRestore(Db);
        return true;
    }

    private static string Describe(Transaction tx)
    {
        var rows = tx.Rows.Count;
        var changes = string.Join(' ', tx.Changes.Select(c => $"{c.Kind.ToString()[0]}:{c.Table.Name[5..]}"));
        return $"{changes} rows={rows}";
    }
}
