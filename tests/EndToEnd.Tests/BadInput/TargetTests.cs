using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>A target that is not as the last run left it.</summary>
public sealed class TargetTests
{
    [Fact]
    public async Task A_target_with_rows_and_no_ledger_is_refused()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await Sqlite3.RunAsync(rig.Target, "create table t(id integer primary key, v text); insert into t values(5, 'mine');");
        await rig.RefusedAsync(2, Codes.TargetNotEmpty);
        Assert.Equal("mine", await Sqlite3.ValueAsync(rig.Target, "select v from t"));
    }

    [Fact]
    public async Task A_target_whose_ledger_was_dropped_is_refused()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        await Sqlite3.RunAsync(rig.Target,
            string.Concat(new[] { "job", "plan", "lane", "ledger", "reject", "meta" }.Select(t => $"drop table pawl_{t};")));
        await rig.RefusedAsync(2, Codes.TargetNotEmpty);
        Assert.Equal(300, await rig.CountAsync("t"));
    }

    [Theory]
    [InlineData("delete from t;")]
    [InlineData("drop table t;")]
    public async Task A_target_emptied_behind_the_ledger_is_refused_until_restarted(string sql)
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        await Sqlite3.RunAsync(rig.Target, sql);
        await rig.RefusedAsync(7, Codes.TargetTruncated);
        await rig.DoneAsync("--restart", "--tables", "t", "--yes");
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task Rows_that_vanished_from_the_target_are_found_by_verification()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        await Sqlite3.RunAsync(rig.Target, "delete from t where id = 7;");
        var end = await rig.RunAsync();
        Assert.True(end.Code == 4, end.ToString());
    }

    [Fact]
    public async Task A_target_restored_from_an_older_copy_goes_on_from_the_older_ledger()
    {
        using var rig = await JobRig.WithRowsAsync(2_000);
        await rig.LeaveHalfDoneAsync();
        await Sqlite3.RunAsync(rig.Target, $".backup {Sqlite3.Text(rig.Scratch.At("older.db"))}");
        await rig.LeaveHalfDoneAsync("commit-done:10");
        Assert.Equal(1_300, await rig.CountAsync("t"));
        Restore(rig);
        Assert.Equal(300, await rig.CountAsync("t"));

        await rig.DoneAsync();

        await rig.SameRowsAsync("t");
        Restore(rig);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    private static void Restore(JobRig rig)
    {
        foreach (var part in new[] { "-wal", "-shm" }) File.Delete(rig.Target + part);
        File.Copy(rig.Scratch.At("older.db"), rig.Target, overwrite: true);
    }

    [Theory]
    [InlineData("update pawl_meta set value = '99' where name = 'min_reader';", Codes.FormatTooNew)]
    [InlineData("update pawl_ledger set position = 'garbage';", Codes.PositionUnreadable)]
    [InlineData("update pawl_ledger set codec = 'sqlite.key/9';", Codes.PositionUnreadable)]
    [InlineData("update pawl_plan set plan = '{\"half';", Codes.LedgerInconsistent)]
    [InlineData("update pawl_plan set plan = 'null';", Codes.LedgerInconsistent)]
    [InlineData("update pawl_plan set phase = 'dreaming';", Codes.LedgerInconsistent)]
    [InlineData("update pawl_ledger set totals = 'read=many';", Codes.LedgerInconsistent)]
    [InlineData("update pawl_ledger set seq = 'x' where seq = 3;", Codes.LedgerInconsistent)]
    [InlineData("update pawl_job set job = 'no uuid';", Codes.LedgerInconsistent)]
    public async Task Control_tables_tampered_with_are_refused(string sql, string code)
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        await Sqlite3.RunAsync(rig.Target, sql);
        var end = await rig.RunAsync();
        Assert.True(end.Code == 7 && end.Err.Contains(code, StringComparison.Ordinal), end.ToString());
        Assert.Equal(300, await rig.CountAsync("t"));
    }

    [Fact]
    public async Task One_bad_table_does_not_stop_the_others_and_finishes_once_mended()
    {
        using var rig = await JobRig.WithAsync("""
            create table a(id integer primary key, v text);
            create table b(id integer primary key, v text);
            create table c(id integer primary key, v text);
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) insert into a select i, 'v' || i from n;
            insert into b select * from a;
            insert into c select * from a;
            """);
        await Sqlite3.RunAsync(rig.Target, "create table b(id integer primary key, v text check(v <> 'v1500'));");

        await rig.RefusedAsync(3, Codes.RowRefused);

        await rig.SameRowsAsync("a");
        await rig.SameRowsAsync("c");
        Assert.Equal(1_500 / 100 * 100 - 100, await rig.CountAsync("b"));
        await rig.RefusedAsync(3, Codes.RowRefused);
        await Sqlite3.RunAsync(rig.Source, "update b set v = 'mended' where id = 1500;");
        await rig.DoneAsync();
        await rig.SameRowsAsync("b");
    }
}
