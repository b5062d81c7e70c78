namespace Pawl.Model;

/// <summary>
/// The books of one group: <c>Read + Expanded = Inserted + Updated + Unchanged + Filtered + Collapsed + Rejected</c>.
/// Inserted, Updated, Unchanged and Rejected are what the server counted. All in rows.
/// </summary>
public readonly record struct WriteCounts
{
    public long Read { get; init; }
    public long Expanded { get; init; }
    public long Inserted { get; init; }
    public long Updated { get; init; }
    public long Unchanged { get; init; }
    public long Filtered { get; init; }
    public long Collapsed { get; init; }
    public long Rejected { get; init; }
    /// <summary>Cells that were written as null because the target cannot hold them; their rows are counted above as any other.</summary>
    public long Nulled { get; init; }

    public bool Balance => Read + Expanded == Inserted + Updated + Unchanged + Filtered + Collapsed + Rejected;

    public static WriteCounts operator +(WriteCounts a, WriteCounts b) => new()
    {
        Read = a.Read + b.Read,
        Expanded = a.Expanded + b.Expanded,
        Inserted = a.Inserted + b.Inserted,
        Updated = a.Updated + b.Updated,
        Unchanged = a.Unchanged + b.Unchanged,
        Filtered = a.Filtered + b.Filtered,
        Collapsed = a.Collapsed + b.Collapsed,
        Rejected = a.Rejected + b.Rejected,
        Nulled = a.Nulled + b.Nulled,
    };

    public static WriteCounts operator -(WriteCounts a, WriteCounts b) => new()
    {
        Read = a.Read - b.Read,
        Expanded = a.Expanded - b.Expanded,
        Inserted = a.Inserted - b.Inserted,
        Updated = a.Updated - b.Updated,
        Unchanged = a.Unchanged - b.Unchanged,
        Filtered = a.Filtered - b.Filtered,
        Collapsed = a.Collapsed - b.Collapsed,
        Rejected = a.Rejected - b.Rejected,
        Nulled = a.Nulled - b.Nulled,
    };
}

/// <summary>One durable step of a lane, written in the same transaction as its rows. Immutable.</summary>
public sealed record LedgerEntry
{
    public required LaneId Lane { get; init; }
    /// <summary>1-based, without gaps within a lane.</summary>
    public required long Sequence { get; init; }
    /// <summary>Lane epoch it was committed under; filled in by the writer.</summary>
    public long Epoch { get; init; }
    /// <summary>Where the step began (exclusive); null = the split's start.</summary>
    public Position? After { get; init; }
    /// <summary>Where to go on, strictly after; null only when a lane ends without having seen a row.</summary>
    public required Position? Position { get; init; }
    /// <summary>Figures of this step.</summary>
    public required WriteCounts Counts { get; init; }
    /// <summary>Running figures of the lane up to and including this step, so that compaction loses none.</summary>
    public required WriteCounts Total { get; init; }
    /// <summary>Payload of this step in bytes.</summary>
    public long Bytes { get; init; }
    /// <summary>Running payload of the lane in bytes.</summary>
    public long TotalBytes { get; init; }
    /// <summary>Digest of the rows of this step, if the job asked for one (32 hex digits).</summary>
    public string? Digest { get; init; }
    /// <summary>The lane is complete; no entry follows.</summary>
    public bool Final { get; init; }
    /// <summary>Commit time by the target's clock, text as the target wrote it; null until read back.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>
/// A row that was not written, with everything needed to look at it and to try again; or one that was written without a cell.
/// </summary>
public sealed record RejectedRow
{
    public required LaneId Lane { get; init; }
    public required TableName Table { get; init; }
    /// <summary>The row as JSON object text (bytes as base64), by source column name.</summary>
    public required string Row { get; init; }
    /// <summary>Column at fault, if known.</summary>
    public string? Column { get; init; }
    /// <summary>Error code, see <c>pawl explain CODE</c>.</summary>
    public required string Code { get; init; }
    /// <summary>The server's own words.</summary>
    public required string Cause { get; init; }
    /// <summary>Key or position of the row, for people.</summary>
    public string? Where { get; init; }
    /// <summary>The row was written, with a null in place of <see cref="Column"/>; <see cref="Row"/> has the cell.</summary>
    public bool IsNulled { get; init; }
}
