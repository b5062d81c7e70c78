using Pawl.Jobs;

namespace Pawl.Verify;

/// <summary>What comparing one table with its copy showed.</summary>
public sealed record TableVerdict
{
    public required string Source { get; init; }
    public required string Target { get; init; }
    public required VerifyLevel Level { get; init; }
    public required bool Equal { get; init; }
    public required long SourceRows { get; init; }
    public required long TargetRows { get; init; }
    /// <summary>Rows rejected by policy, which the source has and the target rightly lacks.</summary>
    public long Rejected { get; init; }
    /// <summary>32 hex digits; null at level count.</summary>
    public string? SourceDigest { get; init; }
    public string? TargetDigest { get; init; }
    /// <summary>Splits whose digests differ, at most 100; empty when equal or where ranges mean different rows on the two sides.</summary>
    public IReadOnlyList<RangeDifference> Differences { get; init; } = [];
}

/// <summary>A key range that differs: strictly after, up to and including.</summary>
public sealed record RangeDifference(string? After, string? Through, long SourceRows, long TargetRows);
