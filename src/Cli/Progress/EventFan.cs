using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>
/// Gives every event of a run to board, view and history. The last event, <c>summary</c>, is held back until the exit code is known, so
/// that it says what the process says.
/// </summary>
public sealed class EventFan(Board board, IRunView view, HistoryMirror? history, TimeProvider time) : IRunEvents
{
    private RunEvent? last;
    private bool first = true;
    private string? job;

    public Guid? Run { get; private set; }

    public void Emit(RunEvent e)
    {
        (Run, job) = (e.Run, e.Job);
        if (e.Code == EventCodes.RunEnded)
        {
            last = e;
            return;
        }
        board.Apply(e);
        view.Show(e);
        history?.Put(first ? WithProcess(e) : e);
        first = false;
    }

    /// <summary>Tells the history who we are, so that it can see later that we are gone.</summary>
    private static RunEvent WithProcess(RunEvent e)
    {
        using var self = System.Diagnostics.Process.GetCurrentProcess();
        return e with
        {
            Args = new Dictionary<string, object?>(e.Args)
            {
                ["pid"] = (long)self.Id,
                ["process_started"] = new DateTimeOffset(self.StartTime).ToUnixTimeMilliseconds(),
            },
        };
    }

    /// <summary>A warning of the host's own; shown, not recorded. May be called from another thread.</summary>
    public void Warn(string what, string text)
    {
        if (Run is not { } run || job is null) return;
        view.Show(new RunEvent
        {
            At = time.GetUtcNow(), Run = run, Job = job, Code = EventCodes.Warning,
            Args = new Dictionary<string, object?> { ["what"] = what, ["text"] = text },
        });
    }

    /// <summary>Sends the summary with its exit code. Called once, after the engine returned.</summary>
    public void End(int exit)
    {
        if (last is null) return;
        var args = new Dictionary<string, object?>(last.Args) { ["exit"] = (long)exit };
        var told = last with { Args = args };
        view.Show(told);
        history?.Put(told);
    }
}
