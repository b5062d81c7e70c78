namespace Pawl.Telemetry;

/// <summary>
/// One thing that happened in a run: a code and arguments, never formatted text. Feeds terminal, NDJSON, history and later the web.
/// </summary>
public sealed record RunEvent
{
    public required DateTimeOffset At { get; init; }
    public required Guid Run { get; init; }
    public required string Job { get; init; }
    /// <summary>One of <see cref="EventCodes"/>.</summary>
    public required string Code { get; init; }
    public string? Table { get; init; }
    public string? Lane { get; init; }
    /// <summary>Numbers as long or double, texts as string; never secrets, never row values.</summary>
    public IReadOnlyDictionary<string, object?> Args { get; init; } = new Dictionary<string, object?>();
}

/// <summary>Takes events of a run, in order, from one thread at a time. Must not throw and must not block.</summary>
public interface IRunEvents
{
    void Emit(RunEvent e);
}

public static class EventCodes
{
    public const string RunStarted = "run.started";
    public const string RunResumed = "run.resumed";
    /// <summary>The job's holder has missed some heartbeats and is watched: it is alive, or the job is taken over.</summary>
    public const string HolderWatched = "job.holder-watched";
    public const string JobTakenOver = "job.taken-over";
    public const string TablePlanned = "table.planned";
    /// <summary>The snapshot that the table's rows were read in is gone: it is copied anew.</summary>
    public const string TableRestarted = "table.restarted";
    /// <summary>A staged copy took the place of the target's rows.</summary>
    public const string TablePublished = "table.published";
    public const string TableSkipped = "table.skipped";
    public const string TableFailed = "table.failed";
    public const string TableDone = "table.done";
    public const string LaneOpened = "lane.opened";
    /// <summary>Rows read and not yet committed, at most twice a second.</summary>
    public const string LaneProgress = "lane.progress";
    public const string LaneCommitted = "lane.committed";
    public const string LaneDone = "lane.done";
    public const string LaneRetry = "lane.retry";
    /// <summary>Source or target does not answer: all lanes that need it wait. Told before each question whether it is back.</summary>
    public const string EndpointLost = "endpoint.lost";
    public const string EndpointBack = "endpoint.back";
    public const string CommitResolved = "commit.resolved";
    public const string FirstRow = "run.first-row";
    public const string RowsRejected = "rows.rejected";
    /// <summary>Cells that the target cannot hold were written as null, as the job says.</summary>
    public const string CellsNulled = "cells.nulled";
    public const string Verified = "table.verified";
    public const string VerifyDiffers = "table.differs";
    public const string StopRequested = "run.stop-requested";
    public const string Warning = "warning";
    public const string RunEnded = "summary";
}
