using System.Runtime.InteropServices;
using Pawl.Engine;

namespace Pawl.Cli.Hosting;

/// <summary>
/// Ctrl-C and SIGTERM while a run goes on: the first asks it to stop after the commit in flight, a second one to end at once. Both are
/// safe.
/// Disposing gives the signals back.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource abort = new();
    private readonly PosixSignalRegistration[] registrations;
    private readonly Action<bool> told;
    private int count;

    /// <param name="told">Called at each signal, with true when the run is to end at once.</param>
    public StopSignals(Action<bool> told)
    {
        this.told = told;
        registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        ];
    }

    /// <summary>The first signal was SIGTERM.</summary>
    public bool Terminated { get; private set; }

    public RunSignals Signals => new(stop.Token, abort.Token);

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        stop.Dispose();
        abort.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        context.Cancel = true; // the process goes on; the run decides when it ends
        var first = Interlocked.Increment(ref count) == 1;
        if (first) Terminated = context.Signal == PosixSignal.SIGTERM;
        told(!first);
        (first ? stop : abort).Cancel();
    }
}
