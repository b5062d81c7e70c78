using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Telemetry;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>Runs whole jobs from one file to another through the engine.</summary>
internal static class SqliteJobs
{
    /// <summary>Each run has ids of its own, also beside <see cref="Scratch.Context"/>: two holders must not be taken for one.</summary>
    private static int seed = 1000;

    public static JobSpec Job(Scratch scratch, params TableRule[] rules) => new()
    {
        Name = "test",
        Source = Scratch.At(scratch.Source),
        Target = Scratch.At(scratch.Target),
        Tables = rules.Length > 0 ? rules : [new TableRule { Pattern = new TablePattern("*") }],
    };

    public static Task<RunSummary> RunAsync(JobSpec job, CancellationToken stop = default, IRunEvents? events = null,
        RunOptions? options = null) =>
        new JobRunner(new JobHost
        {
            Time = TimeProvider.System,
            Random = new Random(1),
            Ids = new IdSource(new Random(Interlocked.Increment(ref seed))),
            Connectors = new OnlySqlite(),
            Events = events ?? new NoEvents(),
            Runner = "test",
        }).RunAsync(job, options ?? new RunOptions(), new RunSignals(stop, default));

    private sealed class OnlySqlite : IConnectors
    {
        private readonly SqliteConnector connector = new();
        public Connector For(Endpoint at) => connector;
        public IReadOnlyList<Connector> All => [connector];
    }

    private sealed class NoEvents : IRunEvents
    {
        public void Emit(RunEvent e) { }
    }
}
