using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Telemetry;
using Pawl.Verify;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Whole jobs from one PostgreSQL database to another, run by the engine in this process.</summary>
internal sealed class PgJobs : IConnectors, IRunEvents
{
    /// <summary>Each run has ids of its own: two holders must not be taken for one.</summary>
    private static int seed = 5000;

    private readonly PgConnector connector = new();
    private readonly Lock gate = new();
    private readonly List<RunEvent> events = [];

    /// <summary>Told of every event, on the engine's thread.</summary>
    public Action<RunEvent> Heard { get; set; } = _ => { };

    public IReadOnlyList<RunEvent> Events
    {
        get { lock (gate) return [.. events]; }
    }

    public int Said(string code) => Events.Count(e => e.Code == code);

    public static JobSpec Job(Endpoint source, Endpoint target, params TableRule[] rules) => new()
    {
        Name = "test", Source = source, Target = target,
        Tables = rules.Length > 0 ? rules : [new TableRule { Pattern = new TablePattern("*"), Target = "{table}" }],
    };

    public Task<RunSummary> RunAsync(JobSpec job, RunOptions? options = null, CancellationToken abort = default) =>
        new JobRunner(Host()).RunAsync(job, options ?? new RunOptions(), new RunSignals(default, abort));

    public Task<PlanReport> PlanAsync(JobSpec job, RunOptions? options = null) =>
        new JobPlanner(Host()).PlanAsync(job, options ?? new RunOptions(), default);

    public Task<IReadOnlyList<TableVerdict>> VerifyAsync(JobSpec job, VerifyLevel level) =>
        new JobVerifier(Host()).VerifyAsync(job, level, [], default);

    private JobHost Host() => new()
    {
        Time = TimeProvider.System,
        Random = new Random(1),
        Ids = new IdSource(new Random(Interlocked.Increment(ref seed))),
        Connectors = this,
        Events = this,
        Runner = "test",
    };

    public Connector For(Endpoint at) => connector;

    public IReadOnlyList<Connector> All => [connector];

    public void Emit(RunEvent e)
    {
        lock (gate) events.Add(e);
        Heard(e);
    }
}
