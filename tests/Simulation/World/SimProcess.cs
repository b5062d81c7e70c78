namespace Pawl.Simulation;

/// <summary>
/// One runner process: a queue of work served by the world, a clock of its own, and an end. Killed, it loses its queue and everything that
/// would ever reach it; no finally block and no Dispose has an effect any more. Stalled, its queue waits.
/// </summary>
internal sealed class SimProcess : SynchronizationContext
{
    private readonly World world;
    private readonly List<(SendOrPostCallback Work, object? State)> ready = [];
    private long stalledUntil = -1;

    public SimProcess(World world, int id, string name)
    {
        this.world = world;
        Id = id;
        Name = name;
        Clock = new SimClock(world, this);
        world.Processes.Add(this);
    }

    public int Id { get; }
    public string Name { get; }
    public SimClock Clock { get; }
    /// <summary>False once killed or ended.</summary>
    public bool Alive { get; private set; } = true;
    public bool Killed { get; private set; }
    /// <summary>Returned from its main function by itself.</summary>
    public bool HasEnded { get; private set; }
    public bool Stalled => stalledUntil > world.Now;
    /// <summary>Work items served so far.</summary>
    public int Served { get; private set; }
    /// <summary>First in, first out; false = any order.</summary>
    public bool InOrder { get; set; }
    /// <summary>Called before each work item with its number; may kill or stall.</summary>
    public Action<SimProcess>? BeforeItem { get; set; }
    public World World => world;
    public bool CanRun => Alive && ready.Count > 0 && stalledUntil <= world.Now;

    public override void Post(SendOrPostCallback d, object? state)
    {
        world.CheckThread();
        if (Alive) ready.Add((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("blocking call in a simulation");

    public override SynchronizationContext CreateCopy() => this;

    public void RunOne(Rng order)
    {
        BeforeItem?.Invoke(this);
        if (!CanRun) return;
        Served++;
        var at = InOrder || ready.Count == 1 ? 0 : order.Below(ready.Count);
        var (work, state) = ready[at];
        ready.RemoveAt(at);
        world.Trace.Number(Id * 1000L + at);
        var before = Current;
        SetSynchronizationContext(this);
        try { work(state); }
        finally { SetSynchronizationContext(before); }
    }

    public void Kill()
    {
        if (!Alive) return;
        Alive = false;
        Killed = true;
        ready.Clear();
    }

    /// <summary>It returned from its main function.</summary>
    public void End()
    {
        Alive = false;
        HasEnded = true;
        ready.Clear();
    }

    public void Stall(long ticks)
    {
        stalledUntil = world.Now + ticks;
        world.After(ticks, () => { });
    }

    public void Wake() => stalledUntil = -1;

    /// <summary>A task that nobody will ever complete: what a dead process's calls return.</summary>
    public static Task<T> Never<T>() => new TaskCompletionSource<T>().Task;

    /// <summary>Waits inside this process.</summary>
    public Task DelayAsync(long ticks)
    {
        if (!Alive) return Never<bool>();
        var done = new TaskCompletionSource();
        world.After(ticks, done.SetResult);
        return done.Task;
    }
}
