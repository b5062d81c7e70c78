using System.Threading.Channels;
using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>
/// Hands events to a slow taker on a task of its own, so that nobody waits who emits. Bounded; what does not fit is counted and left out,
/// committed groups first: the totals in later events make up for them.
/// </summary>
internal sealed class EventPipe : IAsyncDisposable
{
    private const int Room = 8_192;
    private const int BatchSize = 512;
    private readonly Channel<RunEvent> channel = Channel.CreateBounded<RunEvent>(Room);
    private readonly TaskCompletionSource ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task taking;

    /// <param name="take">Takes a batch, in order. Must not throw.</param>
    /// <param name="pause">Time between two batches, in which more events gather; none when there are enough, or no more will come.</param>
    public EventPipe(Func<IReadOnlyList<RunEvent>, ValueTask> take, TimeSpan pause = default) => taking = Task.Run(async () =>
    {
        var batch = new List<RunEvent>();
        while (await channel.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < BatchSize && channel.Reader.TryRead(out var e)) batch.Add(e);
            await take(batch);
            if (pause > TimeSpan.Zero && channel.Reader.Count < BatchSize) await Task.WhenAny(ending.Task, Task.Delay(pause));
        }
    });

    /// <summary>Events that found no room.</summary>
    public long LeftOut { get; private set; }

    public void Put(RunEvent e)
    {
        // A quarter of the room is kept for what happens seldom.
        var common = e.Code is EventCodes.LaneCommitted or EventCodes.LaneOpened or EventCodes.LaneDone or EventCodes.LaneProgress;
        if ((common && channel.Reader.Count > Room * 3 / 4) || !channel.Writer.TryWrite(e)) LeftOut++;
    }

    /// <summary>Everything put before is taken when this returns.</summary>
    public async ValueTask DisposeAsync()
    {
        channel.Writer.TryComplete();
        ending.TrySetResult();
        await taking;
    }
}
