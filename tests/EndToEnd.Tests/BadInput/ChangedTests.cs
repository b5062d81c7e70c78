using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>
/// A copy stopped half-way and something else than before when it goes on: refused by name, nothing written, and a restart of that one
/// table is the way out.
/// </summary>
public sealed class ChangedTests
{
    [Theory]
    [InlineData(Codes.TableRecreated, "create table u as select * from t; drop table t; create table t(id integer primary key, v text); "
        + "insert into t select id, v from u order by id; drop table u;")]
    [InlineData(Codes.SchemaChanged, "alter table t add column w integer;")]
    [InlineData(Codes.SchemaChanged, "alter table t rename column v to w;")]
    [InlineData(Codes.SchemaChanged,
        "create table u(id integer, v text, primary key(v, id)); insert into u select * from t; drop table t; alter table u rename to t;")]
    public async Task A_source_table_that_is_another_now_is_refused_until_restarted(string code, string change)
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        await Sqlite3.RunAsync(rig.Source, change);

        await rig.RefusedAsync(7, code);

        Assert.Equal(300, await rig.CountAsync("t"));
        if (code == Codes.TableRecreated)
        {
            await rig.DoneAsync("--restart", "--tables", "t", "--yes");
            await rig.SameRowsAsync("t");
        }
    }

    [Theory]
    [InlineData("t: {transform: {where: \"id > 5\"}}", "where")]
    [InlineData("t: {transform: {set: {x: 1}}}", "columns")]
    [InlineData("t: {transform: {drop: [v]}}", "columns")]
    [InlineData("t: {write: upsert}", "write")]
    [InlineData("t: t2", "target")]
    [InlineData("t: {on_error: {mistyped: reject}}", "mistyped")]
    public async Task A_job_that_says_something_else_now_is_refused_until_restarted(string tables, string changed)
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        rig.WriteJob(tables);

        var end = await rig.RefusedAsync(7, Codes.DefinitionChanged);

        Assert.Contains(changed, end.Err + end.Out);
        Assert.Equal(300, await rig.CountAsync("t"));
        rig.WriteJob();
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_restart_with_the_new_definition_gives_exactly_the_new_result()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        rig.WriteJob("t: {transform: {where: \"id > 990\"}}");
        await rig.RefusedAsync(7, Codes.DefinitionChanged);
        await rig.DoneAsync("--restart", "--tables", "t", "--yes");
        Assert.Equal(10, await rig.CountAsync("t"));
        Assert.Equal(991, await Sqlite3.NumberAsync(rig.Target, "select min(id) from t"));
    }

    [Fact]
    public async Task Settings_that_do_not_touch_the_result_may_change_half_way()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        rig.WriteJob(more: "defaults: {commit: {rows: 37}}\nmemory: 32MB");
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task Another_file_behind_the_same_path_is_refused()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        File.Copy(rig.Source, rig.Scratch.At("twin.db"));
        await Sqlite3.RunAsync(rig.Scratch.At("twin.db"), "update t set v = 'other' where id = 900;");
        File.Move(rig.Source, rig.Scratch.At("first.db"));
        File.Move(rig.Scratch.At("twin.db"), rig.Source);

        await rig.RefusedAsync(7, Codes.SourceReplaced);

        Assert.Equal(300, await rig.CountAsync("t"));
        File.Move(rig.Source, rig.Scratch.At("twin.db"));
        File.Move(rig.Scratch.At("first.db"), rig.Source);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_job_name_that_belongs_to_another_source_is_refused()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        var first = rig.Source;
        rig.Source = rig.Scratch.At("second.db");
        await Sqlite3.RunAsync(rig.Source, "create table t(id integer primary key, v text); insert into t values(5000, 'x');");
        rig.WriteJob();

        await rig.RefusedAsync(7, Codes.JobNameTaken);

        Assert.Equal(300, await rig.CountAsync("t"));
        rig.Source = first;
        rig.WriteJob();
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_renamed_job_goes_on_when_it_says_what_it_was()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await rig.LeaveHalfDoneAsync();
        rig.WriteJob(name: "new", more: "was: [rig]");
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
        Assert.Equal("new", await Sqlite3.ValueAsync(rig.Target, "select group_concat(name) from pawl_job"));
    }

    [Fact]
    public async Task Two_jobs_into_one_target_do_not_touch_each_other()
    {
        using var one = await JobRig.WithRowsAsync(5_000);
        using var two = await JobRig.WithAsync("""
            create table u(a integer primary key, b text);
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into u select i, 'other ' || i from n;
            """);
        two.Target = one.Target;
        two.WriteJob(name: "second");
        var ends = await Task.WhenAll(one.RunAsync(), two.RunAsync());
        Assert.All(ends, e => Assert.True(e.Code == 0, e.ToString()));
        await one.SameRowsAsync("t");
        await two.SameRowsAsync("u");
    }
}
