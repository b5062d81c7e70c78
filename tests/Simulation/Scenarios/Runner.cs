using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;

namespace Pawl.Simulation;

/// <summary>One start of the program under test, in a process of its own, with what is to befall it.</summary>
internal sealed class Runner(SimProcess process, Server server, SourceSystem source, Scenario scenario, Tally tally, Fate? fate)
    : ICrashPoints, IRunEvents, IConnectors
{
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource abort = new();
    private readonly List<TableRule> rules = [.. scenario.Tables.Select(t => t.Rule)];
    private readonly Dictionary<string, bool> uniqueKeys = scenario.Tables.ToDictionary(t => t.Target, t => t.Unique);
    private RunOptions? asked;
    private int passed;
    private bool met;

    public SimProcess Process => process;
    public long Started { get; } = process.World.Now;
    /// <summary>Somebody asked it to stop.</summary>
    public bool Asked { get; private set; }
    /// <summary>Started after healing: nothing goes wrong any more.</summary>
    public bool Clean { get; init; }
    public bool Running { get; private set; } = true;
    public Action<FateKind, Runner>? OnFate { get; set; }
    public Action<Runner, RunSummary>? OnEnded { get; set; }

    public TableRule Rule(string table) => rules.First(r => r.Pattern.Matches(table));

    /// <summary>It was asked to start the table over.</summary>
    public bool Restarts(string table) =>
        asked is { Restart: true } && (asked.Tables.Count == 0 || asked.Tables.Any(t => t.Matches(table)));

    public void Start(RunOptions options, ulong seed)
    {
        asked = options;
        process.InOrder = scenario.InOrder;
        process.BeforeItem = BeforeItem;
        process.Post(_ => Main(options, seed), null);
    }

    private async void Main(RunOptions options, ulong seed)
    {
        var random = new Random((int)(seed & int.MaxValue));
        var host = new JobHost
        {
            Time = process.Clock,
            Random = random,
            Ids = new IdSource(new Random((int)(seed >> 33))),
            Connectors = this,
            Events = this,
            Points = this,
            Runner = process.Name,
        };
        try
        {
            var summary = await new JobRunner(host).RunAsync(Spec(), options, new RunSignals(stop.Token, abort.Token));
            Running = false;
            OnEnded?.Invoke(this, summary);
        }
        catch (Exception e)
        {
            process.World.Fail("I11", $"{process.Name} threw: {e}");
        }
    }

    private JobSpec Spec() => new()
    {
        Name = "job",
        Source = new Endpoint { Scheme = "sim", Path = "source", Display = "sim:source" },
        Target = new Endpoint { Scheme = "sim", Path = "target", Display = "sim:target" },
        Tables = rules,
        Commit = scenario.Commit,
        Retry = Clean ? new RetryPolicy { BackoffMax = TimeSpan.FromSeconds(5) } : scenario.Retry,
        VerifyAfterRun = VerifyLevel.None,
        Parallel = scenario.Parallel,
        MemoryBytes = 16 << 20,
    };

    public void AskStop(bool now)
    {
        Asked = true;
        process.Post(_ => (now ? abort : stop).Cancel(), null);
    }

    public void Gone() => Running = false;

    private void BeforeItem(SimProcess p)
    {
        if (met || fate is not { Point: null } f || p.Served + 1 != f.AtItem) return;
        met = true;
        OnFate?.Invoke(f.Kind, this);
    }

    public long StallTicks => fate?.StallTicks ?? 0;

    void ICrashPoints.Reached(string point)
    {
        if (!process.Alive) return;
        process.World.Trace.Add(process.World.Now, process.Id, "point " + point);
        if (fate?.Point != point || ++passed != fate.Occurrence) return;
        if (fate.Kind == FateKind.Kill) tally.KillsAtNamedPoint++;
        OnFate?.Invoke(fate.Kind, this);
    }

    void IRunEvents.Emit(RunEvent e)
    {
        if (!process.Alive) return;
        if (process.World.Trace.KeepsText && e.Code != EventCodes.LaneCommitted)
        {
            process.World.Trace.Note(process.World.Now, process.Id,
                $"event {e.Code} {e.Table} {e.Lane} {string.Join(' ', e.Args.Select(a => $"{a.Key}={a.Value}"))}");
        }
        switch (e.Code)
        {
            case EventCodes.JobTakenOver: tally.TakeOvers++; break;
            case EventCodes.LaneCommitted: server.Checker.OnReported(process, e.Lane!, (long)e.Args["seq"]!); break;
            case EventCodes.LaneRetry or EventCodes.EndpointLost: tally.Retries++; break;
            case EventCodes.RunResumed: tally.Resumes++; break;
            case EventCodes.CommitResolved: tally.ResolvedCommits++; break;
            default: break;
        }
    }

    Connector IConnectors.For(Endpoint at) => new SimConnector(this, scenario.MaxWriters);

    IReadOnlyList<Connector> IConnectors.All => [];

    private sealed class SimConnector(Runner runner, int maxWriters) : Connector, IReadsTables, IWritesTables
    {
        public override ConnectorSpec Spec => new()
        {
            Name = "sim",
            Schemes = ["sim"],
            Description = "The simulation.",
            Limits = new ConnectorLimits { MaxWriters = maxWriters, Upsert = true, AcceptsStrays = true, HasSchemas = false },
        };

        public override ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct) =>
            runner.ProbeAsync(request.At, ct);

        public ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
            ValueTask.FromResult<ISource>(runner.OpenSource());

        public ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
            ValueTask.FromResult<ISink>(new TransactionalSink(runner.OpenTarget(), context));
    }

    private async ValueTask<ProbeReport> ProbeAsync(Endpoint at, CancellationToken ct)
    {
        await process.DelayAsync(server.Latency());
        ct.ThrowIfCancellationRequested();
        return new ProbeReport(at.Path != "target" || server.Up, "sim", []);
    }

    private SimSource OpenSource() => new(source, process, server.Checker);

    private SimTarget OpenTarget() => new(server, process, plan => uniqueKeys[plan.Target.Name]);
}
