using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Views, whose keys and order nothing but a look vouches for, and partitions: read on after every row.</summary>
public sealed class MyViewTests
{
    [Theory]
    [InlineData("(1, 'a', 1), (2, 'b', 2), (3, 'b', 3)", "k", null)]
    // What the collation takes for one is one.
    [InlineData("(1, 'a', 1), (2, 'A', 2)", "k", null)]
    [InlineData("(1, 'a', 1), (2, 'a ', 2)", "k", null)]
    [InlineData("(1, 'a', 1), (2, 'é', 1), (3, 'É', 1)", "n,k", null)]
    [InlineData("(1, 'a', 1), (2, 'a', 2), (3, 'c', 3)", "k", "id < 3")]
    public async Task A_view_with_several_rows_of_one_key_is_refused(string rows, string key, string? where)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, k varchar(9) collate utf8mb4_general_ci, n int)",
            $"insert into t values {rows}", "create view v as select k, n, id from t");
        await using var source = await fixture.SourceAsync(("view_key", $"{fixture.Database}.v({key})"));
        var table = await source.TableAsync("v");
        var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
            await source.Source.PlanAsync(table, new ReadOptions { Where = where }, default));
        Assert.Equal((Fault.Schema, Codes.KeyUnfit), (thrown.Fault, thrown.Code));
        Assert.DoesNotContain(thrown.Details, d => d.Value?.Contains("'a'", StringComparison.OrdinalIgnoreCase) == true);
        // Of the rows that are read no two are alike.
        Assert.Single(await source.Source.PlanAsync(table, new ReadOptions { Where = "id = 1" }, default));
    }

    [Fact]
    public async Task A_key_that_came_twice_while_a_read_stood_still_is_not_read_past()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, k varchar(9) collate utf8mb4_general_ci, n int)",
            "insert into t values (1, 'a', 1), (2, 'b', 1), (3, 'c', 1), (4, 'd', 1)", "create view v as select k, n, id from t");
        await using var source = await fixture.SourceAsync(("view_key", $"{fixture.Database}.v(n,k)"));
        var table = await source.TableAsync("v");
        await source.Source.PlanAsync(table, new ReadOptions(), default);
        var read = await source.ReadAsync(table, rows: 1);
        await fixture.RunAsync("insert into t values (5, 'B', 1)");
        foreach (var after in read.Take(2))
        {
            var thrown = await Assert.ThrowsAsync<PawlException>(() => source.ReadAsync(table, after: after.Commit));
            Assert.Equal((Fault.Schema, Codes.KeyUnfit), (thrown.Fault, thrown.Code));
        }
        // Behind it nothing is amiss, nor is before it.
        Assert.Single(await source.ReadAsync(table, after: read[2].Commit));
        await fixture.RunAsync("delete from t where id = 5", "insert into t values (6, 'D', 1)");
        Assert.Equal(2, (await source.ReadAsync(table, after: read[0].Commit, through: read[2].Commit)).Count);
    }

    [Theory]
    [InlineData("id", "select id, v from t")]
    [InlineData("v", "select id, v from t")]
    [InlineData("b,v", "select id % 3 as b, v, id from t")]
    [InlineData("s", "select sum(id) as s, cast(v as char character set gbk) as w, v from t group by v")]
    [InlineData("k", "select concat(v, '-', id) as k, id from t union all select 'z', -1")]
    public async Task A_view_is_read_on_after_every_row(string key, string select)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v varchar(9) collate utf8mb4_unicode_ci)",
            "insert into t select seq, char(97 + seq * 7 % 23) from seq_1_to_23", $"create view w as {select}");
        await using var source = await fixture.SourceAsync(("view_key", $"{fixture.Database}.w({key})"));
        var table = await source.TableAsync("w");
        Assert.Single(await source.Source.PlanAsync(table, new ReadOptions { Splits = 4 }, default));
        var rows = await OnAfterEveryAsync(source, table, null);
        Assert.Equal((await fixture.RowsAsync("select * from w")).Count, rows.Count);
        Assert.Equal(rows, await source.AllAsync("w"));
    }

    [Theory]
    [InlineData("varchar(2000) collate utf8mb4_general_ci", 2000, "concat(repeat('x', 1500), seq * 37 % 53)")]
    [InlineData("varchar(2000) collate utf8mb4_unicode_ci", 2000, "concat(repeat('x', 1500), seq * 37 % 53)")]
    [InlineData("varchar(16000) character set utf8mb4 collate utf8mb4_bin", 16000, "concat(repeat('棘', 15000), seq * 37 % 53)")]
    [InlineData("text", 0, "concat(repeat('x', 1500), seq * 37 % 53)")]
    [InlineData("longtext", 0, "concat(repeat('x', 20000), seq * 37 % 53)")]
    [InlineData("varbinary(3000)", 3000, "concat(repeat('x', 1500), seq * 37 % 53)")]
    [InlineData("longblob", 0, "concat(repeat('x', 20000), seq * 37 % 53)")]
    public async Task Keys_that_are_alike_for_long_are_in_order_nevertheless(string type, int length, string value)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync($"create table t (id int primary key, k {type})", $"insert into t select seq, {value} from seq_1_to_50",
            "create view v as select k, id from t");
        Assert.True(length == 0 || type.Contains(length.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        await using var source = await fixture.SourceAsync(("view_key", $"{fixture.Database}.v(k)"));
        var table = await source.TableAsync("v");
        Assert.Single(await source.Source.PlanAsync(table, new ReadOptions(), default));
        Assert.Equal(50, (await OnAfterEveryAsync(source, table, null)).Distinct().Count());
    }

    [Fact]
    public async Task What_came_in_a_window_is_in_the_order_of_a_long_key()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (k varchar(700) collate utf8mb4_general_ci primary key, at int not null, key (at))",
            "insert into t select concat(repeat('x', 690), seq * 37 % 53), seq from seq_1_to_50");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var read = new ReadOptions { Window = new CursorWindow { Column = "at", After = "0", Through = "50", ThroughIncluded = true } };
        Assert.Equal(50, (await OnAfterEveryAsync(source, table, null, read)).Distinct().Count());
    }

    [Theory]
    [InlineData("primary key (id)", "range (id) (partition a values less than (20), partition b values less than (21), "
        + "partition c values less than (70), partition d values less than maxvalue)")]
    [InlineData("primary key (id)", "hash (id) partitions 5")]
    [InlineData("primary key (v, id)", "key (v) partitions 3")]
    [InlineData("primary key (v, id)", "range columns (v) (partition a values less than ('k'), partition b values less than (maxvalue))")]
    [InlineData("primary key (id, n)", "list (n) (partition a values in (0, 2), partition b values in (1))")]
    public async Task A_partitioned_table_is_read_in_splits_and_on_after_every_row(string key, string partitions)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync($"create table t (id int not null, v varchar(9) collate utf8mb4_general_ci not null, n int not null, {key}) "
            + $"partition by {partitions}", "insert into t select seq, char(97 + seq * 7 % 23), seq % 3 from seq_1_to_100",
            "analyze table t");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var all = await source.AllAsync("t");
        Assert.Equal(100, all.Count);
        foreach (var wanted in new[] { 1, 4 })
        {
            var splits = await source.Source.PlanAsync(table, new ReadOptions { Splits = wanted }, default);
            if (wanted == 1) Assert.Single(splits);
            else Assert.InRange(splits.Count, 2, 4);
            var read = new List<string>();
            foreach (var split in splits) read.AddRange(await OnAfterEveryAsync(source, table, split));
            Assert.Equal(all, read);
        }
    }

    /// <summary>Every row by a read of its own that goes on after the one before, in a fresh session each.</summary>
    private static async Task<List<string>> OnAfterEveryAsync(MyUnderTest source, TableSchema table, Split? split, ReadOptions? read = null)
    {
        var rows = new List<string>();
        Position? after = null;
        while (true)
        {
            var found = false;
            await foreach (var e in source.Source.ReadAsync(table, read ?? new ReadOptions(), split ?? new Split { Index = 0 }, after, null,
                new BatchBudget(1, 1 << 20), TestContext.Current.CancellationToken))
            {
                using var batch = ((RowsEvent)e).Batch;
                rows.Add(RowJson.Write(batch, 0));
                (after, found) = (e.Commit, true);
                break;
            }
            if (!found) return rows;
        }
    }
}
