using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>What a target durably knows of a job at one moment, to be kept elsewhere. Immutable; holds no secrets and no rows.</summary>
/// <param name="Job">The uuid that the job has in that target.</param>
/// <param name="Name">The job's name.</param>
/// <param name="Source">What the job copies from.</param>
/// <param name="Tables">In the order of their names.</param>
public sealed record Checkpoint(Guid Job, string Name, SourceIdentity Source, IReadOnlyList<CheckpointTable> Tables);

/// <summary>One table of a <see cref="Checkpoint"/>.</summary>
/// <param name="Plan">The plan of its newest generation, with its phase.</param>
/// <param name="Rejects">Rows of the table that were set aside and are open, and cells that were written as NULL: none of them is here.
/// </param>
/// <param name="Entries">The last ledger entry of each lane that has one, in split order.</param>
public sealed record CheckpointTable(TablePlan Plan, long Rejects, IReadOnlyList<LedgerEntry> Entries)
{
    /// <summary>Rows of all lanes.</summary>
    public WriteCounts Total => Entries.Aggregate(default(WriteCounts), (sum, e) => sum + e.Total);
}
