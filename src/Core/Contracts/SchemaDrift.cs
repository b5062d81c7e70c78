using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>What becomes of a table whose source has other columns than its plan (<c>schema.changes</c>).</summary>
public enum SchemaChanges
{
    /// <summary>It stops.</summary>
    Fail,
    /// <summary>The target follows where no row can come out wrong: new columns, wider types.</summary>
    Evolve,
    /// <summary>The planned columns go on as long as they are what they were.</summary>
    Ignore,
}

/// <summary>How one column of a target follows its source.</summary>
public enum DriftKind
{
    Added,
    /// <summary>The type holds every value of the one before, and more.</summary>
    Widened,
    MayBeNull,
}

/// <summary>A column of the target that is to follow. Carrying it out twice is harmless. Immutable; stored with the plan.</summary>
/// <param name="Column">Its name at the target.</param>
/// <param name="Kind">What is to be done.</param>
/// <param name="From">The type as the source wrote it before; empty for a new column.</param>
/// <param name="To">The type as the source writes it now.</param>
public sealed record ColumnDrift(string Column, DriftKind Kind, string From, string To);

/// <summary>Role of a source: its tables are altered in place, and keep their identity and their positions.</summary>
public interface IAltersTables
{
    /// <summary>Whether the second type means the same by every value of the first, in the same order.</summary>
    bool Widens(ColumnSchema was, ColumnSchema now);

    /// <summary>Whether any row of the read holds something else than NULL in one of the columns. May have to look at every row.</summary>
    /// <param name="read">Condition and window; which columns it names does not matter.</param>
    ValueTask<bool> HoldsAnyAsync(TableSchema table, ReadOptions read, IReadOnlyList<string> columns, CancellationToken ct);
}

/// <summary>Role of a source: a table that was altered has another identity, as one that was made anew has.</summary>
public interface ILosesIdentity
{
    /// <summary>Whether the one may be the other after its definition was changed.</summary>
    bool MayBeAltered(TableSchema was, TableSchema now);
}
