using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>
/// Batch in, batches out. Holds no rows between calls: everything a batch becomes leaves in the same call, so a commit position never
/// passes a row that is still inside. One instance serves one lane, one call at a time.
/// </summary>
public interface ITransform : IAsyncDisposable
{
    /// <summary>The same batch gives the same result in every attempt. Needed for resuming without keys.</summary>
    bool Deterministic { get; }

    /// <summary>What leaves, for what comes in.</summary>
    /// <exception cref="PawlException"><see cref="Fault.Schema"/> when the input does not fit (a named column is absent).</exception>
    TableSchema Output(TableSchema input);

    /// <summary>Takes over the batch.</summary>
    ValueTask<TransformResult> ApplyAsync(RowBatch batch, CancellationToken ct);
}

/// <summary>What became of one batch. In rows: <c>in + Expanded = out + Filtered + Collapsed + Rejected.Count</c>.</summary>
public readonly record struct TransformResult(IReadOnlyList<RowBatch> Batches, long Filtered = 0, long Expanded = 0, long Collapsed = 0)
{
    public IReadOnlyList<RejectedRow> Rejected { get; init; } = [];
    /// <summary>Cells that became null; their rows are among those that leave.</summary>
    public IReadOnlyList<RejectedRow> Nulled { get; init; } = [];
}
