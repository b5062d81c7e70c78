using Pawl.Jobs;

namespace Pawl.Verify;

/// <summary>What comparing one table with its copy showed. Immutable.</summary>
public sealed record TableVerdict
{
    public required string Source { get; init; }
    public required string Target { get; init; }
    public required VerifyLevel Level { get; init; }

    /// <summary>Nothing speaks against the copy being right. A proof only when <see cref="Conclusive"/>.</summary>
    public required bool Equal { get; init; }

    /// <summary>
    /// False when the level asked for could not be carried through: rows that the target's server refused are missing there, the counts
    /// agree, but the other rows could not be matched one by one; a system counted other rows than it gave to read; or rows were added to
    /// those of others, and digests cannot tell them apart.
    /// </summary>
    public bool Conclusive { get; init; } = true;

    /// <summary>Rows under the plan's condition, counted by the system where it can.</summary>
    public required long SourceRows { get; init; }
    public required long TargetRows { get; init; }

    /// <summary>Rows in the reject store, which the source has and the target rightly lacks.</summary>
    public long Rejected { get; init; }

    /// <summary>
    /// Of those, the mistyped ones that the plan keeps out, found again while reading; the rest the server refused. 0 at level count.
    /// </summary>
    public long Excluded { get; init; }

    /// <summary>Digest v1 of the rows that should have arrived, 32 hex digits; null at level count.</summary>
    public string? SourceDigest { get; init; }

    /// <summary>Digest v1 of the rows that are there; null at level count.</summary>
    public string? TargetDigest { get; init; }

    /// <summary>Key ranges that differ, at most 100; empty when equal or where ranges mean different rows on the two sides.</summary>
    public IReadOnlyList<RangeDifference> Differences { get; init; } = [];

    /// <summary>The list of <see cref="Differences"/> is full; there may be more.</summary>
    public bool MoreDifferences { get; init; }
}
