using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>
/// What a transactional target has to offer so that <see cref="TransactionalSink"/> can run the protocol on it. The protocol itself —
/// fence, ledger, leases, take-over — is in Core, once, and is what the simulation exercises; a connector brings sessions, locks, DDL and
/// row writing.
/// </summary>
public interface ITargetDatabase : IAsyncDisposable
{
    TargetTraits Traits { get; }

    /// <summary>A new connection.</summary>
    ValueTask<ITargetSession> ConnectAsync(CancellationToken ct);

    /// <summary>
    /// A session lock that ends with the process. Null when somebody else holds it. The name is unique per acquisition, so there is no
    /// contention: others only ask whether it is still held, with <see cref="IsLockedAsync"/>.
    /// </summary>
    ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct);

    /// <summary>Whether a living process holds that lock.</summary>
    ValueTask<bool> IsLockedAsync(string name, CancellationToken ct);

    /// <summary>
    /// Ends a backend by the name its session gave (<see cref="ITargetSession.Backend"/>), and where the system can, every other session of
    /// the same runner: a stopped one may hold a lock on a session whose name nobody recorded. Never a session of a third runner, and of
    /// the caller's own sessions only the named one. False where the system cannot.
    /// </summary>
    ValueTask<bool> TerminateAsync(string backend, CancellationToken ct);

    /// <summary>Table DDL and looks; each call a session of its own.</summary>
    ITargetTables Tables { get; }
}

public sealed record TargetTraits
{
    public required Guarantee Guarantee { get; init; }
    /// <summary>Groups are held in memory and written in one short transaction (a file target).</summary>
    public bool BuffersGroups { get; init; }
}

/// <summary>DDL of a target, in the order the sink calls it.</summary>
public interface ITargetTables
{
    /// <summary>Creates the tables of <see cref="ControlTables.All"/> that are absent. Idempotent.</summary>
    ValueTask CreateControlTablesAsync(CancellationToken ct);

    /// <summary>Whether those of <see cref="ControlTables.First"/> are there; false on a fresh target. Creates nothing.</summary>
    ValueTask<bool> HasControlTablesAsync(CancellationToken ct);

    ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct);

    /// <summary>
    /// Creates or checks the table. <paramref name="fence"/> is the first call inside the DDL's transaction, or before it where DDL commits
    /// by itself.
    /// </summary>
    ValueTask PrepareAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct);

    /// <summary>
    /// What comes after the rows: indexes, constraints, sequences. Behind the fence it makes sure that the table is there: an empty one has
    /// no row that would have missed it, and a restore may have gone back behind its creation while we ran.
    /// </summary>
    /// <exception cref="PawlException"><see cref="TablePlan.TargetGone"/>.</exception>
    ValueTask FinishAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct);
}

/// <summary>Role of <see cref="ITargetTables"/>: a table that is there can be made to follow its source.</summary>
public interface IEvolvesTables
{
    /// <summary>
    /// Carries out <see cref="TablePlan.Drift"/> as far as it is not done. Idempotent; a table that is not there is left to
    /// <see cref="ITargetTables.PrepareAsync"/>.
    /// </summary>
    /// <param name="fence">The first call inside the DDL's transaction.</param>
    /// <exception cref="PawlException"><see cref="Codes.TargetNotEvolved"/>.</exception>
    ValueTask EvolveAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct);
}

/// <summary>
/// One connection. The control tables are spoken to in small typed steps, so that the same protocol code runs against SQL and against the
/// simulation; rows go the system's fastest way. One caller at a time. Every method throws classified <see cref="PawlException"/>s.
/// </summary>
public interface ITargetSession : IAsyncDisposable
{
    /// <summary>
    /// The server's name for this connection, stored so that a successor can end it. Never given twice: a bare process id is not enough,
    /// its start time has to be in it, else a successor ends a stranger.
    /// </summary>
    string Backend { get; }

    /// <summary>Starts a transaction that may write. A file target takes its write lock here, waiting a bounded time.</summary>
    ValueTask BeginAsync(CancellationToken ct);

    /// <summary>
    /// Insert, update or delete on a control table; rows as the server counted them. Outside a transaction it commits by itself, and a lost
    /// answer is an ordinary Transient fault: only what may be done twice is sent so.
    /// </summary>
    /// <exception cref="PawlException">An insert whose key is there already: <see cref="Fault.Data"/>,
    /// <see cref="Codes.RowRefused"/>.</exception>
    ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct);

    /// <summary>
    /// Several changes of the open transaction, one after another, in as few round trips as the system can; rows of each as the server
    /// counted them. After an error the transaction is only good for rolling back.
    /// </summary>
    async ValueTask<IReadOnlyList<long>> ChangeAllAsync(IReadOnlyList<ControlChange> changes, CancellationToken ct)
    {
        var counts = new List<long>();
        foreach (var change in changes) counts.Add(await ChangeAsync(change, ct));
        return counts;
    }

    /// <summary>Rows of a control table; inside or outside a transaction.</summary>
    ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct);

    /// <summary>Writes rows in the open transaction. The batches stay the caller's.</summary>
    ValueTask<RowsWritten> WriteRowsAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches, CancellationToken ct);

    /// <summary>Removes all rows of the target table in the open transaction; those of the plan's slice alone, where it has one.</summary>
    ValueTask EmptyAsync(TablePlan plan, CancellationToken ct);

    /// <summary>
    /// Ends the transaction. Commit: sent once, no token, its answer checked: <see cref="Codes.CommitRefused"/> when the server rolled back
    /// instead, <see cref="CommitUnknownException"/> when the answer was lost. Roll back: never throws.
    /// </summary>
    ValueTask EndAsync(bool commit);
}

/// <summary>
/// Role of a session: rows of one table stream to the server over several calls and are counted when the stream ends. One stream at a
/// time, only inside a transaction, and no other call between its first row and its end but <see cref="ITargetSession.EndAsync"/> to roll
/// back.
/// </summary>
public interface IStreamsRows
{
    /// <summary>See <see cref="ITakesWire"/>. Outside a transaction.</summary>
    ValueTask<string?> WireFormatAsync(TablePlan plan, CancellationToken ct);

    /// <summary>Sends a batch on its way. Takes it over, also when it throws; may hold it until the stream ends.</summary>
    ValueTask SendRowsAsync(TablePlan plan, LaneId lane, RowBatch batch, CancellationToken ct);

    /// <summary>Everything sent since the last end is at the server now, counted by it.</summary>
    ValueTask<RowsWritten> EndRowsAsync(CancellationToken ct);
}

/// <summary>Role of a session: looks for the row of a key, in the open transaction.</summary>
public interface IFindsKeys
{
    /// <summary>Whether the target table holds a row with the key of the plan. A key that the table could not hold is not there.</summary>
    /// <param name="row">One row of the shape of <see cref="TablePlan.TargetSchema"/>, which has a key.</param>
    ValueTask<bool> HoldsKeyAsync(TablePlan plan, RowBatch row, CancellationToken ct);
}

/// <param name="Counts">Inserted, Updated, Unchanged and Rejected as the server counted; the other fields 0.</param>
/// <param name="Rejected">The rows behind <see cref="WriteCounts.Rejected"/>; only when the plan allows rejects, else the row is thrown as
/// a Data fault.</param>
public readonly record struct RowsWritten(WriteCounts Counts, IReadOnlyList<RejectedRow> Rejected);
