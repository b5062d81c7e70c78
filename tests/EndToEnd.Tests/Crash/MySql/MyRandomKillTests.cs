using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>
/// SIGKILL at random instants; a kill counts only if a target transaction was open when it struck. <c>PAWL_KILLS</c> = kills that count per
/// pair (default 3), <c>PAWL_KILL_SEED</c>, <c>PAWL_KILL_TRIAL</c> and <c>PAWL_CRASH_RECORD</c> as for all campaigns.
/// </summary>
public sealed class MyRandomKillTests(MyKillSources sources, ITestOutputHelper output) : IClassFixture<MyKillSources>
{
    [Theory]
    [InlineData(MyScenarios.MariaToPg)]
    [InlineData(MyScenarios.PgToMaria)]
    [InlineData(MyScenarios.MariaToMaria)]
    [InlineData(MyScenarios.SqliteToMaria)]
    public async Task Kills_with_a_transaction_open_lose_and_double_nothing(string pair)
    {
        var tally = await new RandomKills
        {
            Sources = sources,
            Scenarios = sources.InTurn(pair),
            Seed = CampaignSettings.Seed,
            Wanted = CampaignSettings.Number("PAWL_KILLS") ?? 3,
            Only = CampaignSettings.Only,
            OnlyInside = true,
        }.RunAsync();
        output.WriteLine(tally.Report());
        await CampaignSettings.RecordAsync("kills", pair, tally.Figures());
        Assert.True(tally.Violations.Count == 0, string.Join("\n", tally.Violations));
        if (CampaignSettings.Only is not null) return;
        Assert.True(tally.Midway > 0, "no kill met a half-done copy: the campaign proves nothing");
        Assert.True(tally.DoublesWouldShow * 2 >= tally.Trials, "too few targets without a unique key");
    }
}
