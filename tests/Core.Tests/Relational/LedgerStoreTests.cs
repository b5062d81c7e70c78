using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Core.Tests.Relational;

public sealed class LedgerStoreTests
{
    private readonly MemoryStore target = new();

    private LedgerStore Store() => new(new MemoryTarget(target, MemoryBug.None), SinkRunner.Context());

    private static JobClaim Claim(string name = "job", string source = "s", string display = "d", params string[] was) =>
        new() { Name = name, Was = was, Source = new SourceIdentity(source, display), Runner = "tester" };

    private static TablePlan Plan(long generation, string table = "orders") =>
        Plans.For(new MemoryFixture(MemoryBug.None), Plans.OrderTable(table), generation, splits: 1);

    private static LedgerEntry Final(TablePlan plan, Guid job) => new()
    {
        Lane = plan.Lane(job, 0), Sequence = 1, Position = null, Counts = default, Total = default, Final = true,
    };

    private static Task<PawlException> Refused(Func<Task> call) => Assert.ThrowsAsync<PawlException>(call);

    private void Finish(TablePlan plan, Guid job) => target.Control["pawl_ledger"].Add(
        JobRows.Ledger(Final(plan, job), plan.Source, 1).ToDictionary(s => s.Column, s => s.Value == Computed.Now ? 0L : s.Value));

    [Fact]
    public async Task A_job_is_made_given_back_and_taken_again_under_a_higher_epoch()
    {
        await using var store = Store();
        var first = await store.AcquireAsync(Claim(), default);
        Assert.Equal((1L, null), (first.Epoch, first.TakenOverFrom));
        await store.BeatAsync(first, release: true, default);
        await using var later = Store();
        var second = await later.AcquireAsync(Claim(), default);
        Assert.Equal((first.Job, 2L, null), (second.Job, second.Epoch, second.TakenOverFrom));
        Assert.NotEqual(first.Holder, second.Holder);
    }

    [Fact]
    public async Task A_living_holder_keeps_its_job()
    {
        await using var store = Store();
        await store.AcquireAsync(Claim(), default);
        await using var other = Store();
        Assert.Equal(Codes.JobHeld, (await Refused(async () => await other.AcquireAsync(Claim(), default))).Code);
    }

    [Fact]
    public async Task A_dead_holder_loses_its_job_and_is_fenced_from_then_on()
    {
        var dead = Store();
        var old = await dead.AcquireAsync(Claim(), default);
        await dead.DisposeAsync();
        await using var store = Store();
        var lease = await store.AcquireAsync(Claim(), default);
        Assert.Equal((2L, "tester"), (lease.Epoch, lease.TakenOverFrom));
        await using var zombie = Store();
        foreach (var call in new Func<Task>[]
        {
            async () => await zombie.BeatAsync(old, release: false, default),
            async () => await zombie.BeatAsync(old, release: true, default),
            async () => await zombie.SavePlanAsync(old, Plan(1), emptyTarget: false, default),
        })
        {
            Assert.Equal(Fault.Fenced, (await Assert.ThrowsAsync<PawlException>(call)).Fault);
        }
        Assert.Empty((await store.ReadAsync(lease.Job, default)).Plans);
    }

    [Fact]
    public async Task A_held_job_is_told_without_writing_while_the_target_is_locked()
    {
        await using var store = Store();
        await store.AcquireAsync(Claim(), default);
        await target.Writer.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await using var other = Store();
            Assert.Equal(Codes.JobHeld, (await Refused(async () => await other.AcquireAsync(Claim(), default))).Code);
        }
        finally
        {
            target.Writer.Release();
        }
    }

    [Fact]
    public async Task A_holder_whose_session_lock_was_forgotten_takes_it_again_with_its_next_beat()
    {
        await using var store = Store();
        var lease = await store.AcquireAsync(Claim(), default);
        lock (target.Locks) target.Locks.Clear(); // what a restart of the server does
        await store.BeatAsync(lease, release: false, default);
        await using var other = Store();
        Assert.Equal(Codes.JobHeld, (await Refused(async () => await other.AcquireAsync(Claim(), default))).Code);
        await store.BeatAsync(lease, release: true, default);
        Assert.Empty(target.Locks.Except([$"{(await other.AcquireAsync(Claim(), default)).Holder:N}"]));
    }

    [Fact]
    public async Task A_renamed_job_keeps_its_identity()
    {
        await using var store = Store();
        var first = await store.AcquireAsync(Claim("old"), default);
        await store.BeatAsync(first, release: true, default);
        var second = await store.AcquireAsync(Claim("new", was: "old"), default);
        Assert.Equal(first.Job, second.Job);
        Assert.Null(await store.FindAsync("old", default));
        Assert.Equal(first.Job, (await store.FindAsync("new", default))!.Id);
    }

    [Theory]
    [InlineData("other", "elsewhere", Codes.JobNameTaken)]
    [InlineData("other", "d", Codes.SourceReplaced)]
    public async Task A_name_that_belongs_to_another_source_is_refused_unless_rebound(string source, string display, string code)
    {
        await using var store = Store();
        await store.BeatAsync(await store.AcquireAsync(Claim(), default), release: true, default);
        var claim = Claim(source: source, display: display);
        Assert.Equal(code, (await Assert.ThrowsAsync<PawlException>(async () => await store.AcquireAsync(claim, default))).Code);
        await store.AcquireAsync(claim with { Rebind = true }, default);
        Assert.Equal(source, (await store.FindAsync("job", default))!.Source.Text);
    }

    [Fact]
    public async Task A_pause_is_heard_with_the_next_beat_and_forgotten_by_the_next_run()
    {
        await using var store = Store();
        var lease = await store.AcquireAsync(Claim(), default);
        await store.RequestAsync(lease.Job, WantedState.Pause, default);
        Assert.Equal(WantedState.Pause, await store.BeatAsync(lease, release: true, default));
        var next = await store.AcquireAsync(Claim(), default);
        Assert.Equal(WantedState.Run, await store.BeatAsync(next, release: false, default));
    }

    [Fact]
    public async Task A_new_generation_closes_the_old_lanes_and_empties_the_target_together()
    {
        await using var store = Store();
        var lease = await store.AcquireAsync(Claim(), default);
        EngineTable("orders", 5);
        await store.SavePlanAsync(lease, Plan(1), emptyTarget: false, default);
        await store.SavePlanAsync(lease, Plan(1, "other"), emptyTarget: false, default);
        Finish(Plan(1), lease.Job);
        Finish(Plan(1, "other"), lease.Job);
        await store.SavePlanAsync(lease, Plan(2), emptyTarget: true, default);
        var found = await store.ReadAsync(lease.Job, default);
        Assert.Equal([("other", 1L), ("orders", 2L)], found.Plans.Select(p => (p.Source.Name, p.Generation)));
        Assert.Equal(["other/g1/s0"], found.Last.Keys.Select(l => l.Name));
        Assert.Equal(2, found.Generation);
        Assert.Empty(target.Tables["orders"].Rows);
    }

    [Fact]
    public async Task Storing_the_same_plan_twice_removes_nothing()
    {
        await using var store = Store();
        var lease = await store.AcquireAsync(Claim(), default);
        EngineTable("orders", 0);
        await store.SavePlanAsync(lease, Plan(1), emptyTarget: true, default);
        EngineTable("orders", 5);
        await store.SavePlanAsync(lease, Plan(1), emptyTarget: true, default);
        Assert.Equal(5, target.Tables["orders"].Rows.Count);
    }

    [Fact]
    public async Task A_zombie_that_empties_undoes_it_when_it_finds_the_job_gone()
    {
        var dead = Store();
        var old = await dead.AcquireAsync(Claim(), default);
        EngineTable("orders", 5);
        await dead.SavePlanAsync(old, Plan(1), emptyTarget: false, default);
        await dead.DisposeAsync();
        await using var store = Store();
        await store.AcquireAsync(Claim(), default);
        await using var zombie = Store();
        var e = await Assert.ThrowsAsync<PawlException>(async () => await zombie.SavePlanAsync(old, Plan(2), emptyTarget: true, default));
        Assert.Equal(Fault.Fenced, e.Fault);
        Assert.Equal(5, target.Tables["orders"].Rows.Count);
    }

    [Fact]
    public async Task A_table_is_done_only_when_the_ledger_says_so()
    {
        await using var store = Store();
        var lease = await store.AcquireAsync(Claim(), default);
        await store.SavePlanAsync(lease, Plan(1), emptyTarget: false, default);
        var done = Plan(1) with { Phase = TablePhase.Done };
        Assert.Equal(Fault.Fenced,
            (await Refused(async () => await store.SavePlanAsync(lease, done, emptyTarget: false, default))).Fault);
        Finish(Plan(1), lease.Job);
        await store.SavePlanAsync(lease, done, emptyTarget: false, default);
        Assert.Equal(TablePhase.Done, (await store.ReadAsync(lease.Job, default)).Plans.Single().Phase);
    }

    [Fact]
    public async Task A_newer_format_is_refused_and_nothing_is_found_where_nothing_is()
    {
        await using var store = Store();
        Assert.Null(await store.FindAsync("job", default));
        await store.AcquireAsync(Claim(), default);
        target.Control["pawl_meta"].Single(r => Equals(r["name"], "min_reader"))["value"] = $"{ControlTables.Format + 1}";
        await using var older = Store();
        foreach (var call in new Func<Task>[]
        {
            async () => await older.FindAsync("job", default),
            async () => await older.AcquireAsync(Claim(), default),
        })
        {
            Assert.Equal(Codes.FormatTooNew, (await Assert.ThrowsAsync<PawlException>(call)).Code);
        }
    }

    private void EngineTable(string name, int rows)
    {
        var sample = Plans.OrderTable(name);
        target.Create(name, sample.Columns, sample.Key, Plans.Orders(rows));
    }
}
