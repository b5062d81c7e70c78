using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>
/// The server is ended in the middle of a copy and started again: the target's, or, where the target is another kind, the source's. Killed
/// by SIGKILL, or shut down in good order, which ends sessions and what they are doing. <c>PAWL_SERVER_KILLS</c> = how many per pair
/// (default 2).
/// </summary>
public sealed class MyServerKillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Rows = 2_000;
    private readonly Scratch scratch = new();
    private MariaDbServer server = null!;

    public async ValueTask InitializeAsync() => server = await MariaDbServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        scratch.Dispose();
    }

    [Theory]
    [InlineData(MyScenarios.MariaToMaria)]
    [InlineData(MyScenarios.MariaToPg)]
    [InlineData(MyScenarios.PgToMaria)]
    [InlineData(MyScenarios.SqliteToMaria)]
    public async Task A_run_survives_a_server_that_is_ended_and_started_again(string pair)
    {
        var wanted = CampaignSettings.Number("PAWL_SERVER_KILLS") ?? 2;
        var scenarios = MyScenarios.Of(pair, Rows);
        var (killed, stopped, midway, trials, complaints) = (0, 0, 0, 0, new List<string>());
        var only = CampaignSettings.Only;
        for (var number = only ?? 0; killed + stopped < wanted && (only ?? number) == number; number++, trials++)
        {
            var random = new Random(unchecked(CampaignSettings.Seed * 486_187_739 + number));
            var scenario = scenarios[1 - number % 2] with { Retry = "{times: 1000, run_budget: 100k, backoff: 20ms..500ms}" };
            await using var source = await SourceAsync(scenario, number);
            await using var trial = await KillTrial.NewAsync(scenario, source, await TargetAsync(scenario));
            await using (var pawl = trial.StartTelling())
            {
                for (var end = random.Next(1, 3); end > 0; end--)
                {
                    if (!await pawl.SaidAsync("\"lane.committed\"", random.Next(1, 25))) break;
                    var isKill = (killed + stopped) % 2 == 0;
                    await EndAsync(isKill);
                    if (isKill) killed++;
                    else stopped++;
                    if (!pawl.HasExited) midway++;
                    await server.StartAgainAsync();
                }
                var exit = await pawl.WaitAsync(TimeSpan.FromMinutes(5));
                if (exit.Code != 0) trial.Complaints.Add($"a run that may retry did not survive the server's end: {exit}");
            }
            await trial.LookAsync();
            await trial.FinishAsync(again: false);
            complaints.AddRange(CampaignSettings.Told(trial, number, scenario.Name));
        }
        (string, long)[] figures =
        [
            ("jobs", trials), ("servers killed", killed), ("servers shut down", stopped), ("… while the run went on", midway),
            .. TargetCheck.Figures(complaints),
        ];
        output.WriteLine(string.Join("\n", figures.Select(f => $"{f.Item1}: {f.Item2}")));
        await CampaignSettings.RecordAsync("server-kills", pair, figures);
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
        if (only is null) Assert.True(midway > 0, "no server was ended while a run went on: the campaign proves nothing");
    }

    [Theory]
    [InlineData(MyScenarios.MariaToPg, true)]
    [InlineData(MyScenarios.SqliteToMaria, false)]
    [InlineData(MyScenarios.PgToMaria, true)]
    public async Task A_run_that_may_not_wait_ends_as_temporary_and_the_next_one_goes_on(string pair, bool kill)
    {
        // One table, so that none is done when the others fail; large, so that much of it is still to be read.
        const int rows = 20 * Rows;
        var scenario = MyScenarios.Of(pair, rows)[1].FirstTable() with { Retry = "{times: 1, backoff: 10ms..20ms}" };
        await using var source = await SourceAsync(scenario, 0);
        await using var trial = await KillTrial.NewAsync(scenario, source, await TargetAsync(scenario));
        await using (var pawl = trial.StartTelling())
        {
            Assert.True(await pawl.SaidAsync("\"lane.committed\"", 3), "it ended before it could be disturbed");
            await EndAsync(kill);
            var exit = await pawl.WaitAsync();
            Assert.True(exit.Code == 5, exit.ToString());
        }
        await server.StartAgainAsync();
        await trial.LookAsync();
        Assert.InRange(trial.Commits, 1, rows / scenario.CommitRows);
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    private Task EndAsync(bool kill) => kill ? server.CrashAsync() : server.StopAsync();

    /// <summary>On the server that is ended only where the target is not.</summary>
    private async Task<TestStore> SourceAsync(KillScenario scenario, int number)
    {
        var named = scenario with { Name = $"{scenario.Name}-{number}" };
        if (scenario.To == StoreKind.MariaDb) return await Stores.SourceAsync(named, scratch);
        var source = await MariaStore.CreateAsync(server);
        await source.ExecuteAsync(scenario.Source);
        return source;
    }

    private async Task<TestStore?> TargetAsync(KillScenario scenario) =>
        scenario.To == StoreKind.MariaDb ? await MariaStore.CreateAsync(server) : null;
}
