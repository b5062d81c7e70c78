using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Relational;

/// <summary>
/// The control side of a transactional target. One session, opened when needed and dropped after any error, so that the next call starts
/// clean. Not thread-safe.
/// </summary>
public sealed partial class LedgerStore(ITargetDatabase database, OpenContext context) : ILedgerStore
{
    private ITargetSession? session;
    private IAsyncDisposable? sessionLock;
    private string? lockName;

    public async ValueTask<JobRecord?> FindAsync(string name, CancellationToken ct)
    {
        if (!await database.Tables.HasControlTablesAsync(ct)) return null;
        return await ReadingAsync(async s =>
        {
            await ControlFormat.CheckAsync(s, ct);
            return await RowAsync(s, new("name", name), ct) is { } row ? JobRows.Job(row) : null;
        }, ct);
    }

    public ValueTask<JobProgress> ReadAsync(Guid job, CancellationToken ct) => ReadingAsync(async s =>
    {
        Condition[] where = [new("job", JobRows.Id(job))];
        var planRows = await s.SelectAsync(new ControlSelect { Table = ControlTables.Plan, Where = where, OrderBy = "generation" }, ct);
        var entryRows = await s.SelectAsync(new ControlSelect { Table = ControlTables.Ledger, Where = where, OrderBy = "seq" }, ct);
        var plans = planRows.Select(JobRows.Plan).ToArray();
        var last = new Dictionary<LaneId, LedgerEntry>();
        var owners = new Dictionary<LaneId, string>();
        foreach (var row in entryRows)
        {
            var entry = JobRows.Ledger(row);
            last[entry.Lane] = entry;
            owners[entry.Lane] = row.Text("source_table");
        }
        // Those that earlier windows of an incremental table set aside are among them.
        Dictionary<TableName, long> Sum(Func<WriteCounts, long> of) => plans.ToDictionary(p => p.Source, p => last.Values
            .Where(e => owners[e.Lane] == JobRows.Owner(p.Source)).Sum(e => of(e.Total)));
        var jobRow = await RowAsync(s, new("job", JobRows.Id(job)), ct);
        return new JobProgress(plans, last, Sum(c => c.Rejected), jobRow?.Number("generation") ?? 0)
        {
            Nulled = Sum(c => c.Nulled),
        };
    }, ct);

    public async ValueTask<JobLease> AcquireAsync(JobClaim claim, CancellationToken ct)
    {
        await EnsureFormatAsync(ct);
        var holder = context.Ids.Next();
        sessionLock ??= await database.TryLockAsync(LockName(holder), ct)
            ?? throw new PawlException(Fault.Transient, Codes.Busy, ("what", "session lock"), ("holder", claim.Runner));
        lockName = LockName(holder);
        try
        {
            for (var attempt = 0; attempt < 10; attempt++)
            {
                var found = await ReadingAsync(s => FindRowAsync(s, claim, ct), ct);
                var lease = found is null ? await CreateAsync(claim, holder, ct) : await TakeAsync(claim, found, holder, ct);
                if (lease is null) continue; // somebody else was quicker: look again
                context.Points.Reached(CrashPoint.JobAcquired);
                return lease;
            }
            throw new PawlException(Fault.Transient, Codes.Busy, ("what", "job"), ("job", claim.Name));
        }
        catch
        {
            await UnlockAsync();
            throw;
        }
    }

    /// <summary>Looks before it writes: a job that is held must say so even while its holder keeps the target's write lock.</summary>
    private async ValueTask EnsureFormatAsync(CancellationToken ct)
    {
        if (!await database.Tables.HasControlTablesAsync(ct)) await database.Tables.CreateControlTablesAsync(ct);
        if (await ReadingAsync(s => ControlFormat.CheckAsync(s, ct), ct)) return;
        try
        {
            await AloneAsync<bool>(async s =>
            {
                await ControlFormat.WriteAsync(s, ct);
                return true;
            }, ct);
        }
        catch (PawlException e) when (e.Fault == Fault.Data && e.Code == Codes.RowRefused)
        {
            // Somebody else's first run wrote it in the same moment.
            await ReadingAsync(s => ControlFormat.CheckAsync(s, ct), ct);
        }
    }

    private async ValueTask<ControlRow?> FindRowAsync(ITargetSession s, JobClaim claim, CancellationToken ct)
    {
        foreach (var name in claim.Was.Prepend(claim.Name))
        {
            if (await RowAsync(s, new("name", name), ct) is { } row) return row;
        }
        return null;
    }

    private async ValueTask<JobLease?> CreateAsync(JobClaim claim, Guid holder, CancellationToken ct)
    {
        var job = context.Ids.Next();
        try
        {
            await AloneAsync(s => s.ChangeAsync(ControlChange.Insert(ControlTables.Job,
                ("job", JobRows.Id(job)), ("name", claim.Name), ("source", claim.Source.Text), ("source_display", claim.Source.Display),
                ("generation", 0L), ("epoch", 1L), ("tick", 0L), ("holder", JobRows.Id(holder)), ("runner", claim.Runner),
                ("backend", s.Backend), ("heartbeat", Computed.Now), ("wanted", "run"), ("format", (long)ControlTables.Format),
                ("created_at", Computed.Now)), ct), ct);
        }
        catch (PawlException e) when (e.Fault == Fault.Data && e.Code == Codes.RowRefused)
        {
            return null;
        }
        return new JobLease { Job = job, Name = claim.Name, Epoch = 1, Holder = holder };
    }

    private async ValueTask<JobLease?> TakeAsync(JobClaim claim, ControlRow row, Guid holder, CancellationToken ct)
    {
        claim.CheckSource(JobRows.Job(row));
        var oldHolder = row.TextOrNull("holder");
        if (oldHolder is not null && await CheckDeadAsync(claim, row, row.Id("holder"), ct) == HolderFate.Changed) return null;
        var epoch = row.Number("epoch");
        var touched = await TakingAsync(s => s.ChangeAsync(ControlChange.Update(ControlTables.Job,
            [
                ("name", claim.Name), ("source", claim.Source.Text), ("source_display", claim.Source.Display),
                ("epoch", Computed.PlusOne), ("tick", Computed.PlusOne), ("holder", JobRows.Id(holder)), ("runner", claim.Runner),
                ("backend", s.Backend), ("heartbeat", Computed.Now), ("wanted", "run"),
            ],
            new("job", row.Text("job")), new("epoch", epoch),
            oldHolder is null ? new("holder", null, Comparison.IsNull) : new("holder", oldHolder)), ct), ct);
        if (touched == 0) return null;
        if (oldHolder is not null && row.TextOrNull("backend") is { } backend) _ = await TryEndAsync(backend, ct);
        return new JobLease
        {
            Job = row.Id("job"),
            Name = claim.Name,
            Epoch = epoch + 1,
            Holder = holder,
            TakenOverFrom = oldHolder is null ? null : row.TextOrNull("runner"),
        };
    }

    /// <summary>
    /// What the old holder began between being ended and losing the job may hold locks; what it begins from now on cannot. The job is ours
    /// already, so a failure here must not look as if it were not: a lock that stays is met, and reported, where it stands in the way.
    /// </summary>
    private async ValueTask<bool> TryEndAsync(string backend, CancellationToken ct)
    {
        try
        {
            return await database.TerminateAsync(backend, ct);
        }
        catch (PawlException e) when (e.Fault == Fault.Transient)
        {
            return false;
        }
    }

    /// <summary>0 also when the job's new name was given to another job in this moment.</summary>
    private async ValueTask<long> TakingAsync(Func<ITargetSession, ValueTask<long>> take, CancellationToken ct)
    {
        try
        {
            return await AloneAsync(take, ct);
        }
        catch (PawlException e) when (e.Fault == Fault.Data && e.Code == Codes.RowRefused)
        {
            return 0;
        }
    }

    /// <summary>Throws while the holder is alive. Liveness only; safety is the epoch.</summary>
    private async ValueTask<HolderFate> CheckDeadAsync(JobClaim claim, ControlRow row, Guid oldHolder, CancellationToken ct)
    {
        var watch = new HolderWatch(context.Time, token => database.IsLockedAsync(LockName(oldHolder), token),
            token => ReadingAsync(s => RowAsync(s, new("job", row.Text("job")), token), token));
        if (await watch.WatchAsync(claim, row, ct) == HolderFate.Changed) return HolderFate.Changed;
        // Also when its lock is gone: a server may have noticed the loss of that one connection and not of the others.
        if (row.TextOrNull("backend") is { } backend) await database.TerminateAsync(backend, ct);
        return HolderFate.Gone;
    }

    public async ValueTask<WantedState> BeatAsync(JobLease lease, bool release, CancellationToken ct)
    {
        // Whoever takes a job over ends the sessions of the runner before. One of those tells nothing any more: a fresh one is asked.
        var stood = session is not null;
        WantedState wanted;
        try
        {
            wanted = await AloneAsync(s => BeatAsync(s, lease, release, ct), ct);
        }
        catch (PawlException e) when (release && stood && e.Fault == Fault.Transient)
        {
            wanted = await AloneAsync(async s => await IsReleasedAsync(s, lease, ct)
                ? await Protocol.WantedAsync(s, lease.Job, ct) : await BeatAsync(s, lease, release, ct), ct);
        }
        if (release) await UnlockAsync();
        else if (lockName is not null) await LockAgainAsync(lockName, ct);
        return wanted;
    }

    private static async ValueTask<WantedState> BeatAsync(ITargetSession s, JobLease lease, bool release, CancellationToken ct)
    {
        (string, object?)[] set = release
            ? [("tick", Computed.PlusOne), ("holder", null), ("runner", null), ("backend", null), ("heartbeat", null)]
            : [("tick", Computed.PlusOne), ("heartbeat", Computed.Now), ("backend", s.Backend)];
        await Protocol.ChangeJobAsync(s, lease, set, ct);
        return await Protocol.WantedAsync(s, lease.Job, ct);
    }

    /// <summary>True when the job was given back by us, and nobody has had it since: the answer was lost, and not the job.</summary>
    private static async ValueTask<bool> IsReleasedAsync(ITargetSession s, JobLease lease, CancellationToken ct) =>
        await RowAsync(s, new("job", JobRows.Id(lease.Job)), ct) is { } row && row.Number("epoch") == lease.Epoch
            && row.TextOrNull("holder") is null;

    /// <summary>
    /// A server that was restarted has forgotten the session lock, and whoever asks for the job would take it from a living runner. The
    /// old one goes first: where a lock is a file, giving it back removes the file.
    /// </summary>
    private async ValueTask LockAgainAsync(string name, CancellationToken ct)
    {
        try
        {
            if (await database.IsLockedAsync(name, ct)) return;
            var old = sessionLock;
            sessionLock = null;
            if (old is not null) await old.DisposeAsync();
            sessionLock = await database.TryLockAsync(name, ct);
        }
        catch (PawlException e) when (e.Fault == Fault.Transient)
        {
            // The heartbeat got through, and the next one looks again.
            return;
        }
    }

    public async ValueTask SavePlanAsync(JobLease lease, TablePlan plan, bool emptyTarget, CancellationToken ct)
    {
        try
        {
            await ChangingAsync(s => SaveAsync(s, lease, plan, emptyTarget, ct), ct);
        }
        catch (PawlException e) when (e.Fault == Fault.Transient && e is not CommitUnknownException)
        {
            // A stopped runner may hold a lane of the generation that is being closed.
            var lanes = await ReadingAsync(s => LanesAsync(s, lease.Job, plan.Source, ct), ct);
            if (!await TakeOver.EndHoldersAsync(database, lanes, lease.Job, ct)) throw;
            await ChangingAsync(s => SaveAsync(s, lease, plan, emptyTarget, ct), ct);
        }
        context.Points.Reached(CrashPoint.PlanSaved);
    }

    private static async ValueTask<bool> SaveAsync(ITargetSession s, JobLease lease, TablePlan plan, bool emptyTarget, CancellationToken ct)
    {
        var locked = emptyTarget && await LockPlansAsync(s, lease, plan.Source.ToString(), ct);
        if (!locked) await Protocol.FenceJobAsync(s, lease, ct);
        var job = JobRows.Id(lease.Job);
        var table = plan.Source.ToString();
        var phase = JobRows.Phase(plan.Phase);
        if (plan.Phase >= TablePhase.Done) await Protocol.CheckFinalAsync(s, lease, plan, ct);
        var known = await s.ChangeAsync(ControlChange.Update(ControlTables.Plan, [("phase", phase), ("tick", Computed.PlusOne)],
            new("job", job), new("source_table", table), new("generation", plan.Generation)), ct);
        if (known == 1) return true;
        await s.ChangeAllAsync([.. await EndedAsync(s, lease.Job, plan, ct)], ct);
        if (emptyTarget) await s.EmptyAsync(plan, ct);
        if (locked) await Protocol.FenceJobAsync(s, lease, ct);
        await s.ChangeAllAsync(
        [
            ControlChange.Update(ControlTables.Job, [("generation", plan.Generation)],
                new("job", job), new("generation", plan.Generation, Comparison.Less)),
            ControlChange.Insert(ControlTables.Plan, ("job", job), ("source_table", table),
                ("generation", plan.Generation), ("phase", phase), ("tick", 0L), ("result_hash", plan.ResultHash),
                ("plan", JobRows.Plan(plan)), ("opened_at", Computed.Now)),
        ], ct);
        return true;
    }

    /// <summary>
    /// What goes with the generation before. A window of an incremental table takes no row away that an earlier one brought: what was set
    /// aside stays, with the lanes that did it, and their books say how many of their rows are open.
    /// </summary>
    private static async ValueTask<IEnumerable<ControlChange>> EndedAsync(ITargetSession s, Guid job, TablePlan plan, CancellationToken ct)
    {
        Condition[] of = [new("job", JobRows.Id(job)), new("source_table", JobRows.Owner(plan.Source))];
        ControlTable[] retries = await ControlFormat.HasRetriesAsync(s, ct) ? [ControlTables.Retry] : [];
        ControlTable[] lanes = [ControlTables.Lane, ControlTables.Ledger];
        var goesOn = plan.Read.Window?.After is not null;
        var kept = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var ledger = new ControlSelect { Table = ControlTables.Ledger, Where = of, OrderBy = "seq" };
        var entries = goesOn ? await s.SelectAsync(ledger, ct) : [];
        foreach (var row in entries)
        {
            var entry = JobRows.Ledger(row);
            seen.Add(entry.Lane.Name);
            if (entry.Total.Rejected + entry.Total.Nulled > 0) kept.Add(entry.Lane.Name);
            else kept.Remove(entry.Lane.Name);
        }
        var all = kept.Count > 0 ? [ControlTables.Plan] : goesOn ? [.. lanes, ControlTables.Plan]
            : lanes.Append(ControlTables.Plan).Append(ControlTables.Reject).Concat(retries);
        var single = kept.Count == 0 ? [] : seen.Except(kept);
        return
        [
            .. all.Select(owned => ControlChange.Delete(owned, of)),
            .. single.SelectMany(lane => lanes.Select(owned => ControlChange.Delete(owned, of[0], new("lane", lane)))),
        ];
    }

    public async ValueTask AskRestartAsync(JobLease lease, IReadOnlyList<TableName> tables, CancellationToken ct) =>
        await ChangingAsync(async s =>
        {
            await Protocol.FenceJobAsync(s, lease, ct);
            foreach (var table in tables.Select(t => t.ToString()).Order(StringComparer.Ordinal))
            {
                await s.ChangeAsync(ControlChange.Update(ControlTables.Plan,
                    [("phase", JobRows.Phase(TablePhase.Restarting)), ("tick", Computed.PlusOne)],
                    new("job", JobRows.Id(lease.Job)), new("source_table", table)), ct);
            }
            return true;
        }, ct);

    /// <summary>
    /// Emptying a large table takes long, and the heartbeat needs the job's row meanwhile: the table's own plans are locked instead, and
    /// the job's fence comes at the end. False when there is no plan to lock, or the job is not ours.
    /// </summary>
    private static async ValueTask<bool> LockPlansAsync(ITargetSession s, JobLease lease, string table, CancellationToken ct)
    {
        var plans = await s.ChangeAsync(ControlChange.Update(ControlTables.Plan, [("tick", Computed.PlusOne)],
            new("job", JobRows.Id(lease.Job)), new("source_table", table)) with { While = Protocol.Ownership(lease) }, ct);
        if (plans > 0) await Protocol.CheckJobAsync(s, lease, ct);
        return plans > 0;
    }

    private static async ValueTask<IReadOnlyList<LaneId>> LanesAsync(ITargetSession s, Guid job, TableName table, CancellationToken ct)
    {
        var rows = await s.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Lane,
            Where = [new("job", JobRows.Id(job)), new("source_table", table.ToString())],
        }, ct);
        return [.. rows.Select(r => new LaneId(job, r.Text("lane")))];
    }

    public async ValueTask RequestAsync(Guid job, WantedState wanted, CancellationToken ct) =>
        await AloneAsync(s => s.ChangeAsync(ControlChange.Update(ControlTables.Job, [("wanted", JobRows.Wanted(wanted))],
            new Condition("job", JobRows.Id(job))), ct), ct);

    private static async ValueTask<ControlRow?> RowAsync(ITargetSession s, Condition where, CancellationToken ct)
    {
        var rows = await s.SelectAsync(new ControlSelect { Table = ControlTables.Job, Where = [where] }, ct);
        return rows.Count == 0 ? null : rows[0];
    }

    private static string LockName(Guid holder) => holder.ToString("N");

    /// <summary>
    /// One changing statement outside a transaction, which commits by itself: a runner that is stopped in the middle leaves no open
    /// transaction, so that the job's row is never locked by somebody whose name nobody knows yet. Doing it twice is harmless.
    /// </summary>
    private ValueTask<T> AloneAsync<T>(Func<ITargetSession, ValueTask<T>> work, CancellationToken ct) => ReadingAsync(work, ct);

    private async ValueTask<T> ReadingAsync<T>(Func<ITargetSession, ValueTask<T>> work, CancellationToken ct)
    {
        session ??= await database.ConnectAsync(ct);
        try
        {
            return await work(session);
        }
        catch
        {
            await DropAsync();
            throw;
        }
    }

    private async ValueTask<T> ChangingAsync<T>(Func<ITargetSession, ValueTask<T>> work, CancellationToken ct)
    {
        session ??= await database.ConnectAsync(ct);
        var sent = false;
        try
        {
            await session.BeginAsync(ct);
            var result = await work(session);
            sent = true;
            await session.EndAsync(commit: true);
            return result;
        }
        catch
        {
            if (!sent) await session.EndAsync(commit: false);
            await DropAsync();
            throw;
        }
    }

    private async ValueTask DropAsync()
    {
        var old = session;
        session = null;
        if (old is not null) await old.DisposeAsync();
    }

    private async ValueTask UnlockAsync()
    {
        var old = sessionLock;
        sessionLock = null;
        lockName = null;
        if (old is not null) await old.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await DropAsync();
        }
        finally
        {
            await UnlockAsync();
        }
    }
}
