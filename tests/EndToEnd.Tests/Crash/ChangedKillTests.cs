using Pawl.EndToEnd.Tests.BadInput.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>Killed while a target is made to follow its source, while positions are taken, and while they go back.</summary>
public sealed class ChangedKillTests
{
    private const string Evolve = "schema: {changes: evolve}\n" + PgRig.Hasty;

    [Theory]
    [InlineData("plan-saved")]
    [InlineData("ledger-written:2")]
    public async Task A_copy_that_begins_anew_for_a_column_is_killed_and_carried_on(string point)
    {
        using var rig = await JobRig.WithRowsAsync(600);
        await rig.LeaveHalfDoneAsync();
        await Sqlite3.RunAsync(rig.Source, "alter table t add column w integer default 7;");
        rig.WriteJob(more: Evolve);
        await rig.LeaveHalfDoneAsync(point);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Theory]
    [InlineData("plan-saved")]
    [InlineData("target-prepared")]
    public async Task A_target_whose_types_follow_is_killed_and_carried_on(string point)
    {
        await using var rig = await PgRig.WithRowsAsync(600);
        await KilledAsync(rig, "commit-done:3");
        await rig.AtSourceAsync("alter table t alter id type bigint", "insert into t values (5000000000, 'far')");
        rig.WriteJob(more: Evolve);
        await KilledAsync(rig, point);
        await rig.DoneAsync();
        Assert.Equal(await rig.Server.RowsAsync(rig.From, "select t::text from t order by id"),
            await rig.Server.RowsAsync(rig.To, "select t::text from t order by id"));
    }

    [Theory]
    [InlineData("plan-saved")]
    [InlineData("target-prepared")]
    public async Task A_MariaDB_target_whose_types_follow_is_killed_and_carried_on(string point)
    {
        await using var from = await PgRig.WithRowsAsync(600);
        await using var rig = await MyRig.NewAsync();
        rig.Source = from.Source;
        rig.WriteJob("public.t: t");
        await KilledAsync("commit-done:3");
        await from.AtSourceAsync("alter table t alter id type bigint", "insert into t values (5000000000, 'far')");
        rig.WriteJob("public.t: t", more: Evolve);
        await KilledAsync(point);
        await rig.DoneAsync();
        Assert.Equal(await from.Server.RowsAsync(from.From, "select id, v from t order by id"),
            await rig.RowsAsync("select id, v from t order by id"));

        async Task KilledAsync(string at)
        {
            var end = await PawlProcess.RunAsync(rig.Scratch, ["run", rig.JobFile], ("PAWL_KILL_AT", at));
            Assert.True(end.Code == PawlExit.Killed, end.ToString());
        }
    }

    [Theory]
    [InlineData("plan-saved")]
    [InlineData("ledger-written:2")]
    public async Task A_copy_from_MariaDB_that_begins_anew_for_wider_types_is_killed_and_carried_on(string point)
    {
        await using var rig = await MyRig.WithRowsAsync(600);
        await rig.LeaveHalfDoneAsync();
        await rig.AtSourceAsync("alter table t modify id bigint, add column w int default 7",
            "insert into t values (5000000000, 'far', 8)");
        rig.WriteJob(more: Evolve);
        await rig.LeaveHalfDoneAsync(point);
        await rig.DoneAsync();
        await rig.SameRowsAsync();
    }

    private static async Task KilledAsync(PgRig rig, string point)
    {
        var end = await PawlProcess.RunAsync(rig.Scratch, ["run", rig.JobFile], ("PAWL_KILL_AT", point));
        Assert.True(end.Code == PawlExit.Killed, end.ToString());
    }

    [Fact]
    public async Task Positions_are_taken_and_go_back_whole_or_not_at_all()
    {
        using var rig = await JobRig.WithRowsAsync(600);
        rig.WriteJob("t: {write: upsert}");
        await rig.LeaveHalfDoneAsync();
        var file = rig.Scratch.At("state.json");
        var export = await PawlProcess.RunAsync(rig.Scratch, "checkpoint", "export", rig.JobFile);
        Assert.True(export.Code == 0, export.ToString());
        await File.WriteAllTextAsync(file, export.Out);
        foreach (var table in await Sqlite3.RunAsync(rig.Target, "select name from sqlite_schema where type = 'table' and name like 'pawl%';"))
        {
            await Sqlite3.RunAsync(rig.Target, $"drop table {table};");
        }

        string[] import = ["checkpoint", "import", file, rig.JobFile, "--yes"], rewind = ["rewind", rig.JobFile, "--to", "1", "--yes"];
        // Nobody is asked where there is no terminal.
        Assert.Equal(2, (await PawlProcess.RunAsync(rig.Scratch, import[..^1])).Code);
        await KilledAsync(import, "job-acquired");
        await KilledAsync(import, "plan-saved");
        // It was taken before the kill: a second time it is refused.
        Assert.Equal(7, (await PawlProcess.RunAsync(rig.Scratch, import)).Code);
        await KilledAsync(rewind, "job-acquired");
        await KilledAsync(rewind, "plan-saved");
        // The file holds the last entry alone, and the ledger reaches back no further: to the start.
        var diff = await PawlProcess.RunAsync(rig.Scratch, "checkpoint", "diff", file, rig.JobFile, "--detailed-exitcode");
        Assert.True(diff.Code == 8 && diff.Out.Contains("-300", StringComparison.Ordinal), diff.ToString());
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");

        async Task KilledAsync(string[] command, string point)
        {
            var end = await PawlProcess.RunAsync(rig.Scratch, command, ("PAWL_KILL_AT", point));
            Assert.True(end.Code == PawlExit.Killed, end.ToString());
        }
    }
}
