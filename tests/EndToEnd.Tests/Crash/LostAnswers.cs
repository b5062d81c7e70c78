using Pawl.EndToEnd.Tests.Harness;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// COMMITs whose answers are lost on the wire: swallowed, cut, delivered late or never. Each is resolved from the ledger, and the rows are
/// there once. <c>PAWL_LOST_ANSWERS</c> = how many per pair (default 6).
/// </summary>
/// <param name="rows">Of each table of the sources.</param>
internal sealed class LostAnswers(PairSources sources, int rows, ITestOutputHelper output)
{
    private const int PerRun = 4;

    /// <summary>The same fault for two COMMITs of one run.</summary>
    public async Task SameAsync(string pair, CommitFault fault)
    {
        var run = await RunAsync(sources.Of(pair)[1], [new PlannedFault(fault, 3, 0.5), new PlannedFault(fault, 8, 0.5)], onlyRows: true);

        Assert.True(run.Complaints.Count == 0, string.Join("\n", run.Complaints));
        Assert.Equal([fault, fault], run.Struck);
        // What the server did, or can no longer do, is known; a late delivery may lose to whoever ends the session.
        if (fault == CommitFault.Swallow) Assert.Equal((2, 0), (run.Committed, run.NotCommitted));
        else if (fault is CommitFault.CutBefore or CommitFault.HoldOpen) Assert.Equal((0, 2), (run.Committed, run.NotCommitted));
        else Assert.Equal(2, run.Committed + run.NotCommitted);
    }

    /// <summary>Any faults at any COMMITs.</summary>
    public async Task RandomAsync(string pair)
    {
        var wanted = CampaignSettings.Number("PAWL_LOST_ANSWERS") ?? 6;
        var (struck, committed, not, trials, complaints) = (new List<CommitFault>(), 0, 0, 0, new List<string>());
        var scenarios = sources.InTurn(pair);
        for (var number = CampaignSettings.Only ?? 0; struck.Count < wanted && (CampaignSettings.Only ?? number) == number; number++)
        {
            var random = new Random(unchecked(CampaignSettings.Seed * 486_187_739 + number));
            var scenario = scenarios[number % scenarios.Count];
            var usual = scenario.Copies.Count * rows / scenario.CommitRows;
            var faults = Enumerable.Range(0, PerRun).Select(_ => new PlannedFault((CommitFault)random.Next(6),
                random.Next(1, usual), random.NextDouble())).DistinctBy(f => f.Number).ToArray();
            // Every fifth job loses answers of any transaction, of those that take the job or a lane too: such a run may end at once.
            var run = await RunAsync(scenario, faults, onlyRows: number % 5 != 4, number);
            (committed, not, trials) = (committed + run.Committed, not + run.NotCommitted, trials + 1);
            struck.AddRange(run.Struck);
            complaints.AddRange(run.Complaints);
        }
        (string, long)[] figures =
        [
            ("jobs", trials), ("COMMITs without a sound answer", struck.Count),
            .. Enum.GetValues<CommitFault>().Select(f => ($"… {f}", (long)struck.Count(s => s == f))),
            ("resolved: it had happened", committed), ("resolved: it had not happened", not),
            .. TargetCheck.Figures(complaints),
        ];
        output.WriteLine(string.Join("\n", figures.Select(f => $"{f.Item1}: {f.Item2}")));
        await CampaignSettings.RecordAsync("lost-answers", pair, figures);
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
        if (CampaignSettings.Only is null) Assert.True(committed + not > 0, "no answer was lost in doubt: the campaign proves nothing");
    }

    public sealed record Outcome(IReadOnlyList<CommitFault> Struck, int Committed, int NotCommitted, IReadOnlyList<string> Complaints);

    public async Task<Outcome> RunAsync(KillScenario scenario, IReadOnlyList<PlannedFault> faults, bool onlyRows, int number = 0)
    {
        var patient = scenario with
        {
            Retry = "{times: 20, backoff: 10ms..100ms}",
            TargetOptions = scenario.TargetOptions is null ? "lock_timeout=1s" : scenario.TargetOptions + "&lock_timeout=1s",
        };
        await using var trial = await KillTrial.NewAsync(patient, await sources.SourceAsync(scenario));
        var target = (ServerStore)trial.Target;
        await using var proxy = target.Proxy(faults, onlyRows);
        target.Port = proxy.Port;
        trial.WriteJob();

        await using var pawl = trial.StartTelling();
        var end = await pawl.WaitAsync(TimeSpan.FromMinutes(5));

        target.Port = null;
        trial.WriteJob();
        if (onlyRows && end.Code != 0) trial.Complaints.Add($"a run that may retry did not survive lost answers: {end}");
        var resolved = end.Err.Split('\n').Where(l => l.Contains($"\"{EventCodes.CommitResolved}\"", StringComparison.Ordinal)).ToArray();
        var committed = resolved.Count(l => l.Contains("\"committed\":\"yes\"", StringComparison.Ordinal));
        if (proxy.Commits == 0) trial.Complaints.Add($"no COMMIT was recognised: {end}");
        if (onlyRows && proxy.Struck.Count(f => f is CommitFault.Swallow) > committed)
        {
            trial.Complaints.Add($"{proxy.Struck.Count(f => f is CommitFault.Swallow)} answers swallowed, {committed} resolved: {end}");
        }
        await trial.FinishAsync(again: false);
        return new Outcome(proxy.Struck, committed, resolved.Length - committed,
            [.. CampaignSettings.Told(trial, number, $"{scenario.Name}, {string.Join(", ", faults)}")]);
    }
}
