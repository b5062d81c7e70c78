namespace Pawl.Verify;

/// <summary>A key range that differs: strictly after, up to and including; null = no bound on that side. In rows.</summary>
public sealed record RangeDifference(string? After, string? Through, long SourceRows, long TargetRows)
{
    /// <summary>Rows of the source that the target does not hold; a changed row is one missing and one extra.</summary>
    public long Missing { get; init; }

    /// <summary>Rows of the target that the source does not hold.</summary>
    public long Extra { get; init; }
}
