using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;

namespace Pawl.Engine;

/// <summary>
/// Runs a job, or carries it on: there is no difference. Thread-safe; each call is a run of its own. A run never throws for what happens to
/// it: the summary says. <see cref="ArgumentException"/> and the like are bugs of the host.
/// </summary>
public sealed class JobRunner(JobHost host)
{
    public async Task<RunSummary> RunAsync(JobSpec job, RunOptions options, RunSignals signals)
    {
        var began = host.Time.GetTimestamp();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, signals.Abort);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(signals.Abort);
        var run = new RunContext(host, job, host.Ids.Next(), stop, abort);
        var state = new RunState();
        try
        {
            await RunAsync(run, options, state);
        }
        catch (OperationCanceledException) when (run.Ending)
        {
            // Everything durable is durable; the tables' states tell the rest.
        }
        catch (PawlException e)
        {
            state.Error ??= e;
        }
        catch (Exception e)
        {
            state.Error ??= Unexpected(e);
        }
        var summary = state.Summary(run, run.Ending, host.Time.GetElapsedTime(began));
        run.Emit(EventCodes.RunEnded, null, null, ("status", summary.Status), ("rows", summary.Tables.Sum(t => t.ThisRun.Read)),
            ("bytes", summary.Tables.Sum(t => t.TotalBytes)), ("ms", (long)summary.Time.TotalMilliseconds), ("retries", run.Retries),
            ("code", summary.Error?.Code));
        return summary;
    }

    private async Task RunAsync(RunContext run, RunOptions options, RunState state)
    {
        var retry = run.Retry(null, null);
        await using var ends = await retry.RunAsync(ct => JobEnds.OpenAsync(host, run.Job, ct, toWrite: true), run.StopToken);
        run.Workers = Math.Max(1, Math.Min(run.Job.Parallel, ends.SinkSpec.Limits.MaxWriters));
        run.SinkAcceptsStrays = ends.SinkSpec.Limits.AcceptsStrays;
        var matched = await retry.RunAsync(async ct =>
            await TableCatalogue.MatchAsync(ends.Source, run.Job, options.Tables, ends.SinkSpec.Limits, ct, ends.Sink), run.StopToken);
        await using var ledger = new SerialLedger(await retry.RunAsync(async ct => await ends.Sink.OpenLedgerAsync(ct), run.StopToken));
        run.Lease = await retry.RunAsync(ct =>
            ledger.CallAsync(s => s.AcquireAsync(Claim(run, ends.Source, options), ct)), run.StopToken);

        using var alive = CancellationTokenSource.CreateLinkedTokenSource(run.AbortToken);
        var beating = BeatAsync(run, ledger, state, alive.Token);
        try
        {
            var found = await retry.RunAsync(ct => ledger.CallAsync(s => s.ReadAsync(run.Lease.Job, ct)), run.StopToken);
            var planning = new TablePlanning(run, ends, found, matched);
            await DecideAsync(planning, options, matched, state);
            await AskRestartsAsync(run, ledger, state);
            Announce(run, found, state);
            var lanes = state.Tables.Where(t => !t.Failed).Sum(t => t.Lanes.Count);
            if (state.Tables.Any(t => !t.Failed && t.Unfinished)) ends.ConnectAhead(Math.Min(run.Workers, lanes));
            // Plans go over a connection of their own: opening one may empty a large table, and the heartbeat must not stand behind that.
            await using var plans = new SerialLedger(await retry.RunAsync(async ct => await ends.Sink.OpenLedgerAsync(ct), run.StopToken));
            await new LaneCrew(run, ends, plans, state, lost => StartOverAsync(planning, lost),
                done => ContinueAsync(planning, ledger, done)).RunAsync();
            await LookBackAsync(run, ledger, state);
        }
        finally
        {
            alive.Cancel();
            await beating;
            if (state.Error is not { Fault: Fault.Fenced }) await ReleaseAsync(run, ledger, state);
        }
    }

    private static JobClaim Claim(RunContext run, ISource source, RunOptions options) => Claim(run.Host, run.Job, source, options) with
    {
        Watching = held => run.Emit(EventCodes.HolderWatched, null, null, ("holder", held.Runner),
            ("heartbeat_ms", (long?)held.HeartbeatAge?.TotalMilliseconds)),
    };

    internal static JobClaim Claim(JobHost host, JobSpec job, ISource source, RunOptions options) => new()
    {
        Name = job.Name,
        Was = job.Was,
        Source = source.Identity,
        Rebind = options.Restart && options.Tables.Count == 0,
        Runner = host.Runner,
    };

    private static async Task DecideAsync(TablePlanning planning, RunOptions options, IReadOnlyList<MatchedTable> matched, RunState state)
    {
        foreach (var table in matched)
        {
            if (table.Schema is not null)
            {
                state.Tables.Add(await planning.DecideAsync(table.Rule, table.Schema, options.Restart));
                continue;
            }
            state.Missing.Add((table.Name, table.Error!));
            planning.Run.Emit(EventCodes.TableFailed, null, null, ("table", table.Name), ("code", table.Error!.Code));
        }
    }

    /// <summary>The same table once more, in a new snapshot and a new generation.</summary>
    private static async Task<TableRun> StartOverAsync(TablePlanning planning, TableRun lost)
    {
        var fresh = await planning.StartOverAsync(lost.Decision);
        AnnounceTable(planning.Run, fresh);
        return fresh;
    }

    private static async Task<TableRun?> ContinueAsync(TablePlanning planning, SerialLedger ledger, TableRun done)
    {
        var run = planning.Run;
        var now = await run.Retry(null, null).RunAsync(ct => ledger.CallAsync(s => s.ReadAsync(run.Lease.Job, ct)), run.StopToken);
        var next = await planning.ContinueAsync(done, now);
        if (next is not null) AnnounceTable(run, next);
        return next;
    }

    /// <summary>
    /// Tables are opened one after another: the wish to start them over has to outlive a run that dies in between. Wishes only: of a table
    /// whose snapshot is gone, or whose columns are others, the next run finds that out again, and may find that it must not begin anew.
    /// </summary>
    private static async Task AskRestartsAsync(RunContext run, SerialLedger ledger, RunState state)
    {
        var restarts = state.Tables.Where(t => t.Decision is { State: TableState.Restarts, IsSnapshotLost: false, IsDriftedAway: false })
            .Select(t => t.Decision.Schema.Name).ToArray();
        if (restarts.Length == 0) return;
        await run.Retry(null, null).RunAsync(ct => ledger.CallAsync(async s =>
        {
            await s.AskRestartAsync(run.Lease, restarts, ct);
            return true;
        }), run.StopToken);
    }

    private static void Announce(RunContext run, JobProgress found, RunState state)
    {
        if (run.Lease.TakenOverFrom is { } before) run.Emit(EventCodes.JobTakenOver, null, null, ("from", before),
            ("epoch", run.Lease.Epoch));
        var resumed = state.Tables.Where(t => t.Decision.State == TableState.Resumes).ToArray();
        if (resumed.Length > 0)
        {
            var last = found.Last.Values.MaxBy(e => e.At);
            state.Resumed = new ResumeInfo
            {
                SplitsDone = resumed.Sum(t => t.SplitsDone),
                SplitsPartial = resumed.Sum(t => t.SplitsPartial),
                SplitsToDo = resumed.Sum(t => t.Lanes.Count - t.SplitsPartial),
                RowsKept = resumed.Sum(t => t.Progress.Total.Read),
                LastCommit = last?.At,
                TakenOverFrom = run.Lease.TakenOverFrom,
            };
        }
        run.Emit(EventCodes.RunStarted, null, null, ("tables", state.Tables.Count), ("resumed", resumed.Length > 0 ? "yes" : "no"),
            ("runner", run.Host.Runner), ("source", run.Job.Source.Display), ("target", run.Job.Target.Display),
                ("epoch", run.Lease.Epoch));
        if (state.Resumed is { } info)
        {
            run.Emit(EventCodes.RunResumed, null, null, ("splits_done", info.SplitsDone), ("splits_partial", info.SplitsPartial),
                ("splits_todo", info.SplitsToDo), ("rows_kept", info.RowsKept),
                    ("last_commit_ms", info.LastCommit?.ToUnixTimeMilliseconds()),
                ("ledger", found.Last.Values.Sum(e => e.Sequence)), ("taken_over_from", info.TakenOverFrom));
        }
        foreach (var table in state.Tables) AnnounceTable(run, table);
    }

    private static void AnnounceTable(RunContext run, TableRun table)
    {
        var d = table.Decision;
        if (d.Error is { } error)
        {
            table.Fail(error);
            run.Emit(EventCodes.TableFailed, d.Plan, null, ("table", d.Schema.Name), ("code", error.Code));
        }
        else if (d.State == TableState.Finished)
        {
            run.Emit(EventCodes.TableSkipped, d.Plan, null, ("rows_durable", table.Progress.Total.Read));
        }
        else
        {
            run.Emit(EventCodes.TablePlanned, d.Plan, null, ("target", d.Target), ("splits", d.Plan!.Splits.Count), ("state", d.State),
                ("splits_done", table.SplitsDone), ("estimated_rows", d.Schema.EstimatedRows), ("rows_durable", table.Progress.Total.Read),
                ("bytes_durable", table.Progress.TotalBytes), ("guarantee", table.Guarantee),
                ("consistency", d.Plan.Consistency), ("write", d.Plan.Write));
        }
    }

    /// <summary>Says that we are alive, hears what is wanted, and notices when the job is no longer ours.</summary>
    private async Task BeatAsync(RunContext run, SerialLedger ledger, RunState state, CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Liveness.Beat, host.Time, ct);
                if (await ledger.CallAsync(s => s.BeatAsync(run.Lease, release: false, ct)) == WantedState.Pause) run.AskPause();
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (PawlException e) when (e.Fault == Fault.Fenced)
            {
                state.Error ??= e;
                run.Abort();
                return;
            }
            catch (Exception e)
            {
                // A beat that fails is no reason to stop: safety is the epoch's work, and the next beat may get through. Of a target that
                // is waited for everybody knows already.
                if (run.Outages.IsOpen) continue;
                run.Emit(EventCodes.Warning, null, null, ("what", "heartbeat"), ("code", (e as PawlException ?? Unexpected(e)).Code));
            }
        }
    }

    /// <summary>
    /// A target that is put back while the job runs takes its ledger along: lanes at work notice, a table that was finished before does
    /// not. So what the target knows now is compared with what this run says.
    /// </summary>
    private static async Task LookBackAsync(RunContext run, SerialLedger ledger, RunState state)
    {
        var done = state.Tables.Where(t => t is { Finished: true, Failed: false, Plan: not null } && t.Verdict is not { Equal: false })
            .ToArray();
        if (done.Length == 0 || await AskAgainAsync(run, ledger, state) is not { } now) return;
        var known = now.Plans.ToDictionary(p => p.Source);
        foreach (var table in done)
        {
            if (known.TryGetValue(table.Plan!.Source, out var plan) && (plan.Generation > table.Plan.Generation
                || plan.Generation == table.Plan.Generation && plan.Phase >= TablePhase.Done)) continue;
            var lost = new PawlException(Fault.PositionLost, Codes.TargetWentBack, ("table", table.Plan.Source),
                ("target", table.Plan.Target));
            if (table.Fail(lost)) run.Emit(EventCodes.TableFailed, null, null, ("table", table.Plan.Source), ("code", lost.Code));
        }
    }

    /// <returns>Null: nobody could be asked, and the run says so; an answer that was not given is no good one.</returns>
    private static async Task<JobProgress?> AskAgainAsync(RunContext run, SerialLedger ledger, RunState state)
    {
        PawlException? silence = null;
        try
        {
            // The session has idled since the last beat, and may have been ended long ago: its failure says nothing about the target yet.
            return await AskAsync(run.AbortToken) ?? await run.Retry(null, null).RunAsync(async ct => await AskAsync(ct) ?? throw silence!,
                run.StopToken);
        }
        catch (Exception e) when (silence is not null && (e is OperationCanceledException || RetryRules.MayRetry(e)))
        {
            state.Error ??= silence;
            return null;
        }

        async Task<JobProgress?> AskAsync(CancellationToken ct)
        {
            try
            {
                return await ledger.CallAsync(s => s.ReadAsync(run.Lease.Job, ct));
            }
            catch (PawlException e) when (RetryRules.MayRetry(e))
            {
                silence = e;
                return null;
            }
        }
    }

    private async Task ReleaseAsync(RunContext run, SerialLedger ledger, RunState state)
    {
        host.Points.Reached(CrashPoint.BeforeRelease);
        try
        {
            await ledger.CallAsync(s => s.BeatAsync(run.Lease, release: true, CancellationToken.None));
        }
        catch (PawlException e) when (e.Fault == Fault.Fenced && state.Tables.Any(t => t.Unfinished))
        {
            // Whatever it failed with before, a lock that its successor holds for one: the job is somebody else's, and that is to be said.
            state.Error = e;
        }
        catch (Exception e)
        {
            // The next run finds the session lock gone and takes the job at once. What the run itself failed with must not be hidden by
            // this.
            run.Emit(EventCodes.Warning, null, null, ("what", "release"), ("code", (e as PawlException ?? Unexpected(e)).Code));
        }
    }

    internal static PawlException Unexpected(Exception e) =>
        new(Fault.Bug, Codes.Unexpected, e, ("type", e.GetType().Name), ("message", e.Message));
}
