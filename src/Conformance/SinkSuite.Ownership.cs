using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Conformance;

/// <summary>Who may write, and who may not any more.</summary>
public abstract partial class SinkSuite
{
    [Fact]
    public async Task A_writer_of_an_older_epoch_is_fenced()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        var old = await runner.OpenAsync(plan, 0);
        var stale = Lane(runner, old, plan, Plans.Orders(20));
        await stale.RunAsync(5, commits: 1);
        await using var young = await runner.OpenAsync(plan, 0);
        await FencedAsync(() => stale.RunAsync(5, commits: 1));
        await old.DisposeAsync();
        await SameAsync(fixture, plan, Plans.Orders(5));
        await Lane(runner, young, plan, Plans.Orders(20)).RunAsync(6);
        await SameAsync(fixture, plan, Plans.Orders(20));
    }

    [Fact]
    public async Task A_writer_of_another_holder_with_the_same_epoch_number_is_fenced()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        var writer = await runner.OpenAsync(plan, 0);
        var lane = Lane(runner, writer, plan, Plans.Orders(20));
        await lane.RunAsync(5, commits: 1);
        // What a restored backup does: the same epoch number, given to somebody else.
        await ChangeAsync(fixture, ControlChange.Update(ControlTables.Lane, [("holder", Guid.Empty.ToString())],
            new Condition("lane", plan.Lane(runner.Lease.Job, 0).Name)));
        await FencedAsync(() => lane.RunAsync(5, commits: 1));
        await writer.DisposeAsync();
        await SameAsync(fixture, plan, Plans.Orders(5));
    }

    [Fact]
    public async Task A_job_that_was_taken_over_can_open_prepare_plan_and_beat_no_more()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, old) = begun;
        // Its process is gone as far as others can see; what it still holds in its hands is the lease.
        await old.Store.DisposeAsync();
        await using var young = await SinkRunner.StartAsync(fixture);
        Assert.Equal(old.Lease.Epoch + 1, young.Lease.Epoch);
        Assert.NotEqual(old.Lease.Holder, young.Lease.Holder);
        Assert.NotNull(young.Lease.TakenOverFrom);
        await FencedAsync(async () => await (await old.OpenAsync(plan, 0)).DisposeAsync());
        var absent = Plans.For(fixture, Plans.OrderTable("later"));
        await FencedAsync(async () => await old.Sink.PrepareAsync(absent, old.Lease, default));
        Assert.False((await young.Sink.InspectAsync(absent, default)).Exists, "a table made by a runner that lost the job");
        await FencedAsync(async () => await old.Store.SavePlanAsync(old.Lease, plan with { Generation = 9 }, true, default));
        await FencedAsync(async () => await old.Store.BeatAsync(old.Lease, false, default));
    }

    /// <summary>A session that was ended tells nobody what became of the job; the end of a run must know it all the same.</summary>
    [Theory]
    [InlineData(FaultPoint.Change)]
    [InlineData(FaultPoint.Select)]
    public async Task Giving_a_job_back_over_an_ended_session_tells_whose_it_is(FaultPoint where)
    {
        await using var fixture = await OpenAsync();
        // The change never arrived, or it did and its answer was lost: neither is somebody else's job.
        var faults = new FaultPlan(where, 1) { IsArmed = false };
        await using (var old = await SinkRunner.StartAsync(fixture, faults))
        {
            faults.IsArmed = true;
            await old.ReleaseAsync();
            Assert.True(faults.Struck);
        }
        faults = new FaultPlan(where, 1) { IsArmed = false };
        await using var late = await SinkRunner.StartAsync(fixture, faults);
        Assert.Null(late.Lease.TakenOverFrom);
        await using (var other = fixture.Open(SinkRunner.Context()))
        await using (var session = await other.ConnectAsync(default))
        {
            await session.BeginAsync(default);
            await session.ChangeAsync(ControlChange.Update(ControlTables.Job, [("epoch", Computed.PlusOne), ("holder", null)],
                new Condition("job", late.Lease.Job.ToString())), default);
            await session.EndAsync(commit: true);
        }
        faults.IsArmed = true;
        await FencedAsync(late.ReleaseAsync);
        Assert.Equal(where == FaultPoint.Change, faults.Struck);
    }

    [Fact]
    public async Task A_change_tied_to_a_row_elsewhere_touches_nothing_without_it()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        await using var database = fixture.Open(SinkRunner.Context());
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        async Task<long> TouchAsync(long epoch, params Condition[] where) => await session.ChangeAsync(
            ControlChange.Update(ControlTables.Plan, [("tick", Computed.PlusOne)], where) with
            {
                While = new ControlGuard(ControlTables.Job, new Condition("job", runner.Lease.Job.ToString()),
                    new Condition("epoch", epoch)),
            }, default);
        Assert.Equal(0, await TouchAsync(runner.Lease.Epoch + 1, new Condition("source_table", plan.Source.ToString())));
        Assert.Equal(0, await TouchAsync(runner.Lease.Epoch + 1));
        Assert.Equal(0, await TouchAsync(runner.Lease.Epoch, new Condition("source_table", "another")));
        Assert.Equal(1, await TouchAsync(runner.Lease.Epoch, new Condition("source_table", plan.Source.ToString())));
        Assert.Equal(1, await TouchAsync(runner.Lease.Epoch));
        await session.EndAsync(commit: false);
    }

    [Fact]
    public async Task A_job_whose_holder_is_alive_is_not_taken_over()
    {
        await using var fixture = await OpenAsync();
        await using var first = await SinkRunner.StartAsync(fixture);
        var held = await Assert.ThrowsAsync<PawlException>(async () => await (await SinkRunner.StartAsync(fixture)).DisposeAsync());
        Assert.Equal((Fault.Fenced, Codes.JobHeld), (held.Fault, held.Code));
        Assert.Equal("suite", held.Details["holder"]);
        await first.ReleaseAsync();
        await using var second = await SinkRunner.StartAsync(fixture);
        Assert.Null(second.Lease.TakenOverFrom);
    }

    [Fact]
    public async Task Two_jobs_do_not_meet()
    {
        await using var fixture = await OpenAsync();
        await using var one = await SinkRunner.StartAsync(fixture, job: "one");
        await using var two = await SinkRunner.StartAsync(fixture, job: "two");
        Assert.NotEqual(one.Lease.Job, two.Lease.Job);
        var left = Plans.For(fixture, Plans.OrderTable("left"));
        var right = Plans.For(fixture, Plans.OrderTable("right"));
        await one.BeginAsync(left);
        await two.BeginAsync(right);
        await using (var writer = await one.OpenAsync(left, 0)) await Lane(one, writer, left, Plans.Orders(5)).RunAsync(5);
        await using (var writer = await two.OpenAsync(right, 0)) await Lane(two, writer, right, Plans.Orders(7)).RunAsync(7);
        Assert.Single((await one.Store.ReadAsync(one.Lease.Job, default)).Last);
        Assert.Equal("left", Assert.Single((await one.Store.ReadAsync(one.Lease.Job, default)).Plans).Source.Name);
    }

    [Fact]
    public async Task A_job_name_of_another_source_is_refused()
    {
        await using var fixture = await OpenAsync();
        await using (var first = await SinkRunner.StartAsync(fixture)) await first.ReleaseAsync();
        var context = SinkRunner.Context();
        await using var sink = new TransactionalSink(fixture.Open(context), context);
        await using var store = await sink.OpenLedgerAsync(default);
        var taken = await Assert.ThrowsAsync<PawlException>(async () =>
            await store.AcquireAsync(SinkRunner.Claim("conformance") with { Source = new SourceIdentity("elsewhere", "elsewhere") },
                default));
        Assert.Equal(Codes.JobNameTaken, taken.Code);
    }

    [Fact]
    public async Task A_restarted_table_fences_the_lanes_of_its_older_generation()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        var old = await runner.OpenAsync(plan, 0);
        var stale = Lane(runner, old, plan, Plans.Orders(20));
        await stale.RunAsync(10, commits: 1);
        var next = plan with { Generation = 2 };
        await runner.BeginAsync(next, emptyTarget: true);
        await SameAsync(fixture, plan, []);
        await FencedAsync(() => stale.RunAsync(10, commits: 1));
        await old.DisposeAsync();
        await SameAsync(fixture, plan, []);
        var progress = await runner.Store.ReadAsync(runner.Lease.Job, default);
        Assert.Equal(2, Assert.Single(progress.Plans).Generation);
        Assert.Empty(progress.Last);
        await using (var writer = await runner.OpenAsync(next, 0)) await Lane(runner, writer, next, Plans.Orders(20)).RunAsync(6);
        await SameAsync(fixture, next, Plans.Orders(20));
    }

    [Fact]
    public async Task A_pause_reaches_the_writer_with_its_next_fence_and_the_job_with_its_next_beat()
    {
        await using var begun = await BeginAsync();
        var (fixture, plan, runner) = begun;
        await using var writer = await runner.OpenAsync(plan, 0);
        var lane = Lane(runner, writer, plan, Plans.Orders(20));
        await lane.RunAsync(5, commits: 1);
        Assert.Equal(WantedState.Run, writer.Wanted);
        await runner.Store.RequestAsync(runner.Lease.Job, WantedState.Pause, default);
        await lane.RunAsync(5, commits: 1);
        Assert.Equal(WantedState.Pause, writer.Wanted);
        Assert.Equal(WantedState.Pause, await runner.Store.BeatAsync(runner.Lease, false, default));
        await SameAsync(fixture, plan, Plans.Orders(10));
    }

    [Fact]
    public async Task Lanes_of_one_group_commit_together_and_lanes_of_two_groups_by_themselves()
    {
        await using var begun = await BeginAsync(splits: 3);
        var (fixture, plan, runner) = begun;
        await using (var both = await runner.OpenAsync(plan, 0, 1))
        {
            var first = Lane(runner, both, plan, Plans.Orders(4));
            var second = Lane(runner, both, plan, Plans.Orders(4, from: 10), split: 1);
            var one = await first.WriteAsync(4);
            var two = await second.WriteAsync(4);
            await both.CommitAsync([first.Entry(one, 4), second.Entry(two, 4)], default);
        }
        await using (var third = await runner.OpenAsync(plan, 2)) await Lane(runner, third, plan, Plans.Orders(4, from: 20), split: 2)
            .RunAsync(4);
        await SameAsync(fixture, plan, [.. Plans.Orders(4), .. Plans.Orders(4, from: 10), .. Plans.Orders(4, from: 20)]);
        Assert.Equal(3, (await runner.Store.ReadAsync(runner.Lease.Job, default)).Last.Count);
    }

    private static async Task FencedAsync(Func<Task> call)
    {
        var thrown = await Assert.ThrowsAsync<PawlException>(call);
        Assert.Equal(Fault.Fenced, thrown.Fault);
    }

    /// <summary>A change of a control table behind everybody's back.</summary>
    private static async Task ChangeAsync(ISinkFixture fixture, ControlChange change)
    {
        await using var database = fixture.Open(SinkRunner.Context());
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        Assert.Equal(1, await session.ChangeAsync(change, default));
        await session.EndAsync(commit: true);
    }
}
