using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// A server that is ended in the middle of a copy and started again: the target's, or, where the target is another kind, the source's.
/// <c>PAWL_SERVER_KILLS</c> = how many per pair (default 2).
/// </summary>
internal sealed class ServerKills : IDisposable
{
    private const int Rows = 2_000;
    private readonly Scratch scratch = new();

    /// <summary>Scenarios of a pair with so many rows, two each.</summary>
    public required Func<string, int, IReadOnlyList<KillScenario>> Scenarios { get; init; }

    /// <summary>A new database of the server that is ended.</summary>
    public required Func<Task<ServerStore>> DatabaseAsync { get; init; }

    /// <summary>What that server can be of.</summary>
    public required IReadOnlyList<StoreKind> Kinds { get; init; }

    /// <summary>The ways it ends.</summary>
    public required IReadOnlyDictionary<string, Func<Task>> Ends { get; init; }

    public required Func<Task> StartAgainAsync { get; init; }

    /// <summary>Runs that may retry without end, and a server that is ended once or twice in each.</summary>
    public async Task SurvivedAsync(string pair, ITestOutputHelper output)
    {
        var wanted = CampaignSettings.Number("PAWL_SERVER_KILLS") ?? 2;
        var scenarios = Scenarios(pair, Rows);
        var (ends, midway, trials, complaints) = (new List<string>(), 0, 0, new List<string>());
        var only = CampaignSettings.Only;
        for (var number = only ?? 0; ends.Count < wanted && (only ?? number) == number; number++, trials++)
        {
            var random = new Random(unchecked(CampaignSettings.Seed * 486_187_739 + number));
            var scenario = scenarios[1 - number % 2] with { Retry = "{times: 1000, run_budget: 100k, backoff: 20ms..500ms}" };
            await using var source = await SourceAsync(scenario, number);
            await using var trial = await KillTrial.NewAsync(scenario, source, await TargetAsync(scenario));
            await using (var pawl = trial.StartTelling())
            {
                for (var kill = random.Next(1, 3); kill > 0; kill--)
                {
                    if (!await pawl.SaidAsync("\"lane.committed\"", random.Next(1, 25))) break;
                    var (name, end) = Ends.ElementAt(random.Next(Ends.Count));
                    await end();
                    ends.Add(name);
                    if (!pawl.HasExited) midway++;
                    await StartAgainAsync();
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
            ("jobs", trials), ("servers ended", ends.Count), ("… while the run went on", midway),
            .. Ends.Keys.Select(e => ($"… {e}", (long)ends.Count(x => x == e))), .. TargetCheck.Figures(complaints),
        ];
        output.WriteLine(string.Join("\n", figures.Select(f => $"{f.Item1}: {f.Item2}")));
        await CampaignSettings.RecordAsync("server-kills", pair, figures);
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
        if (only is null) Assert.True(midway > 0, "no server was ended while a run went on: the campaign proves nothing");
    }

    /// <summary>A run that may not wait: it ends as temporary, and the next one goes on.</summary>
    public async Task GivenUpAsync(string pair, string end)
    {
        // One table, so that none is done when the others fail; large, so that much of it is still to be read.
        const int rows = 20 * Rows;
        var scenario = Scenarios(pair, rows)[1].FirstTable() with { Retry = "{times: 1, backoff: 10ms..20ms}" };
        await using var source = await SourceAsync(scenario, 0);
        await using var trial = await KillTrial.NewAsync(scenario, source, await TargetAsync(scenario));
        await using (var pawl = trial.StartTelling())
        {
            Assert.True(await pawl.SaidAsync("\"lane.committed\"", 3), "it ended before it could be disturbed");
            await Ends[end]();
            var exit = await pawl.WaitAsync();
            Assert.True(exit.Code == 5, exit.ToString());
        }
        await StartAgainAsync();
        await trial.LookAsync();
        Assert.InRange(trial.Commits, 1, rows / scenario.CommitRows);
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    public void Dispose() => scratch.Dispose();

    /// <summary>On the server that is ended only where the target is not.</summary>
    private async Task<TestStore> SourceAsync(KillScenario scenario, int number)
    {
        if (Kinds.Contains(scenario.To)) return await Stores.SourceAsync(scenario with { Name = $"{scenario.Name}-{number}" }, scratch);
        var source = await DatabaseAsync();
        await source.ExecuteAsync(scenario.Source);
        return source;
    }

    private async Task<TestStore?> TargetAsync(KillScenario scenario) => Kinds.Contains(scenario.To) ? await DatabaseAsync() : null;
}
