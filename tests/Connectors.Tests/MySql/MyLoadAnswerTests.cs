using System.Text;
using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.MySql.MyWriting;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>LOAD DATA is believed only where every word of its answer says that all rows went in as they were sent.</summary>
public sealed class MyLoadAnswerTests
{
    private const string Whole = "Records: 2  Deleted: 0  Skipped: 0  Warnings: 0";

    private readonly List<string> said = [];

    [Theory]
    [InlineData("Records: 1  Deleted: 0  Skipped: 0  Warnings: 0", 0)]
    [InlineData("Records: 3  Deleted: 0  Skipped: 0  Warnings: 0", 0)]
    [InlineData("Records: 2  Deleted: 1  Skipped: 0  Warnings: 0", 0)]
    [InlineData("Records: 2  Deleted: 0  Skipped: 1  Warnings: 0", 0)]
    [InlineData("Records: 2  Deleted: 0  Skipped: 0  Warnings: 1", 0)]
    [InlineData(Whole, 1)]
    [InlineData("Records: 2  Deleted: 0  Warnings: 0", 0)]
    [InlineData("", 0)]
    public async Task An_answer_that_is_not_whole_is_taken_back_and_its_rows_are_inserted(string info, byte warnings)
    {
        await WriteAsync(info, warnings);
        var load = said.FindIndex(s => s.StartsWith("load data local", StringComparison.Ordinal));
        Assert.True(load > 0 && said[load - 1] == "savepoint pawl_rows", string.Join('\n', said));
        Assert.Equal("rollback to savepoint pawl_rows", said[load + 1]);
        Assert.StartsWith("insert into `d`.`t`", Assert.Single(said, s => s.StartsWith("insert ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_whole_answer_is_believed()
    {
        await WriteAsync(Whole, 0);
        Assert.Contains(said, s => s.StartsWith("load data local", StringComparison.Ordinal));
        Assert.DoesNotContain(said, s => s.StartsWith("rollback to", StringComparison.Ordinal)
            || s.StartsWith("insert ", StringComparison.Ordinal));
    }

    private async Task WriteAsync(string info, byte warnings)
    {
        await using var server = new FakeServer(wire => ServeAsync(wire, info, warnings));
        var options = new MyTargetOptions { Server = server.Options with { Database = "d" }, Database = "d", Bulk = false };
        await using var database = new MyDatabase(options, SinkRunner.Context());
        await using var session = await database.OpenAsync(default);
        var table = new SampleTable("t", [new SampleColumn("id", LogicalType.Int64, true)], [], []);
        var schema = Plans.Schema(table, new TableName("d", "t"));
        var plan = new TablePlan
        {
            Source = new TableName(null, "t"), Target = new TableName("d", "t"), Generation = 1, SourceSchema = schema,
            TargetSchema = schema, Read = new ReadOptions { Splits = 1 }, Splits = [new Split { Index = 0, EstimatedRows = 2 }],
            ResultHash = "t", SourceIdentity = new SourceIdentity("conformance:1", "conformance"),
        };
        await session.BeginAsync(default);
        using var batch = Cells.Batch(schema, [[1L], [2L]]);
        var written = await session.WriteRowsAsync(plan, Lane, [batch], default);
        Assert.Equal(new WriteCounts { Inserted = 2 }, written.Counts);
        await session.EndAsync(commit: false);
    }

    /// <summary>A server with one empty table <c>d.t (id bigint)</c>.</summary>
    private async Task ServeAsync(FakeWire wire, string info, byte warnings)
    {
        const byte Query = 3, NameFollows = 0xFB;
        await wire.LoginAsync();
        while (await wire.ReceiveAsync() is [Query, .. var text])
        {
            var sql = Encoding.UTF8.GetString(text);
            said.Add(sql);
            if (sql.StartsWith("load data local", StringComparison.Ordinal))
            {
                await wire.SendAsync([NameFollows, .. Encoding.UTF8.GetBytes(sql.Split('\'')[1])]);
                while ((await wire.ReceiveAsync()).Length > 0) { }
                await wire.SendAsync(Ok(2, warnings, info));
            }
            else if (sql.StartsWith("insert ", StringComparison.Ordinal)) await wire.SendAsync(Ok(2, 0, Whole));
            else if (Answer(sql) is var (columns, rows)) await wire.RowsAsync(true, columns, rows);
            else await wire.SendAsync(Ok(0, 0, ""));
        }
    }

    private static (int Columns, byte[][] Rows)? Answer(string sql) => sql switch
    {
        _ when sql.Contains("get_lock", StringComparison.Ordinal) => (1, [FakeWire.Row("1")]),
        _ when sql.StartsWith("show variables", StringComparison.Ordinal) => (2, []),
        _ when sql.Contains("information_schema.tables", StringComparison.Ordinal) =>
            (5, [FakeWire.Row("t", "BASE TABLE", "InnoDB", "", "2024-01-01 00:00:00")]),
        _ when sql.Contains("information_schema.columns", StringComparison.Ordinal) =>
            (13, [FakeWire.Row("id", "bigint", "bigint", "YES", "0", "", "", "", "0", "0", "19", "0", "0")]),
        _ when sql.Contains("distinct index_name", StringComparison.Ordinal) => (1, []),
        _ when sql.Contains("non_unique = 0", StringComparison.Ordinal) => (3, []),
        _ when sql.Contains("information_schema.triggers", StringComparison.Ordinal) => (1, []),
        _ when sql.Contains("key_column_usage", StringComparison.Ordinal) => (7, []),
        _ when sql.StartsWith("select 1 from", StringComparison.Ordinal) => (1, []),
        _ => null,
    };

    private static byte[] Ok(byte affected, byte warnings, string info) =>
        [0, affected, 0, 3, 0, warnings, 0, .. Encoding.UTF8.GetBytes(info)];
}
