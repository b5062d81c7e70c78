using System.Diagnostics;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>Runners stopped or killed inside a load of rows, on a server that cannot tell a stopped client from a slow one.</summary>
/// <param name="sources">With more rows than a runner copies before it is stopped.</param>
internal sealed class Zombies(PairSources sources, ITestOutputHelper output)
{
    private const int Attempts = 10;

    /// <summary>Stopped inside a load, taken over, and fenced when it wakes in the middle of the other's work.</summary>
    public async Task StoppedAsync(string pair)
    {
        var (found, asleep) = await StoppedInLoadAsync(pair);
        await using var trial = found;
        await using var sleeper = asleep;
        var target = (ServerStore)trial.Target;
        var stopped = Stopwatch.GetTimestamp();

        // Alive for all anybody can tell.
        var second = await trial.RunAsync();
        Assert.True(second.Code == 6 && second.Err.Contains(Codes.JobHeld, StringComparison.Ordinal), second.ToString());
        Assert.Contains($"pid {sleeper.Id}", second.Err, StringComparison.Ordinal);

        // The campaign waits for the heartbeat to go stale; elsewhere it is made so, which the tick still belies until it stands.
        if (CampaignSettings.IsRecorded)
        {
            await Until.TrueAsync(async () => await target.HeartbeatAgeAsync() > 30_000, "the heartbeat to go stale",
                TimeSpan.FromMinutes(3));
        }
        else
        {
            await target.ExecuteAsync("update pawl_job set heartbeat = heartbeat - 3600000;");
        }
        var began = Stopwatch.GetTimestamp();
        await using var heir = trial.StartTelling();
        await Until.TrueAsync(async () => await target.NumberAsync("select epoch from pawl_job") == 2, "the take-over",
            TimeSpan.FromMinutes(3));
        var (sinceStop, sinceStart) = (Stopwatch.GetElapsedTime(stopped), Stopwatch.GetElapsedTime(began));
        output.WriteLine($"taken over {sinceStop.TotalSeconds:F1} s after the stop, {sinceStart.TotalSeconds:F1} s after the heir's start");
        await CampaignSettings.RecordAsync("take-over", pair,
        [
            ("ms from the stop to the take-over", (long)sinceStop.TotalMilliseconds),
            ("ms from the heir's start to the take-over", (long)sinceStart.TotalMilliseconds),
        ]);
        Assert.True(await heir.SaidAsync("\"lane.committed\"", 1), "the heir ended without a commit");

        // Wakes in the middle of the other's work.
        sleeper.Send(Signal.Continue);
        var fenced = await sleeper.WaitAsync();
        var done = await heir.WaitAsync();

        Assert.True(fenced.Code == 6 && fenced.Err.Contains(Codes.Fenced, StringComparison.Ordinal), fenced.ToString());
        Assert.True(done.Code == 0, done.ToString());
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    /// <summary>Killed inside a load, and continued at once.</summary>
    public async Task KilledAsync(string pair)
    {
        var (found, asleep) = await StoppedInLoadAsync(pair);
        await using var trial = found;
        await using (var victim = asleep)
        {
            victim.Send(Signal.Kill);
            await victim.WaitAsync();
        }
        var age = await ((ServerStore)trial.Target).HeartbeatAgeAsync();

        var end = await trial.RunAsync();

        Assert.True(end.Code == 0, end.ToString());
        Assert.True(age < 30_000, "the heartbeat was stale already: nothing is shown");
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    private async Task<KillTrial> TrialAsync(string pair)
    {
        var scenario = sources.Of(pair)[1];
        return await KillTrial.NewAsync(scenario with { CommitRows = 1_000 }, await sources.SourceAsync(scenario));
    }

    /// <summary>
    /// A run with some commits behind it, standing still while the server waits for more of its load. A copy that comes to its end before
    /// it met such an instant, on a busy machine, is begun anew.
    /// </summary>
    private async Task<(KillTrial Trial, PawlProcess Pawl)> StoppedInLoadAsync(string pair)
    {
        var chance = new Random(7);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var trial = await TrialAsync(pair);
            var pawl = trial.StartTelling();
            if (await pawl.SaidAsync("\"lane.committed\"", 2) && await IsStoppedAsync((ServerStore)trial.Target, pawl, chance))
            {
                return (trial, pawl);
            }
            var end = await pawl.WaitAsync();
            await pawl.DisposeAsync();
            await trial.DisposeAsync();
            Assert.True(end.Code == 0, end.ToString());
        }
        throw new TimeoutException($"none of {Attempts} copies could be stopped inside a load");
    }

    /// <returns>False: it ended before.</returns>
    private static async Task<bool> IsStoppedAsync(ServerStore target, PawlProcess pawl, Random chance)
    {
        while (await Signals.FreezeAsync(pawl))
        {
            if (await target.IsInLoadAsync()) return true;
            pawl.Send(Signal.Continue);
            await Task.Delay(chance.Next(1, 4));
        }
        return false;
    }
}
