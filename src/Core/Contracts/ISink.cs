using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>
/// A place tables are written to. Per run: <see cref="OpenLedgerAsync"/> first, a job lease from it, then per table
/// <see cref="PrepareAsync"/>, per lane group <see cref="OpenGroupAsync"/> as often as attempts are needed, and <see cref="FinishAsync"/>
/// when all lanes of the table are final. Groups run at the same time up to <see cref="ConnectorLimits.MaxWriters"/>. A sink keeps no
/// checkpoints of its own and does not retry.
/// </summary>
public interface ISink : IAsyncDisposable
{
    /// <summary>What a repeat after a crash means for this table.</summary>
    Guarantee GuaranteeFor(TablePlan plan);

    /// <summary>The control side: jobs, plans, leases, ledger. One connection of its own.</summary>
    ValueTask<ILedgerStore> OpenLedgerAsync(CancellationToken ct);

    /// <summary>Looks at the target table without changing it.</summary>
    ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct);

    /// <summary>Creates or checks the target table. Idempotent; fenced by the job's epoch.</summary>
    ValueTask PrepareAsync(TablePlan plan, JobLease lease, CancellationToken ct);

    /// <summary>
    /// Takes the lanes' leases under the job's lease: raises each lane's epoch in a transaction of its own (which waits until any older
    /// transaction on that lane is decided), then reads what is durable. One connection.
    /// </summary>
    /// <exception cref="PawlException"><see cref="Fault.Fenced"/> when the job's lease is no longer ours.</exception>
    ValueTask<ISinkWriter> OpenGroupAsync(LaneGroup lanes, CancellationToken ct);

    /// <summary>After all lanes are final: indexes, constraints, sequences. By phase, each idempotent, fenced.</summary>
    ValueTask FinishAsync(TablePlan plan, JobLease lease, CancellationToken ct);
}

/// <summary>Role of a sink, or of what it stands on: several tables may be written into one, each known by its slice.</summary>
public interface IMergesTables
{
    /// <summary>
    /// Whether the target holds a row that is in none of these slices; any row, where its table lacks the column. A target that is not
    /// there holds none.
    /// </summary>
    /// <param name="known">Values of the slices' column.</param>
    ValueTask<bool> HoldsOthersAsync(TablePlan plan, IReadOnlyCollection<string> known, CancellationToken ct);
}

/// <summary>Role of a sink, or of what it stands on: knows which tables have to be filled before which.</summary>
public interface IKnowsReferences
{
    /// <summary>
    /// Foreign keys between the target's tables that are enforced while Pawl writes, each once; none from a table to itself.
    /// </summary>
    ValueTask<IReadOnlyList<TableReference>> ReferencesAsync(CancellationToken ct);
}

/// <param name="From">Its rows name rows of the other.</param>
/// <param name="To">What they name has to be there first.</param>
public sealed record TableReference(TableName From, TableName To);

/// <summary>Role of a sink, or of what it stands on: says beforehand what a table that it creates would hold.</summary>
public interface IForeseesColumns
{
    /// <summary>
    /// The columns of <see cref="TablePlan.TargetSchema"/>, in order, with the type the system would declare and what it means there.
    /// </summary>
    IReadOnlyList<ColumnSchema> Foresee(TablePlan plan);
}

/// <summary>
/// Writes the groups of some lanes on one connection, one group after another: any number of <see cref="WriteAsync"/> and
/// <see cref="RejectAsync"/>, then <see cref="FlushAsync"/>, then <see cref="CommitAsync"/>. After any exception the writer is only good
/// for disposal, which rolls back. Called by one caller at a time.
/// </summary>
public interface ISinkWriter : IAsyncDisposable
{
    /// <summary>
    /// What the target durably held for each lane when the group was opened; a lane without an entry is new. Fixed for the writer's life.
    /// </summary>
    IReadOnlyDictionary<LaneId, LedgerEntry> Last { get; }

    /// <summary>What somebody wants of the job, as read with the last fence.</summary>
    WantedState Wanted { get; }

    /// <summary>
    /// The rows rejected in the open group, by the target or before it, and those written without a cell
    /// (<see cref="RejectedRow.IsNulled"/>). Complete after a flush.
    /// </summary>
    IReadOnlyList<RejectedRow> Rejected { get; }

    /// <summary>Takes over the batch, also when it throws. May buffer it; a file target buffers the whole group.</summary>
    /// <param name="table">Source name, one of <see cref="LaneGroup.Tables"/>; the batch has the shape of its
    /// <see cref="TablePlan.TargetSchema"/>.</param>
    ValueTask WriteAsync(LaneId lane, TableName table, RowBatch batch, CancellationToken ct);

    /// <summary>Rows refused before they reached the target; stored with the group.</summary>
    ValueTask RejectAsync(LaneId lane, IReadOnlyList<RejectedRow> rows, CancellationToken ct);

    /// <summary>
    /// Everything written since the last flush is now at the server, counted by it: inserted, updated, unchanged, rejected, per lane.
    /// </summary>
    ValueTask<IReadOnlyDictionary<LaneId, WriteCounts>> FlushAsync(CancellationToken ct);

    /// <summary>
    /// Makes rows, rejects and entries durable together. COMMIT is sent once; from then on the token is not looked at.
    /// </summary>
    /// <exception cref="CommitUnknownException">The answer was lost.</exception>
    ValueTask CommitAsync(IReadOnlyList<LedgerEntry> entries, CancellationToken ct);
}

/// <summary>Role of a writer: rows may come as they came off a source's wire.</summary>
public interface ITakesWire
{
    /// <summary>
    /// The format in which rows of the table can be taken undecoded; null = none. It names everything that decides what the bytes mean
    /// (format, version, types with their modifiers), so that two ends which name the same understand each other. Asked before the
    /// group's first write.
    /// </summary>
    ValueTask<string?> WireFormatAsync(TableName table, CancellationToken ct);
}

/// <summary>Lanes that commit together, in sorted order.</summary>
public sealed record LaneGroup
{
    public required JobLease Lease { get; init; }
    public required IReadOnlyList<LaneId> Lanes { get; init; }
    /// <summary>The tables the lanes may write, by source name.</summary>
    public required IReadOnlyDictionary<TableName, TablePlan> Tables { get; init; }
    /// <summary>Bytes the writer may hold back before it must send them on. Default 64 MB.</summary>
    public long BufferBytes { get; init; } = 64L << 20;

    /// <summary>
    /// The table whose split the lane is; null for a lane of its own, such as a change log. A new generation of a table closes the lanes
    /// that are its splits, and no other.
    /// </summary>
    public TableName? TableOf(LaneId lane)
    {
        var at = lane.Name.LastIndexOf("/s", StringComparison.Ordinal);
        if (at < 0 || !int.TryParse(lane.Name.AsSpan(at + 2), System.Globalization.NumberStyles.None,
            System.Globalization.CultureInfo.InvariantCulture, out var split)) return null;
        return Tables.Values.FirstOrDefault(plan => plan.Lane(lane.Job, split) == lane)?.Source;
    }
}

/// <summary>What a target promises for a table.</summary>
public enum Guarantee { OncePerRow, ConvergesByKey, OncePerPublishedUnit, AtLeastOnce }

/// <summary>What <see cref="ISink.InspectAsync"/> found.</summary>
/// <param name="Exists">There is a table of that name.</param>
/// <param name="HasRows">It holds at least one row; of the plan's slice, where that has one.</param>
/// <param name="Schema">Its schema; null when it does not exist.</param>
public sealed record TargetState(bool Exists, bool HasRows, TableSchema? Schema)
{
    /// <summary>
    /// Key columns in which the target takes texts for one that the source tells apart (case, accents, trailing blanks): an upsert would
    /// merge such rows without a word. Empty = none, or the target cannot tell.
    /// </summary>
    public IReadOnlyList<string> CoarseKey { get; init; } = [];
}
