using System.Collections.Concurrent;

namespace Pawl.Connectors.Postgres;

/// <summary>A thread that does what it is given, one after another, and may wait as long as it takes. Thread-safe.</summary>
internal sealed class PgThread : IDisposable
{
    private readonly BlockingCollection<Action> steps = [];

    public PgThread() => new Thread(Run) { IsBackground = true, Name = "pawl copy" }.Start();

    /// <summary>Ends as the step ended. What waits for it goes on elsewhere.</summary>
    public Task RunAsync(Action step)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        steps.Add(() =>
        {
            try
            {
                step();
                done.SetResult();
            }
            catch (OperationCanceledException e)
            {
                done.SetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    private void Run()
    {
        foreach (var step in steps.GetConsumingEnumerable()) step();
    }

    /// <summary>Comes back at once; what was given is still done.</summary>
    public void Dispose() => steps.CompleteAdding();
}
