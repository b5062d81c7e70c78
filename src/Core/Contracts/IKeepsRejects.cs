using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>Role of a sink: gives back the rows it was made to reject, and tries them again. Thread-safe.</summary>
public interface IKeepsRejects
{
    /// <summary>
    /// The rejected rows of a plan, and the cells that were written as null, lane by lane, in the order in which they were rejected. Needs
    /// no lease. Memory does not grow with their number.
    /// </summary>
    IAsyncEnumerable<StoredReject> ReadRejectsAsync(Guid job, TablePlan plan, CancellationToken ct);

    /// <summary>
    /// Tries each open reject of a plan once, from its stored image, as an insert. Takes the lanes under the job's lease, as
    /// <see cref="ISink.OpenGroupAsync"/> does. A row that is written now, one whose key has got a newer row meanwhile, and one that is
    /// refused again are written down in the same transaction as the rows, together with the lane's figures. Yields after each commit; the
    /// caller keeps the lease alive in between.
    /// </summary>
    /// <exception cref="PawlException"><see cref="Fault.Fenced"/> when the job's lease is no longer ours.</exception>
    IAsyncEnumerable<RetryCounts> RetryRejectsAsync(JobLease lease, TablePlan plan, CancellationToken ct);
}

/// <summary>What became of a rejected row.</summary>
public enum RejectState
{
    /// <summary>Not in the target.</summary>
    Open,
    /// <summary>Written when it was tried again.</summary>
    Written,
    /// <summary>Not written: its key has a newer row in the target.</summary>
    Superseded,
    /// <summary>Written at once, with a null in place of the cell at fault. Never tried again.</summary>
    Nulled,
}

/// <summary>A rejected row as the target keeps it. Immutable.</summary>
public sealed record StoredReject
{
    public required RejectedRow Row { get; init; }
    /// <summary>Ledger entry of the lane with which it was rejected.</summary>
    public required long Sequence { get; init; }
    /// <summary>1-based among the rejects of that entry.</summary>
    public required long Number { get; init; }
    /// <summary>When it was rejected, by the target's clock.</summary>
    public required DateTimeOffset At { get; init; }
    public RejectState State { get; init; }
    /// <summary>How often it was tried again.</summary>
    public long Attempts { get; init; }
    /// <summary>When it was tried last, by the target's clock; null = never.</summary>
    public DateTimeOffset? TriedAt { get; init; }
}

/// <summary>What came of trying rejects again, in rows.</summary>
public readonly record struct RetryCounts(long Written, long Superseded, long Refused)
{
    public static RetryCounts operator +(RetryCounts a, RetryCounts b) =>
        new(a.Written + b.Written, a.Superseded + b.Superseded, a.Refused + b.Refused);
}
