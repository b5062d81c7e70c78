using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Sessions on their way: begun before somebody asks for them, because to log in and to be set up takes longer than most of what is then
/// asked. Thread-safe.
/// </summary>
internal sealed class PgSessionsAhead<T>(Func<CancellationToken, ValueTask<T>> open) : IAsyncDisposable where T : class, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly Queue<Task<T>> coming = [];
    private readonly CancellationTokenSource end = new();
    private bool isClosed;

    /// <summary>Begins to open that many.</summary>
    public void Begin(int sessions)
    {
        lock (gate)
        {
            for (var i = 0; i < sessions && !isClosed; i++)
            {
                coming.Enqueue(Task.Run(() => open(end.Token).AsTask(), CancellationToken.None));
            }
        }
    }

    /// <summary>The one begun first; null when none is on its way.</summary>
    /// <exception cref="Exception">What the server said to it. That it did not answer then says nothing about now.</exception>
    public async ValueTask<T?> TakeAsync(CancellationToken ct)
    {
        while (true)
        {
            Task<T>? next;
            lock (gate)
            {
                if (!coming.TryDequeue(out next)) return null;
            }
            try
            {
                return await next.WaitAsync(ct).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                if (!PutBack(next)) await CloseAsync(next).ConfigureAwait(false);
                throw;
            }
            catch (PawlException e) when (e.Code == Codes.Unreachable)
            {
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<T>[] left;
        lock (gate)
        {
            if (isClosed) return;
            isClosed = true;
            left = [.. coming];
            coming.Clear();
        }
        end.Cancel();
        foreach (var session in left) await CloseAsync(session).ConfigureAwait(false);
        end.Dispose();
    }

    private bool PutBack(Task<T> session)
    {
        lock (gate)
        {
            if (isClosed) return false;
            coming.Enqueue(session);
            return true;
        }
    }

    private static async ValueTask CloseAsync(Task<T> session)
    {
        await ((Task)session).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (session.IsCompletedSuccessfully) await (await session.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
    }
}
