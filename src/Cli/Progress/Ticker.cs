namespace Pawl.Cli.Progress;

/// <summary>Calls back at an interval until disposed; then once more is never called. One call at a time.</summary>
internal sealed class Ticker : IAsyncDisposable
{
    private readonly PeriodicTimer timer;
    private readonly Task loop;

    public Ticker(TimeSpan every, TimeProvider time, Action tick)
    {
        timer = new PeriodicTimer(every, time);
        loop = Task.Run(async () =>
        {
            while (await timer.WaitForNextTickAsync()) tick();
        });
    }

    public async ValueTask DisposeAsync()
    {
        timer.Dispose();
        await loop;
    }
}
