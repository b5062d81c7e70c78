using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Conformance;

/// <summary>
/// What every sink owes the engine: rows and ledger are one, whoever lost a lane cannot write, and a lost answer is found out, not guessed.
/// </summary>
public abstract partial class SinkSuite
{
    protected abstract ValueTask<ISinkFixture> OpenAsync();

    /// <summary>Set where a row that is already there cannot be told from a new one.</summary>
    protected virtual Deviation? RejectsDuplicates => null;

    /// <summary>Set where the target cannot insert or update by key.</summary>
    protected virtual Deviation? Upsert => null;

    /// <summary>Names of tables and columns that mean something elsewhere; fewer where a system has no such names at all.</summary>
    protected virtual IReadOnlyList<string> OddNames =>
        ["a\"b", "it's", "select", "two words", "半 角", "🦀 crab", "semi;colon--"];

    [Fact]
    public async Task The_same_rows_again_in_other_slices_do_not_double()
    {
        foreach (var keyed in new[] { true, false })
        {
            await using var fixture = await OpenAsync();
            var rows = Plans.Orders(100);
            var plan = Plans.For(fixture, Plans.OrderTable(keyed: keyed));
            foreach (var (slice, commits, lost) in new[] { (7, 2, true), (13, 0, true), (5, 3, false), (1, 1, true), (40, 1, true),
                (9, 99, false) })
            {
                await using var runner = await SinkRunner.StartAsync(fixture);
                await runner.BeginAsync(plan);
                await using var writer = await runner.OpenAsync(plan, 0);
                var lane = Lane(runner, writer, plan, rows);
                await lane.RunAsync(slice, commits);
                if (lost && lane.At < rows.Count) await lane.WriteAsync(slice);
            }
            await SameAsync(fixture, plan, rows);
        }
    }

    [Fact]
    public async Task Rows_and_ledger_become_durable_together()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        await using (var writer = await runner.OpenAsync(plan, 0))
        {
            var lane = Lane(runner, writer, plan, Plans.Orders(30));
            await lane.RunAsync(10, commits: 2);
            await SameAsync(fixture, plan, Plans.Orders(20));
            Assert.Equal(20, await DurableAsync(runner, plan));
            await lane.WriteAsync(10);
        }
        await SameAsync(fixture, plan, Plans.Orders(20));
        Assert.Equal(20, await DurableAsync(runner, plan));
    }

    [Fact]
    public async Task An_abandoned_writer_leaves_nothing()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        await using (var writer = await runner.OpenAsync(plan, 0))
        {
            await Lane(runner, writer, plan, Plans.Orders(10)).WriteAsync(10);
            await writer.RejectAsync(plan.Lane(runner.Lease.Job, 0), [Reject(runner, plan)], default);
        }
        await SameAsync(fixture, plan, []);
        Assert.Empty((await runner.Store.ReadAsync(runner.Lease.Job, default)).Last);
        Assert.Empty(await fixture.RowsAsync(fixture.Name("pawl_reject"), ["cause"]));
        await using var again = await runner.OpenAsync(plan, 0);
        await Lane(runner, again, plan, Plans.Orders(10)).RunAsync(10);
        await SameAsync(fixture, plan, Plans.Orders(10));
    }

    [Fact]
    public async Task The_books_say_what_the_server_counted()
    {
        await using var begun = await BeginAsync();
        var (_, plan, runner) = begun;
        await using var writer = await runner.OpenAsync(plan, 0, 1);
        var first = await Lane(runner, writer, plan, Plans.Orders(17)).WriteAsync(17);
        Assert.Equal(new WriteCounts { Read = 17, Inserted = 17 }, first);
        await Lane(runner, writer, plan, Plans.Orders(17)).CommitAsync(first);
        var progress = await runner.Store.ReadAsync(runner.Lease.Job, default);
        Assert.Equal(first, progress.Last[plan.Lane(runner.Lease.Job, 0)].Total);
    }

    [Fact]
    public Task An_upsert_brings_rows_to_what_the_source_holds() => Deviation.HoldAsync(Upsert, async () =>
    {
        await using var fixture = await OpenAsync();
        var table = Plans.OrderTable();
        await using var runner = await SinkRunner.StartAsync(fixture);
        var first = Plans.For(fixture, table, write: WriteMode.Upsert);
        await runner.BeginAsync(first);
        await using (var writer = await runner.OpenAsync(first, 0)) await Lane(runner, writer, first, Plans.Orders(10)).RunAsync(4);
        var second = Plans.For(fixture, table, generation: 2, write: WriteMode.Upsert);
        await runner.BeginAsync(second);
        object?[][] changed = [.. Plans.Orders(15).Select(r => (long)r[0]! % 2 == 0 ? [r[0], "changed", r[2]] : r)];
        await using (var writer = await runner.OpenAsync(second, 0))
        {
            var counts = await Lane(runner, writer, second, changed).WriteAsync(15);
            Assert.Equal(5, counts.Inserted);
            Assert.Equal(10, counts.Updated + counts.Unchanged);
            await Lane(runner, writer, second, changed).CommitAsync(counts);
        }
        await SameAsync(fixture, second, changed);
    });

    [Fact]
    public Task A_row_the_target_refuses_is_stored_with_its_place() => Deviation.HoldAsync(RejectsDuplicates, async () =>
    {
        await using var begun = await BeginAsync(rejectLimit: 10);
        var (fixture, plan, runner) = begun;
        object?[][] rows = [.. Plans.Orders(6), [2L, "again", 1.0], .. Plans.Orders(4, from: 6)];
        await using (var writer = await runner.OpenAsync(plan, 0))
        {
            var lane = Lane(runner, writer, plan, rows);
            var counts = await lane.WriteAsync(11);
            Assert.Equal(new WriteCounts { Read = 11, Inserted = 10, Rejected = 1 }, counts);
            Assert.True(counts.Balance);
            await lane.CommitAsync(counts);
        }
        await SameAsync(fixture, plan, Plans.Orders(10));
        var stored = Assert.Single(await fixture.RowsAsync(fixture.Name("pawl_reject"), ["lane", "seq", "row_json", "code"]));
        Assert.Contains(plan.Lane(runner.Lease.Job, 0).Name, stored);
        Assert.Contains("i:1 |", stored);
        Assert.Contains("again", stored);
        Assert.Contains(Codes.DuplicateRefused, stored);
    });

    [Fact]
    public Task A_row_the_target_refuses_stops_the_group_where_no_reject_is_allowed() => Deviation.HoldAsync(RejectsDuplicates, async () =>
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        object?[][] rows = [.. Plans.Orders(6), [2L, "again", 1.0]];
        await using (var writer = await runner.OpenAsync(plan, 0))
        {
            var refused = await Assert.ThrowsAsync<PawlException>(() => Lane(runner, writer, plan, rows).WriteAsync(7));
            Assert.Equal(Fault.Data, refused.Fault);
            await Assert.ThrowsAsync<PawlException>(() => Lane(runner, writer, plan, rows).RunAsync(2));
        }
        await SameAsync(fixture, plan, []);
    });

    [Fact]
    public async Task Rows_refused_before_the_target_are_stored_with_their_group()
    {
        await using var begun = await BeginAsync(rejectLimit: 10);
        var (fixture, plan, runner) = begun;
        await using var writer = await runner.OpenAsync(plan, 0);
        var lane = Lane(runner, writer, plan, Plans.Orders(5));
        var counts = await lane.WriteAsync(5);
        await writer.RejectAsync(plan.Lane(runner.Lease.Job, 0), [Reject(runner, plan)], default);
        await lane.CommitAsync(counts with { Read = 6, Inserted = 5, Rejected = 1 });
        Assert.Contains("not a number", Assert.Single(await fixture.RowsAsync(fixture.Name("pawl_reject"), ["cause"])));
    }

    [Theory]
    [InlineData(FaultPoint.CommitNotDelivered)]
    [InlineData(FaultPoint.CommitAnswerLost)]
    public async Task A_commit_whose_answer_is_lost_is_found_out(FaultPoint point)
    {
        for (var lost = 1; lost <= 4; lost++)
        {
            await using var fixture = await OpenAsync();
            var rows = Plans.Orders(40);
            var plan = Plans.For(fixture, Plans.OrderTable(keyed: false), splits: 1);
            await using (var setup = await SinkRunner.StartAsync(fixture))
            {
                await setup.BeginAsync(plan);
                await setup.ReleaseAsync();
            }
            var faults = new FaultPlan(point, lost) { IsArmed = false };
            await using var runner = await SinkRunner.StartAsync(fixture, faults);
            var before = 0;
            await using (var writer = await runner.OpenAsync(plan, 0))
            {
                faults.IsArmed = true;
                var lane = Lane(runner, writer, plan, rows);
                await Assert.ThrowsAsync<CommitUnknownException>(() => lane.RunAsync(10));
                before = lane.At;
            }
            await using var again = await runner.OpenAsync(plan, 0);
            var resumed = Lane(runner, again, plan, rows);
            Assert.Equal(point == FaultPoint.CommitAnswerLost ? before + 10 : before, resumed.At);
            await resumed.RunAsync(7);
            await SameAsync(fixture, plan, rows);
        }
    }

    [Fact]
    public async Task A_commit_the_server_turned_into_a_rollback_is_no_success()
    {
        await using var fixture = await OpenAsync();
        var plan = Plans.For(fixture, Plans.OrderTable());
        await using (var setup = await SinkRunner.StartAsync(fixture)) await setup.BeginAsync(plan);
        var faults = new FaultPlan(FaultPoint.CommitRefused, 1) { IsArmed = false };
        await using var runner = await SinkRunner.StartAsync(fixture, faults);
        await using (var writer = await runner.OpenAsync(plan, 0))
        {
            faults.IsArmed = true;
            var refused = await Assert.ThrowsAsync<PawlException>(() => Lane(runner, writer, plan, Plans.Orders(10)).RunAsync(10));
            Assert.Equal(Codes.CommitRefused, refused.Code);
        }
        await SameAsync(fixture, plan, []);
        await using var again = await runner.OpenAsync(plan, 0);
        Assert.Empty(again.Last);
    }

    [Fact]
    public async Task Preparing_and_finishing_twice_changes_nothing()
    {
        await using var fixture = await OpenAsync();
        var plan = Plans.For(fixture, Plans.OrderTable());
        await using var runner = await SinkRunner.StartAsync(fixture);
        Assert.False((await runner.Sink.InspectAsync(plan, default)).Exists);
        await runner.BeginAsync(plan);
        await runner.Sink.PrepareAsync(plan, runner.Lease, default);
        Assert.Equal(["id", "note", "amount"], (await runner.Sink.InspectAsync(plan, default)).Schema!.Columns.Select(c => c.Name));
        await using (var writer = await runner.OpenAsync(plan, 0)) await Lane(runner, writer, plan, Plans.Orders(10)).RunAsync(10);
        await runner.Sink.PrepareAsync(plan, runner.Lease, default);
        await runner.Sink.FinishAsync(plan, runner.Lease, default);
        await runner.Sink.FinishAsync(plan, runner.Lease, default);
        Assert.True((await runner.Sink.InspectAsync(plan, default)).HasRows);
        await SameAsync(fixture, plan, Plans.Orders(10));
    }

    [Fact]
    public async Task Odd_names_are_only_names()
    {
        await using var fixture = await OpenAsync();
        await using var runner = await SinkRunner.StartAsync(fixture);
        foreach (var odd in OddNames)
        {
            var table = new SampleTable(odd, [new(odd + " id", LogicalType.Int64, false), new(odd + " v", LogicalType.Text)],
                [odd + " id"], []);
            var plan = Plans.For(fixture, table);
            await runner.BeginAsync(plan);
            object?[][] rows = [[1L, "a"], [2L, null]];
            await using (var writer = await runner.OpenAsync(plan, 0)) await Lane(runner, writer, plan, rows).RunAsync(1);
            await SameAsync(fixture, plan, rows);
        }
    }

    [Fact]
    public async Task A_plan_comes_back_as_it_was_stored()
    {
        await using var fixture = await OpenAsync();
        var plan = Plans.For(fixture, Plans.OrderTable("o'rders 半"), splits: 5, write: WriteMode.Upsert, rejectLimit: 7) with
        {
            Read = new ReadOptions { Columns = ["id", "note"], Where = "id < 5 and note <> 'x'", Splits = 5 },
            Columns = new ColumnChanges
            {
                Rename = new Dictionary<string, string> { ["note"] = "remark" },
                Set = new Dictionary<string,
                    object?> { ["a"] = 5L, ["b"] = 5.0, ["c"] = "5", ["d"] = true, ["e"] = null, ["f"] = long.MinValue },
            },
            Strays = StrayPolicy.Reject,
        };
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.Store.SavePlanAsync(runner.Lease, plan, false, default);
        var back = Assert.Single((await runner.Store.ReadAsync(runner.Lease.Job, default)).Plans);
        Assert.Equal(JsonSerializer.Serialize(plan), JsonSerializer.Serialize(back));
        Assert.Equal(plan.Columns.Set.Select(s => (s.Key, s.Value?.GetType(), s.Value)),
            back.Columns.Set.Select(s => (s.Key, s.Value?.GetType(), s.Value)));
        await runner.Store.SavePlanAsync(runner.Lease, plan with { Phase = TablePhase.Indexing }, false, default);
        Assert.Equal(TablePhase.Indexing, Assert.Single((await runner.Store.ReadAsync(runner.Lease.Job, default)).Plans).Phase);
    }

    [Fact]
    public async Task A_long_lane_keeps_its_totals_when_its_ledger_is_compacted()
    {
        await using var fixture = await OpenAsync();
        var rows = Plans.Orders(300);
        var plan = Plans.For(fixture, Plans.OrderTable());
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.BeginAsync(plan);
        await using (var writer = await runner.OpenAsync(plan, 0)) await Lane(runner, writer, plan, rows).RunAsync(1, commits: 299);
        var entries = await fixture.RowsAsync(fixture.Name("pawl_ledger"), ["seq"]);
        Assert.InRange(entries.Count, 1, 200);
        await using (var writer = await runner.OpenAsync(plan, 0)) await Lane(runner, writer, plan, rows).RunAsync(1);
        var last = (await runner.Store.ReadAsync(runner.Lease.Job, default)).Last[plan.Lane(runner.Lease.Job, 0)];
        Assert.True(last.Final, "the last entry says so");
        Assert.Equal(300, last.Total.Inserted);
        Assert.Equal(300, last.Sequence);
        Assert.Single(await fixture.RowsAsync(fixture.Name("pawl_ledger"), ["seq"]));
    }

    private async Task<BegunTable> BeginAsync(int splits = 2, long rejectLimit = 0) =>
        await BegunTable.BeginAsync(await OpenAsync(), splits, rejectLimit);

    private static SinkLane Lane(SinkRunner runner, ISinkWriter writer, TablePlan plan, IReadOnlyList<object?[]> rows, int split = 0) =>
        new(writer, plan, plan.Lane(runner.Lease.Job, split), rows);

    private static RejectedRow Reject(SinkRunner runner, TablePlan plan) => new()
    {
        Lane = plan.Lane(runner.Lease.Job, 0),
        Table = plan.Source,
        Row = """{"id":"x"}""",
        Column = "id",
        Code = Codes.TypeMismatch,
        Cause = "not a number",
    };

    private static async Task<long> DurableAsync(SinkRunner runner, TablePlan plan) =>
        (await runner.Store.ReadAsync(runner.Lease.Job, default)).Last[plan.Lane(runner.Lease.Job, 0)].Total.Inserted;

    private static async Task SameAsync(ISinkFixture fixture, TablePlan plan, IEnumerable<object?[]> rows)
    {
        var expected = rows.Select(Cells.Row).Order(StringComparer.Ordinal);
        var actual = await fixture.RowsAsync(plan.Target, [.. plan.TargetSchema.Columns.Select(c => c.Name)]);
        Assert.Equal(expected, actual.Order(StringComparer.Ordinal));
    }
}
