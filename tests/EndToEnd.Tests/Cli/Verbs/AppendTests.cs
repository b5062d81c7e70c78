using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Verbs;

/// <summary><c>write: append</c> into a table that holds rows of somebody else.</summary>
public sealed class AppendTests
{
    private const string Append = "'*': {write: append}";

    [Fact]
    public async Task Rows_are_added_once_beside_others_also_through_a_kill()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await Sqlite3.RunAsync(rig.Target, "create table t(id integer, v text); insert into t values(5, 'mine'), (-1, 'mine');");
        await rig.RefusedAsync(2, Codes.TargetNotEmpty);
        rig.WriteJob(Append, name: "adding");
        await rig.LeaveHalfDoneAsync();
        Assert.Equal(302, await rig.CountAsync("t"));

        await rig.DoneAsync();

        Assert.Equal(["-1|mine", "5|mine"], await Sqlite3.RunAsync(rig.Target, "select * from t where v = 'mine' order by id;"));
        await Sqlite3.RunAsync(rig.Target, "delete from t where v = 'mine';");
        await rig.SameRowsAsync("t");
        Assert.Equal(0, await Sqlite3.NumberAsync(rig.Target, "select count(*) from sqlite_schema where type = 'index' and tbl_name = 't'"));
        var again = await rig.RunAsync();
        Assert.True(again.Code == 0 && again.Out.Contains("Nothing to do", StringComparison.Ordinal), again.ToString());
    }

    [Fact]
    public async Task A_restart_says_that_the_rows_stay_and_adds_them_once_more()
    {
        using var rig = await JobRig.WithRowsAsync(100);
        await Sqlite3.RunAsync(rig.Target, "create table t(id integer, v text); insert into t values(5, 'mine');");
        rig.WriteJob(Append);
        await rig.DoneAsync();
        var asked = await rig.RefusedAsync(2, Codes.ConfirmationNeeded, "--restart");
        Assert.Contains("its 100 rows stay, and all rows of the source are added once more", asked.Err);
        await rig.DoneAsync("--restart", "--yes");
        Assert.Equal(201, await rig.CountAsync("t"));
    }

    [Fact]
    public async Task Verification_finds_rows_that_are_missing_and_says_what_it_cannot_tell()
    {
        using var rig = await JobRig.WithRowsAsync(100);
        await Sqlite3.RunAsync(rig.Target, "create table t(id integer, v text); insert into t values(5, 'mine');");
        rig.WriteJob(Append);
        await rig.DoneAsync();
        var digest = await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile, "--level", "digest");
        Assert.True(digest.Code == 0 && digest.Out.Contains("not proved", StringComparison.Ordinal)
            && digest.Err.Contains("write: append", StringComparison.Ordinal), digest.ToString());
        await Sqlite3.RunAsync(rig.Target, "delete from t where id < 5;");
        var counted = await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile, "--level", "count");
        Assert.True(counted.Code == 4, counted.ToString());
    }

    [Fact]
    public async Task A_table_that_is_not_there_is_made_with_its_keys()
    {
        using var rig = await JobRig.WithAsync(
            "create table t(id integer primary key, v text unique); insert into t values(1, 'a'), (2, 'b');");
        rig.WriteJob(Append);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
        Assert.Equal(1, await Sqlite3.NumberAsync(rig.Target, "select count(*) from pragma_index_list('t') where \"unique\""));
    }
}
