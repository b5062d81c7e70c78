using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>One thing a source says, in order.</summary>
/// <param name="Commit">Everything up to and including this event may be committed with this position; null = not a place to commit
/// at.</param>
public abstract record SourceEvent(Position? Commit);

/// <summary>Rows of one table. The receiver owns the batch.</summary>
/// <param name="SchemaVersion">Rises with each <see cref="SchemaChangedEvent"/> of the table; 0 at first.</param>
public sealed record RowsEvent(TableName Table, int SchemaVersion, RowBatch Batch, Position? Commit) : SourceEvent(Commit);

/// <summary>
/// Records that are no rows of the table: they go to the reject store or stop the table, as its plan says of mistyped cells. Their lane is
/// filled in by who reads.
/// </summary>
public sealed record RejectsEvent(TableName Table, IReadOnlyList<RejectedRow> Rejected, Position? Commit) : SourceEvent(Commit)
{
    /// <summary>What stops a table that rejects nothing.</summary>
    public PawlException Refusal() => new(Fault.Data, Rejected[0].Code, ("table", Table), ("where", Rejected[0].Where),
        ("cause", Rejected[0].Cause));
}

/// <summary>The table looks different from here on.</summary>
public sealed record SchemaChangedEvent(TableSchema Schema, int SchemaVersion, Position? Commit) : SourceEvent(Commit);

/// <summary>All rows of the table were removed at once.</summary>
public sealed record TruncatedEvent(TableName Table, Position? Commit) : SourceEvent(Commit);

/// <summary>No rows, but the source moved on: a heartbeat, or a mark of a running snapshot.</summary>
public sealed record ProgressEvent(Position? Commit, Position? Low = null, Position? High = null) : SourceEvent(Commit);

/// <summary>How much one event may carry. A single row larger than <see cref="Bytes"/> travels alone.</summary>
/// <param name="Rows">At least 1.</param>
/// <param name="Bytes">At least 1.</param>
public sealed record BatchBudget(int Rows, long Bytes)
{
    /// <summary>The largest row that may travel; the source refuses a larger one (<see cref="Codes.ValueTooLarge"/>).</summary>
    public long RowBytes { get; init; } = Array.MaxLength;
}

/// <summary>What to read of a table, the same in every attempt.</summary>
public sealed record ReadOptions
{
    /// <summary>Columns to read, in this order; null = all. The key columns need not be among them.</summary>
    public IReadOnlyList<string>? Columns { get; init; }
    /// <summary>A condition in the source's own language, handed to it as it stands; null = all rows. It is code.</summary>
    public string? Where { get; init; }
    /// <summary>How many splits are wanted; the source may make fewer or more, never more than 4 096.</summary>
    public int Splits { get; init; } = 1;
    /// <summary>The moment to read in, as <see cref="IHoldsMoments.HoldAsync"/> named it; null = each read in its own.</summary>
    public string? Snapshot { get; init; }
    /// <summary>Only rows of this window; null = all. For sources that are <see cref="IReadsWindows"/>.</summary>
    public CursorWindow? Window { get; init; }
}
