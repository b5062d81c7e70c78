using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Core.Tests.Relational;

/// <summary>When a holder of a job counts as alive, and how long it takes to see that it is not.</summary>
public sealed class HolderWatchTests
{
    private const string Holder = "6f1d1f9c-0000-4000-8000-000000000001";

    private readonly VirtualTime time = new();
    private readonly List<TimeSpan?> told = [];

    /// <summary>What changes while it is watched: seconds since the first sight → the row, and whether the lock is held.</summary>
    private Func<double, long> tick = _ => 5;
    private Func<double, string?> holder = _ => Holder;
    private Func<double, bool> locked = _ => true;
    private double age;
    private double jump;

    [Fact]
    public async Task A_holder_that_has_spoken_lately_is_alive_at_once()
    {
        age = 14;
        var held = await HeldAsync();
        Assert.Equal(("tester", "14000"), (held.Details["holder"], held.Details["heartbeat_ms"]));
        Assert.Equal(TimeSpan.Zero, time.Passed);
        Assert.Empty(told);
    }

    [Fact]
    public async Task A_holder_that_moves_while_it_is_watched_is_alive()
    {
        (age, tick) = (16, at => at < 9 ? 5 : 6);
        await HeldAsync();
        Assert.Equal(TimeSpan.FromSeconds(9), time.Passed);
        Assert.Equal([TimeSpan.FromSeconds(16)], told);
    }

    [Fact]
    public async Task A_holder_whose_heartbeat_is_old_because_the_clock_jumped_is_alive_within_a_beat()
    {
        (age, tick) = (3600, at => at < 5 ? 5 : 6);
        await HeldAsync();
        Assert.True(time.Passed <= TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(16, 14)] // watched from the first sight on: nothing is waited for twice
    [InlineData(25, 6)]
    [InlineData(40, 6)]
    [InlineData(86_400, 6)]
    [InlineData(-3_600, 30)] // a heartbeat from the future: only the own watching counts
    public async Task A_silent_holder_is_gone_when_it_has_been_silent_for_thirty_seconds(double secondsOld, double wait)
    {
        age = secondsOld;
        Assert.Equal(HolderFate.Gone, await WatchAsync());
        Assert.Equal(TimeSpan.FromSeconds(wait), time.Passed);
    }

    [Fact]
    public async Task A_clock_that_goes_back_while_it_watches_does_not_make_it_watch_for_ever()
    {
        (age, jump) = (16, -1_000_000);
        Assert.Equal(HolderFate.Gone, await WatchAsync());
        Assert.Equal(Liveness.DeadAfter, time.Passed);
    }

    [Fact]
    public async Task A_holder_whose_lock_is_gone_is_gone_at_once()
    {
        (age, locked) = (1, _ => false);
        Assert.Equal(HolderFate.Gone, await WatchAsync());
        Assert.Equal(TimeSpan.Zero, time.Passed);
    }

    [Fact]
    public async Task A_holder_that_dies_while_it_is_watched_is_gone_with_its_lock()
    {
        (age, locked) = (16, at => at < 3);
        Assert.Equal(HolderFate.Gone, await WatchAsync());
        Assert.Equal(TimeSpan.FromSeconds(3), time.Passed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("6f1d1f9c-0000-4000-8000-000000000002")]
    public async Task A_job_that_is_given_back_or_taken_by_another_is_looked_at_again(string? then)
    {
        (age, holder, tick) = (16, at => at < 3 ? Holder : then, at => at < 3 ? 5 : 6);
        Assert.Equal(HolderFate.Changed, await WatchAsync());
        Assert.Equal(TimeSpan.FromSeconds(3), time.Passed);
    }

    private async Task<PawlException> HeldAsync()
    {
        var e = await Assert.ThrowsAsync<PawlException>(WatchAsync);
        Assert.Equal((Fault.Fenced, Codes.JobHeld), (e.Fault, e.Code));
        return e;
    }

    private async Task<HolderFate> WatchAsync()
    {
        var claim = new JobClaim
        {
            Name = "job", Source = new SourceIdentity("s", "d"), Runner = "heir", Watching = job => told.Add(job.HeartbeatAge),
        };
        return await new HolderWatch(time, _ => ValueTask.FromResult(locked(time.Passed.TotalSeconds)),
            _ => ValueTask.FromResult<ControlRow?>(Row())).WatchAsync(claim, Row(), TestContext.Current.CancellationToken);
    }

    private ControlRow Row()
    {
        var at = time.Passed.TotalSeconds;
        var values = ControlTables.Job.Columns.ToDictionary(c => c.Name, object? (c) => c.Type == ControlType.Number ? 1L : "x");
        values["job"] = Guid.Empty.ToString();
        (values["holder"], values["tick"], values["runner"], values["heartbeat"]) = (holder(at), tick(at), "tester", 1_000_000_000L);
        return new ControlRow(values, 1_000_000_000 + (long)((age + at + (at > 0 ? jump : 0)) * 1000));
    }
}
