namespace Pawl.Connectors.Postgres;

/// <summary>Sessions nobody uses at the moment, kept for the next who needs one. Thread-safe.</summary>
internal sealed class PgIdleSessions(int most) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Stack<PgSession> idle = [];
    private bool isClosed;

    /// <summary>Null when there is none.</summary>
    public PgSession? Take()
    {
        lock (gate) return idle.TryPop(out var session) ? session : null;
    }

    /// <summary>False when there are enough, or nobody will ask any more: the session is still the caller's.</summary>
    public bool Keep(PgSession session)
    {
        lock (gate)
        {
            if (isClosed || idle.Count >= most) return false;
            idle.Push(session);
            return true;
        }
    }

    /// <summary>Closes those that are here.</summary>
    public async ValueTask DropAsync()
    {
        PgSession[] old;
        lock (gate)
        {
            old = [.. idle];
            idle.Clear();
        }
        foreach (var session in old) await session.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Closes those that are here, and keeps no more.</summary>
    public ValueTask DisposeAsync()
    {
        lock (gate) isClosed = true;
        return DropAsync();
    }
}
