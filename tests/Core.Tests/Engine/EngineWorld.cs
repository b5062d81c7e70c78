using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;

namespace Pawl.Core.Tests.Engine;

/// <summary>Two databases in memory and a job between them, run by the real engine.</summary>
internal sealed class EngineWorld : Connector, IReadsTables, IWritesTables, IConnectors, IRunEvents, ICrashPoints
{
    private readonly JobHost host;

    public EngineWorld()
    {
        host = new JobHost
        {
            Time = TimeProvider.System,
            Random = new Random(1),
            Ids = new IdSource(new Random(2)),
            Connectors = this,
            Events = this,
            Points = this,
            Runner = "tester",
        };
    }

    public MemoryStore Source { get; set; } = new();
    public MemoryStore Target { get; } = new();
    /// <summary>Puts something in the way of the source.</summary>
    public Func<ISource, ISource> Wrap { get; set; } = source => source;
    /// <summary>The same for the target when it is read to be compared.</summary>
    public Func<ISource, ISource> WrapCopy { get; set; } = source => source;
    public FaultPlan? Faults { get; set; }
    public List<RunEvent> Events { get; } = [];
    public JobHost Host => host;

    public JobSpec Job { get; set; } = new()
    {
        Name = "job",
        Source = new Endpoint { Scheme = "memory", Path = "source", Display = "memory:source" },
        Target = new Endpoint { Scheme = "memory", Path = "target", Display = "memory:target" },
        Tables = [new TableRule { Pattern = new TablePattern("*") }],
        Commit = new CommitPolicy { Rows = 10 },
        Retry = new RetryPolicy { Times = 3, BackoffMin = TimeSpan.FromMilliseconds(1), BackoffMax = TimeSpan.FromMilliseconds(2) },
        Parallel = 1,
    };

    public void Fill(string table, int rows, int from = 0) => Fill(Source, table, rows, from);

    public static void Fill(MemoryStore store, string table, int rows, int from = 0)
    {
        var sample = Plans.OrderTable(table);
        store.Create(table, sample.Columns, sample.Key, Plans.Orders(rows, from));
    }

    /// <summary>Changes the job's only rule.</summary>
    public void Rule(Func<TableRule, TableRule> change) => Job = Job with { Tables = [change(Job.Tables[0])] };

    public Task<RunSummary> RunAsync(bool restart = false, RunSignals? signals = null) =>
        new JobRunner(host).RunAsync(Job, new RunOptions { Restart = restart }, signals ?? new RunSignals(default, default));

    public int Rows(string table) => Target.Tables[table].Rows.Count;

    public override ConnectorSpec Spec => new()
    {
        Name = "memory",
        Schemes = ["memory"],
        Description = "in memory",
        Limits = new ConnectorLimits { HasSchemas = false, Upsert = true, AcceptsStrays = true, IdentifierBytes = 63, Replace = Replaces },
    };

    /// <summary>Whole copies can be published at the target.</summary>
    public bool Replaces { get; set; } = true;

    public IReadOnlyList<Connector> All => [this];
    public Connector For(Endpoint at) => this;

    /// <summary>Whether an endpoint answers; told of every question.</summary>
    public Func<Endpoint, bool> Answers { get; set; } = _ => true;

    public override ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct) =>
        ValueTask.FromResult(new ProbeReport(Answers(request.At), "memory", []));

    public ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct) => ValueTask.FromResult(
        at.Path == "source" ? Wrap(new MemorySource(Source, MemoryBug.None)) : WrapCopy(new MemorySource(Target, MemoryBug.None)));

    public ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct)
    {
        ITargetDatabase database = new MemoryTarget(Target, MemoryBug.None);
        if (Faults is { } faults) database = new FaultyTargetDatabase(database, faults);
        return ValueTask.FromResult<ISink>(new TransactionalSink(database, context));
    }

    public void Emit(RunEvent e)
    {
        Events.Add(e);
        Heard(e);
    }

    /// <summary>Told of every event.</summary>
    public Action<RunEvent> Heard { get; set; } = _ => { };

    /// <summary>Told of every named point of the commit path.</summary>
    public Action<string> At { get; set; } = _ => { };

    public void Reached(string point) => At(point);
}
