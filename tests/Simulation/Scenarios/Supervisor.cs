using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>
/// Runs a scenario: first everything goes wrong while runners are started again and again, then faults end and one clean runner must
/// finish within a bound, stopped ones wake up, a further run finds nothing to do, and the target is compared with the source.
/// </summary>
internal sealed class Supervisor(World world, Server server, SourceSystem source, Scenario scenario, Tally tally, Rng rng)
{
    private const int CleanAttempts = 12;
    private static readonly long Safety = 20 * TimeSpan.TicksPerMinute;

    private readonly List<Runner> runners = [];
    private readonly EndCheck check = new(world, server, scenario);
    private readonly List<Database> backups = [];
    /// <summary>What each source showed last before another came in its place.</summary>
    private readonly Dictionary<string, Dictionary<string, SourceContent>> sources = [];
    private int launchesLeft = scenario.Launches;
    private int pendingStarts;
    private bool healing;
    private bool changedAtHeal;

    public bool Over { get; private set; }

    public void Begin()
    {
        foreach (var nemesis in scenario.Nemeses) ByServed.TryAdd(nemesis.AtServed, nemesis.Kind);
        server.OnServed = n =>
        {
            if (healing) return;
            if (n % scenario.BackupEvery == 0) backups.Add(server.Db.Copy());
            if (ByServed.TryGetValue(n, out var kind)) world.After(0, () => Strike(kind));
        };
        Launch();
        foreach (var start in scenario.Starts) LaunchAfter(start);
        world.After(Safety, Heal);
    }

    private Dictionary<int, NemesisKind> ByServed { get; } = [];

    public Runner? RunnerOf(SimProcess process) => runners.Find(r => r.Process == process);

    private void LaunchAfter(long delay)
    {
        pendingStarts++;
        world.After(delay, () =>
        {
            pendingStarts--;
            if (!healing) Launch();
        });
    }

    private void Launch()
    {
        var restart = rng.Chance(scenario.RestartRate);
        if (restart) tally.TableRestarts++;
        var only = restart && rng.Chance(0.5) ? new[] { rng.Pick(scenario.Tables).Rule.Pattern } : [];
        Launch(new RunOptions { Restart = restart, Tables = only }, scenario.NextFate(rng), clean: false, Ended);
    }

    private Runner Launch(RunOptions options, Fate? fate, bool clean, Action<Runner, RunSummary> onEnded)
    {
        var id = runners.Count + 1;
        var process = new SimProcess(world, id, FormattableString.Invariant($"runner {id}"));
        if (!clean && rng.Chance(0.3)) process.Clock.WallOffset = rng.Ticks(-TimeSpan.TicksPerHour, TimeSpan.TicksPerHour);
        var runner = new Runner(process, server, source, scenario, tally, fate) { Clean = clean };
        runners.Add(runner);
        runner.OnFate = Befall;
        runner.OnEnded = (r, summary) =>
        {
            if (!process.Alive) return;
            process.End();
            server.ClientDied(process);
            world.Trace.Add(world.Now, id, $"ENDED {summary.Status} {summary.Error?.Message} "
                + string.Join(" | ", summary.Tables.Select(t => $"{t.Source}:{t.Status} {t.Total.Read} {t.Error?.Message}")));
            if (summary.Status == RunStatus.Fenced) tally.Fenced++;
            check.Summary(r, summary);
            onEnded(r, summary);
        };
        tally.Runs++;
        world.Trace.Add(world.Now, id,
            $"START restart={options.Restart} {string.Join(',', options.Tables.Select(t => t.Text))} fate={fate}");
        runner.Start(options, rng.Bits());
        return runner;
    }

    private void Ended(Runner runner, RunSummary summary)
    {
        // When all is done, going on is only worth its while now and then.
        if (summary.Status is RunStatus.Done or RunStatus.NothingToDo && scenario.RestartRate == 0 && rng.Chance(0.8)) launchesLeft = 0;
        Next();
    }

    private void Next()
    {
        if (healing) return;
        if (launchesLeft-- > 0) LaunchAfter(rng.Ticks(TimeSpan.TicksPerMillisecond, rng.Pick([1L, 20L, 60L]) * TimeSpan.TicksPerSecond));
        else if (pendingStarts == 0 && !runners.Any(r => r.Running && r.Process.Alive)) Heal();
    }

    private void Befall(FateKind kind, Runner runner)
    {
        if (healing || !runner.Process.Alive) return;
        switch (kind)
        {
            case FateKind.Kill:
                tally.Kills++;
                if (server.HasOpenTransaction(runner.Process)) tally.KillsWithOpenTransaction++;
                world.Trace.Add(world.Now, runner.Process.Id, "KILL");
                runner.Process.Kill();
                runner.Gone();
                server.ClientDied(runner.Process);
                Next();
                break;
            case FateKind.Stall:
                tally.Stalls++;
                if (runner.StallTicks > 30 * TimeSpan.TicksPerSecond) tally.LongStalls++;
                world.Trace.Add(world.Now, runner.Process.Id, $"STALL {TimeSpan.FromTicks(runner.StallTicks).TotalSeconds:F1}");
                runner.Process.Stall(runner.StallTicks);
                if (rng.Chance(scenario.RestoreRate))
                {
                    // Whoever is stopped sleeps through the restore, and finds numbers it knows.
                    world.After(rng.Ticks(0, 3 * TimeSpan.TicksPerSecond), () => Strike(NemesisKind.RestoreSoft));
                }
                if (launchesLeft > 0)
                {
                    launchesLeft--;
                    LaunchAfter(rng.Ticks(TimeSpan.TicksPerSecond, 60 * TimeSpan.TicksPerSecond));
                }
                break;
            default:
                server.CutOne();
                break;
        }
    }

    private void Strike(NemesisKind kind)
    {
        if (healing) return;
        world.Trace.Add(world.Now, -1, "NEMESIS " + kind);
        switch (kind)
        {
            case NemesisKind.RestoreHard or NemesisKind.RestoreSoft:
                if (backups.Count > 0) server.Restore(rng.Pick(backups), kind == NemesisKind.RestoreSoft);
                break;
            case NemesisKind.Restart: server.Restart(rng.Ticks(0, 5 * TimeSpan.TicksPerSecond)); break;
            case NemesisKind.CutOne: server.CutOne(); break;
            case NemesisKind.TargetClock:
                tally.ClockJumps++;
                server.ClockOffset += rng.Ticks(-2 * TimeSpan.TicksPerHour, 2 * TimeSpan.TicksPerHour);
                break;
            case NemesisKind.RunnerClock:
                if (Alive() is { } jumped) jumped.Process.Clock.WallOffset += rng.Ticks(-2 * TimeSpan.TicksPerHour,
                    2 * TimeSpan.TicksPerHour);
                tally.ClockJumps++;
                break;
            case NemesisKind.Pause: Pause(); break;
            case NemesisKind.Stop or NemesisKind.Abort:
                if (Alive() is not { } asked) break;
                tally.Stops++;
                asked.AskStop(kind == NemesisKind.Abort);
                break;
            default: Change(kind); break;
        }
    }

    private Runner? Alive()
    {
        var alive = runners.Where(r => r.Running && r.Process.Alive).ToList();
        return alive.Count == 0 ? null : rng.Pick(alive);
    }

    /// <summary>Somebody asks for a pause, by whatever way: the word stands in the job's row.</summary>
    private void Pause()
    {
        var at = ControlTables.Job.At("wanted");
        foreach (var cell in server.Db.Of(ControlTables.Job))
        {
            if (cell.Committed is null || cell.Owner is not null) continue;
            cell.Committed = (object?[])cell.Committed.Clone();
            cell.Committed[at] = "pause";
            scenario.PauseAsked = true;
            tally.Pauses++;
        }
    }

    private void Change(NemesisKind kind)
    {
        tally.SourceChanges++;
        scenario.Changed = true;
        changedAtHeal = true;
        var table = rng.Pick(scenario.Tables);
        var now = source.Tables[table.Name];
        switch (kind)
        {
            case NemesisKind.ChangeSource:
                sources[source.Identity] = new Dictionary<string, SourceContent>(source.Tables);
                source.Identity += "'";
                foreach (var (name, old) in source.Tables.ToList()) source.Tables[name] = ScenarioMaker.Changed(rng, old, old.Identity);
                break;
            case NemesisKind.ChangeTable:
                source.Tables[table.Name] = ScenarioMaker.Changed(rng, now, now.Identity + "'");
                break;
            case NemesisKind.ChangeSchema:
                source.Tables[table.Name] = new SourceContent(now.Name, now.Shape, now.Identity, !now.ExtraColumn, now.Rows);
                break;
            default:
                table.Rule = table.Rule with { Where = table.Rule.Where is null ? "third" : null };
                break;
        }
    }

    private void Heal()
    {
        if (healing) return;
        healing = true;
        scenario.Faults.On = false;
        world.Trace.Add(world.Now, -1, "HEAL");
        CleanRun(1);
    }

    /// <summary>Takes back what was changed, to what the target was planned for.</summary>
    private void TakeBack()
    {
        var job = server.Db.Of(ControlTables.Job).Select(c => c.Committed).FirstOrDefault(r => r is not null);
        if (job is null) return;
        var known = job.Text(ControlTables.Job, "source");
        if (known != source.Identity)
        {
            // The old source comes back with the rows it had, also for tables whose plan may still be on its way to the target.
            sources[source.Identity] = new Dictionary<string, SourceContent>(source.Tables);
            foreach (var (name, content) in sources[known]) source.Tables[name] = content;
            source.Identity = known;
        }
        foreach (var table in scenario.Tables)
        {
            if (Checker.PlanOf(server.Db, null, job.Text(ControlTables.Job, "job"), table.Name) is not { } truth) continue;
            source.Tables[table.Name] = truth.Content;
            table.Rule = truth.Rule;
        }
    }

    private void CleanRun(int attempt)
    {
        // A restart of everything onto another source that died half way leaves tables of two sources: only another restart helps.
        var restart = changedAtHeal && (scenario.HealByRestart || attempt > 6);
        if (!restart) TakeBack();
        // A file's one write lock may be held by a stopped process; nobody can end that from outside.
        if (attempt > 3 && server.Flavour == Flavour.File) WakeAll();
        var clean = Launch(new RunOptions { Restart = restart }, null, clean: true, (_, summary) => CleanEnded(attempt, summary));
        world.After(TimeSpan.TicksPerHour, () =>
        {
            if (clean.Running) world.Fail("I12", $"{clean.Process.Name}, started after healing, does not come to an end");
        });
    }

    private void CleanEnded(int attempt, RunSummary summary)
    {
        if (Finished(summary))
        {
            changedAtHeal = false;
            WakeAll();
            Settle(0);
        }
        else if (attempt >= CleanAttempts)
        {
            var error = summary.Error ?? summary.Tables.Select(t => t.Error).FirstOrDefault(e => e is not null);
            world.Fail("I12", $"{attempt} runs after healing did not finish; the last was {summary.Status}: {error}");
        }
        else world.After(40 * TimeSpan.TicksPerSecond, () => CleanRun(attempt + 1));
    }

    private bool Finished(RunSummary summary) => summary.Error is null && summary.Tables.Count == scenario.Tables.Count
        && summary.Tables.All(t => t.Status is TableStatus.Done or TableStatus.AlreadyDone || (check.MustFail(t.Source)
            && t.Error is { Code: Codes.RowRefused or Codes.RejectLimit }));

    private void WakeAll()
    {
        foreach (var runner in runners) runner.Process.Wake();
    }

    /// <summary>Waits until nobody runs any more, then asks for one more run, which must find nothing to do.</summary>
    private void Settle(int waited)
    {
        if (runners.Any(r => r.Running && r.Process.Alive))
        {
            if (waited > 360) world.Fail("I12", "a runner does not end though nothing goes wrong any more");
            else world.After(10 * TimeSpan.TicksPerSecond, () => Settle(waited + 1));
            return;
        }
        Again(1);
    }

    private void Again(int attempt)
    {
        TakeBack();
        Launch(new RunOptions(), null, clean: true, (_, summary) =>
        {
            if (Finished(summary) && summary.Tables.All(t => t.Status != TableStatus.Done)) Finish();
            else if (attempt < 4) world.After(40 * TimeSpan.TicksPerSecond, () => Again(attempt + 1));
            else world.Fail("I12", $"a finished job was run again and said {summary.Status}: {summary.Error?.Message}");
        });
    }

    private void Finish()
    {
        check.Target();
        Over = true;
    }
}
