using Pawl.Telemetry;

namespace Pawl.Contracts;

/// <summary>
/// The history of runs for people: a mirror, never the truth about progress. Deleting it loses no row and no position; its failure never
/// stops a run (the host reports it once and goes on).
/// </summary>
public interface IRunHistory : IAsyncDisposable
{
    ValueTask AppendAsync(IReadOnlyList<RunEvent> events, CancellationToken ct);
    ValueTask<IReadOnlyList<RunRecord>> ListAsync(string? job, int limit, CancellationToken ct);
    /// <summary>By full id or unique prefix; null when there is none.</summary>
    ValueTask<RunRecord?> FindAsync(string run, CancellationToken ct);
    ValueTask<IReadOnlyList<RunEvent>> EventsAsync(Guid run, CancellationToken ct);
}

/// <summary>One run, as the history knows it.</summary>
public sealed record RunRecord
{
    public required Guid Run { get; init; }
    public required string Job { get; init; }
    public required DateTimeOffset Started { get; init; }
    /// <summary>Null while running, or when the process died without a word.</summary>
    public DateTimeOffset? Ended { get; init; }
    /// <summary>running, done, failed, partial, paused, fenced …; <c>lost</c> when it never said it ended.</summary>
    public required string Status { get; init; }
    public int? ExitCode { get; init; }
    public long RowsWritten { get; init; }
}
