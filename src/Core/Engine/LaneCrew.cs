using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Pawl.Verify;

namespace Pawl.Engine;

/// <summary>
/// The workers of one run: each takes the next lane of a table that has not failed, until none is left. One bad table stops nobody else.
/// Where the target takes several writers, tables whose rows have all arrived are finished beside the lanes of others.
/// </summary>
/// <param name="again">Plans a table anew whose snapshot was lost.</param>
/// <param name="next">Plans the window after one that another run had left half done; null = there is nothing in it.</param>
internal sealed class LaneCrew(RunContext run, JobEnds ends, SerialLedger ledger, RunState state, Func<TableRun, Task<TableRun>> again,
    Func<TableRun, Task<TableRun?>> next)
{
    private readonly Lock gate = new();
    private readonly Queue<(TableRun Table, LaneWork? Lane)> queue = new();

    public async Task RunAsync()
    {
        IReadOnlyList<TableRun> tables = [.. state.Tables.Where(t => !t.Failed && t.Decision.State != TableState.Finished)];
        for (var times = 0; tables.Count > 0 && !run.Ending; times++)
        {
            foreach (var table in tables)
            {
                // A table whose lanes are all final was stopped before its finish: that is still to do.
                if (table.Lanes.Count == 0) queue.Enqueue((table, null));
                foreach (var lane in table.Lanes) queue.Enqueue((table, lane));
            }
            await WorkAsync();
            tables = [.. await StartOverAsync(times), .. await ContinueAsync()];
        }
    }

    /// <summary>Whoever starts a run wants what is new, and not only the rest of what was new when another run was killed.</summary>
    private async Task<List<TableRun>> ContinueAsync()
    {
        var open = new List<TableRun>();
        var late = state.Tables.Where(t => t is { Finished: true, Failed: false, Plan.IsIncremental: true }).ToArray();
        foreach (var table in late.Where(t => t.Decision.State == TableState.Resumes))
        {
            if (run.Ending) break;
            if (await next(table) is not { } following) continue;
            state.Tables[state.Tables.IndexOf(table)] = following;
            if (!following.Failed) open.Add(following);
        }
        return open;
    }

    /// <summary>
    /// A table whose snapshot was lost begins anew, as its plan says, as often as anything temporary is tried again. Only now: no lane of
    /// it is at work any more. One that appends does not once it may have added rows: nobody could remove them.
    /// </summary>
    private async Task<IReadOnlyList<TableRun>> StartOverAsync(int times)
    {
        var lost = state.Tables.Where(t => t.IsSnapshotLost && !t.IsGivenUp && !t.Finished).ToArray();
        foreach (var table in lost.Where(t => t.HoldsAppended))
        {
            GiveUp(table, TablePlanner.Appended(table.Plan!, table.Progress.Total.Inserted, table.Error));
        }
        lost = [.. lost.Where(t => !t.IsGivenUp)];
        if (lost.Length == 0 || run.Ending) return [];
        if (times >= run.Job.Retry.Times || !run.TakeRetry())
        {
            foreach (var table in lost) GiveUp(table, table.Error!);
            return [];
        }
        var fresh = new List<TableRun>();
        foreach (var table in lost)
        {
            run.Emit(EventCodes.TableRestarted, table.Plan, null, ("code", table.Error!.Code));
            var next = await again(table);
            state.Tables[state.Tables.IndexOf(table)] = next;
            if (!next.Failed) fresh.Add(next);
        }
        return fresh;
    }

    private void GiveUp(TableRun table, PawlException error)
    {
        table.GiveUp(error);
        Tell(table, error);
    }

    private async Task WorkAsync()
    {
        if (run.Workers == 1)
        {
            await MoveAllAsync(null);
            return;
        }
        var arrived = new FinishQueue();
        var finishers = Task.WhenAll(Enumerable.Range(0, run.Workers).Select(_ => FinishAllAsync(arrived)));
        try
        {
            await Task.WhenAll(Enumerable.Range(0, run.Workers).Select(_ => MoveAllAsync(arrived)));
        }
        finally
        {
            arrived.Close();
            await finishers;
        }
    }

    /// <param name="arrived">Takes the tables whose last lane has ended; null = they are finished at once, by whoever brought it home.
    /// </param>
    private async Task MoveAllAsync(FinishQueue? arrived)
    {
        while (Next() is var (table, lane) && await GoesOnAsync(table, () => MoveAsync(table, lane, arrived))) continue;
    }

    private async Task FinishAllAsync(FinishQueue arrived)
    {
        while (await arrived.NextAsync() is { } table && !run.Ending && await GoesOnAsync(table, () => FinishAsync(table))) continue;
    }

    private async Task MoveAsync(TableRun table, LaneWork? lane, FinishQueue? arrived)
    {
        await table.PrepareAsync(() => PrepareAsync(table));
        if (lane is not null)
        {
            if (await MoveAsync(lane) == LaneEnd.Stopped) return;
            run.Emit(EventCodes.LaneDone, lane.Plan, lane.Lane);
            if (run.Job.VerifyAfterRun == VerifyLevel.Count && !lane.Plan.IsIncremental) ends.OpenCopyAhead();
            if (!table.LaneDone()) return;
        }
        if (arrived is null) await FinishAsync(table);
        else arrived.Add(table);
    }

    /// <summary>False when the one who did the work has nothing more to do in this run.</summary>
    private async Task<bool> GoesOnAsync(TableRun table, Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (OperationCanceledException) when (run.Ending)
        {
            return false;
        }
        catch (PawlException e) when (run.Ending && RetryRules.MayRetry(e))
        {
            // Would have been tried again, had nobody asked to end: the table is not bad.
            return false;
        }
        catch (Exception e)
        {
            return !Failed(table, e as PawlException ?? JobRunner.Unexpected(e));
        }
    }

    private (TableRun Table, LaneWork? Lane)? Next()
    {
        lock (gate)
        {
            while (!run.Ending && queue.TryDequeue(out var next))
            {
                if (!next.Table.Failed) return next;
            }
            return null;
        }
    }

    /// <summary>True when the whole run is over.</summary>
    private bool Failed(TableRun table, PawlException e)
    {
        if (e.Fault == Fault.Fenced)
        {
            lock (gate) state.Error ??= e;
            run.Abort();
            return true;
        }
        if (table.Fail(e) && !table.IsSnapshotLost) Tell(table, e);
        return false;
    }

    private void Tell(TableRun table, PawlException e) =>
        run.Emit(EventCodes.TableFailed, table.Plan, null, ("code", e.Code), ("fault", e.Fault));

    private async Task PrepareAsync(TableRun table)
    {
        var retry = run.Retry(table.Plan, null);
        var plan = table.Plan!;
        if (table.Decision.State is TableState.New or TableState.Restarts or TableState.Continues or TableState.Renews)
        {
            await retry.RunAsync(async ct =>
            {
                await ledger.SavePlanAsync(run.Lease, plan, table.Decision.EmptyTarget, ct);
                return true;
            }, run.StopToken);
        }
        await retry.RunAsync(async ct =>
        {
            await ends.Sink.PrepareAsync(plan, run.Lease, ct);
            return true;
        }, run.StopToken);
    }

    /// <summary>
    /// Attempts until the lane ends. The count of attempts starts again whenever the lane got on; the run's budget does not.
    /// </summary>
    private async Task<LaneEnd> MoveAsync(LaneWork lane)
    {
        var pump = new LanePump(lane, ends.Source, ends.Sink, run);
        long seen = 0;
        return await run.Retry(lane.Plan, lane.Lane).RunAsync(_ => pump.RunAsync(run.StopToken, run.AbortToken), run.StopToken, GotOn);

        bool GotOn()
        {
            var moved = pump.Commits > seen;
            seen = pump.Commits;
            return moved;
        }
    }

    private async Task FinishAsync(TableRun table)
    {
        var plan = table.Plan!;
        var retry = run.Retry(plan, null);
        await retry.RunAsync(async ct =>
        {
            await ends.Sink.FinishAsync(plan, run.Lease, ct);
            return true;
        }, run.StopToken);
        if (ends.Sink is IPublishesCopies copies && copies.TakeResult(plan.Source) is { } published)
        {
            run.Emit(EventCodes.TablePublished, plan, null, ("way", published.How.Way.ToString().ToLowerInvariant()),
                ("rows", published.Rows), ("removed", published.Removed));
        }
        // Rows that were changed or deleted since a window's bound are no difference; what a window brought is in the books.
        if (run.Job.VerifyAfterRun != VerifyLevel.None && !plan.IsIncremental)
        {
            table.Verdict = await retry.RunAsync(ct => VerifyAsync(table, ct), run.StopToken);
            var equal = table.Verdict.Equal;
            run.Emit(equal ? EventCodes.Verified : EventCodes.VerifyDiffers, plan, null, ("level", table.Verdict.Level),
                ("source_rows", table.Verdict.SourceRows), ("target_rows", table.Verdict.TargetRows));
            if (!equal)
            {
                // The copy is complete by its own books, yet not equal: it stays unverified, and the next run looks again.
                table.Finish();
                return;
            }
        }
        var phase = table.Verdict is null ? TablePhase.Done : TablePhase.Verified;
        await retry.RunAsync(async ct =>
        {
            await ledger.SavePlanAsync(run.Lease, plan with { Phase = phase }, emptyTarget: false, ct);
            return true;
        }, run.StopToken);
        table.Finish();
        run.Emit(EventCodes.TableDone, plan, null, ("rows", table.Progress.Total.Read), ("bytes", table.Progress.TotalBytes));
    }

    private async Task<TableVerdict> VerifyAsync(TableRun table, CancellationToken ct)
    {
        if (run.Job.VerifyAfterRun == VerifyLevel.Count) return await VerifyAsync(table, await ends.CopyAsync(ct), ct);
        // What is read of a table without a key may be bound to the moment in which its source was first asked for such a table, and the
        // rows of later tables would be missing in it.
        await using var own = await JobEnds.OpenSourceAsync(run.Host, run.Job.Target, ct);
        return await VerifyAsync(table, own, ct);
    }

    private async Task<TableVerdict> VerifyAsync(TableRun table, ISource target, CancellationToken ct)
    {
        var plan = table.Plan!;
        try
        {
            return await CompareAsync(plan);
        }
        catch (PawlException e) when (e.Code == Codes.SnapshotLost && plan.Read.Snapshot is not null)
        {
            // Every row has arrived; what is left to compare with is the present.
            return await CompareAsync(plan with { Read = plan.Read with { Snapshot = null } });
        }

        Task<TableVerdict> CompareAsync(TablePlan compared) => TableComparer.CompareAsync(ends.Source, target, compared,
            table.Progress.Total.Rejected, run.Job.VerifyAfterRun, ct, appended: table.Progress.Total.Inserted,
            nulled: table.Progress.Total.Nulled);
    }
}
