using System.Diagnostics;
using System.Globalization;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// SIGKILL at random instants. <c>PAWL_KILLS</c> = number of kills (default 100), <c>PAWL_KILL_SEED</c> = seed of the campaign,
/// <c>PAWL_KILL_TRIAL</c> = only that job of it, <c>PAWL_KILL_REPORT</c> = file for the result as Markdown.
/// </summary>
public sealed class RandomKillTests(KillSources sources, ITestOutputHelper output) : IClassFixture<KillSources>
{
    private const int Seed = 20_260_101;

    [Fact]
    public async Task Kills_at_random_instants_lose_and_double_nothing()
    {
        var wanted = Setting("PAWL_KILLS") ?? 100;
        var seed = Setting("PAWL_KILL_SEED") ?? Seed;
        var only = Setting("PAWL_KILL_TRIAL");
        var began = Stopwatch.GetTimestamp();
        var usual = new Usual[sources.Scenarios.Count];
        for (var i = 0; i < usual.Length; i++) usual[i] = await UndisturbedAsync(sources.Scenarios[i]);
        var tally = new KillTally(seed);
        var next = only ?? 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2)).Select(async _ =>
        {
            while (tally.Kills < wanted && (only is null || next == only))
            {
                var number = Interlocked.Increment(ref next) - 1;
                await TryAsync(seed, number, usual[number % usual.Length], tally);
            }
        }));
        var report = $"{tally.Report()}| seconds | {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} |\n";
        output.WriteLine(report);
        if (Environment.GetEnvironmentVariable("PAWL_KILL_REPORT") is { Length: > 0 } file) await File.WriteAllTextAsync(file, report);
        Assert.True(tally.Violations.Count == 0, string.Join("\n", tally.Violations));
        if (only is not null) return;
        Assert.True(tally.InTransaction * 10 >= tally.Kills * 3, "too few kills met an open transaction: the campaign proves little");
        Assert.True(tally.Midway * 5 >= tally.Kills * 2, "too few kills met a half-done copy: the campaign proves little");
        Assert.True(tally.DoublesWouldShow * 2 >= tally.Trials, "too few targets without a unique key");
    }

    /// <summary>How the job goes when nobody interferes.</summary>
    private sealed record Usual(TimeSpan Time, long Commits);

    private async Task<Usual> UndisturbedAsync(KillScenario scenario)
    {
        using var trial = new KillTrial(scenario, sources.File(scenario));
        await trial.PrepareAsync();
        var began = Stopwatch.GetTimestamp();
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
        return new Usual(Stopwatch.GetElapsedTime(began), trial.Commits);
    }

    /// <summary>
    /// A quarter of the kills strikes at any time of the run; the others while rows are on their way, half of those only while a
    /// transaction is open. Up to three kills in a row.
    /// </summary>
    private async Task TryAsync(int seed, int number, Usual usual, KillTally tally)
    {
        var random = new Random(unchecked(seed * 486_187_739 + number));
        var scenario = sources.Scenarios[number % sources.Scenarios.Count];
        using var trial = new KillTrial(scenario, sources.File(scenario));
        await trial.PrepareAsync();
        var kills = random.Next(4) switch { 0 => 2, 1 => 3, _ => 1 };
        for (var i = 0; i < kills; i++)
        {
            var (kind, part, aim) = (random.Next(4), random.NextDouble(), random.Next(2) == 0);
            var met = kind == 0
                ? await trial.KillAfterAsync(0, usual.Time * part, aim: false, random)
                : await trial.KillAfterAsync((long)((usual.Commits - trial.Commits) * part * 0.8),
                    TimeSpan.FromMilliseconds(4 * random.NextDouble()),
                    aim, random);
            if (met is null) break;
            tally.Kill(met);
        }
        await trial.FinishAsync(again: number % 4 == 0);
        tally.Trial(scenario, trial.Complaints.Select(c => $"PAWL_KILL_SEED={seed} PAWL_KILL_TRIAL={number} ({scenario.Name}): {c}"));
    }

    private static int? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
