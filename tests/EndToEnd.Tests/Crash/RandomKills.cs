using System.Diagnostics;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>A campaign of kills at random instants; everything but the instants themselves follows from its seed.</summary>
internal sealed record RandomKills
{
    public required KillSources Sources { get; init; }
    public required IReadOnlyList<KillScenario> Scenarios { get; init; }
    public required int Seed { get; init; }
    /// <summary>Goes on until so many kills struck.</summary>
    public required int Wanted { get; init; }
    /// <summary>Only kills that met an open transaction count, and most are aimed at one.</summary>
    public bool OnlyInside { get; init; }
    /// <summary>Only this job of the campaign.</summary>
    public int? Only { get; init; }

    /// <summary>How the job goes when nobody interferes.</summary>
    private sealed record Usual(TimeSpan Time, long Commits);

    public async Task<KillTally> RunAsync()
    {
        var usual = new Usual[Scenarios.Count];
        for (var i = 0; i < usual.Length; i++) usual[i] = await UndisturbedAsync(Scenarios[i]);
        var tally = new KillTally(Seed);
        var next = Only ?? 0;
        await Task.WhenAll(Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / 2)).Select(async _ =>
        {
            while ((OnlyInside ? tally.InTransaction : tally.Kills) < Wanted && (Only is null || next == Only))
            {
                var number = Interlocked.Increment(ref next) - 1;
                await TryAsync(number, usual[number % usual.Length], tally);
            }
        }));
        return tally;
    }

    private async Task<Usual> UndisturbedAsync(KillScenario scenario)
    {
        await using var trial = await Sources.TrialAsync(scenario);
        var began = Stopwatch.GetTimestamp();
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
        return new Usual(Stopwatch.GetElapsedTime(began), trial.Commits);
    }

    /// <summary>
    /// A quarter of the kills strikes at any time of the run; the others while rows are on their way, half of those only while a
    /// transaction is open. Up to three kills in a row. Where only open transactions count, one in eight strikes at any time, and all
    /// others are aimed.
    /// </summary>
    private async Task TryAsync(int number, Usual usual, KillTally tally)
    {
        var random = new Random(unchecked(Seed * 486_187_739 + number));
        var scenario = Scenarios[number % Scenarios.Count];
        await using var trial = await Sources.TrialAsync(scenario);
        var kills = random.Next(4) switch { 0 => 2, 1 => 3, _ => 1 };
        for (var i = 0; i < kills; i++)
        {
            var (kind, part, aim) = (random.Next(OnlyInside ? 8 : 4), random.NextDouble(), random.Next(2) == 0);
            var met = kind == 0
                ? await trial.KillAfterAsync(0, usual.Time * part, aim: false, random)
                : await trial.KillAfterAsync((long)((usual.Commits - trial.Commits) * part * 0.8),
                    TimeSpan.FromMilliseconds(4 * random.NextDouble()),
                    aim || OnlyInside, random);
            if (met is null) break;
            tally.Kill(met);
        }
        await trial.FinishAsync(again: number % 4 == 0);
        tally.Trial(scenario, trial.Complaints.Select(c => $"PAWL_KILL_SEED={Seed} PAWL_KILL_TRIAL={number} ({scenario.Name}): {c}"));
    }
}
