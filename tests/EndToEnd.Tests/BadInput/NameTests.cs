using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>Names with quotes, spaces, emoji, many bytes or SQL in them are names and nothing else.</summary>
public sealed class NameTests
{
    public static TheoryData<string> Names() =>
    [
        "a\"; drop table victim;--", "it's", "two words", "🦀 crab", "数据表", "select", "dot.ted", "back`tick", "[bracket]", "%s {table} $1",
            "tab\there",
        new string('n', 64), new string('長', 100), " leading", "UPPER", "slash/es", "star*", "question?", "#hash", "-dash", "null", "1",
    ];

    [Theory, MemberData(nameof(Names))]
    public async Task A_table_of_that_name_with_a_column_of_that_name_is_copied_and_resumed(string name)
    {
        var quoted = Sqlite3.Name(name);
        using var rig = await JobRig.WithAsync($"""
            create table victim(x);
            create table {quoted}({quoted} integer primary key, "other {name.Replace("\"", "\"\"", StringComparison.Ordinal)}" text);
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) insert into {quoted} select i, 'v' || i from n;
            """);

        await rig.LeaveHalfDoneAsync();
        Assert.InRange(await rig.CountAsync(name), 200, 300); // the other table's one commit may come first
        await rig.DoneAsync();

        await rig.SameRowsAsync(name);
        Assert.Equal(1, await Sqlite3.NumberAsync(rig.Source, "select count(*) from sqlite_schema where name = 'victim'"));
        Assert.Equal(1, await Sqlite3.NumberAsync(rig.Target, "select count(*) from sqlite_schema where name = 'victim'"));
    }

    [Theory]
    [InlineData("job 'quoted' \"twice\"")]
    [InlineData("数据 🦀")]
    public async Task A_job_of_that_name_is_resumed(string name)
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        rig.WriteJob(name: "'" + name.Replace("'", "''", StringComparison.Ordinal) + "'");
        await rig.LeaveHalfDoneAsync();
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
        Assert.Equal(name, await Sqlite3.ValueAsync(rig.Target, "select name from pawl_job"));
    }

    [Fact]
    public async Task Files_with_odd_names_are_files()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        var folder = Directory.CreateDirectory(rig.Scratch.At("ein Ordner #1 100% 'x' 数")).FullName;
        File.Move(rig.Source, Path.Combine(folder, "source & co.db"));
        (rig.Source, rig.Target) = (Path.Combine(folder, "source & co.db"), Path.Combine(folder, "target.db"));
        File.WriteAllText(rig.JobFile, $"""
            version: 1
            name: odd
            source: "sqlite:{Uri.EscapeDataString(rig.Source).Replace("%2F", "/", StringComparison.Ordinal)}"
            target: "sqlite:{Uri.EscapeDataString(rig.Target).Replace("%2F", "/", StringComparison.Ordinal)}"
            tables: {"{t: {} }"}
            """);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }
}
