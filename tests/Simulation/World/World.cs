namespace Pawl.Simulation;

/// <summary>A simulation found something wrong. <see cref="Invariant"/> is I1 … I12 or a short name.</summary>
internal sealed class ViolationException(string invariant, string explanation) : Exception($"{invariant}: {explanation}")
{
    public string Invariant { get; } = invariant;
    public string Explanation { get; } = explanation;
}

/// <summary>
/// One single-threaded world on virtual time: messages and timers in a queue, runner processes with the work they have ready. Everything
/// that happens, happens in <see cref="Step"/>; nothing depends on real time or on other threads.
/// </summary>
internal sealed class World(Rng order, Trace trace)
{
    /// <summary>Beyond this many steps a simulation is taken to run in circles.</summary>
    public const int MaxSteps = 400_000;

    private readonly PriorityQueue<Action, long> events = new();
    private readonly List<SimProcess> runnable = [];
    private readonly int thread = Environment.CurrentManagedThreadId;
    private long sequence;

    public List<SimProcess> Processes { get; } = [];
    public Trace Trace => trace;
    /// <summary>100-nanosecond ticks since the world began.</summary>
    public long Now { get; private set; }
    public int Steps { get; private set; }
    /// <summary>Set from wherever it is found; the loop ends at once.</summary>
    public ViolationException? Violation { get; private set; }

    public void Fail(string invariant, string explanation)
    {
        Violation ??= new ViolationException(invariant, explanation);
        trace.Note(Now, -1, $"VIOLATION {invariant}: {explanation}");
    }

    public void After(long delay, Action act)
    {
        // Time above, order of asking in the 20 bits below it: MaxSteps keeps the sequence from going round.
        events.Enqueue(act, ((Now + Math.Max(0, delay)) << 20) | (sequence++ & 0xFFFFF));
    }

    /// <summary>Continuations must come from the one thread; anything else broke out to the thread pool and cannot be replayed.</summary>
    public void CheckThread()
    {
        if (Environment.CurrentManagedThreadId != thread)
        {
            Violation ??= new ViolationException("determinism", "work escaped to another thread:\n" + Environment.StackTrace);
        }
    }

    /// <summary>Does one thing. False when there is nothing left to do at all.</summary>
    public bool Step()
    {
        Steps++;
        runnable.Clear();
        foreach (var process in Processes)
        {
            if (process.CanRun) runnable.Add(process);
        }
        if (runnable.Count > 0)
        {
            runnable[runnable.Count == 1 ? 0 : order.Below(runnable.Count)].RunOne(order);
            return true;
        }
        if (!events.TryDequeue(out var act, out var at)) return false;
        Now = at >> 20;
        act();
        return true;
    }

    public int PendingEvents => events.Count;
}
