using System.Text;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>Cells travel bit for bit, whatever they are declared as, through a whole job.</summary>
public sealed class SqliteCellTests
{
    private const string Odd = "(1, null), (2, ''), (3, 'text'), (4, '12'), (5, '12.50'), (6, 12), (7, 12.0), (8, 12.5), (9, x''), "
        + "(10, x'00ff'), (11, -9223372036854775808), (12, 9223372036854775807), (13, 9e999), (14, -9e999), "
        + "(15, 1e-320), (16, 'a' || char(0) || 'b'), "
        + "(17, cast(x'ff' as text)), (18, '🦀棘爪'), (19, -0.0), (20, '9223372036854775808'), (21, ' 7 '), (22, 9007199254740993), "
        + "(23, cast(x'c328' as text)), (24, '0x10'), (25, '1e5'), (26, true)";

    [Theory]
    [InlineData("integer")]
    [InlineData("int")]
    [InlineData("tinyint unsigned")]
    [InlineData("text")]
    [InlineData("varchar(5)")]
    [InlineData("real")]
    [InlineData("double precision")]
    [InlineData("blob")]
    [InlineData("")]
    [InlineData("decimal(10,2)")]
    [InlineData("boolean")]
    [InlineData("datetime")]
    [InlineData("any")]
    [InlineData("\"odd; type)\"")]
    [InlineData("\"not null\"")]
    public async Task Every_cell_of_every_declared_type_arrives_as_it_was(string declared)
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, $"create table t(id integer primary key, v {declared})", $"insert into t values {Odd}");
        await CopyAsync(scratch);
        Assert.Equal(Scratch.Cells(scratch.Source, "t", "id", "id", "v"), Scratch.Cells(scratch.Target, "t", "id", "id", "v"));
        Assert.Equal(Scratch.Rows(scratch.Source, "select lower(type) from pragma_table_info('t')"),
            Scratch.Rows(scratch.Target, "select lower(type) from pragma_table_info('t')"));
    }

    [Fact]
    public async Task A_strict_table_stays_strict_and_its_any_column_converts_nothing()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key, a any, b int, c real, d text, e blob) strict",
            $"insert into t(id, a) values {Odd}", "insert into t values (100, '1', 2, 3, 'x', x'01')");
        await CopyAsync(scratch);
        Assert.Equal(Scratch.Cells(scratch.Source, "t", "id", "id", "a", "b", "c", "d", "e"),
            Scratch.Cells(scratch.Target, "t", "id", "id", "a", "b", "c", "d", "e"));
        Assert.Equal(["i1"], Scratch.Rows(scratch.Target, "select strict from pragma_table_list where name = 't'"));
    }

    [Fact]
    public async Task A_renamed_any_column_of_a_strict_table_converts_nothing_either()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key, a any) strict", $"insert into t(id, a) values {Odd}");
        await CopyAsync(scratch, new TableRule
        {
            Pattern = new TablePattern("t"),
            Rename = new Dictionary<string, string> { ["a"] = "b" },
        });
        Assert.Equal(Scratch.Cells(scratch.Source, "t", "id", "a"), Scratch.Cells(scratch.Target, "t", "id", "b"));
    }

    [Fact]
    public async Task A_generated_column_arrives_as_its_value_in_a_plain_column()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source,
            "create table t(id integer primary key, a int, b int as (a * 2) virtual, c text generated always as (a || 'x') stored)",
            "insert into t values (1, 5), (2, null)");
        await CopyAsync(scratch);
        Assert.Equal(["i1|i5|i10|t5x", "i2|null|null|null"], Scratch.Rows(scratch.Target, "select * from t order by id"));
        Assert.Equal(["i0"], Scratch.Rows(scratch.Target, "select distinct hidden from pragma_table_xinfo('t')"));
    }

    [Fact]
    public async Task Rows_of_a_megabyte_arrive_whole()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key, v blob, s text)",
            "insert into t with n(i) as (select 1 union all select i + 1 from n where i < 12) "
                + "select i, randomblob(1000000 + i), hex(randomblob(500000)) from n");
        await CopyAsync(scratch);
        const string rows = "select id, length(v), hex(substr(v, -20)), length(s), substr(s, -20) from t order by id";
        Assert.Equal(Scratch.Rows(scratch.Source, rows), Scratch.Rows(scratch.Target, rows));
        Assert.Equal(["i12"],
            Scratch.Rows(scratch.Target, $"attach '{scratch.Source}' as s; select count(*) from t join s.t x using (id, v, s)"));
    }

    [Fact]
    public async Task A_UTF16_database_is_read_as_UTF8()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "pragma encoding = 'UTF-16le'", "create table t(k text primary key, v) without rowid",
            "insert into t values ('é', '🦀'), ('z', 'plain'), ('中', 12), ('a', x'6100')");
        await CopyAsync(scratch);
        var cells = Scratch.Rows(scratch.Target, "select k, v from t order by k");
        Assert.Equal(["ta|x6100", "tz|tplain", "té|t🦀", "t中|i12"], cells);
    }

    [Fact]
    public async Task Columns_are_told_by_affinity()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source,
            "create table t(id integer primary key, a bigint, b nvarchar(9), c float, d blob, e, f numeric, g charint not null)");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        Assert.Equal([LogicalType.Int64, LogicalType.Int64, LogicalType.Text, LogicalType.Float64, LogicalType.Bytes, LogicalType.Any,
            LogicalType.Any,
            LogicalType.Int64], table.Columns.Select(c => c.Type));
        Assert.Equal([false, true, true, true, true, true, true, true], table.Columns.Select(c => c.Dynamic));
        Assert.Equal([false, true, true, true, true, true, true, false], table.Columns.Select(c => c.Nullable));
    }

    [Fact]
    public async Task A_batch_is_cut_by_bytes_and_a_huge_row_travels_alone()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key, v)",
            "insert into t values (1,'a'),(2,'b'),(3,zeroblob(100000)),(4,'c'),(5,'d')");
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var sizes = new List<int>();
        await foreach (var e in source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
            new BatchBudget(100, 5000), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            sizes.Add(batch.Rows);
        }
        Assert.Equal([2, 1, 2], sizes);
    }

    [Fact]
    public async Task Strange_names_are_only_names()
    {
        using var scratch = new Scratch();
        var random = new Random(7);
        var letters = "\"'`[]; -%_()\\\n\tаé中🦀Ax.:?@$#".EnumerateRunes().ToArray();
        var names = Enumerable.Range(0, 25).Select(i =>
        {
            var text = new StringBuilder($"n{i}");
            for (var n = random.Next(1, 90); n > 0; n--) text.Append(letters[random.Next(letters.Length)]);
            return text.ToString();
        }).ToArray();
        static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
        foreach (var name in names)
        {
            scratch.Run(scratch.Source, $"create table {Quote(name)} ({Quote(name + "k")} text primary key not null, {Quote(name + "v")})",
                $"create index {Quote("i" + name)} on {Quote(name)} ({Quote(name + "v")})",
                    $"insert into {Quote(name)} values ('k', 'v'), ('l', 2)");
        }
        await CopyAsync(scratch);
        foreach (var name in names) Assert.Equal(["tk|tv", "tl|i2"], Scratch.Rows(scratch.Target, $"select * from {Quote(name)}"));
        Assert.Equal(["i25"],
            Scratch.Rows(scratch.Target,
                "select count(*) from sqlite_schema where type = 'index' and sql is not null and name like 'in%'"));
    }

    private static async Task CopyAsync(Scratch scratch, params TableRule[] rules)
    {
        var summary = await SqliteJobs.RunAsync(SqliteJobs.Job(scratch, rules));
        Assert.Null(summary.Error);
        Assert.All(summary.Tables, t => Assert.Null(t.Error));
        Assert.Equal(RunStatus.Done, summary.Status);
    }
}
