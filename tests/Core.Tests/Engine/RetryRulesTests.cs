using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Engine;

public sealed class RetryRulesTests
{
    private readonly List<(int Attempt, TimeSpan Wait)> retries = [];
    private int budget = 100;
    private int attempts;

    private RetryRules Rules(int times, TimeSpan? min = null, TimeSpan? max = null) => new(new EngineWorld().Host,
        new RetryPolicy { Times = times, BackoffMin = min ?? TimeSpan.FromMilliseconds(1), BackoffMax = max
            ?? TimeSpan.FromMilliseconds(1) },
        () => budget-- > 0, (_, attempt, wait) => retries.Add((attempt, wait)));

    private Task<int> Fail(Fault fault)
    {
        attempts++;
        throw new PawlException(fault, Codes.Busy);
    }

    [Theory]
    [InlineData(Fault.Transient, 4)]
    [InlineData(Fault.Throttled, 4)]
    [InlineData(Fault.Configuration, 1)]
    [InlineData(Fault.Permission, 1)]
    [InlineData(Fault.Schema, 1)]
    [InlineData(Fault.Data, 1)]
    [InlineData(Fault.PositionLost, 1)]
    [InlineData(Fault.Fenced, 1)]
    [InlineData(Fault.Bug, 1)]
    public async Task Only_faults_that_may_pass_are_tried_again(Fault fault, int expected)
    {
        var e = await Assert.ThrowsAsync<PawlException>(() => Rules(3).RunAsync(_ => Fail(fault), default));
        Assert.Equal(fault, e.Fault);
        Assert.Equal(expected, attempts);
    }

    [Fact]
    public async Task Giving_up_takes_nothing_from_the_budget_of_the_run()
    {
        await Assert.ThrowsAsync<PawlException>(() => Rules(3).RunAsync(_ => Fail(Fault.Transient), default));
        Assert.Equal(97, budget);
        Assert.Equal([1, 2, 3], retries.Select(r => r.Attempt));
    }

    [Fact]
    public async Task An_empty_budget_ends_the_retries()
    {
        budget = 1;
        await Assert.ThrowsAsync<PawlException>(() => Rules(10).RunAsync(_ => Fail(Fault.Transient), default));
        Assert.Equal(2, attempts);
    }

    [Fact]
    public async Task The_count_starts_again_after_progress()
    {
        // Progress with every third attempt: twelve attempts with only two retries in a row.
        var e = await Assert.ThrowsAsync<PawlException>(() => Rules(3).RunAsync(_ => Fail(Fault.Transient), default,
            () => attempts is 3 or 6 or 9));
        Assert.Equal(Codes.Busy, e.Code);
        Assert.Equal([1, 2, 1, 2, 3, 1, 2, 3, 1, 2, 3], retries.Select(r => r.Attempt));
        Assert.Equal(12, attempts);
    }

    [Fact]
    public async Task No_retries_means_none()
    {
        await Assert.ThrowsAsync<PawlException>(() => Rules(0).RunAsync(_ => Fail(Fault.Transient), default, () => true));
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task Waits_grow_between_half_and_all_of_their_length_up_to_the_longest()
    {
        await Assert.ThrowsAsync<PawlException>(() =>
            Rules(6, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(16)).RunAsync(_ => Fail(Fault.Transient), default));
        var full = new[] { 2, 4, 8, 16, 16, 16 };
        Assert.Equal(6, retries.Count);
        Assert.All(retries.Select((r, i) => (r.Wait.TotalMilliseconds, full[i])), w =>
            Assert.InRange(w.TotalMilliseconds, w.Item2 / 2.0, w.Item2));
    }

    [Fact]
    public async Task A_wait_ends_when_told_to()
    {
        using var stop = new CancellationTokenSource();
        var run = Rules(3, TimeSpan.FromHours(1), TimeSpan.FromHours(1)).RunAsync(_ => Fail(Fault.Transient), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }
}
