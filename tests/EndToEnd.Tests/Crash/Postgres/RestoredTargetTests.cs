using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>
/// The target goes back to an older state: from a dump, or from a copy of its files. The ledger goes back with the rows, so the next run
/// goes on from there.
/// </summary>
public sealed class RestoredTargetTests(PgSmallSources sources) : IClassFixture<PgSmallSources>
{
    [Theory]
    [InlineData(PgScenarios.PgToPg, 0, false)]
    [InlineData(PgScenarios.PgToPg, 1, true)]
    [InlineData(PgScenarios.SqliteToPg, 0, true)]
    [InlineData(PgScenarios.SqliteToPg, 1, false)]
    public async Task A_target_restored_from_an_older_dump_is_carried_on_from_there(string pair, int scenario, bool finished)
    {
        await using var trial = await TrialAsync(pair, scenario, await PgServer.SharedAsync());
        var target = (PgStore)trial.Target;
        await trial.KillAtAsync("commit-done:5");
        var (dumped, dump) = (trial.Commits, await target.DumpAsync());
        if (finished) await trial.FinishAsync(again: false);
        else await trial.KillAtAsync("commit-done:5");
        Assert.True(trial.Commits > dumped, "nothing was committed after the dump");

        await target.RestoreAsync(dump);

        trial.ForgetProgress();
        await trial.LookAsync();
        Assert.Equal(dumped, trial.Commits);
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    [Theory]
    [InlineData(PgScenarios.PgToPg, 1)]
    [InlineData(PgScenarios.SqliteToPg, 1)]
    public async Task A_dump_taken_while_rows_arrive_holds_exactly_what_its_ledger_says(string pair, int scenario)
    {
        await using var trial = await TrialAsync(pair, scenario, await PgServer.SharedAsync());
        var target = (PgStore)trial.Target;
        string dump;
        await using (var pawl = trial.StartTelling())
        {
            Assert.True(await pawl.SaidAsync("\"lane.committed\"", 2), "it ended before it could be dumped");
            dump = await target.DumpAsync();
            var end = await pawl.WaitAsync();
            Assert.True(end.Code == 0, end.ToString());
        }

        await target.RestoreAsync(dump);

        await trial.LookAsync();
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    [Theory]
    [InlineData(PgScenarios.PgToPg, 1)]
    [InlineData(PgScenarios.SqliteToPg, 0)]
    public async Task A_target_restored_under_a_sleeping_runner_loses_and_doubles_nothing(string pair, int scenario)
    {
        await using var trial = await TrialAsync(pair, scenario, await PgServer.SharedAsync(), commitRows: 20);
        var target = (PgStore)trial.Target;
        await using (var sleeper = trial.StartTelling())
        {
            Assert.True(await sleeper.SaidAsync("\"lane.committed\"", 2), "it ended before it could be dumped");
            // The dump holds the runner's own lease and an older ledger: epoch and holder alone could not tell.
            var dump = await target.DumpAsync();
            Assert.True(await sleeper.SaidAsync("\"lane.committed\"", 4), "it ended before it could be stopped");
            Assert.True(await Signals.FreezeAsync(sleeper), "it ended before it could be stopped");
            await target.RestoreAsync(dump);
            sleeper.Send(Signal.Continue);
            var end = await sleeper.WaitAsync();
            // It goes on from the older ledger, or finds itself fenced, or finds rows of a finished table gone. What it must not do is
            // go on from its memory and say that all is well.
            Assert.True(end.Code is 0 or 2 or 3 or 4 or 5 or 6, end.ToString());
            // The connection it would have given the job back on went with the old database: the next run finds nobody alive.
            if (end.Code == 0) Assert.Empty((await trial.DefectsAsync()).Except([TargetCheck.StillHeld]));
        }
        await trial.LookAsync();
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    [Theory]
    [InlineData(PgScenarios.PgToPg, false)]
    [InlineData(PgScenarios.SqliteToPg, true)]
    public async Task A_data_folder_put_back_is_carried_on_from_there(string pair, bool otherPort)
    {
        await using var server = await PgServer.StartAsync();
        await using var trial = await TrialAsync(pair, 1, server);
        await trial.KillAtAsync("commit-done:5");
        var saved = trial.Commits;
        await server.CrashAsync();
        var copy = await server.SaveDataAsync();
        await server.StartWhenGoneAsync();
        await trial.KillAtAsync("commit-done:6");
        Assert.True(trial.Commits > saved, "nothing was committed after the copy");

        await server.CrashAsync();
        await server.RestoreDataAsync(copy);
        if (otherPort) server.Move();
        await server.StartWhenGoneAsync();

        trial.WriteJob();
        trial.ForgetProgress();
        await trial.LookAsync();
        Assert.Equal(saved, trial.Commits);
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    private async Task<KillTrial> TrialAsync(string pair, int scenario, PgServer server, int commitRows = 100)
    {
        var chosen = sources.Of(pair)[scenario];
        var patient = chosen with { CommitRows = commitRows, Retry = "{times: 5, backoff: 10ms..50ms}" };
        return await KillTrial.NewAsync(patient, await sources.SourceAsync(chosen), await PgStore.CreateAsync(server));
    }
}
