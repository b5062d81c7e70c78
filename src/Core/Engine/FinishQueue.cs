namespace Pawl.Engine;

/// <summary>
/// Tables whose rows have all arrived, handed from those who move lanes to those who finish tables: no more than the run has tables.
/// Thread-safe.
/// </summary>
internal sealed class FinishQueue
{
    private readonly Lock gate = new();
    private readonly Queue<TableRun> tables = new();
    private bool closed;
    private TaskCompletionSource? changed;

    public void Add(TableRun table)
    {
        lock (gate)
        {
            tables.Enqueue(table);
            Wake();
        }
    }

    /// <summary>No more will come.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            Wake();
        }
    }

    /// <summary>Waits for the next one; null when there are no more.</summary>
    public async Task<TableRun?> NextAsync()
    {
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (tables.TryDequeue(out var next)) return next;
                if (closed) return null;
                wait = (changed ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await wait;
        }
    }

    private void Wake()
    {
        changed?.TrySetResult();
        changed = null;
    }
}
