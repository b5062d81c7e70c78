using Pawl.Contracts;
using Pawl.Telemetry;

namespace Pawl.Engine;

/// <summary>What the outside world lends to the engine: clock, randomness, ids, connectors, an ear for events.</summary>
public sealed record JobHost
{
    public required TimeProvider Time { get; init; }
    /// <summary>Jitter of backoff; seeded.</summary>
    public required Random Random { get; init; }
    public required IdSource Ids { get; init; }
    public required IConnectors Connectors { get; init; }
    public required IRunEvents Events { get; init; }
    public ICrashPoints Points { get; init; } = NoCrashPoints.Instance;
    /// <summary>Who this runner is, for people: user@host pid.</summary>
    public required string Runner { get; init; }
}

/// <summary>Finds the connector of a URL scheme.</summary>
public interface IConnectors
{
    /// <exception cref="Model.PawlException"><see cref="Model.Codes.SchemeUnknown"/>.</exception>
    Connector For(Endpoint at);
    IReadOnlyList<Connector> All { get; }
}

/// <summary>How one run differs from the job file.</summary>
public sealed record RunOptions
{
    /// <summary>Only source tables matching one of these; empty = all of the job.</summary>
    public IReadOnlyList<TablePattern> Tables { get; init; } = [];
    /// <summary>
    /// Start a new generation of the chosen tables; what they held in the target goes (insert) or is overwritten (upsert).
    /// </summary>
    public bool Restart { get; init; }
}

/// <summary>How a run is asked to end.</summary>
/// <param name="Stop">Finish the commit in flight, then end.</param>
/// <param name="Abort">End at once; still safe.</param>
public sealed record RunSignals(CancellationToken Stop, CancellationToken Abort);

public enum TableStatus { Done, AlreadyDone, Interrupted, Failed }

public enum RunStatus { Done, NothingToDo, Partial, Failed, Interrupted, Paused, Fenced }

/// <summary>What became of one table.</summary>
public sealed record TableOutcome
{
    public required string Source { get; init; }
    public required string Target { get; init; }
    public required TableStatus Status { get; init; }
    /// <summary>Rows of all runs of this generation.</summary>
    public Model.WriteCounts Total { get; init; }
    /// <summary>Rows of this run alone.</summary>
    public Model.WriteCounts ThisRun { get; init; }
    public long TotalBytes { get; init; }
    public TimeSpan Time { get; init; }
    public Guarantee Guarantee { get; init; }
    /// <summary>Which moments of the source the copy shows.</summary>
    public Consistency Consistency { get; init; }
    /// <summary>Why it failed; null otherwise.</summary>
    public Model.PawlException? Error { get; init; }
    /// <summary>What verification said; null = not asked.</summary>
    public Verify.TableVerdict? Verdict { get; init; }
}

/// <summary>What became of a run. Computed from ledger and checks, never assumed.</summary>
public sealed record RunSummary
{
    public required Guid Run { get; init; }
    public required RunStatus Status { get; init; }
    public required IReadOnlyList<TableOutcome> Tables { get; init; }
    /// <summary>What stopped the whole run; null when tables failed by themselves or nothing did.</summary>
    public Model.PawlException? Error { get; init; }
    public TimeSpan Time { get; init; }
    public int Retries { get; init; }
    /// <summary>The durable state this run found and went on from; null when it began afresh.</summary>
    public ResumeInfo? Resumed { get; init; }
}

/// <summary>What a resumed run found.</summary>
public sealed record ResumeInfo
{
    public required int SplitsDone { get; init; }
    public required int SplitsPartial { get; init; }
    public required int SplitsToDo { get; init; }
    /// <summary>Rows that were durable already and are not copied again.</summary>
    public required long RowsKept { get; init; }
    public DateTimeOffset? LastCommit { get; init; }
    public string? TakenOverFrom { get; init; }
}
