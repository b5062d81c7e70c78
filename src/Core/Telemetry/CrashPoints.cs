namespace Pawl.Telemetry;

/// <summary>
/// The named points of the commit path at which a process is killed in tests and drills. The engine and the sink report them in order;
/// in normal use nobody listens.
/// </summary>
public interface ICrashPoints
{
    /// <summary>Called when the point is reached. May end the process; must not throw otherwise.</summary>
    void Reached(string point);
}

public sealed class NoCrashPoints : ICrashPoints
{
    public static readonly NoCrashPoints Instance = new();
    public void Reached(string point) { }
}

public static class CrashPoint
{
    public const string JobAcquired = "job-acquired";
    public const string PlanSaved = "plan-saved";
    public const string TargetPrepared = "target-prepared";
    public const string LaneRaised = "lane-raised";
    public const string TransactionOpen = "transaction-open";
    public const string RowsWritten = "rows-written";
    public const string LedgerWritten = "ledger-written";
    public const string CommitDone = "commit-done";
    public const string LaneFinal = "lane-final";
    /// <summary>A replace where a rename commits by itself: the staged rows are counted, and nothing is renamed.</summary>
    public const string PublicationCounted = "publication-counted";
    /// <summary>The same: the tables have changed places, and nothing says so.</summary>
    public const string PublicationRenamed = "publication-renamed";
    /// <summary>A replace: the rows have changed places, in a transaction that is still open.</summary>
    public const string PublicationReady = "publication-ready";
    /// <summary>A replace: that transaction is committed.</summary>
    public const string Published = "published";
    public const string TableFinished = "table-finished";
    public const string BeforeRelease = "before-release";
    /// <summary>Files as a target: they have their names, and the books do not know them yet.</summary>
    public const string PartPublished = "part-published";

    /// <summary>Those that every run passes.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        JobAcquired, PlanSaved, TargetPrepared, LaneRaised, TransactionOpen, RowsWritten, LedgerWritten, CommitDone, LaneFinal,
        TableFinished, BeforeRelease,
    ];

    /// <summary>Those that only a replace passes.</summary>
    public static readonly IReadOnlyList<string> OfReplace = [PublicationReady, Published];

    /// <summary>Those that only a replace passes whose target cannot rename in a transaction.</summary>
    public static readonly IReadOnlyList<string> OfRename = [PublicationCounted, PublicationRenamed];

    /// <summary>Those that only a target of files passes.</summary>
    public static readonly IReadOnlyList<string> OfFiles = [PartPublished];
}
