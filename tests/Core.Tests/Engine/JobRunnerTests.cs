using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Core.Tests.Engine;

public sealed class JobRunnerTests
{
    private readonly EngineWorld world = new();

    [Fact]
    public async Task A_job_copies_every_row_once_and_then_has_nothing_to_do()
    {
        world.Fill("a", 45);
        world.Fill("empty", 0);
        var first = await world.RunAsync();
        Assert.Equal(RunStatus.Done, first.Status);
        Assert.Equal((45, 0), (world.Rows("a"), world.Rows("empty")));
        Assert.Equal(45, first.Tables.Single(t => t.Source == "a").ThisRun.Inserted);
        Assert.Equal(RunStatus.NothingToDo, (await world.RunAsync()).Status);
    }

    [Fact]
    public async Task A_restart_into_another_target_does_not_empty_what_lies_there()
    {
        world.Fill("a", 20);
        await world.RunAsync();
        EngineWorld.Fill(world.Target, "archive", 7, from: 1000);
        world.Rule(r => r with { Target = "archive" });
        var again = await world.RunAsync(restart: true);
        Assert.Equal(Codes.TargetNotEmpty, again.Tables.Single().Error?.Code);
        Assert.Equal(7, world.Rows("archive"));
    }

    [Fact]
    public async Task A_restart_as_insert_does_not_empty_a_table_that_was_filled_by_upsert()
    {
        world.Fill("a", 20);
        EngineWorld.Fill(world.Target, "a", 5, from: 1000);
        world.Job = world.Job with { VerifyAfterRun = VerifyLevel.None };
        world.Rule(r => r with { Write = WriteMode.Upsert });
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        world.Rule(r => r with { Write = WriteMode.Insert });
        var again = await world.RunAsync(restart: true);
        Assert.Equal(Codes.TargetNotEmpty, again.Tables.Single().Error?.Code);
        Assert.Equal(25, world.Rows("a"));
    }

    [Fact]
    public async Task A_restart_empties_the_table_it_filled_itself()
    {
        world.Fill("a", 20);
        await world.RunAsync();
        world.Source.Tables["a"].Rows.RemoveRange(10, 10);
        var again = await world.RunAsync(restart: true);
        Assert.Equal(RunStatus.Done, again.Status);
        Assert.Equal(10, world.Rows("a"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_finished_table_that_lost_its_rows_is_not_called_done(bool dropped)
    {
        world.Fill("a", 20);
        await world.RunAsync();
        if (dropped) world.Target.Tables.Remove("a");
        else world.Target.Tables["a"].Rows.Clear();
        Assert.Equal(Codes.TargetTruncated, (await world.RunAsync()).Tables.Single().Error?.Code);
    }

    [Fact]
    public async Task A_source_that_ends_quietly_when_told_to_stop_leaves_its_lane_open()
    {
        world.Fill("a", 40);
        using var abort = new CancellationTokenSource();
        var events = 0;
        world.Wrap = inner => new SourceInTheWay(inner)
        {
            Pass = async (_, ct) =>
            {
                if (++events <= 2) return true;
                await abort.CancelAsync();
                return !ct.IsCancellationRequested;
            },
        };
        Assert.Equal(RunStatus.Interrupted, (await world.RunAsync(signals: new RunSignals(default, abort.Token))).Status);
        Assert.True(world.Rows("a") < 40);
        world.Wrap = source => source;
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.Equal(40, world.Rows("a"));
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_a_position_that_may_never_come()
    {
        world.Fill("a", 40);
        using var stop = new CancellationTokenSource();
        var events = 0;
        world.Wrap = inner => new SourceInTheWay(inner)
        {
            Change = e => ((RowsEvent)e) with { Commit = null },
            Pass = async (_, ct) =>
            {
                if (++events == 1) return true;
                await stop.CancelAsync();
                await Task.Delay(Timeout.Infinite, ct);
                return true;
            },
        };
        Assert.Equal(RunStatus.Interrupted, (await world.RunAsync(signals: new RunSignals(stop.Token, default))).Status);
        Assert.Equal(0, world.Rows("a"));
        world.Wrap = source => source;
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.Equal(40, world.Rows("a"));
    }

    [Fact]
    public async Task A_fault_that_would_have_been_tried_again_is_no_failure_of_a_run_that_was_told_to_stop()
    {
        world.Fill("a", 40);
        using var stop = new CancellationTokenSource();
        world.At = point =>
        {
            if (point == CrashPoint.TransactionOpen) stop.Cancel();
        };
        world.Faults = new Pawl.Conformance.FaultPlan(Pawl.Conformance.FaultPoint.Write, 1);
        var summary = await world.RunAsync(signals: new RunSignals(stop.Token, default));
        Assert.True(world.Faults.Struck);
        Assert.Equal(RunStatus.Interrupted, summary.Status);
        Assert.Equal(TableStatus.Interrupted, summary.Tables.Single().Status);
    }

    [Fact]
    public async Task A_table_that_stays_locked_stops_no_other()
    {
        world.Fill("a", 10);
        world.Fill("b", 10);
        world.Wrap = inner => new SourceInTheWay(inner)
        {
            Plan = table => table.Name.Name == "a" ? throw new PawlException(Fault.Transient, Codes.Busy) : null,
        };
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Partial, summary.Status);
        Assert.Equal(Codes.Busy, summary.Tables.Single(t => t.Source == "a").Error?.Code);
        Assert.Equal(10, world.Rows("b"));
    }

    [Fact]
    public async Task Without_retries_a_lane_that_got_on_is_not_tried_again()
    {
        world.Fill("a", 60);
        world.Job = world.Job with { Retry = new RetryPolicy { Times = 0 } };
        var events = 0;
        world.Wrap = inner => new SourceInTheWay(inner)
        {
            Pass = (_, _) => ++events == 4 ? throw new PawlException(Fault.Transient, Codes.Unreachable) : ValueTask.FromResult(true),
        };
        var summary = await world.RunAsync();
        Assert.Equal(Codes.Unreachable, summary.Tables.Single().Error?.Code);
        Assert.Equal(0, summary.Retries);
        Assert.InRange(world.Rows("a"), 1, 59);
    }

    [Fact]
    public async Task A_lane_that_gets_on_may_fail_more_often_than_one_that_does_not()
    {
        world.Fill("a", 100);
        var sinceFault = 0;
        world.Wrap = inner => new SourceInTheWay(inner)
        {
            // Two batches pass (the first is committed before the second is taken), then a fault: about nine of them, three are allowed.
            Pass = (_, _) => ++sinceFault % 3 == 0
                ? throw new PawlException(Fault.Transient, Codes.Unreachable) : ValueTask.FromResult(true),
        };
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Done, summary.Status);
        Assert.True(summary.Retries > 3, $"{summary.Retries} retries");
        Assert.Equal(100, world.Rows("a"));
    }

    [Theory]
    [InlineData(Pawl.Conformance.FaultPoint.CommitAnswerLost)]
    [InlineData(Pawl.Conformance.FaultPoint.CommitNotDelivered)]
    [InlineData(Pawl.Conformance.FaultPoint.CommitRefused)]
    [InlineData(Pawl.Conformance.FaultPoint.Write)]
    public async Task Whatever_becomes_of_any_one_call_every_row_arrives_once(Pawl.Conformance.FaultPoint point)
    {
        for (var nth = 1; nth <= 12; nth++)
        {
            var one = new EngineWorld { Faults = new Pawl.Conformance.FaultPlan(point, nth) };
            one.Fill("a", 45);
            var summary = await one.RunAsync();
            Assert.Equal((nth, RunStatus.Done, 45), (nth, summary.Status, one.Rows("a")));
        }
    }

    [Fact]
    public async Task Too_many_rows_refused_by_the_target_are_told_with_the_last_of_them()
    {
        world.Fill("a", 20);
        world.Source.Tables["a"].Rows.AddRange([[1L, "again", 1.0], [1L, "and again", 1.0]]);
        world.Rule(r => r with { RejectLimit = 1 });
        var error = (await world.RunAsync()).Tables.Single().Error!;
        Assert.Equal((Codes.RejectLimit, "2", "1"), (error.Code, error.Details["rejected"], error.Details["limit"]));
        Assert.Equal(("i:1", "id", "key is there"), (error.Details["where"], error.Details["column"], error.Details["cause"]));
        Assert.Equal(0, world.Rows("a"));
    }

    [Fact]
    public async Task Too_many_mistyped_rows_are_told_with_the_last_of_them()
    {
        world.Fill("a", 5);
        world.Source.Tables["a"].Rows[3][2] = "dear";
        world.Rule(r => r with { Strays = StrayPolicy.Reject });
        var error = (await world.RunAsync()).Tables.Single().Error!;
        Assert.Equal((Codes.RejectLimit, "1", "0"), (error.Code, error.Details["rejected"], error.Details["limit"]));
        Assert.Equal(("{\"id\":3}", "amount"), (error.Details["where"], error.Details["column"]));
        Assert.NotEmpty(error.Details["cause"]!);
    }

    [Fact]
    public async Task Only_a_lost_answer_is_said_to_have_been_resolved()
    {
        world.Fill("a", 45);
        world.Faults = new Pawl.Conformance.FaultPlan(Pawl.Conformance.FaultPoint.CommitRefused, 5);
        await world.RunAsync();
        Assert.True(world.Faults.Struck);
        Assert.DoesNotContain(world.Events, e => e.Code == EventCodes.CommitResolved);
    }

    [Fact]
    public async Task The_second_runner_is_told_who_holds_the_job()
    {
        world.Fill("a", 45);
        RunSummary? second = null;
        world.Wrap = inner => new SourceInTheWay(inner)
        {
            Pass = async (_, _) =>
            {
                world.Wrap = source => source;
                second ??= await world.RunAsync();
                return true;
            },
        };
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.Equal(RunStatus.Fenced, second!.Status);
        Assert.Equal(Codes.JobHeld, second.Error?.Code);
    }
}
