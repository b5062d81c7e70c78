using Pawl.Conformance;
using Pawl.Core.Tests.Conformance;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Core.Tests.Engine;

/// <summary>A target that is put back behind tables that were finished: the run asks the ledger at its end, and never says done unasked.</summary>
public sealed class LastLookTests
{
    private readonly EngineWorld world = new();

    public LastLookTests()
    {
        world.Fill("a", 40);
        world.Fill("b", 10);
    }

    /// <summary>What the target was like after its first rows comes back when the last table is done: our lease is in it.</summary>
    private void PutBackAtTheEnd(Action then)
    {
        MemoryState? before = null;
        world.Heard = e =>
        {
            if (e.Code == EventCodes.LaneCommitted) before ??= world.Target.State.Copy();
            if (e.Code != EventCodes.TableDone || world.Events.Count(d => d.Code == EventCodes.TableDone) < 2) return;
            world.Target.Publish(before!);
            then();
        };
    }

    private async Task<RunSummary> FinishedAsync()
    {
        world.Heard = _ => { };
        world.Faults = null;
        var summary = await world.RunAsync();
        Assert.Equal((40, 10), (world.Rows("a"), world.Rows("b")));
        return summary;
    }

    [Fact]
    public async Task A_target_put_back_behind_finished_tables_is_told()
    {
        PutBackAtTheEnd(() => { });
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Failed, summary.Status);
        Assert.All(summary.Tables, t => Assert.Equal(Codes.TargetWentBack, t.Error?.Code));
        Assert.Equal(RunStatus.Done, (await FinishedAsync()).Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task The_end_of_the_session_that_would_be_asked_hides_nothing(int retries)
    {
        world.Job = world.Job with { Retry = world.Job.Retry with { Times = retries } };
        world.Faults = new FaultPlan(FaultPoint.Select, 1) { IsArmed = false };
        PutBackAtTheEnd(() => world.Faults.IsArmed = true);
        var summary = await world.RunAsync();
        Assert.True(world.Faults.Struck);
        Assert.All(summary.Tables, t => Assert.Equal(Codes.TargetWentBack, t.Error?.Code));
        Assert.Equal(RunStatus.Done, (await FinishedAsync()).Status);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public async Task A_target_that_cannot_be_asked_any_more_is_no_success(int retries, bool stopped)
    {
        using var stop = new CancellationTokenSource();
        world.Job = world.Job with { Retry = world.Job.Retry with { Times = retries } };
        world.Answers = at => world.Faults is not { IsArmed: true } || at.Path == "source";
        world.Faults = new FaultPlan(FaultPoint.Select, 1, Forever: true) { IsArmed = false };
        PutBackAtTheEnd(() =>
        {
            world.Faults.IsArmed = true;
            if (stopped) stop.Cancel();
        });
        var summary = await world.RunAsync(signals: new RunSignals(stop.Token, default));
        Assert.Equal((RunStatus.Failed, Codes.Unreachable), (summary.Status, summary.Error?.Code));
        Assert.Equal(RunStatus.Done, (await FinishedAsync()).Status);
    }
}
