using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>
/// Copies events into the history of runs, behind the run's back: in batches, bounded, and never in its way. A failure is told once; the
/// history is then opened anew for the next batch, so that a deleted or locked file costs some lines of history and nothing else.
/// </summary>
public sealed class HistoryMirror : IAsyncDisposable
{
    private const int MostFailures = 5;

    /// <summary>Each batch opens the file, and its disk is often the target's.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly Func<CancellationToken, ValueTask<IRunHistory>> open;
    private readonly Action<Exception> complain;
    private readonly EventPipe pipe;
    private IRunHistory? history;
    private int failures;

    /// <param name="complain">Told of the first failure; called from another thread.</param>
    public HistoryMirror(Func<CancellationToken, ValueTask<IRunHistory>> open, Action<Exception> complain)
    {
        (this.open, this.complain) = (open, complain);
        pipe = new EventPipe(TakeAsync, Pause);
    }

    public void Put(RunEvent e) => pipe.Put(e);

    public async ValueTask DisposeAsync()
    {
        await pipe.DisposeAsync();
        await CloseAsync();
    }

    private async ValueTask TakeAsync(IReadOnlyList<RunEvent> batch)
    {
        if (failures >= MostFailures) return;
        try
        {
            history ??= await open(CancellationToken.None);
            await history.AppendAsync(batch, CancellationToken.None);
        }
        catch (Exception e) when (IsTheirs(e))
        {
            if (failures++ == 0) complain(e);
            await CloseAsync();
        }
    }

    private static bool IsTheirs(Exception e) =>
        e is PawlException or IOException or UnauthorizedAccessException or InvalidOperationException or System.Data.Common.DbException;

    private async ValueTask CloseAsync()
    {
        var closing = history;
        history = null;
        try
        {
            if (closing is not null) await closing.DisposeAsync();
        }
        catch (Exception e) when (IsTheirs(e))
        {
            if (failures++ == 0) complain(e);
        }
    }
}
