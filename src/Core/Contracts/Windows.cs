using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>
/// Rows of a table by one of its columns, which only grows: those after one value, up to another. Values are texts of the system's own,
/// exact to their last digit, and only the system compares them. Immutable; stored with the plan.
/// </summary>
public sealed record CursorWindow
{
    public required string Column { get; init; }
    /// <summary>Null = from the smallest.</summary>
    public string? After { get; init; }
    /// <summary>Rows that have <see cref="After"/> itself are in the window.</summary>
    public bool AfterIncluded { get; init; }
    /// <summary>Null = there is no row to read: the table was empty, or every row may still get company.</summary>
    public string? Through { get; init; }
    /// <summary>Rows that have <see cref="Through"/> itself are in the window.</summary>
    public bool ThroughIncluded { get; init; }

    /// <summary>The same rows with those of all windows before them.</summary>
    public CursorWindow FromStart => this with { After = null, AfterIncluded = false };
}

/// <summary>What a user says of a cursor.</summary>
public sealed record CursorOptions
{
    public required string Column { get; init; }
    /// <summary>No transaction that writes the table is open longer than this; null = not stated, it has to be measured.</summary>
    public TimeSpan? Lag { get; init; }
    /// <summary>What stood before the last bound by up to this much is read again. 0 = nothing.</summary>
    public TimeSpan Overlap { get; init; }
    /// <summary>Offset from UTC of a cursor without a zone; null = not stated.</summary>
    public TimeSpan? Zone { get; init; }
}

/// <summary>How far a cursor's values are complete.</summary>
/// <param name="Value">Exact text; null = there is none yet.</param>
/// <param name="Included">Rows of exactly this value are complete, too, and none will be added.</param>
/// <param name="ReadAgain">Rows of exactly this value have to be read again by the next window: more of them may come.</param>
/// <param name="Basis">What it rests on, for people: a fact with the moment or the session, in the system's words.</param>
public sealed record CursorBound(string? Value, bool Included, bool ReadAgain, CursorBasis Basis, string? Detail = null)
{
    /// <summary>
    /// The number that the system itself gives the next row; it goes back only where numbers are given again. Null = not known, or the
    /// system gives none.
    /// </summary>
    public string? Next { get; init; }
}

/// <summary>What a bound rests on.</summary>
public enum CursorBasis
{
    /// <summary>The system's clock, before which no open transaction began.</summary>
    Clock,
    /// <summary>The beginning of the oldest open transaction.</summary>
    OldestTransaction,
    /// <summary>The largest value, seen when no transaction was open that could add a smaller one.</summary>
    Largest,
    /// <summary>The lag that the user states.</summary>
    StatedLag,
}

/// <summary>Role of a source: tables can be read window by window (<see cref="ReadOptions.Window"/>).</summary>
public interface IReadsWindows
{
    /// <summary>
    /// How far the cursor's values are complete now: a row of a smaller value that is not visible to a read which begins after this call
    /// will never be committed, as far as the system can know.
    /// </summary>
    /// <param name="wait">May wait a while for open transactions; false = only look, and the answer is good for showing alone.</param>
    /// <exception cref="PawlException"><see cref="Codes.CursorUnfit"/>, <see cref="Codes.LagNeeded"/>, or
    /// <see cref="Codes.TransactionsOpen"/> when older transactions stay open.</exception>
    ValueTask<CursorBound> BoundAsync(TableSchema table, CursorOptions cursor, bool wait, CancellationToken ct);

    /// <summary>A value that lies before another by a time; exact, or a little less, never more.</summary>
    ValueTask<string> BeforeAsync(TableSchema table, CursorOptions cursor, string value, CancellationToken ct);

    /// <summary>
    /// A moment of <see cref="ITellsTheTime"/> as a value of the cursor's column; null when the column is no time of that clock.
    /// </summary>
    ValueTask<string?> SinceAsync(TableSchema table, CursorOptions cursor, string clock, CancellationToken ct);

    /// <summary>-1, 0 or 1 for two values of the cursor's column, decided by the system.</summary>
    ValueTask<int> CompareAsync(TableSchema table, string column, string a, string b, CancellationToken ct);
}
