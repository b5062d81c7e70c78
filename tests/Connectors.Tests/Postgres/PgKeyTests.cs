using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Which key orders a table, and that reading stops and goes on under any of them.</summary>
public sealed class PgKeyTests
{
    [Fact]
    public async Task The_key_is_the_primary_one_else_a_unique_index_that_cannot_hide_rows()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync(
            "create table a (x int not null unique, y int primary key)",
            "create table b (x int unique, y int not null, z int not null)", "create unique index b_yz on b (y, z)",
            "create table c (x int not null)", "create unique index c_part on c (x) where x > 0",
            "create table d (x int not null)", "create unique index d_expr on d ((x + 1))",
            "create table e (x int not null unique deferrable)",
            "create table f (x text not null)", "create unique index f_pattern on f (x text_pattern_ops)",
            "create table g (x int not null, y int not null)", "create unique index g_incl on g (x) include (y)",
            "create table h (x int not null, exclude using btree (x with =))",
            "create domain weight as float8", "create table i (x weight primary key, y int not null unique)",
            "create table j (x real primary key)", "create table k (x int not null, y float8 not null, unique (x, y))",
            "create table l (x int not null, y int, unique nulls not distinct (x, y))");
        await using var source = await fixture.SourceAsync();
        var found = new List<string>();
        foreach (var name in "abcdefghijkl")
        {
            var table = await source.TableAsync(name.ToString());
            found.Add($"{name} {table.Key.Kind} {string.Join(',', table.Key.Columns.Select(k => table.Columns[k].Name))}".Trim());
        }
        Assert.Equal(["a Primary y", "b Unique y,z", "c None", "d None", "e None", "f None", "g Unique x", "h None", "i Unique y", "j None",
            "k None", "l None"], found);
    }

    public static TheoryData<string, string, string, string> KeyedTables => new()
    {
        { "int", "text collate \"C\"", "date", "primary key (a, b, c)" },
        { "int", "text", "date", "unique (c, a, b)" },
        { "int", "text collate \"und-x-icu\"", "date", "unique (b, a, c)" },
        { "int", "text collate public.nocase", "date", "unique (b, c, a)" },
        { "mood", "text", "date", "unique (a, b, c)" },
        { "int", "public.citext", "date", "unique (b, c, a)" },
        { "int", "bpchar(6)", "timestamptz", "unique (b, c, a)" },
        { "price", "varchar(8)", "date", "unique (c, b, a)" },
        { "int[]", "text", "daterange", "unique (c, a, b)" },
        { "\"char\"", "bytea", "interval", "unique (c, b, a)" },
    };

    [Theory]
    [MemberData(nameof(KeyedTables))]
    public async Task Reading_goes_on_after_any_row_of_any_key(string a, string b, string c, string key)
    {
        await using var fixture = await NewAsync();
        await fixture.RunAsync($"create table t (a {a} not null, b {b} not null, c {c} not null, n int, {key})", Rows(a, b, c), "analyze t");
        await ReadInStepsAsync(fixture);
    }

    [Theory]
    [InlineData("a, b desc, c")]
    [InlineData("a desc, b desc, c desc")]
    [InlineData("a desc, b, c desc")]
    [InlineData("b collate \"C\", a, c")]
    [InlineData("c, b collate public.nocase desc, a")]
    public async Task Reading_follows_the_index_whatever_its_directions_and_collations(string index)
    {
        await using var fixture = await NewAsync();
        await fixture.RunAsync("create table t (a int not null, b text not null, c date not null, n int)", Rows("int", "text", "date"),
            $"create unique index t_key on t ({index})", "analyze t");
        await ReadInStepsAsync(fixture);
        await using var source = await fixture.SourceAsync();
        var plan = await fixture.RowsAsync("set enable_sort = off; set enable_bitmapscan = off; set enable_seqscan = off; explain "
            + new PgQuery(new TableName("public", "t"), PgShape.Required(await source.TableAsync("t")), null).Select(["n"], null, null));
        Assert.Contains(plan, line => line.Contains("using t_key", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Sort", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_resumed_read_begins_in_the_index_not_at_its_start()
    {
        await using var fixture = await NewAsync();
        await fixture.RunAsync("create table t (a int not null, b text not null, c date not null, n int)", Rows("int", "text", "date"),
            "create unique index t_key on t (a, b desc, c)", "analyze t");
        await using var source = await fixture.SourceAsync();
        var query = new PgQuery(new TableName("public", "t"), PgShape.Required(await source.TableAsync("t")), null);
        var plan = string.Join('\n', await fixture.RowsAsync("set enable_seqscan = off; set enable_bitmapscan = off; explain "
            + query.Select(["n"], ["3", "row 5", "2026-01-03"], null)));
        Assert.Contains("Index Cond: (a >= 3)", plan);
    }

    [Fact]
    public async Task Splits_from_statistics_are_even_and_cover_every_row()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (k text collate \"en-x-icu\", i int, primary key (k, i))",
            "insert into t select case when i % 3 = 0 then 'common' else 'Key ' || (i * 7919) % 10007 end, i from generate_series(1, 20000) i",
            "create table lonely (id bigint primary key)", "insert into lonely select i from generate_series(1, 50000) i", "analyze");
        await using var source = await fixture.SourceAsync();
        foreach (var (name, rows, most) in new[] { ("t", 20_000, 8_000), ("lonely", 50_000, 7_000) })
        {
            var table = await source.TableAsync(name);
            var options = new ReadOptions { Splits = 8 };
            var splits = await source.Source.PlanAsync(table, options, default);
            var counts = new List<int>();
            var seen = new HashSet<string>();
            foreach (var split in splits)
            {
                var read = await source.ReadAsync(table, options, split, rows: 5000);
                counts.Add(read.Count);
                foreach (var (row, _) in read) Assert.True(seen.Add(row), $"twice: {row}");
            }
            Assert.Equal(rows, seen.Count);
            Assert.True(counts.Count >= 5 && counts.Max() <= most, $"{name}: {string.Join(", ", counts)}");
        }
    }

    [Theory]
    [InlineData("smallint", "-32768", "32767")]
    [InlineData("bigint", "-9223372036854775808", "9223372036854775807")]
    [InlineData("bigint", "5", "6")]
    public async Task Whole_keys_without_statistics_are_cut_between_their_ends(string type, string least, string most)
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync($"create table t (id {type} primary key)", $"insert into t values ({least}), ({most})");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var splits = await source.Source.PlanAsync(table, new ReadOptions { Splits = 4 }, default);
        var rows = new List<string>();
        foreach (var split in splits) rows.AddRange((await source.ReadAsync(table, split: split)).Select(r => r.Row));
        Assert.Equal([$"{{\"id\":{least}}}", $"{{\"id\":{most}}}"], rows);
        Assert.Equal(type == "bigint" && least == "5" ? 2 : 4, splits.Count);
    }

    [Fact]
    public async Task A_position_of_another_codec_or_shape_is_refused()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key)");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        foreach (var position in new Position[] { new("sqlite.key/1", "i:1"), new("pg.key/1", "1"), new("pg.key/1", "[\"1\",\"2\"]"),
            new("pg.key/1", "[]"), new("pg.key/1", "[null]"), new("pg.ctid/1", "(0,1)"), new("pg.ctid/1", "x@1@1 (0,1)") })
        {
            var thrown = await source.FailureAsync(s => s.ReadAsync(table, after: position));
            Assert.Equal((Fault.PositionLost, Codes.PositionUnreadable), (thrown.Fault, thrown.Code));
        }
    }

    [Fact]
    public async Task A_view_is_a_table_only_with_a_stated_key()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v text)", "insert into t select i, 'v' || i from generate_series(1, 50) i",
            "create view odd as select id as \"Id\", v from t where id % 2 = 1", "create view holes as select nullif(id, 7) as id from t");
        await using (var plain = await fixture.SourceAsync())
        {
            Assert.Equal(["t"], (await plain.Source.DescribeAsync(new TablePattern("public.*"), default)).Select(t => t.Name.Name));
        }
        await using var source = await fixture.SourceAsync(("view_key", "public.odd(Id); holes(id)"));
        var table = await source.TableAsync("odd");
        Assert.Equal(KeyKind.Unique, table.Key.Kind);
        var rows = await source.ReadAsync(table, rows: 10);
        Assert.Equal(25, rows.Count);
        Assert.Equal("[\"19\"]", rows[9].Commit!.Text);
        Assert.Equal(15, (await source.ReadAsync(table, after: rows[9].Commit)).Count);
        var thrown = await source.FailureAsync(async s => await s.Source.PlanAsync(await s.TableAsync("holes"), new(), default));
        Assert.Equal(Codes.KeyNull, thrown.Code);
    }

    [Fact]
    public async Task A_view_with_several_rows_of_one_key_is_refused_at_first_and_when_it_is_gone_on_with()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, k text, n numeric)",
            "insert into t values (1, 'a', 1), (2, 'b', 1), (3, 'c', 1), (4, 'd', 1), (5, 'b', 2)",
            "create function mine() returns int language sql as 'select 1'", "create view v as select * from t");
        await using var source = await fixture.SourceAsync(("view_key", "public.v(k)"));
        var thrown = await source.FailureAsync(async s => await s.Source.PlanAsync(await s.TableAsync("v"), new(), default));
        Assert.Equal((Fault.Schema, Codes.KeyUnfit), (thrown.Fault, thrown.Code));
        // Of the rows that are read no two are alike; the condition is spoken in the role's own search path.
        var ones = new ReadOptions { Where = "n = mine()" };
        Assert.Single(await source.Source.PlanAsync(await source.TableAsync("v"), ones, default));
        await using var both = await fixture.SourceAsync(("view_key", "public.v(n,k)"));
        var table = await both.TableAsync("v");
        Assert.Single(await both.Source.PlanAsync(table, new ReadOptions(), default));
        var read = await both.ReadAsync(table, rows: 1);
        Assert.Equal(5, read.Count);
        await fixture.RunAsync("insert into t values (6, 'b', 1.0)");
        foreach (var after in read.Take(2))
        {
            thrown = await both.FailureAsync(s => s.ReadAsync(table, after: after.Commit));
            Assert.Equal((Fault.Schema, Codes.KeyUnfit), (thrown.Fault, thrown.Code));
        }
        // Behind it nothing is amiss, nor is before it.
        Assert.Equal(2, (await both.ReadAsync(table, after: read[2].Commit)).Count);
        await fixture.RunAsync("delete from t where id = 6", "insert into t values (7, 'd', 1)");
        Assert.Equal(2, (await both.ReadAsync(table, ones, after: read[0].Commit, through: read[2].Commit)).Count);
    }

    /// <summary>Sixty rows: four values of a, five of b, three of c.</summary>
    private static string Rows(string a, string b, string c)
    {
        var one = a switch
        {
            "mood" => "(enum_range(null::mood))[1 + i % 4]",
            "int[]" => "array[i % 4, 1]",
            "\"char\"" => "chr(97 + i % 4)::\"char\"",
            _ => "i % 4 - 1",
        };
        var two = b == "bytea" ? "decode(lpad(to_hex(i / 4 % 5), 2, '0'), 'hex')" : "(array['a', 'B', 'é', 'zz', ''])[1 + i / 4 % 5]";
        var three = c switch
        {
            "daterange" => "daterange(date '2026-01-01' + i / 20, '2026-02-01')",
            "interval" => "interval '1 day' * (i / 20)",
            _ => "date '2026-01-01' + i / 20",
        };
        return $"insert into t select {one}, {two}, {three}, i from generate_series(0, 59) i";
    }

    private static async Task<PgFixture> NewAsync()
    {
        var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create extension citext", "create type mood as enum ('zero', 'one', 'a', 'Two', 'three', 'four')",
            "create domain price as numeric(6,2)",
            "create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
        return fixture;
    }

    private static async Task ReadInStepsAsync(PgFixture fixture)
    {
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Assert.Equal(3, table.Key.Columns.Count);
        var whole = await source.ReadAsync(table);
        Assert.Equal(60, whole.Select(r => r.Row).Distinct().Count());
        foreach (var size in new[] { 3, 7 })
        {
            var stepped = new List<string>();
            Position? after = null;
            while (await source.ReadAsync(table, after: after, rows: size) is { Count: > 0 } rest)
            {
                stepped.AddRange(rest.Take(size).Select(r => r.Row));
                var next = rest[Math.Min(size, rest.Count) - 1].Commit!;
                if (after is not null)
                {
                    Assert.Equal(PositionOrder.Before, await source.Source.CompareAsync(table, after, next, default));
                    Assert.Equal(PositionOrder.After, await source.Source.CompareAsync(table, next, after, default));
                }
                after = next;
                Assert.True(stepped.Count <= 60, $"{after} is passed by, not reached");
            }
            Assert.Equal(whole.Select(r => r.Row), stepped);
        }
        var options = new ReadOptions { Splits = 5 };
        var parts = new List<string>();
        foreach (var split in await source.Source.PlanAsync(table, options, default))
        {
            parts.AddRange((await source.ReadAsync(table, options, split)).Select(r => r.Row));
        }
        Assert.Equal(whole.Select(r => r.Row), parts);
    }
}
