using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Any key and collation: the server compares, reading goes on strictly after, and by the index.</summary>
public sealed class MyKeyTests
{
    /// <summary>Columns of the key with their types, then rows of them.</summary>
    public static TheoryData<string, string, string> Keys() => new()
    {
        { "k varchar(20) collate utf8mb4_general_ci", "k", "('b'),('A'),('c'),('Bb '),('é1'),('z'),(''),('棘'),('ab''c'),('a\\\\d')" },
        { "k varchar(20) collate utf8mb4_unicode_ci", "k", "('ß'),('sz'),('Å2'),('z'),('Z1'),('🦀')" },
        { "k char(5) collate utf8mb4_nopad_bin", "k", "('a'),('A'),('b'),('é')" },
        { "k varchar(20) character set latin1", "k", "('a'),('é'),('z'),('€'),('ÿ')" },
        { "k varchar(20) character set gbk", "k", "('棘'),('爪'),('a'),('中')" },
        { "k varchar(20) character set sjis", "k", "('ソ'),('表'),('a'),('ｱ')" },
        { "k varbinary(20)", "k", "(x''),(x'00'),(x'ff00'),(x'ff'),('a')" },
        { "k bigint unsigned", "k", "(0),(18446744073709551615),(9223372036854775808),(7)" },
        { "k decimal(65,30)", "k", "(-1.5),(0),(0.000000000000000000000000000001),(99999999999999999999999999999999999.9)" },
        { "k datetime(6)", "k", "('2024-01-01'),('2024-01-01 00:00:00.000001'),('1000-01-01'),('9999-12-31 23:59:59.999999')" },
        { "k timestamp(3)", "k", "('2024-01-01'),('2024-01-01 00:00:00.001'),('1970-01-01 00:00:01'),('2038-01-19 03:14:07')" },
        { "k date", "k", "('2024-01-01'),('1000-01-01'),('9999-12-31')" },
        { "k time(6)", "k", "('-838:59:59'),('838:59:59'),('00:00:00.000001'),('-00:00:01')" },
        { "k year", "k", "(1901),(2155),(2024)" },
        { "k bit(64)", "k", "(0),(b'1'),(18446744073709551615),(300)" },
        { "k uuid", "k",
            "('00000000-0000-0000-0000-000000000001'),('ffffffff-ffff-ffff-ffff-ffffffffffff'),('10000000-0000-0000-0000-000000000000')" },
        { "k inet6", "k", "('::1'),('ff02::2'),('::ffff:1.2.3.4')" },
        { "k enum('b','a','c')", "k", "('a'),('b'),('c')" },
        { "k set('z','y','x')", "k", "('x'),('z,y'),('y'),('')" },
        { $"k set({string.Join(',', Enumerable.Range(0, 64).Select(i => $"'m{i}'"))})", "k",
            "(1),(9007199254740993),(9007199254740992),(18446744073709551615),(9223372036854775808),(9223372036854775809),(1024)" },
        { "a enum('z','y') not null, b varchar(9) collate utf8mb4_general_ci not null, c int", "a, b, c",
            "('z','a',1),('z','A',2),('y','b',1),('y','B ',-1),('z','c',9),('y','b',7)" },
        { "a int not null, b int not null, c varchar(9) collate utf8mb4_bin", "a, b desc, c desc",
            "(1,1,'a'),(1,2,'a'),(1,2,'b'),(2,1,'z'),(2,9,'a'),(2,1,'y')" },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Reading_goes_on_after_any_row_and_up_to_any_other(string columns, string key, string rows)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync($"create table t ({columns} not null, n int, unique key u ({key}))",
            $"insert into t ({Plain(key)}) values {rows}",
            "analyze table t");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Assert.Equal(KeyKind.Unique, table.Key.Kind);
        var step = await source.ReadAsync(table, rows: 1);
        var expected = await fixture.RowsAsync($"select {Plain(key)} from t order by {key}");
        Assert.Equal(expected.Count, step.Count);
        for (var from = 0; from < step.Count; from++)
        {
            var position = new Position(step[from].Commit!.Codec, step[from].Commit!.Text);
            Assert.Equal(step.Skip(from + 1).Select(s => s.Row), (await source.ReadAsync(table, after: position, rows: 2)).Select(s =>
                s.Row));
            Assert.Equal(step.Take(from + 1).Select(s => s.Row), (await source.ReadAsync(table, through: position)).Select(s => s.Row));
            for (var other = 0; other < step.Count; other++)
            {
                var order = await source.Source.CompareAsync(table, step[from].Commit!, step[other].Commit!, default);
                Assert.Equal(from < other ? PositionOrder.Before : from > other ? PositionOrder.After : PositionOrder.Same, order);
            }
        }
        // A key that nobody asked for still makes positions.
        var alone = await source.ReadAsync(table, new ReadOptions { Columns = ["n"] }, rows: 1);
        Assert.Equal(step.Select(s => s.Commit), alone.Select(s => s.Commit));
        foreach (var wanted in new[] { 2, 3, 16 })
        {
            var read = new List<string>();
            foreach (var split in await source.Source.PlanAsync(table, new ReadOptions { Splits = wanted }, default))
            {
                read.AddRange((await source.ReadAsync(table, split: split)).Select(r => r.Row));
            }
            Assert.Equal(step.Select(s => s.Row), read);
        }
    }

    [Fact]
    public async Task Every_range_is_read_by_the_index_and_nothing_is_sorted()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (a int not null, b varchar(9) not null, c datetime(3) not null, v int, key other (v), "
            + "primary key (a, b, c))", "insert into t select seq div 100, seq mod 10, '2024-01-01' + interval seq second, seq from "
            + "seq_1_to_20000", "analyze table t");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var shape = MyShape.Required(table);
        string[] after = ["50", "'5", "2024-01-01 01:00:00.000"], through = ["60", "'3", "2024-01-01 02:00:00.000"];
        foreach (var where in new[] { null, "v > 3" })
        {
            var query = new MyQuery(table.Name, shape, where);
            foreach (var (from, to) in new[] { (after, null), (after, through), (null, through), (null, null), (["50"], ["60"]) })
            {
                var select = query.Select(["`v`"], from, to);
                var plan = Assert.Single(await fixture.RowsAsync("explain " + select)).Split('|');
                Assert.Equal("PRIMARY", plan[5]);
                Assert.Equal(from is null && to is null ? "index" : "range", plan[3]);
                Assert.DoesNotContain("filesort", plan[9]);
                // A range of the whole key begins at its row: what the server thinks it will read is what there is.
                if (from is not null && to is not null) Assert.InRange(int.Parse(plan[8]), 1, 1_300);
            }
        }
    }

    [Fact]
    public async Task Splits_are_cut_by_rows_and_not_by_distance()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table n (id bigint primary key)", "insert into n select seq from seq_1_to_19000",
            "insert into n select 4000000000000000000 + seq * 1000000000000 from seq_1_to_1000",
            "create table s (code varchar(40) collate utf8mb4_general_ci primary key)",
            "insert into s select concat('order-', md5(seq)) from seq_1_to_20000", "analyze table n, s");
        await using var source = await fixture.SourceAsync();
        foreach (var (name, most) in new[] { ("n", 5_500), ("s", 6_500) })
        {
            var table = await source.TableAsync(name);
            var splits = await source.Source.PlanAsync(table, new ReadOptions { Splits = 8 }, default);
            Assert.InRange(splits.Count, 5, 8);
            var sizes = new List<int>();
            foreach (var split in splits) sizes.Add((await source.ReadAsync(table, split: split, rows: 50_000, bytes: 1 << 24)).Count);
            Assert.Equal(20_000, sizes.Sum());
            Assert.True(sizes.Max() <= most, $"{name}: {string.Join(", ", sizes)}");
        }
    }

    [Theory]
    [InlineData("time(3)", "sec_to_time(seq / 100 - 1000)")]
    [InlineData("uuid", "concat_ws('-', left(md5(seq), 8), left(md5(-seq), 4), '4abc', '9abc', right(md5(seq), 12))")]
    [InlineData("uuid", "concat(lpad(hex(seq), 8, '0'), '-0000-1000-8000-000000000000')")]
    [InlineData("uuid", "concat('00000000-0000-4000-8000-', lpad(hex(seq), 12, '0'))")]
    [InlineData("uuid", "concat('01890000-', lpad(hex(seq), 4, '0'), '-7000-8000-', lpad(hex(seq * 77), 12, '0'))")]
    [InlineData("inet4", "inet_ntoa(167772160 + seq * 3)")]
    [InlineData("inet6", "concat('2001:db8::', hex(seq))")]
    [InlineData("varchar(40) character set latin1", "concat('ä', md5(seq))")]
    [InlineData("varchar(40) character set latin1 collate latin1_bin", "concat('order-', md5(seq))")]
    [InlineData("varchar(40) character set gbk", "concat('中', md5(seq))")]
    [InlineData("varchar(40) character set sjis", "md5(seq)")]
    [InlineData("varchar(40) character set utf8mb3", "concat('棘', md5(seq))")]
    [InlineData("varchar(40) character set utf16", "concat('棘', md5(seq))")]
    public async Task Other_keys_are_cut_by_rows_too_and_read_by_the_index(string type, string value)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("set names utf8mb4", $"create table t (k {type} primary key, v int)",
            $"insert into t select {value}, seq from seq_1_to_20000", "analyze table t");
        await SplitAsync(fixture);
    }

    [Theory]
    [InlineData("time(3)", "sec_to_time(seq / 100 - 1000)")]
    [InlineData("varchar(40) character set latin1", "concat('ä', left(sha2(seq, 256), 39))")]
    [InlineData("varchar(40) character set gbk", "concat('中', left(sha2(seq, 256), 30))")]
    [InlineData("bigint", "seq * 1000")]
    [InlineData("varchar(40)", "concat('order-', left(sha2(seq, 256), 30))")]
    [InlineData("varchar(40) character set gb18030 collate gb18030_bin", "concat('中', left(sha2(seq, 256), 30))")]
    [Trait("needs", "mysql")]
    public async Task MySQL_cuts_other_keys_too(string type, string value)
    {
        await using var fixture = await MyFixture.NewAsync(await MySqlServer.SharedAsync());
        await fixture.RunAsync("set names utf8mb4", $"create table t (k {type} primary key, v int)", "set cte_max_recursion_depth = 20000",
            "insert into t with recursive n as (select 1 as seq union all select seq + 1 from n where seq < 20000) "
            + $"select {value}, seq from n", "analyze table t");
        await SplitAsync(fixture);
    }

    private static async Task SplitAsync(MyFixture fixture)
    {
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var splits = await source.Source.PlanAsync(table, new ReadOptions { Splits = 8 }, default);
        Assert.InRange(splits.Count, 4, 8);
        var (sizes, read) = (new List<int>(), new HashSet<string>());
        var query = new MyQuery(table.Name, MyShape.Required(table), null);
        var key = MyShape.Required(table).Key;
        foreach (var split in splits)
        {
            var rows = await source.ReadAsync(table, split: split, rows: 50_000, bytes: 1 << 24);
            sizes.Add(rows.Count);
            Assert.All(rows, r => Assert.True(read.Add(r.Row)));
            string[]? Bound(Position? at) => at is null ? null : MyKeyCodec.Read(at, key);
            var select = query.Select(["`v`"], Bound(split.After), Bound(split.Through));
            var plan = Assert.Single(await fixture.RowsAsync("explain format=traditional " + select)).Split('|');
            var at = Array.IndexOf(plan, "range");
            Assert.True(at >= 0 && plan.Contains("PRIMARY") && !plan[^1].Contains("filesort", StringComparison.Ordinal),
                string.Join('|', plan));
        }
        Assert.Equal(20_000, read.Count);
        Assert.True(sizes.Max() <= 8_000, string.Join(", ", sizes));
    }

    [Theory]
    [InlineData("k varchar(9), unique (k)", KeyKind.None)]
    [InlineData("k varchar(900) not null, unique (k(5))", KeyKind.None)]
    [InlineData("k float not null, unique (k)", KeyKind.None)]
    [InlineData("k double primary key, j int not null, unique (j)", KeyKind.Unique)]
    [InlineData("i double primary key, k int not null, unique (k) ignored", KeyKind.None)]
    [InlineData("k text not null, primary key (k(9))", KeyKind.None)]
    [InlineData("k int primary key, j int not null, unique (j)", KeyKind.Primary)]
    public async Task What_is_no_key_is_none(string columns, KeyKind kind)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync($"create table t ({columns})");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Assert.Equal(kind, table.Key.Kind);
        Assert.Single(await source.Source.PlanAsync(table, new ReadOptions { Splits = 4 }, default));
    }

    [Theory]
    [InlineData("""["1) or (1=1"]""")]
    [InlineData("""["1-1"]""")]
    [InlineData("""["'1"]""")]
    [InlineData("""["1","2"]""")]
    [InlineData("""[null]""")]
    [InlineData("""[""]""")]
    [InlineData("1")]
    public async Task A_position_that_is_none_is_refused(string text)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key)", "insert into t values (1)");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var thrown = await Assert.ThrowsAsync<PawlException>(() => source.ReadAsync(table, after: new Position(MyKeyCodec.Name, text)));
        Assert.Equal(Codes.PositionUnreadable, thrown.Code);
    }

    [Theory]
    [InlineData("MyISAM", KeyKind.Primary)]
    [InlineData("Aria", KeyKind.Primary)]
    [InlineData("InnoDB", KeyKind.Primary)]
    [InlineData("MEMORY", KeyKind.Primary)]
    [InlineData("MERGE union = (one, two)", KeyKind.None)]
    public async Task A_key_is_one_where_its_engine_keeps_it(string engine, KeyKind kind)
    {
        await using var fixture = await MyFixture.NewAsync();
        const string Columns = "(id int, v int, primary key (id) using btree)";
        await fixture.RunAsync($"create table one {Columns} engine=MyISAM", $"create table two {Columns} engine=MyISAM",
            "insert into one values (1, 1), (2, 1)", "insert into two values (2, 2), (3, 2)", $"create table t {Columns} engine={engine}");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Assert.Equal(kind, table.Key.Kind);
        Assert.Equal(kind == KeyKind.None ? 4 : 0, (await source.ReadAsync(table, rows: 1)).Count);
    }

    [Fact]
    public async Task An_index_that_was_made_again_over_other_columns_is_another_order()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (a int not null, b int not null, c int not null, unique u (a, c))",
            "insert into t values (1, 9, 1), (2, 8, 2), (3, 7, 3)");
        await using var source = await fixture.SourceAsync();
        var was = await source.TableAsync("t");
        var first = (await source.ReadAsync(was, rows: 1))[0].Commit;
        // Times of creation have whole seconds: as if all of it were within one.
        async Task<TableSchema> SinceAsync() => was with { Identity = (await source.TableAsync("t")).Identity };
        await fixture.RunAsync("alter table t add unique v (a)");
        Assert.Equal(2, (await source.ReadAsync(await SinceAsync(), after: first)).Count);
        foreach (var made in new[] { "unique u (b, c)", "unique u (a desc, c)", "unique u (a)", "key u (a, c)" })
        {
            await fixture.RunAsync($"alter table t drop key u, add {made}");
            var now = await SinceAsync();
            var thrown = await Assert.ThrowsAsync<PawlException>(() => source.ReadAsync(now, after: first));
            Assert.Equal((Fault.Schema, Codes.SchemaChanged), (thrown.Fault, thrown.Code));
        }
    }

    [Theory]
    [InlineData("utf8mb4", "ff")]
    [InlineData("utf8mb3", "f09fa680")]
    [InlineData("ascii", "c3a9")]
    public async Task Text_that_its_charset_does_not_have_is_read_past_and_never_on_from(string charset, string broken)
    {
        await using var fixture = await MyFixture.NewAsync();
        // The server takes no such text; an old table may hold it all the same.
        await fixture.RunAsync("create table b (k varbinary(9) primary key, v int) engine=MyISAM",
            $"create table t (k varchar({(charset == "utf8mb4" ? 2 : charset == "utf8mb3" ? 3 : 9)}) character set {charset} collate "
            + $"{charset}_bin primary key, v int) engine=MyISAM", $"insert into b values ('a', 1), (x'61{broken}', 2), ('b', 3), ('c', 4), "
            + $"(x'{broken}', 5)", "flush tables b, t");
        var folder = Path.Combine(fixture.Server.Data, fixture.Database);
        File.Copy(Path.Combine(folder, "b.MYD"), Path.Combine(folder, "t.MYD"), overwrite: true);
        Assert.Equal("OK", (await fixture.RowsAsync("repair table t use_frm"))[^1].Split('|')[^1]);
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Assert.Single(await source.Source.PlanAsync(table, new ReadOptions { Splits = 4 }, default));
        var read = await source.ReadAsync(table, new ReadOptions { Columns = ["v"] }, rows: 1);
        Assert.Equal([1, 2, 3, 4, 5], read.Select(r => int.Parse(string.Concat(r.Row.Where(char.IsAsciiDigit)))));
        Assert.Equal([true, false, true, true, false], read.Select(r => r.Commit is not null));
        foreach (var (at, i) in read.Select((r, i) => (r.Commit, i)).Where(r => r.Commit is not null))
        {
            Assert.Equal(4 - i, (await source.ReadAsync(table, new ReadOptions { Columns = ["v"] }, after: at)).Count);
        }
    }

    private static string Plain(string key) => key.Replace(" desc", "", StringComparison.Ordinal);
}
