using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Core.Tests.Engine;

/// <summary>Jobs that read all tables in one snapshot, and what becomes of them when it is lost.</summary>
public sealed class SnapshotTests
{
    private readonly EngineWorld world = new();
    private readonly List<string?> readIn = [];
    private int moment = 1;
    private int reads;
    private int? lostAfter;

    public SnapshotTests()
    {
        world.Fill("a", 40);
        world.Fill("b", 40);
        world.Job = world.Job with { Consistency = Consistency.OneSnapshot };
        world.Wrap = inner => new Held(inner, this);
    }

    /// <summary>A source that holds the moment s1, then s2, ….</summary>
    private sealed class Held(ISource inner, SnapshotTests test) : ISource, IHoldsMoments
    {
        private string Name => $"s{test.moment}";

        public ValueTask<string> HoldAsync(CancellationToken ct) => ValueTask.FromResult(Name);

        public ValueTask<bool> StandsAsync(TablePlan plan, CancellationToken ct) =>
            ValueTask.FromResult(plan.Read.Snapshot is null || plan.Read.Snapshot == Name);

        public SourceIdentity Identity => inner.Identity;

        public ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
            inner.DescribeAsync(pattern, ct);

        public ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct) =>
            inner.PlanAsync(table, options, ct);

        public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after,
            Position? through, BatchBudget budget, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
        {
            test.readIn.Add(options.Snapshot);
            await foreach (var e in inner.ReadAsync(table, options, split, after, through, budget, ct))
            {
                if (++test.reads == test.lostAfter) test.moment++;
                if (options.Snapshot is not null && options.Snapshot != Name)
                {
                    throw new PawlException(Fault.PositionLost, Codes.SnapshotLost, ("table", table.Name));
                }
                yield return e;
            }
        }

        public ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct) =>
            inner.CompareAsync(table, a, b, ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    [Fact]
    public async Task Every_table_is_read_in_the_moment_that_the_source_holds()
    {
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Done, summary.Status);
        Assert.All(summary.Tables, t => Assert.Equal(Consistency.OneSnapshot, t.Consistency));
        Assert.NotEmpty(readIn);
        Assert.All(readIn, s => Assert.Equal("s1", s));
    }

    [Fact]
    public async Task A_source_that_holds_no_moment_refuses()
    {
        world.Wrap = source => source;
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.All(summary.Tables, t => Assert.Equal((Codes.JobValueInvalid, "consistency"), (t.Error!.Code, t.Error.Details["field"])));
        Assert.Empty(world.Target.Tables);
    }

    [Fact]
    public async Task A_table_whose_snapshot_is_lost_begins_anew_and_one_that_was_done_stays()
    {
        lostAfter = 6; // a is done, b has begun
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Done, summary.Status);
        Assert.Equal(["b"], world.Events.Where(e => e.Code == EventCodes.TableRestarted).Select(e => e.Table));
        Assert.DoesNotContain(world.Events, e => e.Code == EventCodes.TableFailed);
        Assert.Equal((40, 40), (world.Rows("a"), world.Rows("b")));
        Assert.Equal([40L, 40L], summary.Tables.Select(t => t.Total.Read));
    }

    [Fact]
    public async Task A_snapshot_that_is_lost_again_and_again_is_given_up()
    {
        world.Job = world.Job with { Retry = world.Job.Retry with { Times = 2 } };
        world.Wrap = inner => new SourceThatForgets(new Held(inner, this));
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.All(summary.Tables, t => Assert.Equal(Codes.SnapshotLost, t.Error?.Code));
        Assert.Equal(4, world.Events.Count(e => e.Code == EventCodes.TableRestarted));
        Assert.Equal(2, world.Events.Count(e => e.Code == EventCodes.TableFailed));
    }

    private sealed class SourceThatForgets(Held inner) : ISource, IHoldsMoments
    {
        public ValueTask<string> HoldAsync(CancellationToken ct) => inner.HoldAsync(ct);
        public ValueTask<bool> StandsAsync(TablePlan plan, CancellationToken ct) => ValueTask.FromResult(false);
        public SourceIdentity Identity => inner.Identity;
        public ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
            inner.DescribeAsync(pattern, ct);
        public ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct) =>
            inner.PlanAsync(table, options, ct);
        public IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after,
            Position? through, BatchBudget budget, CancellationToken ct) =>
            throw new PawlException(Fault.PositionLost, Codes.SnapshotLost, ("table", table.Name));
        public ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct) =>
            inner.CompareAsync(table, a, b, ct);
        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }

    [Fact]
    public async Task A_run_after_the_moment_is_gone_begins_the_unfinished_tables_anew()
    {
        using var abort = new CancellationTokenSource();
        world.Heard = e =>
        {
            if (e.Code == EventCodes.LaneCommitted && e.Table == "b") abort.Cancel();
        };
        await world.RunAsync(signals: new RunSignals(default, abort.Token));
        world.Heard = _ => { };
        Assert.InRange(world.Rows("b"), 1, 39);
        moment++;
        // The source has changed since: what was copied of b in the old moment must not stay.
        EngineWorld.Fill(world.Source, "c", 5);
        world.Source.Tables["b"].Rows.RemoveAt(0);
        var plan = await new JobPlanner(world.Host).PlanAsync(world.Job, new RunOptions(), default);
        Assert.Equal([("a", TableState.Finished, false), ("b", TableState.Restarts, true), ("c", TableState.New, false)],
            plan.Tables.Select(t => (t.Source, t.State, t.IsSnapshotLost)));
        readIn.Clear();
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.All(readIn, s => Assert.Equal("s2", s));
        Assert.Equal((40, 39, 5), (world.Rows("a"), world.Rows("b"), world.Rows("c")));
    }

    private static string[] Tables(IEnumerable<RunEvent> events, string code) =>
        [.. events.Where(e => e.Code == code).Select(e => e.Table!).Distinct()];

    [Fact]
    public async Task A_table_that_appended_rows_in_a_lost_snapshot_fails_and_adds_none_twice()
    {
        world.Fill("c", 40);
        EngineWorld.Fill(world.Target, "b", 5, 1_000);
        world.Rule(r => r with { Write = WriteMode.Append });
        lostAfter = 8; // a is done, b has committed
        var summary = await world.RunAsync();
        Assert.Equal([TableStatus.Done, TableStatus.Failed, TableStatus.Done], summary.Tables.Select(t => t.Status));
        var error = summary.Tables[1].Error!;
        Assert.Equal((Codes.SnapshotLost, "b"), (error.Code, error.Details["target"]));
        Assert.Equal($"{world.Rows("b") - 5}", error.Details["appended"]);
        Assert.InRange(world.Rows("b"), 6, 44);
        Assert.Equal((40, 40), (world.Rows("a"), world.Rows("c")));
        // Nothing of c was there yet.
        Assert.Equal(["c"], Tables(world.Events, EventCodes.TableRestarted));
        Assert.Equal(["b"], Tables(world.Events, EventCodes.TableFailed));
    }

    private async Task AbortInBAsync(string code)
    {
        using var abort = new CancellationTokenSource();
        world.Heard = e =>
        {
            if (e.Code == code && (e.Table ?? "b") == "b") abort.Cancel();
        };
        await world.RunAsync(signals: new RunSignals(default, abort.Token));
        world.Heard = _ => { };
    }

    [Fact]
    public async Task A_run_after_the_moment_is_gone_does_not_append_again_unless_it_is_asked_to()
    {
        EngineWorld.Fill(world.Target, "b", 5, 1_000);
        world.Rule(r => r with { Write = WriteMode.Append });
        await AbortInBAsync(EventCodes.LaneCommitted);
        moment++;
        world.Fill("c", 40); // is at work, so that the lost ones are looked for
        var held = world.Rows("b");
        Assert.InRange(held, 6, 44);
        var plan = (await new JobPlanner(world.Host).PlanAsync(world.Job, new RunOptions(), default)).Tables.Single(t => t.Source == "b");
        Assert.Equal((TableState.Blocked, Codes.SnapshotLost), (plan.State, plan.Error?.Code));
        for (var times = 0; times < 2; times++)
        {
            var b = (await world.RunAsync()).Tables.Single(t => t.Source == "b");
            Assert.Equal((TableStatus.Failed, Codes.SnapshotLost), (b.Status, b.Error?.Code));
            Assert.Equal($"{held - 5}", b.Error!.Details["appended"]);
            Assert.Equal((40, held, 40), (world.Rows("a"), world.Rows("b"), world.Rows("c")));
        }
        Assert.Empty(Tables(world.Events, EventCodes.TableRestarted));
        world.Target.Tables["b"].Rows.RemoveRange(5, held - 5);
        var asked = new RunOptions { Restart = true, Tables = [new TablePattern("b")] };
        Assert.Equal(RunStatus.Done, (await new JobRunner(world.Host).RunAsync(world.Job, asked, new RunSignals(default, default))).Status);
        Assert.Equal(45, world.Rows("b"));
    }

    [Fact]
    public async Task A_restart_that_nobody_asked_for_leaves_no_wish_behind()
    {
        await AbortInBAsync(EventCodes.LaneCommitted);
        moment++;
        var held = world.Rows("b");
        await AbortInBAsync(EventCodes.RunStarted); // had decided to begin b anew
        world.Rule(r => r with { Write = WriteMode.Append });
        var b = (await world.RunAsync()).Tables.Single(t => t.Source == "b");
        Assert.Equal((Codes.DefinitionChanged, "write"), (b.Error?.Code, b.Error?.Details["changed"]));
        Assert.Equal(held, world.Rows("b"));
    }

    [Fact]
    public async Task A_moment_that_is_still_held_is_gone_on_in()
    {
        using var abort = new CancellationTokenSource();
        world.Heard = e =>
        {
            if (e.Code == EventCodes.LaneCommitted && e.Table == "b") abort.Cancel();
        };
        await world.RunAsync(signals: new RunSignals(default, abort.Token));
        world.Heard = _ => { };
        var summary = await world.RunAsync();
        Assert.Equal((RunStatus.Done, 1), (summary.Status, summary.Resumed?.SplitsPartial));
        Assert.DoesNotContain(world.Events, e => e.Code == EventCodes.TableRestarted);
        Assert.Equal(40, world.Rows("b"));
    }

    [Fact]
    public async Task A_table_that_was_begun_without_a_snapshot_is_not_passed_off_as_one()
    {
        using var abort = new CancellationTokenSource();
        world.Job = world.Job with { Consistency = Consistency.Mixed };
        world.Heard = e =>
        {
            if (e.Code == EventCodes.LaneCommitted && e.Table == "b") abort.Cancel();
        };
        await world.RunAsync(signals: new RunSignals(default, abort.Token));
        world.Heard = _ => { };
        world.Job = world.Job with { Consistency = Consistency.OneSnapshot };
        var error = (await world.RunAsync()).Tables.Single(t => t.Source == "b").Error;
        Assert.Equal((Codes.DefinitionChanged, "consistency"), (error?.Code, error?.Details["changed"]));
        Assert.Equal(RunStatus.Done, (await world.RunAsync(restart: true)).Status);
    }

    [Fact]
    public async Task Verification_compares_with_the_moment_that_was_copied_while_it_is_held()
    {
        world.Job = world.Job with { VerifyAfterRun = VerifyLevel.Digest, Tables = [world.Job.Tables[0] with { Pattern = new TablePattern("a") }] };
        var asked = new List<string?>();
        world.At = point =>
        {
            if (point != CrashPoint.TableFinished) return;
            asked.AddRange(readIn);
            readIn.Clear();
        };
        Assert.True((await world.RunAsync()).Tables.Single().Verdict?.Equal);
        Assert.NotEmpty(readIn);
        Assert.All(readIn.Where(s => s is not null), s => Assert.Equal("s1", s));
        Assert.Contains("s1", readIn);
    }
}
