using Pawl.Contracts;

namespace Pawl.Verify;

/// <summary>Bounds of one comparison. Memory does not grow with the table: a batch a side, and the row hashes of one piece.</summary>
public sealed record CompareOptions
{
    /// <summary>What one read may carry, a side. Default 4 096 rows, 4 MB.</summary>
    public BatchBudget Budget { get; init; } = new(4_096, 4L << 20);

    /// <summary>Rows of the source in one piece when a difference is narrowed down, at least 1. Default 1 024.</summary>
    public int PieceRows { get; init; } = 1_024;

    /// <summary>Differing ranges to list, at least 1. Default 100.</summary>
    public int Differences { get; init; } = 100;
}
