using System.Diagnostics;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>Runners stopped or killed inside a load of rows, on a server that cannot tell a stopped client from a slow one.</summary>
/// <param name="sources">With more rows than a runner copies before it is stopped.</param>
internal sealed class Zombies(PairSources sources, ITestOutputHelper output)
{
    /// <summary>Stopped inside a load, taken over, and fenced when it wakes in the middle of the other's work.</summary>
    public async Task StoppedAsync(string pair)
    {
        await using var trial = await TrialAsync(pair);
        var target = (ServerStore)trial.Target;
        await using var sleeper = await StoppedInLoadAsync(trial);
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
        await using var trial = await TrialAsync(pair);
        await using (var victim = await StoppedInLoadAsync(trial))
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

    /// <summary>A run with some commits behind it, standing still while the server waits for more of its load.</summary>
    private static async Task<PawlProcess> StoppedInLoadAsync(KillTrial trial)
    {
        var target = (ServerStore)trial.Target;
        var pawl = trial.StartTelling();
        Assert.True(await pawl.SaidAsync("\"lane.committed\"", 2), "it ended before it could be stopped");
        var chance = new Random(7);
        await Until.TrueAsync(async () =>
        {
            Assert.True(await Signals.FreezeAsync(pawl), "it ended before it could be stopped");
            if (await target.IsInLoadAsync()) return true;
            pawl.Send(Signal.Continue);
            await Task.Delay(chance.Next(1, 4));
            return false;
        }, "an instant to stop it", TimeSpan.FromMinutes(2));
        return pawl;
    }
}
