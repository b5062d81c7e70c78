using System.Diagnostics;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

public sealed class SqlitePlannerTests
{
    public static TheoryData<string, string, int> Tables => new()
    {
        { "dense", "select i from n", 20_000 },
        { "two clusters far apart", "select case when i <= 1000 then i else 1000000000000000 + i end from n", 2_000 },
        { "both ends of the range", "select case when i <= 500 then -9223372036854775808 + i - 1 else 9223372036854775807 - i end from n",
            3_000 },
        { "one row beyond a desert", "select case when i = 1 then 9223372036854775807 else i end from n", 5_000 },
        { "negative", "select -i * 1000 from n", 5_000 },
        { "growing gaps", "select i * i * i from n", 5_000 },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Splits_hold_every_row_once_and_none_of_them_most_rows(string name, string ids, int rows)
    {
        Assert.NotEmpty(name);
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key)",
            $"insert into t with n(i) as (select 1 union all select i + 1 from n where i < {rows}) {ids}");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        Assert.InRange(table.EstimatedRows, rows / 3, rows * 3);
        var splits = await source.Source.PlanAsync(table, new ReadOptions { Splits = 8 }, default);
        Assert.InRange(splits.Count, 4, 8);
        Assert.Null(splits[0].After);
        Assert.Null(splits[^1].Through);
        var all = new List<string>();
        for (var i = 0; i < splits.Count; i++)
        {
            Assert.Equal(i, splits[i].Index);
            if (i > 0) Assert.Equal(splits[i - 1].Through, splits[i].After);
            var read = await source.ReadAsync(table, split: splits[i]);
            Assert.InRange(read.Count, 0, rows / 2);
            all.AddRange(read.Select(r => r.Row));
        }
        var expected = Scratch.Rows(scratch.Source, "select '{\"id\":' || id || '}' from t order by id").Select(r => r[1..]);
        Assert.Equal(expected, all);
    }

    [Theory]
    [InlineData("create table t(id integer primary key)", null)]
    [InlineData("create table t(id integer primary key)", "insert into t values (9223372036854775807)")]
    [InlineData("create table t(id integer primary key)", "insert into t values (-9223372036854775808), (9223372036854775807)")]
    [InlineData("create table t(k text primary key) without rowid", "insert into t values ('a'),('b')")]
    public async Task Small_tables_and_text_keys_are_covered_too(string create, string? fill)
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, fill is null ? [create] : [create, fill]);
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var splits = await source.Source.PlanAsync(table, new ReadOptions { Splits = 8 }, default);
        var rows = 0;
        foreach (var split in splits) rows += (await source.ReadAsync(table, split: split)).Count;
        Assert.Equal(Scratch.Rows(scratch.Source, "select * from t").Count, rows);
        Assert.Equal(rows, table.EstimatedRows);
    }

    [Fact]
    public async Task Planning_does_not_read_the_table()
    {
        using var scratch = new Scratch();
        // A million rows: reading them all takes hundreds of times longer than the probes of a plan.
        scratch.Run(scratch.Source, "create table t(id integer primary key, v text)",
            "insert into t with n(i) as (select 1 union all select i + 1 from n where i < 1000000) select i * 3, 'value ' || i from n");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        await source.Source.PlanAsync(table, new ReadOptions { Splits = 2 }, default);
        var started = Stopwatch.GetTimestamp();
        var splits = await source.Source.PlanAsync(table, new ReadOptions { Splits = 64 }, default);
        var planning = Stopwatch.GetElapsedTime(started);
        Assert.Equal(64, splits.Count);
        started = Stopwatch.GetTimestamp();
        Assert.Equal(["i1000000"], Scratch.Rows(scratch.Source, "select count(v) from t"));
        var reading = Stopwatch.GetElapsedTime(started);
        // Sixty-four cuts found by scanning would take dozens of times as long as one scan.
        Assert.True(planning < reading + TimeSpan.FromMilliseconds(250), $"planning {planning}, reading {reading}");
    }
}
