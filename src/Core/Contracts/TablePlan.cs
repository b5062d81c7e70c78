using System.Text.Json.Serialization;
using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>How rows reach the target table.</summary>
public enum WriteMode
{
    /// <summary>Every row once; a row that is already there is an error.</summary>
    Insert,
    /// <summary>Insert, or update the row of the same key.</summary>
    Upsert,
    /// <summary>Like <see cref="Insert"/>, into a table that may hold rows of others. None of its rows is ever removed.</summary>
    Append,
    /// <summary>
    /// Every row once, into a staging table; when all are there they take the place of the target's rows at one moment.
    /// </summary>
    Replace,
}

/// <summary>What to do with a cell that does not hold its column's declared type.</summary>
public enum StrayPolicy { Keep, Reject, Stop }

/// <summary>Which moments of the source a finished copy shows, if rows are changed there while it runs.</summary>
public enum Consistency
{
    /// <summary>Each row as it was at some moment of the copy.</summary>
    Mixed,
    /// <summary>All rows of the table as they were at one moment.</summary>
    OneSnapshot,
}

/// <summary>How far a table has come in its generation.</summary>
public enum TablePhase
{
    /// <summary>To be started over: asked for and written down, its new generation not opened yet.</summary>
    Restarting,
    Copying,
    Indexing,
    Constraints,
    Sequences,
    /// <summary>A staged copy has taken the place of the target's rows.</summary>
    Published,
    /// <summary>Everything is there; the job asked for no verification.</summary>
    Done,
    /// <summary>Everything is there, and a comparison with the source said so.</summary>
    Verified,
}

/// <summary>Everything fixed about one table of a job for one generation. Immutable; stored in <c>pawl_plan</c> when opened.</summary>
public sealed record TablePlan
{
    public required TableName Source { get; init; }
    public required TableName Target { get; init; }
    /// <summary>Rises with every full pass over the table; never reused.</summary>
    public required long Generation { get; init; }
    /// <summary>The source's table as it was when the plan was opened.</summary>
    public required TableSchema SourceSchema { get; init; }
    /// <summary>What reaches the sink, after transforms.</summary>
    public required TableSchema TargetSchema { get; init; }
    public required ReadOptions Read { get; init; }
    public required IReadOnlyList<Split> Splits { get; init; }
    public WriteMode Write { get; init; } = WriteMode.Insert;
    /// <summary>
    /// Where the rows of a replace lie until they are published: a table of this generation and of the job's epoch in which the plan was
    /// made, in the target's schema. Null for other modes.
    /// </summary>
    public TableName? Stage { get; init; }
    /// <summary>A replace may publish no rows at all where the target holds some.</summary>
    public bool AllowEmpty { get; init; }

    /// <summary>The target table that this plan filled is not there: dropped, or taken back by a restore.</summary>
    public PawlException TargetGone() => new(Fault.PositionLost, Codes.TargetTruncated, ("table", Target), ("rows", 0));

    /// <summary>The target table cannot be made to follow its source.</summary>
    public PawlException NotEvolved(string column, string? cause, Exception? inner = null) => new(Fault.Schema, Codes.TargetNotEvolved,
        inner, ("target", Target), ("table", Source), ("column", column), ("cause", cause));

    /// <summary>What happens to columns between source and sink.</summary>
    public ColumnChanges Columns { get; init; } = new();
    public StrayPolicy Strays { get; init; } = StrayPolicy.Keep;
    /// <summary>Create the target table if it is absent.</summary>
    public bool Create { get; init; } = true;
    /// <summary>Rows that may be rejected before the table fails.</summary>
    public long RejectLimit { get; init; }
    /// <summary>Of those, by <see cref="RejectCause"/>; 0 = such a row stops the table, a cause that is not named has no limit of its
    /// own.</summary>
    public IReadOnlyDictionary<string, long> CauseLimits { get; init; } = new Dictionary<string, long>();
    /// <summary>
    /// Causes (<see cref="RejectCause.Cellwise"/>) for which the cell at fault becomes null and the row is written, where the column takes
    /// nulls and is not of the key. Each such cell is stored beside the rejects.
    /// </summary>
    public IReadOnlyList<string> NullCauses { get; init; } = [];
    /// <summary>A row that the target refuses does not stop the write: it is handed back.</summary>
    public bool SetsAside => RejectLimit > 0 || NullCauses.Count > 0;
    /// <summary>Hash of every field that changes which rows arrive or what is in them.</summary>
    public required string ResultHash { get; init; }
    public required SourceIdentity SourceIdentity { get; init; }
    /// <summary>Rows that earlier windows of an incremental table brought; they are in the target, and in no ledger any more.</summary>
    public long RowsBefore { get; init; }
    /// <summary>How far the source had come when the plan was opened (<see cref="IKnowsItsPast"/>); null = it cannot tell.</summary>
    public string? SourceMark { get; init; }
    /// <summary>
    /// Whatever is written to the source from now on has a time of the source's clock that is not before this one, as a text of the
    /// source's; null = the source cannot tell. From here a snapshot goes on by increments.
    /// </summary>
    public string? SourceClock { get; init; }
    /// <summary>Columns of a target table that was there before the plan, and has to follow its source.</summary>
    public IReadOnlyList<ColumnDrift> Drift { get; init; } = [];
    public TablePhase Phase { get; init; } = TablePhase.Copying;

    /// <summary>Rows come window by window.</summary>
    public bool IsIncremental => Read.Window is not null;

    /// <summary>
    /// All its splits are read in one snapshot. It ends with the session that holds it; a table that is not done by then begins anew.
    /// </summary>
    public bool IsBound => Read.Snapshot is not null || Splits.Any(s => s.Lifetime == SplitLifetime.Snapshot);

    /// <summary>Which of the target's rows are this table's, where several tables go into one; null = all of them.</summary>
    public Slice? Slice => Columns.SourceColumn is { } column ? new Slice(column, (string)Columns.Set[column]!) : null;

    /// <summary>
    /// Target tables that this run has filled already: one of them that is empty is meant to be so. Not stored.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyCollection<TableName> Filled { get; init; } = [];

    public Consistency Consistency => IsBound ? Consistency.OneSnapshot : Consistency.Mixed;

    /// <summary>Its rows go into <see cref="Stage"/>, and nothing of them is to be seen in the target.</summary>
    public bool IsStaged => Write == WriteMode.Replace && Phase < TablePhase.Published;

    /// <summary>The plan of the table that rows are written into now: each of them once.</summary>
    public TablePlan AsWritten() => Write != WriteMode.Replace ? this
        : this with { Target = IsStaged && Stage is not null ? Stage : Target, Write = WriteMode.Insert };

    public LaneId Lane(Guid job, int split) => LaneId.ForSplit(job, Source, Generation, split);
}

/// <summary>The rows of a target whose column holds this text.</summary>
public sealed record Slice(string Column, string Value);

/// <summary>Column changes after reading (selection is the source's work, see <see cref="ReadOptions.Columns"/>).</summary>
public sealed record ColumnChanges
{
    /// <summary>Source column → target column.</summary>
    public IReadOnlyDictionary<string, string> Rename { get; init; } = new Dictionary<string, string>();
    /// <summary>
    /// Constant columns, appended in this order, or replacing the column of that (target) name: long, double, string, bool or null.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Set { get; init; } = new Dictionary<string, object?>();
    /// <summary>
    /// That one of <see cref="Set"/> which tells this table's rows from those of others in the same target, and so belongs to every key;
    /// null = none.
    /// </summary>
    public string? SourceColumn { get; init; }
}
