using System.Diagnostics;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// SIGKILL at random instants. <c>PAWL_KILLS</c> = number of kills (default 20, a slice), <c>PAWL_KILL_SEED</c> = seed of the campaign,
/// <c>PAWL_KILL_TRIAL</c> = only that job of it, <c>PAWL_KILL_REPORT</c> = file for the result as Markdown.
/// </summary>
public sealed class RandomKillTests(SqliteKillSources sources, ITestOutputHelper output) : IClassFixture<SqliteKillSources>
{
    [Fact]
    public async Task Kills_at_random_instants_lose_and_double_nothing()
    {
        var began = Stopwatch.GetTimestamp();
        var tally = await new RandomKills
        {
            Sources = sources,
            Scenarios = sources.Scenarios,
            Seed = CampaignSettings.Seed,
            Wanted = CampaignSettings.Number("PAWL_KILLS") ?? 20,
            Only = CampaignSettings.Only,
        }.RunAsync();
        var report = $"{tally.Report()}| seconds | {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} |\n";
        output.WriteLine(report);
        if (Environment.GetEnvironmentVariable("PAWL_KILL_REPORT") is { Length: > 0 } file) await File.WriteAllTextAsync(file, report);
        Assert.True(tally.Violations.Count == 0, string.Join("\n", tally.Violations));
        if (CampaignSettings.Only is not null) return;
        // A slice is a small sample.
        var share = tally.Kills < 100 ? 1 : 2;
        Assert.True(tally.InTransaction * 10 >= tally.Kills * (2 * share - 1), "too few kills met an open transaction: the campaign proves little");
        Assert.True(tally.Midway * 5 >= tally.Kills * share, "too few kills met a half-done copy: the campaign proves little");
        Assert.True(tally.DoublesWouldShow * 2 >= tally.Trials, "too few targets without a unique key");
    }
}
