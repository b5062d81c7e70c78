using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>
/// A place tables are read from. The engine calls <see cref="DescribeAsync"/> once per pattern, <see cref="PlanAsync"/> once per table and
/// generation, and <see cref="ReadAsync"/> once per split and attempt; reads of several splits run at the same time, each on a session of
/// its own. A source keeps no checkpoints and does not retry: it throws a classified <see cref="PawlException"/> and is asked again.
/// Blocking drivers hop to threads of their own; the caller's thread is never held.
/// </summary>
public interface ISource : IAsyncDisposable
{
    SourceIdentity Identity { get; }

    /// <summary>All tables whose name the pattern matches, in name order, never <c>pawl_*</c> and never the system's own.</summary>
    ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct);

    /// <summary>
    /// Cuts a table so that every row lies in exactly one split. Quick: from the index ends and statistics, not by counting.
    /// </summary>
    ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct);

    /// <summary>
    /// The rows of <paramref name="split"/> strictly after <paramref name="after"/> (null = the split's start), up to and including
    /// <paramref name="through"/> (null = the split's end), in key order. Ends when there are no more. The same arguments on unchanged data
    /// give the same rows in the same order, though not necessarily in the same batches.
    /// </summary>
    IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after, Position? through,
        BatchBudget budget, CancellationToken ct);

    /// <summary>Order of two positions of one table, decided by the system itself.</summary>
    ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct);
}

/// <summary>Role of a source: rows can be handed on as they come off the wire.</summary>
public interface IGivesWire
{
    /// <summary>
    /// As <see cref="ISource.ReadAsync"/>. Where the source names the same format for these columns the batches carry a
    /// <see cref="WireImage"/> of it; where it does not they are ordinary ones.
    /// </summary>
    /// <param name="format">What the sink said, see <see cref="ITakesWire"/>.</param>
    IAsyncEnumerable<SourceEvent> ReadWireAsync(TableSchema table, ReadOptions options, string format, Split split, Position? after,
        Position? through, BatchBudget budget, CancellationToken ct);
}

/// <summary>Role of a source: rows can be counted by the system, faster than by reading them.</summary>
public interface ICountsRows
{
    /// <summary>Rows of the table under <see cref="ReadOptions.Where"/>.</summary>
    ValueTask<long> CountAsync(TableSchema table, ReadOptions options, CancellationToken ct);
}

/// <summary>Role of a source: rows that came from one of several tables can be read by themselves.</summary>
public interface IReadsSlices
{
    /// <summary>What <see cref="ReadOptions.Where"/> says for these rows, in the system's own language.</summary>
    string Condition(Slice slice);
}

/// <summary>Role of a source: tables can be read as all of them were at one moment, by any number of sessions.</summary>
public interface IHoldsMoments
{
    /// <summary>
    /// Holds the present moment and says its name for <see cref="ReadOptions.Snapshot"/>; the same name again while it is held. It is held
    /// until the source is disposed or the system lets go of it: what is bound to it is then lost, and reading throws
    /// <see cref="Codes.SnapshotLost"/>.
    /// </summary>
    ValueTask<string> HoldAsync(CancellationToken ct);

    /// <summary>Whether what a stored plan is bound to is still held, by whomever; true for a plan that is bound to nothing.</summary>
    ValueTask<bool> StandsAsync(TablePlan plan, CancellationToken ct);
}

/// <summary>Role of a source: knows how far it has come, so that one that was put back in time is noticed.</summary>
public interface IKnowsItsPast
{
    /// <summary>How far it has come by now; stored with a table's plan. Opaque.</summary>
    ValueTask<string> MarkAsync(CancellationToken ct);

    /// <summary>Whether it still has the past that an earlier mark stands for.</summary>
    ValueTask<PastState> CompareAsync(string mark, CancellationToken ct);
}

/// <summary>Role of a source: has a clock that its rows' times are made by.</summary>
public interface ITellsTheTime
{
    /// <summary>
    /// A moment before which no transaction that is open or yet to come began, as a text; null = it cannot be told. Quick, never waits.
    /// </summary>
    ValueTask<string?> ClockAsync(CancellationToken ct);
}

/// <summary>What has become of the past that a mark stands for.</summary>
public enum PastState
{
    Kept,
    /// <summary>A replica that has not come there yet, and will.</summary>
    NotYet,
    /// <summary>What was read at that mark may not be there any more.</summary>
    Lost,
}

/// <summary>
/// Role of a source or a sink: can tell the database it is at from every other, so that one that has two names is known for one.
/// </summary>
public interface IKnowsPlace
{
    /// <summary>Equal for a source and a sink of one connector that are at the same database now; null = it cannot be told.</summary>
    ValueTask<string?> PlaceAsync(CancellationToken ct);

    /// <summary>Where a table lies there whose name says no schema; null = such names are whole.</summary>
    string? Schema => null;

    /// <summary>Names of tables there that differ in case alone are one table's.</summary>
    bool IgnoresCase => false;
}

/// <summary>A change log. Followed by one lane; commits of that lane may touch many tables.</summary>
public interface IChangeSource : IAsyncDisposable
{
    /// <summary>Holds a place in the log, and a snapshot where the system has one. Dispose lets go of it.</summary>
    ValueTask<Pin> PinAsync(CancellationToken ct);

    /// <summary>
    /// Changes strictly after the position, for ever. A log that has moved past it throws <see cref="Fault.PositionLost"/>.
    /// </summary>
    IAsyncEnumerable<SourceEvent> FollowAsync(Position after, BatchBudget budget, CancellationToken ct);

    /// <summary>Tells the source that everything up to here is durable at the target. Only after a commit.</summary>
    ValueTask ReleaseAsync(Position upTo, CancellationToken ct);
}

/// <summary>A held place in a log.</summary>
/// <param name="At">Follow from here.</param>
/// <param name="Snapshot">Token for <see cref="OpenContext.Snapshot"/>; null where the system has none.</param>
public abstract record Pin(Position At, string? Snapshot) : IAsyncDisposable
{
    public abstract ValueTask DisposeAsync();
}

/// <summary>
/// A glob over table names: <c>*</c> any run of characters, <c>?</c> one, and a backslash before <c>*</c>, <c>?</c> or a backslash takes
/// that character as it stands (before any other character it is an ordinary one).
/// </summary>
/// <param name="Text">As written by the user.</param>
public sealed record TablePattern(string Text)
{
    /// <summary>The pattern that matches this name and no other, whatever characters it holds.</summary>
    public static TablePattern Literal(string name) =>
        new(name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal)
            .Replace("?", "\\?", StringComparison.Ordinal));

    /// <summary>The one name it can match; null when it holds a wildcard.</summary>
    public string? Exact
    {
        get
        {
            var name = new System.Text.StringBuilder(Text.Length);
            for (var at = 0; at < Text.Length;)
            {
                if (Text[at] is '*' or '?') return null;
                name.Append(Letter(ref at));
            }
            return name.ToString();
        }
    }

    public bool HasWildcard => Exact is null;

    /// <summary>Linear time, no backtracking explosions: at most one retreat point.</summary>
    /// <param name="ignoreCase">True only where the system itself does not tell the cases of table names apart.</param>
    public bool Matches(string name, bool ignoreCase = false)
    {
        int p = 0, n = 0, star = -1, mark = 0;
        while (n < name.Length)
        {
            var next = p;
            if (p < Text.Length && Text[p] == '*') { star = p++; mark = n; }
            else if (p < Text.Length && (Text[p] == '?' ? ++next > 0 : Same(Letter(ref next), name[n], ignoreCase))) { p = next; n++; }
            else if (star >= 0) { p = star + 1; n = ++mark; }
            else return false;
        }
        while (p < Text.Length && Text[p] == '*') p++;
        return p == Text.Length;
    }

    /// <summary>A name that is written wrongly beside others that are right would be left out without a word.</summary>
    /// <exception cref="PawlException"><see cref="Codes.PatternEmpty"/> for one that matches none of the names.</exception>
    public static void CheckEach(IReadOnlyList<TablePattern> chosen, IReadOnlyList<string> names)
    {
        if (chosen.FirstOrDefault(p => !names.Any(n => p.Matches(n))) is not { } wrong) return;
        throw new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", wrong.Text),
            ("suggestion", NearestName.Of(wrong.Text, names)));
    }

    private static bool Same(char a, char b, bool ignoreCase) =>
        a == b || (ignoreCase && char.ToUpperInvariant(a) == char.ToUpperInvariant(b));

    private char Letter(ref int at)
    {
        if (Text[at] == '\\' && at + 1 < Text.Length && (Text[at + 1] is '*' or '?' or '\\')) at++;
        return Text[at++];
    }
}
