using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Core.Tests.Engine;

/// <summary>The last group of a lane and its final entry.</summary>
public sealed class LaneEndTests
{
    private readonly EngineWorld world = new();
    private readonly List<string> reached = [];

    public LaneEndTests()
    {
        world.At = reached.Add;
        world.Job = world.Job with { VerifyAfterRun = VerifyLevel.None };
    }

    [Theory]
    [InlineData(5, 1)] // less than a group
    [InlineData(10, 1)] // a group to the row
    [InlineData(25, 3)]
    [InlineData(0, 1)]
    public async Task The_last_rows_of_a_lane_and_its_final_entry_are_one_commit(int rows, int commits)
    {
        world.Fill("a", rows);
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.Equal(rows, world.Rows("a"));
        Assert.Equal(commits, reached.Count(p => p == CrashPoint.CommitDone));
        Assert.Equal(1, reached.Count(p => p == CrashPoint.LaneFinal));
        var last = world.Events.Last(e => e.Code == EventCodes.LaneCommitted);
        Assert.Equal(("yes", (long)rows), (last.Args["final"], last.Args["total_rows"]));
        Assert.Equal(rows == 0 ? 0L : (rows - 1) % 10 + 1, last.Args["rows"]);
    }

    [Fact]
    public async Task A_full_group_whose_next_rows_do_not_come_is_committed_when_it_is_old_enough()
    {
        world.Fill("a", 20);
        var committed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Heard = e =>
        {
            if (e.Code == EventCodes.LaneCommitted) committed.TrySetResult();
        };
        var passed = 0;
        world.Wrap = source => new SourceInTheWay(source)
        {
            Pass = async (e, ct) =>
            {
                // The second batch comes only when the first is durable.
                if (e is RowsEvent && ++passed == 2) await committed.Task.WaitAsync(ct);
                return true;
            },
        };
        world.Job = world.Job with { Commit = new CommitPolicy { Rows = 10, Every = TimeSpan.FromMilliseconds(20) } };
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.Equal(20, world.Rows("a"));
        Assert.True(passed >= 2, $"{passed} batches");
    }

    [Theory]
    [InlineData(CrashPoint.LedgerWritten, 0)]
    [InlineData(CrashPoint.CommitDone, 5)]
    public async Task A_run_that_dies_around_the_commit_that_ends_a_lane_leaves_all_of_it_or_nothing(string point, int kept)
    {
        world.Fill("a", 5);
        var died = false;
        world.At = p =>
        {
            if (p != point || died) return;
            died = true;
            throw new InvalidOperationException("dies here");
        };
        Assert.NotEqual(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.Equal(kept, world.Rows("a"));
        var before = world.Events.Count;
        Assert.Equal(RunStatus.Done, (await world.RunAsync()).Status);
        Assert.Equal(5, world.Rows("a"));
        // What was durable with its final entry is not read again.
        Assert.Equal(kept == 0 ? 1 : 0, world.Events.Skip(before).Count(e => e.Code == EventCodes.LaneCommitted));
    }

    [Fact]
    public async Task A_source_that_fails_behind_a_full_group_keeps_that_group()
    {
        world.Fill("a", 20);
        var passed = 0;
        world.Wrap = source => new SourceInTheWay(source)
        {
            Pass = (e, _) => e is RowsEvent && ++passed == 2
                ? throw new PawlException(Fault.Data, Codes.TextUnfit, ("table", "a")) : ValueTask.FromResult(true),
        };
        Assert.Equal(RunStatus.Failed, (await world.RunAsync()).Status);
        Assert.InRange(world.Rows("a"), 1, 10);
        Assert.DoesNotContain(world.Events, e => e.Code == EventCodes.LaneCommitted && Equals(e.Args["final"], "yes"));
    }

    [Fact]
    public async Task Tables_are_compared_beside_the_lanes_of_others_over_one_source()
    {
        foreach (var table in new[] { "a", "b", "c" }) world.Fill(table, 5);
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        world.Heard = e =>
        {
            if (e.Code == EventCodes.LaneDone && e.Table == "c") arrived.TrySetResult();
        };
        var opened = 0;
        world.WrapCopy = source =>
        {
            opened++;
            // Both lane workers would be held up by the comparison of a and b, and c would never come.
            return new SourceInTheWay(source)
            {
                Pass = async (_, ct) =>
                {
                    await arrived.Task.WaitAsync(ct);
                    return true;
                },
            };
        };
        world.Job = world.Job with { Parallel = 2, VerifyAfterRun = VerifyLevel.Count };
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Done, summary.Status);
        Assert.All(summary.Tables, t => Assert.True(t.Verdict!.Equal));
        Assert.Equal(1, opened);
    }

    [Fact]
    public async Task A_table_that_cannot_be_compared_fails_alone()
    {
        foreach (var table in new[] { "a", "b", "c" }) world.Fill(table, 5);
        world.WrapCopy = source => new SourceInTheWay(source)
        {
            Pass = (e, _) => ((RowsEvent)e).Table.Name == "b" ? throw new PawlException(Fault.Data, Codes.TextUnfit, ("table", "b"))
                : ValueTask.FromResult(true),
        };
        world.Job = world.Job with { Parallel = 2, VerifyAfterRun = VerifyLevel.Count };
        var summary = await world.RunAsync();
        Assert.Equal(RunStatus.Partial, summary.Status);
        Assert.Equal(["a", "c"], summary.Tables.Where(t => t.Status == TableStatus.Done).Select(t => t.Source).Order());
    }
}
