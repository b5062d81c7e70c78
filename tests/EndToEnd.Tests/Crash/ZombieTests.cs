using System.Diagnostics;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>Runners that are stopped, asleep, doubled or dead. However they meet, one works, and the rows are exact.</summary>
public sealed class ZombieTests
{
    private const int Rows = 400_000;

    [Fact]
    public async Task A_runner_stopped_for_longer_than_a_heartbeat_is_taken_over_and_fenced_when_it_wakes()
    {
        using var rig = await JobRig.WithRowsAsync(Rows);
        await using var sleeper = await StoppedAsync(rig);

        // Alive for all anybody can tell.
        var second = rig.RefusedAsync(6, Codes.JobHeld);
        while (!second.IsCompleted)
        {
            await Sqlite3.RunAsync(rig.Target, "update pawl_job set heartbeat = unixepoch() * 1000;");
            await Task.WhenAny(second, Task.Delay(1_000));
        }
        Assert.Contains($"pid {sleeper.Id}", (await second).Err);

        await Until.TrueAsync(async () => await HeartbeatAgeAsync(rig) > 15_000, "the heartbeat to grow old", TimeSpan.FromSeconds(60));
        var durable = await CommitsAsync(rig);
        var began = Stopwatch.GetTimestamp();
        await using var heir = PawlProcess.Start(rig.Scratch, ["run", rig.JobFile]);
        await Until.TrueAsync(async () => await EpochAsync(rig) == 2, "the take-over", TimeSpan.FromSeconds(40));
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(40));
        await Until.TrueAsync(async () => await CommitsAsync(rig) > durable, "a commit of the new holder");

        // Wakes in the middle of the other's work.
        sleeper.Send(Signal.Continue);
        var fenced = await sleeper.WaitAsync();
        var done = await heir.WaitAsync();

        Assert.True(fenced.Code == 6 && fenced.Err.Contains(Codes.Fenced, StringComparison.Ordinal), fenced.ToString());
        Assert.True(done.Code == 0, done.ToString());
        await rig.SameRowsAsync("t");
        Assert.Empty(TargetCheck.Residue(rig.Target));
    }

    [Fact]
    public async Task A_runner_that_slept_for_an_hour_writes_nothing_when_it_wakes()
    {
        using var rig = await JobRig.WithRowsAsync(Rows);
        await using var sleeper = await StoppedAsync(rig);
        await Sqlite3.RunAsync(rig.Target,
            "update pawl_job set heartbeat = heartbeat - 3600000; update pawl_lane set heartbeat = heartbeat - 3600000;");

        await rig.DoneAsync();
        var before = await Sqlite3.RunAsync(rig.Target, ".dump");
        sleeper.Send(Signal.Continue);
        var fenced = await sleeper.WaitAsync();

        Assert.True(fenced.Code == 6 && fenced.Err.Contains(Codes.Fenced, StringComparison.Ordinal), fenced.ToString());
        Assert.Equal(before, await Sqlite3.RunAsync(rig.Target, ".dump"));
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_runner_stopped_inside_a_transaction_is_named_and_not_waited_for_without_end()
    {
        using var rig = await JobRig.WithRowsAsync(Rows);
        var target = rig.Target;
        rig.Target += "?busy=500ms";
        rig.WriteJob();
        rig.Target = target;
        await using var sleeper = await StoppedAsync(rig, inside: true);

        var began = Stopwatch.GetTimestamp();
        var second = await rig.RunAsync();

        // A file has no server that could end a holder: its lock stands until the process wakes or dies.
        Assert.True((second.Code == 6 && second.Err.Contains(Codes.JobHeld, StringComparison.Ordinal))
            || (second.Code == 5 && second.Err.Contains(Codes.Busy, StringComparison.Ordinal)), second.ToString());
        Assert.Contains($"pid {sleeper.Id}", second.Err);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(40));

        sleeper.Send(Signal.Continue);
        Assert.Equal(0, (await sleeper.WaitAsync()).Code);
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task Of_two_runners_started_at_one_instant_exactly_one_works()
    {
        var met = 0;
        for (var round = 0; round < 4; round++)
        {
            using var rig = await JobRig.WithRowsAsync(Rows);
            var ends = await Task.WhenAll(rig.RunAsync(), rig.RunAsync());
            // On a busy machine the second may start when the first is done.
            if (ends.All(e => e.Code == 0) && ends.Count(e => e.Out.Contains("Nothing to do", StringComparison.Ordinal)) == 1) continue;
            met++;
            Assert.True(ends.Select(e => e.Code).Order().SequenceEqual([0, 6]), string.Join("\n", ends.Select(e => e.ToString())));
            Assert.Contains(Codes.JobHeld, ends.Single(e => e.Code == 6).Err);
            await rig.SameRowsAsync("t");
        }
        Assert.True(met > 0, "no two runners met");
    }

    [Fact]
    public async Task A_killed_runner_is_continued_at_once()
    {
        using var rig = await JobRig.WithRowsAsync(Rows);
        await using (var victim = await StoppedAsync(rig))
        {
            victim.Send(Signal.Kill);
            await victim.WaitAsync();
        }
        Assert.True(await HeartbeatAgeAsync(rig) < 30_000);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_runner_stopped_for_a_moment_goes_on_as_if_nothing_had_been()
    {
        using var rig = await JobRig.WithRowsAsync(Rows);
        await using var sleeper = await StoppedAsync(rig);
        sleeper.Send(Signal.Continue);
        var end = await sleeper.WaitAsync();
        Assert.True(end.Code == 0, end.ToString());
        await rig.SameRowsAsync("t");
    }

    /// <summary>A run with some commits behind it, standing still outside a transaction, or inside one.</summary>
    private static async Task<PawlProcess> StoppedAsync(JobRig rig, bool inside = false)
    {
        var pawl = PawlProcess.Start(rig.Scratch, ["run", rig.JobFile]);
        await Until.TrueAsync(() => rig.HasRowsAsync("t"), "the first rows");
        var chance = new Random(7);
        await Until.TrueAsync(async () =>
        {
            Assert.True(await Signals.FreezeAsync(pawl), "it ended before it could be stopped");
            if (await LockTable.HoldsWriteLockAsync(pawl.Id, rig.Target) == inside) return true;
            pawl.Send(Signal.Continue);
            await Task.Delay(chance.Next(1, 4));
            return false;
        }, "an instant to stop it");
        // Stopped inside, it may hold locks that let nobody even read.
        if (!inside) Assert.InRange(await rig.CountAsync("t"), 1, Rows - 1);
        return pawl;
    }

    /// <summary>Milliseconds, by the clock of the machine.</summary>
    private static Task<long> HeartbeatAgeAsync(JobRig rig) =>
        Sqlite3.NumberAsync(rig.Target, "select strftime('%s', 'now') * 1000 - heartbeat from pawl_job");

    private static Task<long> CommitsAsync(JobRig rig) => Sqlite3.NumberAsync(rig.Target, "select coalesce(max(seq), 0) from pawl_ledger");

    private static Task<long> EpochAsync(JobRig rig) => Sqlite3.NumberAsync(rig.Target, "select epoch from pawl_job");
}
