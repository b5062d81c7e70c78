using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>What a run would do, without doing it. Made from what the target durably knows.</summary>
/// <param name="JobId">Null when the target does not know the job yet.</param>
/// <param name="Holder">Who runs it now, for people; null when nobody does.</param>
public sealed record PlanReport(string Job, Guid? JobId, IReadOnlyList<TableForecast> Tables, string? Holder)
{
    /// <summary>Tables that the target knows and a run would pass over.</summary>
    public IReadOnlyList<LeftTable> Left { get; init; } = [];

    public bool NothingToDo => Tables.All(t => t.State == TableState.Finished);
}

/// <summary>Why a table that was planned once is passed over.</summary>
public enum LeftReason
{
    /// <summary>No entry of the job file speaks for it.</summary>
    NotInJob,
    /// <summary>The source has no such table any more, and a pattern does not miss it.</summary>
    NotAtSource,
}

/// <summary>A table that the job copied once and would pass over now. What the target knows of it stays.</summary>
/// <param name="Rows">Rows read by its newest generation.</param>
/// <param name="IsFinished">It was copied to its end.</param>
public sealed record LeftTable(string Source, string Target, LeftReason Reason, long Rows, bool IsFinished);

public enum TableState
{
    New,
    Resumes,
    Finished,
    Restarts,
    Blocked,
    /// <summary>An incremental table that is up to its last bound: a new window opens.</summary>
    Continues,
    /// <summary>A table that is replaced as a whole: the next full copy begins.</summary>
    Renews,
}

/// <summary>What a run would do with one table.</summary>
public sealed record TableForecast
{
    public required string Source { get; init; }
    public required string Target { get; init; }
    public required TableState State { get; init; }
    public required Guarantee Guarantee { get; init; }
    public required KeyKind Key { get; init; }
    /// <summary>Key columns; empty for a row id or none.</summary>
    public required IReadOnlyList<string> KeyColumns { get; init; }
    public required WriteMode Write { get; init; }
    /// <summary>Handed to the source as it stands: code.</summary>
    public string? Where { get; init; }
    /// <summary>The rows that are taken, of an incremental table; null = all rows once.</summary>
    public CursorWindow? Window { get; init; }
    public ColumnChanges Columns { get; init; } = new();
    /// <summary>Columns that mean something else at the target than at the source; no value is lost by it.</summary>
    public IReadOnlyList<TypeChange> TypeChanges { get; init; } = [];
    /// <summary>Key columns of an upsert in which rows would be merged that the source tells apart.</summary>
    public IReadOnlyList<string> CoarseKey { get; init; } = [];
    /// <summary>How a replace would be published, as the target is now; null = it is none, or that could not be told.</summary>
    public Publication? Publication { get; init; }
    public long Generation { get; init; }
    public int SplitsDone { get; init; }
    public int SplitsPartial { get; init; }
    public int SplitsToDo { get; init; }
    /// <summary>Rows durable at the target by the ledger.</summary>
    public WriteCounts Durable { get; init; }
    public long DurableBytes { get; init; }
    /// <summary>The source's guess, or -1.</summary>
    public long EstimatedRows { get; init; } = -1;
    public long Rejects { get; init; }
    /// <summary>Which moments of the source the copy shows.</summary>
    public Consistency Consistency { get; init; }
    /// <summary>It starts over because the snapshot is gone that its rows were read in.</summary>
    public bool IsSnapshotLost { get; init; }
    /// <summary>What the source has become since the plan was made; null = what it was.</summary>
    public SchemaDifference? Difference { get; init; }
    /// <summary>What a run makes of <see cref="Difference"/>.</summary>
    public DriftAnswer Answer { get; init; }
    /// <summary>Time of the last commit by the target's clock.</summary>
    public DateTimeOffset? LastCommit { get; init; }
    /// <summary>Why it cannot go on; null unless <see cref="TableState.Blocked"/>.</summary>
    public PawlException? Error { get; init; }
}

/// <summary>A column whose values the target keeps as another kind of value.</summary>
/// <param name="Column">Its name at the target.</param>
/// <param name="From">The type as the source writes it; empty = it declares none.</param>
/// <param name="To">The type as the target writes it; empty = it declares none.</param>
public sealed record TypeChange(string Column, string From, string To);
