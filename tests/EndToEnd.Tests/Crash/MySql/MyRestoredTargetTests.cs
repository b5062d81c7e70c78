using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>
/// The target goes back to an older state: from a dump, or from a copy of its files. The ledger goes back with the rows, so the next run
/// goes on from there.
/// </summary>
public sealed class MyRestoredTargetTests(MySmallSources sources) : IClassFixture<MySmallSources>
{
    [Theory]
    [InlineData(MyScenarios.MariaToMaria, 1, true)]
    [InlineData(MyScenarios.PgToMaria, 0, false)]
    [InlineData(MyScenarios.SqliteToMaria, 1, false)]
    public async Task A_target_restored_from_an_older_dump_is_carried_on_from_there(string pair, int scenario, bool finished)
    {
        await using var trial = await TrialAsync(pair, scenario, await MariaDbServer.SharedAsync());
        var target = (MariaStore)trial.Target;
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
    [InlineData(MyScenarios.MariaToMaria, 1)]
    public async Task A_dump_taken_while_rows_arrive_holds_exactly_what_its_ledger_says(string pair, int scenario)
    {
        await using var trial = await TrialAsync(pair, scenario, await MariaDbServer.SharedAsync());
        var target = (MariaStore)trial.Target;
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

    /// <param name="cutOff">The runner's sessions are ended; a server leaves them where they are when their database is put back.</param>
    [Theory]
    [InlineData(MyScenarios.SqliteToMaria, 1, true)]
    [InlineData(MyScenarios.PgToMaria, 1, false)]
    public async Task A_target_restored_under_a_sleeping_runner_loses_and_doubles_nothing(string pair, int scenario, bool cutOff)
    {
        // A copy that was over before it could be stopped has nothing left to go wrong.
        for (var attempt = 0; !await IsExactAsync(pair, scenario, cutOff); attempt++)
        {
            Assert.True(attempt < 10, "no copy could be stopped half-way");
        }
    }

    /// <returns>False: it was over too soon.</returns>
    private async Task<bool> IsExactAsync(string pair, int scenario, bool cutOff)
    {
        await using var trial = await TrialAsync(pair, scenario, await MariaDbServer.SharedAsync(), commitRows: 20, onlyFirst: true);
        var target = (MariaStore)trial.Target;
        await using (var sleeper = trial.StartTelling())
        {
            if (!await IsPutBackAsync(sleeper, target, cutOff)) return false;
            sleeper.Send(Signal.Continue);
            var end = await sleeper.WaitAsync();
            // It goes on from the older ledger, or finds itself fenced, or finds its rows gone. What it must not do is go on from its
            // memory and say that all is well.
            Assert.True(end.Code is 0 or 2 or 3 or 4 or 5 or 6, end.ToString());
            // The connection it would have given the job back on went with the old database: the next run finds nobody alive.
            if (end.Code == 0) Assert.Empty((await trial.DefectsAsync()).Except([TargetCheck.StillHeld]));
        }
        await trial.LookAsync();
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
        return true;
    }

    /// <summary>Leaves it stopped half-way, its target as it was some commits before.</summary>
    private static async Task<bool> IsPutBackAsync(PawlProcess sleeper, MariaStore target, bool cutOff)
    {
        if (!await sleeper.SaidAsync("\"lane.committed\"", 2)) return false;
        // The dump holds the runner's own lease and an older ledger: epoch and holder alone could not tell.
        var dump = await target.DumpAsync();
        if (!await sleeper.SaidAsync("\"lane.committed\"", 4)) return false;
        while (await Signals.FreezeAsync(sleeper))
        {
            if (cutOff || !await target.HoldsAnyAsync())
            {
                if ((await target.ReadAsync([])).Ledger.Lanes.All(l => l.Final)) return false;
                await target.RestoreAsync(dump, cutOff);
                return true;
            }
            sleeper.Send(Signal.Continue);
        }
        return false;
    }

    [Fact]
    public async Task A_target_put_back_behind_a_table_that_was_finished_is_told_and_made_good()
    {
        for (var attempt = 0; !await IsToldAsync(); attempt++) Assert.True(attempt < 10, "no copy could be stopped behind its first table");
    }

    /// <returns>False: it was over too soon.</returns>
    private async Task<bool> IsToldAsync()
    {
        await using var trial = await TrialAsync(MyScenarios.SqliteToMaria, 1, await MariaDbServer.SharedAsync(), commitRows: 20);
        var target = (MariaStore)trial.Target;
        await using (var sleeper = trial.StartTelling())
        {
            if (!await sleeper.SaidAsync("\"lane.committed\"", 2)) return false;
            var dump = await target.DumpAsync();
            if (!await sleeper.SaidAsync("\"table.done\"", 1) || !await Signals.FreezeAsync(sleeper)) return false;
            if ((await target.ReadAsync([])).Ledger.Lanes.All(l => l.Final)) return false;
            await target.RestoreAsync(dump, true);
            sleeper.Send(Signal.Continue);
            var end = await sleeper.WaitAsync();
            Assert.True(end.Code is 2 or 3 or 4 or 5 or 6, end.ToString());
        }
        await trial.LookAsync();
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
        return true;
    }

    [Theory]
    [InlineData(MyScenarios.PgToMaria, false)]
    [InlineData(MyScenarios.MariaToMaria, true)]
    public async Task A_data_folder_put_back_is_carried_on_from_there(string pair, bool otherPort)
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var trial = await TrialAsync(pair, 1, server);
        await trial.KillAtAsync("commit-done:5");
        var saved = trial.Commits;
        await server.CrashAsync();
        var copy = await server.SaveDataAsync();
        await server.StartAgainAsync();
        await trial.KillAtAsync("commit-done:6");
        Assert.True(trial.Commits > saved, "nothing was committed after the copy");

        await server.CrashAsync();
        await server.RestoreDataAsync(copy);
        if (otherPort) server.Move();
        await server.StartAgainAsync();

        trial.WriteJob();
        trial.ForgetProgress();
        await trial.LookAsync();
        Assert.Equal(saved, trial.Commits);
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    private async Task<KillTrial> TrialAsync(string pair, int scenario, MariaDbServer server, int commitRows = 100, bool onlyFirst = false)
    {
        var chosen = sources.Of(pair)[scenario];
        var patient = chosen with { CommitRows = commitRows, Retry = "{times: 5, backoff: 10ms..50ms}" };
        if (onlyFirst) patient = patient.FirstTable();
        return await KillTrial.NewAsync(patient, await sources.SourceAsync(chosen), await MariaStore.CreateAsync(server));
    }
}
