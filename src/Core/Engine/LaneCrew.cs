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
    private SharedTargets shared = new([]);
    private IReadOnlyList<TableReference> references = [];
    private TableOrder order = new([], []);
    private FinishQueue? arrived;

    public async Task RunAsync()
    {
        IReadOnlyList<TableRun> tables = [.. state.Tables.Where(t => !t.Failed && t.Decision.State != TableState.Finished)];
        if (tables.Count > 0 && state.Tables.Count > 1 && ends.Sink is IKnowsReferences knows)
        {
            references = await run.Retry(null, null).RunAsync(async ct => await knows.ReferencesAsync(ct), run.StopToken);
        }
        for (var times = 0; tables.Count > 0 && !run.Ending; times++)
        {
            var late = await RoundAsync(tables);
            tables = [.. await StartOverAsync(times), .. await ContinueAsync(), .. late];
        }
    }

    /// <summary>Every table once, those that others refer to first.</summary>
    /// <returns>Tables that wait for one which begins anew.</returns>
    private async Task<IReadOnlyList<TableRun>> RoundAsync(IReadOnlyList<TableRun> tables)
    {
        // One that could not even be planned is waited for in vain, too.
        IReadOnlyList<TableRun> all = [.. tables, .. state.Tables.Where(t => t.Failed).Except(tables)];
        IReadOnlyList<TableDecision> decisions = [.. all.Select(t => t.Decision)];
        order = new TableOrder(decisions, references, ends.Sink);
        foreach (var table in tables)
        {
            if (order.Circle(table.Decision, decisions) is { } circle && table.Fail(circle)) Tell(table, circle);
        }
        await EmptyAsync([.. tables.Where(t => !t.Failed && t.Decision.EmptyTarget && order.IsTied(t))]);
        var late = new List<TableRun>();
        foreach (var level in tables.Where(t => !t.Failed).GroupBy(order.Level).OrderBy(g => g.Key))
        {
            if (run.Ending) break;
            TableRun[] ready = [.. level.Where(t => !t.Failed && !WaitsInVain(t, all, late))];
            shared = new SharedTargets(ready);
            foreach (var table in ready)
            {
                // A table whose lanes are all final was stopped before its finish: that is still to do.
                if (table.Lanes.Count == 0) queue.Enqueue((table, null));
                foreach (var lane in table.Lanes) queue.Enqueue((table, lane));
            }
            await WorkAsync();
        }
        return late;
    }

    /// <summary>Its rows would be refused: a table that they refer to failed, or is begun anew first.</summary>
    private bool WaitsInVain(TableRun table, IReadOnlyList<TableRun> all, List<TableRun> late)
    {
        var parents = order.Parents(table);
        var missing = all.Where(t => parents.Contains(t.Decision.Target) && !t.Finished).ToArray();
        if (missing.Length == 0) return false;
        if (missing.FirstOrDefault(t => !(t.IsSnapshotLost && !t.IsGivenUp) && !late.Contains(t)) is not { } parent)
        {
            late.Add(table);
            return true;
        }
        var error = new PawlException(Fault.Configuration, Codes.ReferenceFailed, ("table", table.Decision.Schema.Name),
            ("target", table.Decision.Target), ("other", parent.Decision.Target), ("code", parent.Error?.Code));
        if (!run.Ending && table.Fail(error)) Tell(table, error);
        return true;
    }

    /// <summary>Rows go before those that they refer to, all of them before the first new one comes.</summary>
    private async Task EmptyAsync(IReadOnlyList<TableRun> tables)
    {
        foreach (var table in tables.OrderByDescending(order.Level))
        {
            if (!run.Ending && !await GoesOnAsync(table, () => SavePlanAsync(table))) return;
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
            await MoveAllAsync();
            return;
        }
        arrived = new FinishQueue();
        var finishers = Task.WhenAll(Enumerable.Range(0, run.Workers).Select(_ => FinishAllAsync(arrived)));
        try
        {
            await Task.WhenAll(Enumerable.Range(0, run.Workers).Select(_ => MoveAllAsync()));
        }
        finally
        {
            arrived.Close();
            await finishers;
        }
    }

    private async Task MoveAllAsync()
    {
        while (Next() is var (table, lane) && await GoesOnAsync(table, () => MoveAsync(table, lane))
            && await FinishAsync(table.Failed ? shared.Failed(table) : [])) continue;
    }

    private async Task FinishAllAsync(FinishQueue queue)
    {
        while (await queue.NextAsync() is { } table && !run.Ending && await GoesOnAsync(table, () => FinishAsync(table))) continue;
    }

    /// <summary>
    /// Tables whose rows have all arrived; where there are finishers it is handed to them. False when the one who did the work has nothing
    /// more to do in this run.
    /// </summary>
    private async Task<bool> FinishAsync(IReadOnlyList<TableRun> tables)
    {
        foreach (var table in tables)
        {
            if (arrived is not null) arrived.Add(table);
            else if (!await GoesOnAsync(table, () => FinishAsync(table))) return false;
        }
        return true;
    }

    private async Task MoveAsync(TableRun table, LaneWork? lane)
    {
        await table.PrepareAsync(() => PrepareAsync(table));
        if (lane is not null)
        {
            if (await MoveAsync(lane) == LaneEnd.Stopped) return;
            run.Emit(EventCodes.LaneDone, lane.Plan, lane.Lane);
            if (run.Job.VerifyAfterRun == VerifyLevel.Count && !lane.Plan.IsIncremental) ends.OpenCopyAhead();
            if (!table.LaneDone()) return;
        }
        await FinishAsync(shared.Arrived(table));
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
        if (table.Decision.State is TableState.New or TableState.Restarts or TableState.Continues or TableState.Renews)
        {
            await SavePlanAsync(table);
        }
        if (table.Decision.IsAmended)
        {
            await run.Retry(table.Plan!, null).RunAsync(async ct =>
            {
                await ledger.CallAsync(async s =>
                {
                    await s.AmendPlanAsync(run.Lease, table.Plan!, ct);
                    return true;
                });
                return true;
            }, run.StopToken);
        }
        var plan = table.Plan! with { Filled = [.. state.Tables.Where(t => t.Finished || t.Decision.State == TableState.Finished)
            .Select(t => t.Decision.Target)] };
        await shared.AloneAsync(table, () => run.Retry(plan, null).RunAsync(async ct =>
        {
            await ends.Sink.PrepareAsync(plan, run.Lease, ct);
            return true;
        }, run.StopToken), run.StopToken);
    }

    private Task SavePlanAsync(TableRun table) => run.Retry(table.Plan, null).RunAsync(async ct =>
    {
        await ledger.SavePlanAsync(run.Lease, table.Plan!, table.Decision.EmptyTarget, ct);
        return true;
    }, run.StopToken);

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
        await shared.AloneAsync(table, () => retry.RunAsync(async ct =>
        {
            await ends.Sink.FinishAsync(plan, run.Lease, ct);
            return true;
        }, run.StopToken), run.StopToken);
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
