using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Core.Tests.Relational;

public sealed class TransactionalSinkTests
{
    private readonly MemoryFixture fixture = new(MemoryBug.None);

    private TablePlan Plan(string table, long generation = 1, long rejects = 0) =>
        Plans.For(fixture, Plans.OrderTable(table), generation, splits: 2, rejectLimit: rejects);

    private static LaneGroup Group(SinkRunner runner, IReadOnlyList<LaneId> lanes, params TablePlan[] plans) => new()
    {
        Lease = runner.Lease,
        Lanes = lanes,
        Tables = plans.ToDictionary(p => p.Source),
    };

    private async Task<IReadOnlyList<string>> ControlAsync(ControlTable table, params string[] columns) =>
        [.. (await fixture.RowsAsync(new TableName(null, table.Name), columns)).Order(StringComparer.Ordinal)];

    private static LedgerEntry Entry(LaneId lane, long sequence, long rows = 0, bool final = false) => new()
    {
        Lane = lane,
        Sequence = sequence,
        Position = SinkLane.At0((int)rows),
        Counts = new WriteCounts { Read = rows, Inserted = rows },
        Total = new WriteCounts { Read = rows, Inserted = rows },
        Final = final,
    };

    private static RowBatch Batch(TablePlan plan, int rows) => Cells.Batch(plan.TargetSchema, Plans.Orders(rows));

    [Fact]
    public async Task A_position_does_not_pass_a_reject_that_is_counted_and_not_stored()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        var plan = Plan("a", rejects: 5);
        await runner.BeginAsync(plan);
        var lane = plan.Lane(runner.Lease.Job, 0);
        await using (var writer = await runner.Sink.OpenGroupAsync(Group(runner, [lane], plan), default))
        {
            await writer.WriteAsync(lane, plan.Source, Batch(plan, 2), default);
            await writer.FlushAsync(default);
            var lost = Entry(lane, 1, 2) with { Counts = new WriteCounts { Read = 3, Inserted = 2, Rejected = 1 } };
            var refused = await Assert.ThrowsAsync<PawlException>(async () => await writer.CommitAsync([lost], default));
            Assert.Equal(Codes.ContractBroken, refused.Code);
        }
        Assert.Empty(await ControlAsync(ControlTables.Ledger, "lane"));
    }

    [Fact]
    public async Task Lanes_of_several_tables_in_one_group_belong_each_to_its_own_table()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        var (a, b) = (Plan("a"), Plan("b", rejects: 5));
        foreach (var plan in new[] { a, b }) await runner.BeginAsync(plan);
        LaneId[] lanes = [b.Lane(runner.Lease.Job, 0), a.Lane(runner.Lease.Job, 1), new(runner.Lease.Job, "log")];
        await using (var writer = await runner.Sink.OpenGroupAsync(Group(runner, lanes, a, b), default))
        {
            await writer.WriteAsync(lanes[1], a.Source, Batch(a, 3), default);
            await writer.WriteAsync(lanes[0], b.Source, Batch(b, 2), default);
            await writer.RejectAsync(lanes[2], [new RejectedRow { Lane = lanes[2], Table = b.Source, Row = "{}", Code = "x", Cause = "y" }],
                default);
            var counts = await writer.FlushAsync(default);
            Assert.Equal((2L, 3L), (counts[lanes[0]].Inserted, counts[lanes[1]].Inserted));
            await writer.CommitAsync([Entry(lanes[0], 1, 2), Entry(lanes[1], 1, 3),
                Entry(lanes[2], 1) with { Counts = new WriteCounts { Read = 1, Rejected = 1 } }], default);
        }
        string[] owners = ["t:a/g1/s1 | t:a", "t:b/g1/s0 | t:b", "t:log | t:*"];
        Assert.Equal(owners, await ControlAsync(ControlTables.Lane, "lane", "source_table"));
        Assert.Equal(owners, await ControlAsync(ControlTables.Ledger, "lane", "source_table"));
        Assert.Equal(["t:b | i:1"], await ControlAsync(ControlTables.Reject, "source_table", "generation"));
    }

    [Fact]
    public async Task A_new_generation_fences_its_own_lanes_out_of_a_shared_group_and_leaves_the_others()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        var (a, b) = (Plan("a"), Plan("b"));
        foreach (var plan in new[] { a, b }) await runner.BeginAsync(plan);
        LaneId[] lanes = [a.Lane(runner.Lease.Job, 0), b.Lane(runner.Lease.Job, 0), new(runner.Lease.Job, "log")];
        await using var writer = await runner.Sink.OpenGroupAsync(Group(runner, lanes, a, b), default);
        await writer.CommitAsync([.. lanes.Select(l => Entry(l, 1))], default);
        await runner.Store.SavePlanAsync(runner.Lease, Plan("a", 2), emptyTarget: false, default);
        Assert.Equal(["t:b/g1/s0", "t:log"], await ControlAsync(ControlTables.Ledger, "lane"));
        var e = await Assert.ThrowsAsync<PawlException>(async () => await writer.CommitAsync([Entry(lanes[0], 2)], default));
        Assert.Equal(Fault.Fenced, e.Fault);
    }

    [Fact]
    public async Task Whoever_takes_a_lane_fences_the_one_before()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        var plan = Plan("a");
        await runner.BeginAsync(plan);
        await using var old = await runner.OpenAsync(plan, 0);
        await using var fresh = await runner.OpenAsync(plan, 0);
        var lane = plan.Lane(runner.Lease.Job, 0);
        await Assert.ThrowsAsync<PawlException>(async () => await old.CommitAsync([Entry(lane, 1)], default));
        await fresh.CommitAsync([Entry(lane, 1)], default);
        Assert.Equal(["i:1 | i:2"], await ControlAsync(ControlTables.Ledger, "seq", "epoch"));
    }

    [Fact]
    public async Task A_lane_is_taken_only_for_the_plan_that_stands()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.BeginAsync(Plan("a", 2));
        var e = await Assert.ThrowsAsync<PawlException>(async () => await runner.OpenAsync(Plan("a", 1), 0));
        Assert.Equal(Fault.Fenced, e.Fault);
        Assert.Empty(await ControlAsync(ControlTables.Lane, "lane"));
    }

    [Fact]
    public async Task Finishing_a_table_is_fenced_by_its_plan_and_by_the_job()
    {
        var dead = await SinkRunner.StartAsync(fixture);
        var plan = Plan("a");
        await dead.BeginAsync(plan);
        await dead.Sink.FinishAsync(plan, dead.Lease, default);
        await dead.Store.DisposeAsync();
        await using var runner = await SinkRunner.StartAsync(fixture);
        await Assert.ThrowsAsync<PawlException>(async () => await dead.Sink.FinishAsync(plan, dead.Lease, default));
        await Assert.ThrowsAsync<PawlException>(async () => await runner.Sink.FinishAsync(Plan("a", 2), runner.Lease, default));
        await runner.Sink.FinishAsync(plan, runner.Lease, default);
        await dead.DisposeAsync();
    }

    [Fact]
    public async Task An_entry_out_of_sequence_is_refused_and_rolls_everything_back()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        var plan = Plan("a");
        await runner.BeginAsync(plan);
        await using var writer = await runner.OpenAsync(plan, 0);
        var lane = plan.Lane(runner.Lease.Job, 0);
        await writer.WriteAsync(lane, plan.Source, Batch(plan, 3), default);
        await writer.FlushAsync(default);
        Assert.Equal(Codes.ContractBroken,
            (await Assert.ThrowsAsync<PawlException>(async () => await writer.CommitAsync([Entry(lane, 2, 3)], default))).Code);
        Assert.Equal(Codes.ContractBroken,
            (await Assert.ThrowsAsync<PawlException>(async () => await writer.CommitAsync([Entry(lane, 1, 3)], default))).Code);
        Assert.Empty(await fixture.RowsAsync(plan.Target, ["id"]));
        Assert.Empty(await ControlAsync(ControlTables.Ledger, "seq"));
    }

    [Fact]
    public async Task Rejects_never_go_without_an_entry_of_their_lane()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        var plan = Plan("a");
        await runner.BeginAsync(plan);
        await using var writer = await runner.OpenAsync(plan, 0, 1);
        var (lane, other) = (plan.Lane(runner.Lease.Job, 0), plan.Lane(runner.Lease.Job, 1));
        var row = new RejectedRow { Lane = lane, Table = plan.Source, Row = "{}", Code = "x", Cause = "y" };
        await writer.RejectAsync(lane, [row], default);
        Assert.Equal(Codes.ContractBroken,
            (await Assert.ThrowsAsync<PawlException>(async () => await writer.CommitAsync([Entry(other, 1)], default))).Code);
        Assert.Empty(await ControlAsync(ControlTables.Ledger, "seq"));
    }

    [Fact]
    public async Task The_ledger_stays_short_and_its_last_entry_stays()
    {
        await using var runner = await SinkRunner.StartAsync(fixture);
        var plan = Plan("a");
        await runner.BeginAsync(plan);
        await using var writer = await runner.OpenAsync(plan, 0);
        var lane = plan.Lane(runner.Lease.Job, 0);
        for (var i = 1; i <= 300; i++)
        {
            await writer.CommitAsync([Entry(lane, i)], default);
            Assert.InRange((await ControlAsync(ControlTables.Ledger, "seq")).Count, 1, 2 * 64 + 1);
        }
        await writer.CommitAsync([Entry(lane, 301, final: true)], default);
        Assert.Equal(["i:301"], await ControlAsync(ControlTables.Ledger, "seq"));
    }

    [Fact]
    public void A_lane_name_tells_its_table_only_when_it_is_that_tables_split()
    {
        var (plain, odd) = (Plan("a"), Plan("a/g1/s1"));
        var group = new LaneGroup
        {
            Lease = new JobLease { Job = Guid.Empty, Name = "j", Epoch = 1, Holder = Guid.Empty },
            Lanes = [],
            Tables = new Dictionary<TableName, TablePlan> { [plain.Source] = plain, [odd.Source] = odd },
        };
        Assert.Equal(plain.Source, group.TableOf(plain.Lane(Guid.Empty, 12)));
        Assert.Equal(odd.Source, group.TableOf(odd.Lane(Guid.Empty, 0)));
        foreach (var name in new[] { "log", "a", "a/g1/s", "a/g1/sx", "a/g1/s-1", "a/g2/s0", "b/g1/s0", "a/g1/s01" })
        {
            Assert.Null(group.TableOf(new LaneId(Guid.Empty, name)));
        }
    }
}
