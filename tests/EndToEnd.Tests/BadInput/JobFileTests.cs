using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>What is wrong with the job file or with what it names is said with a code, and nothing is touched.</summary>
public sealed class JobFileTests
{
    [Fact]
    public async Task An_unknown_field_is_shown_with_its_place_and_a_suggestion()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        rig.WriteJob("t: {wirte: insert}");

        var end = await rig.RefusedAsync(2, Codes.JobFieldUnknown);

        Assert.Contains("wirte", end.Err);
        Assert.Contains("write", end.Err);
        Assert.Contains("job.yaml:7:7", end.Err);
        Assert.Contains("^", end.Err);
        Assert.False(File.Exists(rig.Target));
    }

    [Fact]
    public async Task A_missing_job_file_is_named()
    {
        using var scratch = new Scratch();
        var end = await PawlProcess.RunAsync(scratch, "run", scratch.At("nowhere.yaml"));
        Assert.Equal(2, end.Code);
        Assert.Contains(Codes.JobFileMissing, end.Err);
    }

    [Fact]
    public async Task A_missing_table_fails_and_leaves_the_target_without_it()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        rig.WriteJob("ghost: {}");
        var end = await rig.RefusedAsync(2, Codes.TableMissing);
        Assert.Contains("ghost", end.Err + end.Out);
        Assert.Equal(0, await Sqlite3.NumberAsync(rig.Target, "select count(*) from sqlite_schema where name in ('t', 'ghost')"));
    }

    [Theory]
    [InlineData("t: {transform: {select: [id, nope]}}", Codes.ColumnMissing)]
    [InlineData("t: {transform: {drop: [nope]}}", Codes.ColumnMissing)]
    [InlineData("t: {transform: {rename: {nope: x}}}", Codes.ColumnMissing)]
    [InlineData("t: {transform: {where: \"nope > 1\"}}", Codes.ExpressionInvalid)]
    [InlineData("t: {transform: {where: \"id > 1) or (1\"}}", Codes.ExpressionInvalid)]
    [InlineData("t: {transform: {where: \"1); drop table t; --\"}}", Codes.ExpressionInvalid)]
    [InlineData("t: {transform: {rename: {id: v}}}", Codes.ColumnClash)]
    [InlineData("'ghost_*': {}", Codes.PatternEmpty)]
    [InlineData("t: pawl_job", Codes.ReservedName)]
    public async Task What_the_job_names_wrongly_is_refused(string tables, string code)
    {
        using var rig = await JobRig.WithRowsAsync(10);
        rig.WriteJob(tables);
        await rig.RefusedAsync(2, code);
        Assert.Equal(10, await Sqlite3.NumberAsync(rig.Source, "select count(*) from t"));
        Assert.True(!File.Exists(rig.Target)
            || await Sqlite3.NumberAsync(rig.Target, "select count(*) from sqlite_schema where name = 't'") == 0);
    }

    [Theory]
    [InlineData("v <> ')' and id > 5 -- only these )")]
    [InlineData("(id > 5) /* ) ; */ or v = 'a;b' or v = 'it''s ('")]
    [InlineData("[id] > 5 and \\\"v\\\" like 'value%'")]
    [InlineData("id > 5 or v in (select v from t where id < 0)")]
    public async Task A_condition_with_signs_in_it_stays_one_condition_when_resumed(string where)
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        rig.WriteJob($"t: {{transform: {{where: \"{where}\"}}}}");
        await rig.LeaveHalfDoneAsync();
        await rig.DoneAsync();
        Assert.Equal("995|995|6", await Sqlite3.ValueAsync(rig.Target, "select count(*), count(distinct id), min(id) from t"));
    }

    [Fact]
    public async Task Two_source_tables_into_one_target_table_are_refused()
    {
        using var rig = await JobRig.WithAsync("create table a(x); create table b(x); insert into a values(1); insert into b values(2);");
        rig.WriteJob("a: c\nb: C");
        await rig.RefusedAsync(2, Codes.TargetClash);
    }

    [Fact]
    public async Task A_job_onto_itself_is_refused_also_through_links()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        File.CreateSymbolicLink(rig.Scratch.At("soft.db"), rig.Source);
        foreach (var target in new[] { rig.Source, rig.Scratch.At("soft.db") })
        {
            rig.Target = target;
            rig.WriteJob("t: t2");
            await rig.RefusedAsync(2, Codes.SourceIsTarget);
        }
        Assert.Equal(0, await Sqlite3.NumberAsync(rig.Source, "select count(*) from sqlite_schema where name <> 't'"));
    }

    [Fact]
    public async Task A_second_name_of_the_source_is_no_target()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        await using (var link = PawlProcess.StartProgram("/bin/ln", rig.Scratch, [rig.Source, rig.Target])) await link.WaitAsync();
        rig.WriteJob("t: t2");
        await rig.RefusedAsync(2, Codes.SourceIsTarget);
        Assert.Equal(0, await Sqlite3.NumberAsync(rig.Source, "select count(*) from sqlite_schema where name = 't2'"));
    }

    [Fact]
    public async Task An_empty_table_is_made_and_the_job_is_done()
    {
        using var rig = await JobRig.WithAsync("create table e(id integer primary key, v text); create table k(a, b);");
        await rig.DoneAsync();
        Assert.Equal(0, await rig.CountAsync("e"));
        Assert.Equal(0, await rig.CountAsync("k"));
        await rig.DoneAsync();
    }

    [Fact]
    public async Task A_pattern_without_tables_does_not_stop_the_others()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        rig.WriteJob("t: {}\n'ghost_*': {}");
        await rig.RefusedAsync(3, Codes.PatternEmpty);
        await rig.SameRowsAsync("t");
    }
}
