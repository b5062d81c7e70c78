using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>How a server ends without being asked.</summary>
public enum ServerEnd
{
    /// <summary>SIGQUIT: its processes end at once and write nothing.</summary>
    Immediate,
    /// <summary>SIGKILL to every process.</summary>
    KillAll,
    /// <summary>SIGKILL to the postmaster alone: the backends go on until they notice.</summary>
    KillPostmaster,
}

/// <summary>
/// The server is killed in the middle of a copy and started again: the target's, or, where the target is a file, the source's.
/// <c>PAWL_SERVER_KILLS</c> = how many per pair (default 2).
/// </summary>
public sealed class ServerKillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Rows = 2_000;
    private readonly Scratch scratch = new();
    private PgServer server = null!;

    public async ValueTask InitializeAsync() => server = await PgServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        scratch.Dispose();
    }

    [Theory]
    [InlineData(PgScenarios.PgToPg)]
    [InlineData(PgScenarios.SqliteToPg)]
    [InlineData(PgScenarios.PgToSqlite)]
    public async Task A_run_survives_a_server_that_is_killed_and_started_again(string pair)
    {
        var wanted = CampaignSettings.Number("PAWL_SERVER_KILLS") ?? 2;
        var scenarios = PgScenarios.Of(pair, Rows);
        var (ends, midway, trials, complaints) = (new List<ServerEnd>(), 0, 0, new List<string>());
        var only = CampaignSettings.Only;
        for (var number = only ?? 0; ends.Count < wanted && (only ?? number) == number; number++, trials++)
        {
            var random = new Random(unchecked(CampaignSettings.Seed * 486_187_739 + number));
            var scenario = scenarios[1 - number % 2] with { Retry = "{times: 1000, run_budget: 100k, backoff: 20ms..500ms}" };
            await using var source = await SourceAsync(scenario);
            await using var trial = await KillTrial.NewAsync(scenario, source, await TargetAsync(scenario));
            await using (var pawl = trial.StartTelling())
            {
                for (var kill = random.Next(1, 3); kill > 0; kill--)
                {
                    if (!await pawl.SaidAsync("\"lane.committed\"", random.Next(1, 25))) break;
                    var end = (ServerEnd)random.Next(3);
                    await EndAsync(end);
                    ends.Add(end);
                    if (!pawl.HasExited) midway++;
                    await server.StartWhenGoneAsync();
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
            ("jobs", trials), ("servers killed", ends.Count), ("… while the run went on", midway),
            .. Enum.GetValues<ServerEnd>().Select(e => ($"… {e}", (long)ends.Count(x => x == e))),
            .. TargetCheck.Figures(complaints),
        ];
        output.WriteLine(string.Join("\n", figures.Select(f => $"{f.Item1}: {f.Item2}")));
        await CampaignSettings.RecordAsync("server-kills", pair, figures);
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
        if (only is null) Assert.True(midway > 0, "no server was killed while a run went on: the campaign proves nothing");
    }

    [Theory]
    [InlineData(PgScenarios.PgToPg, ServerEnd.KillAll)]
    [InlineData(PgScenarios.SqliteToPg, ServerEnd.Immediate)]
    [InlineData(PgScenarios.PgToSqlite, ServerEnd.KillPostmaster)]
    public async Task A_run_that_may_not_wait_ends_as_temporary_and_the_next_one_goes_on(string pair, ServerEnd end)
    {
        // One table, so that none is done when the others fail; large, so that much of it is still to be read.
        const int rows = 20 * Rows;
        var scenario = PgScenarios.Of(pair, rows)[1].FirstTable() with { Retry = "{times: 1, backoff: 10ms..20ms}" };
        await using var source = await SourceAsync(scenario);
        await using var trial = await KillTrial.NewAsync(scenario, source, await TargetAsync(scenario));
        await using (var pawl = trial.StartTelling())
        {
            Assert.True(await pawl.SaidAsync("\"lane.committed\"", 3), "it ended before it could be disturbed");
            await EndAsync(end);
            var exit = await pawl.WaitAsync();
            Assert.True(exit.Code == 5, exit.ToString());
        }
        await server.StartWhenGoneAsync();
        await trial.LookAsync();
        Assert.InRange(trial.Commits, 1, rows / scenario.CommitRows);
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    private Task EndAsync(ServerEnd end) => end switch
    {
        ServerEnd.Immediate => server.CrashAsync(),
        ServerEnd.KillAll => server.KillAllAsync(),
        _ => server.KillPostmasterAsync(),
    };

    /// <summary>On the server that is killed only where the target is a file.</summary>
    private async Task<TestStore> SourceAsync(KillScenario scenario)
    {
        if (scenario.From == StoreKind.Sqlite && File.Exists(scratch.At(scenario.Name + ".db")))
        {
            return new SqliteStore(scratch.At(scenario.Name + ".db"), readOnly: true);
        }
        if (scenario.To != StoreKind.Sqlite) return await Stores.SourceAsync(scenario, scratch);
        var source = await PgStore.CreateAsync(server);
        await source.ExecuteAsync(scenario.Source);
        return source;
    }

    private async Task<TestStore?> TargetAsync(KillScenario scenario) =>
        scenario.To == StoreKind.Sqlite ? null : await PgStore.CreateAsync(server);
}
