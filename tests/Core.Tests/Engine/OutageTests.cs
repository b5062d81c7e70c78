using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Core.Tests.Engine;

/// <summary>A source or target that does not answer for a while, with many lanes at work.</summary>
public sealed class OutageTests
{
    private const int Tables = 12;

    private readonly EngineWorld world = new();
    private readonly List<string> asked = [];
    private volatile bool down;

    public OutageTests()
    {
        for (var i = 0; i < Tables; i++) world.Fill($"t{i:00}", 30);
        world.Job = world.Job with
        {
            Parallel = 6,
            Retry = new RetryPolicy
            {
                Times = 3, RunBudget = 2, BackoffMin = TimeSpan.FromMilliseconds(1), BackoffMax = TimeSpan.FromMilliseconds(2),
            },
        };
    }

    private int Said(string code) => world.Events.Count(e => e.Code == code);

    /// <summary>The source goes away in the middle and says so to whoever reads; asked for the n-th time it is back.</summary>
    private void LoseSource(int back, Func<PawlException> says)
    {
        var passed = 0;
        world.Answers = at =>
        {
            lock (asked)
            {
                asked.Add(at.Path);
                if (asked.Count(a => a == "source") >= back) down = false;
            }
            return !down;
        };
        world.Wrap = inner => new SourceInTheWay(inner)
        {
            Pass = (_, _) =>
            {
                if (Interlocked.Increment(ref passed) == 20) down = true;
                return down ? throw says() : ValueTask.FromResult(true);
            },
        };
    }

    private static PawlException Silence() => new(Fault.Transient, Codes.Unreachable, ("endpoint", "memory:source"));

    [Fact]
    public async Task An_outage_that_all_lanes_meet_counts_once_and_all_go_on()
    {
        LoseSource(back: 3, Silence);
        var summary = await world.RunAsync();
        Assert.Equal((RunStatus.Done, 1), (summary.Status, summary.Retries));
        Assert.All(Enumerable.Range(0, Tables), i => Assert.Equal(30, world.Rows($"t{i:00}")));
        Assert.Equal((3, 1, 0), (Said(EventCodes.EndpointLost), Said(EventCodes.EndpointBack), Said(EventCodes.LaneRetry)));
        Assert.Equal(["source", "source", "source"], asked);
        Assert.All(world.Events.Where(e => e.Code == EventCodes.EndpointLost), e => Assert.Equal("memory:source", e.Args["endpoint"]));
    }

    [Fact]
    public async Task An_endpoint_that_stays_away_is_asked_as_often_as_the_job_allows()
    {
        LoseSource(back: 100, Silence);
        var summary = await world.RunAsync();
        Assert.NotEqual(RunStatus.Done, summary.Status);
        Assert.InRange(summary.Retries, 1, 2);
        // Lanes that had rows in hand may still commit them, once each, and that begins the count anew.
        Assert.InRange(asked.Count, 3, 3 * (1 + world.Job.Parallel));
        Assert.Equal(0, Said(EventCodes.EndpointBack));
        var failed = summary.Tables.Where(t => t.Status == TableStatus.Failed).ToArray();
        Assert.All(failed, t => Assert.Equal(Codes.Unreachable, t.Error?.Code));
        down = false;
        world.Wrap = source => source;
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
    }

    [Fact]
    public async Task An_endpoint_that_says_it_is_back_and_is_not_is_not_believed_for_ever()
    {
        LoseSource(back: 1_000, Silence);
        world.Answers = at =>
        {
            lock (asked) asked.Add(at.Path);
            return true;
        };
        world.Job = world.Job with { Retry = world.Job.Retry with { RunBudget = 1_000 } };
        var summary = await world.RunAsync();
        Assert.NotEqual(RunStatus.Done, summary.Status);
        // Tables that ended well before count as something that moved; from then on nothing does.
        Assert.InRange(asked.Count, 3, 3 * Tables);
    }

    [Fact]
    public async Task An_error_that_does_not_say_whose_it_is_asks_both()
    {
        LoseSource(back: 1, () => new PawlException(Fault.Transient, Codes.Unreachable));
        var summary = await world.RunAsync();
        Assert.Equal((RunStatus.Done, 1), (summary.Status, summary.Retries));
        Assert.Equal(["source", "target"], asked);
    }

    [Fact]
    public async Task Asked_to_stop_a_run_does_not_wait_for_an_endpoint()
    {
        using var stop = new CancellationTokenSource();
        LoseSource(back: 100, Silence);
        world.Job = world.Job with
        {
            Retry = world.Job.Retry with { BackoffMin = TimeSpan.FromHours(1), BackoffMax = TimeSpan.FromHours(1) },
        };
        world.Heard = e =>
        {
            if (e.Code == EventCodes.EndpointLost) stop.CancelAfter(1);
        };
        var summary = await world.RunAsync(signals: new RunSignals(stop.Token, default));
        Assert.Equal(RunStatus.Interrupted, summary.Status);
        Assert.DoesNotContain(summary.Tables, t => t.Status == TableStatus.Failed);
    }

    [Fact]
    public async Task Whoever_was_cut_off_by_an_outage_that_is_over_tries_again_at_once()
    {
        var budget = 10;
        var time = new Relational.VirtualTime();
        var outages = new Outages(world.Host with { Time = time }, world.Job, () => budget-- > 0, (_, _) => { });
        var began = time.GetTimestamp();
        Assert.True(await outages.WaitAsync(Silence(), began, default));
        var over = time.Passed;
        Assert.True(await outages.WaitAsync(Silence(), began, default));
        Assert.Equal((9, over), (budget, time.Passed));
        Assert.True(await outages.WaitAsync(Silence(), time.GetTimestamp(), default));
        Assert.Equal(8, budget);
    }

    [Theory]
    [InlineData(Fault.Transient, Codes.Unreachable, true)]
    [InlineData(Fault.Transient, Codes.CommitUnknown, true)]
    [InlineData(Fault.Transient, Codes.Busy, false)]
    [InlineData(Fault.Throttled, Codes.TooManyConnections, false)]
    [InlineData(Fault.Configuration, Codes.Unreachable, false)]
    public void Only_silence_is_an_outage(Fault fault, string code, bool expected) =>
        Assert.Equal(expected, Outages.Concerns(new PawlException(fault, code)));
}
