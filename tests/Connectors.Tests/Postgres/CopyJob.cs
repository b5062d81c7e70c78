using Pawl.Connectors.Files;
using Pawl.Connectors.MySql;
using Pawl.Connectors.Postgres;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Pawl.Verify;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>A whole job, run by the real engine in this process between any two of the connectors.</summary>
internal sealed class CopyJob : IConnectors, IRunEvents
{
    private static readonly Connector[] Known =
        [new PgConnector(), new SqliteConnector(), new MySqlConnector(), new CsvConnector(), new JsonlConnector()];
    private static int number;

    public required Endpoint From { get; init; }
    public required Endpoint To { get; init; }
    public required TableRule[] Tables { get; init; }
    public string Name { get; init; } = FormattableString.Invariant($"copy {Interlocked.Increment(ref number)}");
    public VerifyLevel Verify { get; init; } = VerifyLevel.Count;
    /// <summary>Rows of one commit.</summary>
    public long Rows { get; init; } = 50_000;
    public int Parallel { get; init; } = 2;
    public SchemaChanges Changes { get; init; }
    public string[] Was { get; init; } = [];
    /// <summary>Ends the run after the commit in flight.</summary>
    public CancellationToken Stop { get; init; }
    /// <summary>Called at every event, while the engine waits.</summary>
    public Action<RunEvent>? At { get; init; }

    public CancellationToken Abort { get; init; }

    /// <summary>Told where the run is.</summary>
    public ICrashPoints Points { get; init; } = NoCrashPoints.Instance;

    public static TableRule Table(string name, string? target = null) =>
        new() { Pattern = TablePattern.Literal(name), Target = (target ?? name).Replace("{", "{{").Replace("}", "}}") };

    /// <summary>Two runners must never draw the same uuids: each run has a seed of its own, apart from those of other harnesses.</summary>
    private static int seed = 1_000_000;

    public static Endpoint File(string path) => new() { Scheme = "sqlite", Path = path, Display = $"sqlite:{path}" };

    public Task<RunSummary> RunAsync(bool restart = false) =>
        new JobRunner(Host()).RunAsync(Job(), new RunOptions { Restart = restart }, new RunSignals(Stop, Abort));

    public Task<PlanReport> ReportAsync() => new JobPlanner(Host()).PlanAsync(Job(), new RunOptions(), default);

    public async Task<TableForecast> PlanAsync() => Assert.Single((await ReportAsync()).Tables);

    public Task<IReadOnlyList<TableVerdict>> VerifyAsync() => new JobVerifier(Host()).VerifyAsync(Job(), VerifyLevel.Digest, [], default);

    /// <summary>The same job, stopped by itself when it has made that many commits.</summary>
    public async Task StoppedAsync(int commits)
    {
        using var stop = new CancellationTokenSource();
        var seen = 0;
        var summary = await new CopyJob
        {
            From = From, To = To, Tables = Tables, Name = Name, Verify = Verify, Rows = Rows, Parallel = 1, Changes = Changes, Was = Was,
            Stop = stop.Token, At = e => { if (e.Code == EventCodes.LaneCommitted && ++seen == commits) stop.Cancel(); },
        }.RunAsync();
        Assert.Equal(RunStatus.Interrupted, summary.Status);
    }

    public Task<IReadOnlyList<RetriedTable>> RetryRejectsAsync() => new JobRejects(Host()).RetryAsync(Job(), [], default);

    public JobHost Host() => new()
    {
        Time = TimeProvider.System, Random = new Random(1), Ids = new IdSource(new Random(Interlocked.Increment(ref seed))),
        Connectors = this, Events = this, Runner = "tester", Points = Points,
    };

    public JobSpec Job() => new()
    {
        Name = Name, Was = Was, Changes = Changes, Source = From, Target = To, Tables = Tables, VerifyAfterRun = Verify, Commit = new CommitPolicy { Rows = Rows },
        Parallel = Parallel,
        Retry = new RetryPolicy { Times = 1, BackoffMin = TimeSpan.FromMilliseconds(1), BackoffMax = TimeSpan.FromMilliseconds(2) },
    };

    /// <summary>Runs to a bad end: the error of the only table, or of the whole run.</summary>
    public async Task<PawlException> FailedAsync(bool restart = false)
    {
        try
        {
            var summary = await RunAsync(restart);
            return Assert.Single(summary.Tables).Error ?? summary.Error ?? throw new InvalidOperationException($"ended {summary.Status}");
        }
        catch (PawlException e)
        {
            return e;
        }
    }

    /// <summary>Runs to a good end; what any table failed of is told.</summary>
    public async Task<RunSummary> DoneAsync(bool restart = false)
    {
        var summary = await RunAsync(restart);
        var failed = summary.Tables.Where(t => t.Error is not null || t.Verdict is { Equal: false }).Select(t => t.Error is { } e
            ? $"{t.Source}: {e.Code} {string.Join(", ", e.Details)}" : $"{t.Source}: {t.Verdict}").ToArray();
        Assert.True(summary.Status == RunStatus.Done && failed.Length == 0,
            $"{summary.Status} {summary.Error?.Message} {string.Join('\n', failed)}");
        return summary;
    }

    public IReadOnlyList<Connector> All => Known;

    public Connector For(Endpoint at) => Known.First(c => c.Spec.Schemes.Contains(at.Scheme));

    public void Emit(RunEvent e) => At?.Invoke(e);
}
