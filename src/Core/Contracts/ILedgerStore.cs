using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>
/// The control side of a target: <c>pawl_job</c>, <c>pawl_plan</c>, <c>pawl_lane</c>, <c>pawl_ledger</c>, <c>pawl_reject</c>,
/// <c>pawl_meta</c>. Reading needs no lease; everything that changes a job is a transaction whose first statement checks job epoch and
/// holder. Each call is a transaction of its own. Called by one caller at a time.
/// </summary>
public interface ILedgerStore : IAsyncDisposable
{
    /// <summary>Null when the target has no such job, or no Pawl tables at all.</summary>
    ValueTask<JobRecord?> FindAsync(string name, CancellationToken ct);

    /// <summary>What is planned, durable and rejected. Plans of the newest generation per table.</summary>
    ValueTask<JobProgress> ReadAsync(Guid job, CancellationToken ct);

    /// <summary>
    /// Creates the job, or takes it over when its holder is dead: lock gone, or silent for 30 s. Raises the job epoch. Waits, at most those
    /// 30 s, only for a holder that has missed some heartbeats already.
    /// The lease carries the session lock until it is released or disposed.
    /// </summary>
    /// <exception cref="PawlException"><see cref="Codes.JobHeld"/> while the holder is alive; <see cref="Codes.JobNameTaken"/> when the
    /// name belongs to another source.</exception>
    ValueTask<JobLease> AcquireAsync(JobClaim claim, CancellationToken ct);

    /// <summary>Refreshes the heartbeat, or gives the lease back (<paramref name="release"/>). Returns what is wanted of the job.</summary>
    /// <exception cref="PawlException"><see cref="Fault.Fenced"/> when the lease is no longer ours.</exception>
    ValueTask<WantedState> BeatAsync(JobLease lease, bool release, CancellationToken ct);

    /// <summary>
    /// Stores a plan, or its next phase. A plan of a generation that is not there yet closes the older ones of its table: their lanes and
    /// ledger entries go in the same transaction, so that whoever still held them is fenced.
    /// </summary>
    /// <param name="emptyTarget">Also remove the target table's rows, in the same transaction (a restart of an insert-only table).</param>
    ValueTask SavePlanAsync(JobLease lease, TablePlan plan, bool emptyTarget, CancellationToken ct);

    /// <summary>Writes a stored plan anew: what it says of columns. Its generation, splits and places stay.</summary>
    /// <exception cref="PawlException"><see cref="Fault.Fenced"/> when the job is no longer ours, or has no such plan.</exception>
    ValueTask AmendPlanAsync(JobLease lease, TablePlan plan, CancellationToken ct);

    /// <summary>All entries that are left of a table's lanes, of its newest generation and of older lanes that still stand.</summary>
    ValueTask<IReadOnlyList<LedgerEntry>> EntriesAsync(Guid job, TableName table, CancellationToken ct);

    /// <summary>Writes down plans and last entries of another target, into a job that has no plan yet; all or none.</summary>
    /// <exception cref="PawlException"><see cref="Codes.ImportRefused"/> when it has one.</exception>
    ValueTask ImportAsync(JobLease lease, IReadOnlyList<CheckpointTable> tables, CancellationToken ct);

    /// <summary>
    /// Takes tables back, all or none. Lanes that go back are raised, so that whoever still held one is fenced; what was set aside behind
    /// the entry that stays goes with the entries.
    /// </summary>
    ValueTask RewindAsync(JobLease lease, IReadOnlyList<TableRewind> tables, CancellationToken ct);

    /// <summary>
    /// Writes down, for all of them or for none, that these tables (by source name) are to be started over:
    /// <see cref="TablePhase.Restarting"/>. A run that dies before it came to the last of them leaves the wish behind, and the next run
    /// carries it out.
    /// </summary>
    ValueTask AskRestartAsync(JobLease lease, IReadOnlyList<TableName> tables, CancellationToken ct);

    /// <summary>Somebody asks for a state; needs no lease. The runner obeys at its next fence or heartbeat.</summary>
    ValueTask RequestAsync(Guid job, WantedState wanted, CancellationToken ct);
}

/// <summary>Who asks for a job.</summary>
public sealed record JobClaim
{
    public required string Name { get; init; }
    /// <summary>Earlier names of the job (<c>was:</c>).</summary>
    public IReadOnlyList<string> Was { get; init; } = [];
    public required SourceIdentity Source { get; init; }
    /// <summary>Bind the job to this source even if it was bound to another one: only for a restart of all its tables.</summary>
    public bool Rebind { get; init; }
    /// <summary>Who this is, for people: host, process id, user.</summary>
    public required string Runner { get; init; }
    /// <summary>Told once, with the job as it was seen, when its holder has missed some heartbeats and is being watched. Null = nobody
    /// listens.</summary>
    public Action<JobRecord>? Watching { get; init; }

    /// <summary>Whether the job that is there may be continued with this source.</summary>
    /// <exception cref="PawlException"><see cref="Codes.JobNameTaken"/> when the name belongs to another source;
    /// <see cref="Codes.SourceReplaced"/> when another source lies where the known one was.</exception>
    public void CheckSource(JobRecord known)
    {
        if (Rebind || known.Source.Text == Source.Text) return;
        var replaced = known.Source.Display == Source.Display;
        throw new PawlException(Fault.PositionLost, replaced ? Codes.SourceReplaced : Codes.JobNameTaken, ("job", Name),
            ("known", known.Source.Display), ("source", Source.Display));
    }
}

/// <summary>Permission to run a job. The fence is epoch and holder together. Immutable.</summary>
public sealed record JobLease
{
    public required Guid Job { get; init; }
    public required string Name { get; init; }
    public required long Epoch { get; init; }
    /// <summary>Fresh per acquisition.</summary>
    public required Guid Holder { get; init; }
    /// <summary>The holder before us when the job was taken over from a run that did not finish; null for a new or finished one.</summary>
    public string? TakenOverFrom { get; init; }
}

/// <summary>What somebody asked of a job; read with every fence and heartbeat.</summary>
public enum WantedState { Run, Pause }

/// <summary>The job row, as data.</summary>
public sealed record JobRecord
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required SourceIdentity Source { get; init; }
    public required long Epoch { get; init; }
    /// <summary>Highest generation ever given to a table of this job.</summary>
    public required long Generation { get; init; }
    public required WantedState Wanted { get; init; }
    /// <summary>Who holds it, for people; null when nobody does.</summary>
    public string? Runner { get; init; }
    /// <summary>Age of the heartbeat by the target's clock; null when nobody holds it.</summary>
    public TimeSpan? HeartbeatAge { get; init; }
    public required int Format { get; init; }
}

/// <summary>What a target durably knows of a job.</summary>
/// <param name="Plans">Newest generation per table, in table order.</param>
/// <param name="Last">Last entry of each lane of those generations.</param>
/// <param name="Rejects">Rejected rows per source table.</param>
/// <param name="Generation">Highest generation ever given to a table of the job; the next one is higher.</param>
public sealed record JobProgress(IReadOnlyList<TablePlan> Plans, IReadOnlyDictionary<LaneId, LedgerEntry> Last,
    IReadOnlyDictionary<TableName, long> Rejects, long Generation)
{
    /// <summary>The same without the tables that none of the patterns matches; no pattern = all.</summary>
    /// <exception cref="PawlException"><see cref="Codes.PatternEmpty"/> when one of them matches nothing.</exception>
    public JobProgress Only(IReadOnlyList<TablePattern> chosen)
    {
        TablePattern.CheckEach(chosen, [.. Plans.Select(p => p.Source.ToString())]);
        return chosen.Count == 0 ? this
            : this with { Plans = [.. Plans.Where(p => chosen.Any(c => c.Matches(p.Source.ToString())))] };
    }

    /// <summary>Cells per source table that were written as null.</summary>
    public IReadOnlyDictionary<TableName, long> Nulled { get; init; } = new Dictionary<TableName, long>();
}
