using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>
/// Every kind of key: reading stops after every single batch, goes on from the position alone, and gives what plain SQL gives.
/// </summary>
public sealed class SqliteKeyTests
{
    private const string Words = "('a'),('A'),('b'),('B '),('B'),(''),(' '),('z'),('é'),('É'),('中文'),('🦀'),('a,b'),('a\\b'),"
        + "('x' || char(0) || 'y'),(char(9)),(cast(x'ff00fe' as text)),('t:1'),('9'),('10')";

    public static TheoryData<string, string, string, string> Tables => new()
    {
        { "rowid", "create table t(v)", "insert into t select column1 from (values (1),('b'),(null),(x'00'),(2.5))", "rowid" },
        { "integer", "create table t(id integer primary key, v)", "insert into t values (-9223372036854775808,1),(-5,2),(0,3),"
            + "(7,4),(9223372036854775806,5),(9223372036854775807,6)", "id" },
        { "text", "create table t(k text primary key not null)", $"insert into t select column1 from (values {Words})", "k" },
        { "nocase", "create table t(k text collate nocase primary key not null) without rowid",
            $"insert or ignore into t select column1 from (values {Words})", "k" },
        { "rtrim", "create table t(k text collate rtrim primary key not null) without rowid",
            $"insert or ignore into t select column1 from (values {Words})", "k" },
        { "index collation", "create table t(k text not null); create unique index u on t(k collate nocase desc)",
            $"insert or ignore into t select column1 from (values {Words})", "k collate nocase desc" },
        { "blob", "create table t(k blob primary key) without rowid",
            "insert into t values (x''),(x'00'),(x'0000'),(x'ff'),(x'01'),(x'0001')", "k" },
        { "mixed", "create table t(k, primary key(k)) without rowid", "insert into t values (1),('1'),(x'31'),(-1),(1.5),('a'),(x''),(''),"
            + "(9007199254740993),(9007199254740992.0),(1e300),(-9223372036854775808)", "k" },
        { "composite", "create table t(a text, b integer, c text, primary key(a,b,c)) without rowid",
            "insert into t with n(i) as (select 1 union all select i+1 from n where i<60) select 'x' || (i/40), i/7%3, 'c' || i from n",
            "a,b,c" },
        { "composite down", "create table t(a text not null, b integer not null, c, primary key(a desc, b))",
            "insert into t with n(i) as (select 1 union all select i+1 from n where i<50) select 'x' || (i/20), -i, i from n",
                "a desc, b" },
        { "composite folded", "create table t(a text collate nocase, b text collate rtrim, primary key(a, b desc)) without rowid",
            $"insert or ignore into t select w.column1, v.column1 from (values {Words}) w, (values ('p'),('p '),('Q'),('q')) v",
            "a, b desc" },
        { "nullable", "create table t(k text primary key, v)", "insert into t(k, v) values (null,1),(null,2),('a',3),(null,4)", "rowid" },
        { "real", "create table t(k real primary key not null, v)", "insert into t values (0.1,1),(0.2,2),(1,3)", "rowid" },
        { "hidden names", "create table t(rowid, oid, v)", "insert into t values (3,1,1),(2,1,2),(1,1,3)", "_rowid_" },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Resuming_after_every_batch_gives_the_rows_of_plain_SQL(string name, string create, string fill, string order)
    {
        Assert.NotEmpty(name);
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, [.. create.Split("; "), fill]);
        var expected = await PlainAsync(scratch, order);
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        Assert.NotEqual(KeyKind.None, table.Key.Kind);
        foreach (var rows in new[] { 1, 2, 3, 7 })
        {
            var read = new List<string>();
            Position? after = null;
            while (true)
            {
                var batch = (await source.ReadAsync(table, after: after, rows: rows)).TakeWhile(Kept()).ToList();
                if (batch.Count == 0) break;
                read.AddRange(batch.Select(r => r.Row));
                var (before, now) = (after, batch[^1].Commit!);
                if (before is not null)
                {
                    Assert.Equal(PositionOrder.Before, await source.Source.CompareAsync(table, before, now, default));
                    Assert.Equal(PositionOrder.After, await source.Source.CompareAsync(table, now, before, default));
                }
                Assert.Equal(PositionOrder.Same, await source.Source.CompareAsync(table, now, now, default));
                after = now;
            }
            Assert.Equal(expected, read);
        }
    }

    [Theory]
    [MemberData(nameof(Tables))]
    public async Task Bounds_cut_exactly_between_any_two_rows(string name, string create, string fill, string order)
    {
        Assert.NotEmpty(name);
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, [.. create.Split("; "), fill]);
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var all = await source.ReadAsync(table, rows: 1);
        Assert.Equal(await PlainAsync(scratch, order), all.Select(r => r.Row));
        var step = Math.Max(1, all.Count / 8);
        for (var from = -1; from < all.Count; from += step)
        {
            for (var to = from + 1; to < all.Count; to += step)
            {
                var cut = await source.ReadAsync(table, after: from < 0 ? null : all[from].Commit, through: all[to].Commit, rows: 5);
                Assert.Equal(all[(from + 1)..(to + 1)].Select(r => r.Row), cut.Select(r => r.Row));
            }
        }
    }

    [Theory]
    [InlineData("create table t(v)", "SEARCH t USING INTEGER PRIMARY KEY (rowid>?)")]
    [InlineData("create table t(id integer primary key, v)", "SEARCH t USING INTEGER PRIMARY KEY (rowid>?)")]
    [InlineData("create table t(a int, b text, c, primary key(a, b)) without rowid", "SEARCH t USING PRIMARY KEY (a=? AND b>?)")]
    [InlineData("create table t(a text collate nocase not null, b int not null, primary key(a, b desc))",
        "SEARCH t USING INDEX sqlite_autoindex_t_1 (a=? AND b<?)")]
    [InlineData("create table t(a text not null, s, b int not null); create unique index u on t(a collate nocase, b); "
        + "create index s on t(s)",
        "SEARCH t USING INDEX u (a=? AND b>?)")]
    public void A_resumed_read_searches_the_index_and_sorts_nothing(string create, string first)
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, create.Split("; "));
        using var file = SqliteFile.Open(scratch.Source, SqliteAccess.Read, TimeSpan.Zero);
        var table = SqliteCatalog.Describe(file, "t");
        var where = create.Contains("index s", StringComparison.Ordinal) ? "s = 1" : null;
        var query = new SqliteQuery(SqliteShape.Required(table), "t", where);
        object[] tuple = [.. query.Key.Select(_ => (object)1L)];
        var plans = query.Ranges([table.Columns[0].Name], tuple, tuple).Select(r => Explain(file, r.Sql, r.Values)).ToList();
        Assert.Equal(query.Key.Count, plans.Count);
        Assert.StartsWith(first, plans[0][0].Replace(" AND rowid<?", "", StringComparison.Ordinal)
            .Replace("COVERING ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.All(plans.SelectMany(p => p), step => Assert.StartsWith("SEARCH", step, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_real_key_without_a_row_number_is_refused()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(k real primary key) without rowid", "insert into t values (0.5)");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var thrown = await Assert.ThrowsAsync<PawlException>(async () => await source.Source.PlanAsync(table, new ReadOptions(), default));
        Assert.Equal((Fault.Schema, Codes.KeyUnfit, "k"), (thrown.Fault, thrown.Code, thrown.Details["column"]));
    }

    [Fact]
    public async Task A_table_that_nothing_orders_is_read_whole_and_has_no_positions()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(rowid, oid, _rowid_)", "insert into t values (1,2,3),(4,5,6)");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        Assert.Equal(KeyKind.None, table.Key.Kind);
        var rows = await source.ReadAsync(table, rows: 1);
        Assert.Equal(2, rows.Count);
        Assert.All(rows, r => Assert.Null(r.Commit));
    }

    [Fact]
    public async Task The_key_need_not_be_among_the_columns_read()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(a text, b int, v, primary key(a, b)) without rowid",
            "insert into t values ('x',1,'one'),('x',2,'two'),('y',1,'three')");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var read = await source.ReadAsync(table, new ReadOptions { Columns = ["v"], Where = "b < 9 -- all" }, rows: 1);
        Assert.Equal(["""{"v":"one"}""", """{"v":"two"}""", """{"v":"three"}"""], read.Select(r => r.Row));
        Assert.Equal(["t:x,i:1", "t:x,i:2", "t:y,i:1"], read.Select(r => r.Commit!.Text));
    }

    [Theory]
    [InlineData("i:")]
    [InlineData("i:1,i:2")]
    [InlineData("q:1")]
    [InlineData("")]
    [InlineData("u:zz")]
    [InlineData("t:a\\x1")]
    public async Task A_position_that_was_not_made_here_is_refused(string text)
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key)");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var thrown = await Assert.ThrowsAsync<PawlException>(() => source.ReadAsync(table, after: new Position(SqliteKeyCodec.Name, text)));
        Assert.Equal(Codes.PositionUnreadable, thrown.Code);
    }

    /// <summary>Rows up to and with the first batch's last.</summary>
    private static Func<(string Row, Position? Commit), bool> Kept()
    {
        var ended = false;
        return row =>
        {
            if (ended) return false;
            ended = row.Commit is not null;
            return true;
        };
    }

    /// <summary>
    /// The table in the order of plain SQL, cell by cell as the reader would print it: read in one go with no position at all.
    /// </summary>
    private static async Task<List<string>> PlainAsync(Scratch scratch, string order)
    {
        // The same rows in a table without any key, in the order plain SQL gives them.
        var copy = Path.Combine(scratch.Folder, "plain.db");
        using (var connection = Scratch.Connect(scratch.Source))
        {
            Scratch.Execute(connection, $"attach '{copy}' as plain");
            var columns = Scratch.Rows(scratch.Source, "select '\"' || name || '\" ' || type from pragma_table_info('t')");
            Scratch.Execute(connection, $"create table plain.t ({string.Join(", ", columns.Select(c => c[1..]))})");
            Scratch.Execute(connection, $"insert into plain.t select * from main.t order by {order}");
        }
        await using var source = await Scratch.OpenAsync(copy);
        return [.. (await source.ReadAsync(await source.TableAsync("t"))).Select(r => r.Row)];
    }

    private static List<string> Explain(SqliteFile file, string sql, IReadOnlyList<object?> values)
    {
        using var rows = file.Prepare("explain query plan " + sql);
        rows.BindAll(values);
        var steps = new List<string>();
        while (rows.Step()) steps.Add(rows.Text(3));
        return steps;
    }
}
