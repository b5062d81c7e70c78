using System.Buffers.Binary;
using System.Text;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Prepared statements: what the binary form says is what the text form says, and statements do not pile up.</summary>
public class ProtocolStatementTests
{
    private protected virtual async ValueTask<MyServer> ServerAsync() => await MariaDbServer.SharedAsync();

    private const string Types = """
        create table t (id int primary key, a tinyint, b tinyint unsigned, c smallint, d smallint unsigned zerofill, e mediumint,
          f int unsigned, g bigint, h bigint unsigned, i year, j double, k decimal(65,30), l date, m datetime, n datetime(6), o timestamp(3) null,
          p time, q time(6), r varchar(300), s longblob, u enum('x', 'y'), v set('a', 'b'), w datetime(1))
        """;

    private static readonly string[] Rows =
    [
        "(1, -128, 255, -32768, 65535, -8388608, 4294967295, -9223372036854775808, 18446744073709551615, 2155, 1.7976931348623157e308, "
            + "12345678901234567890123456789012345.123456789012345678901234567891, '9999-12-31', '9999-12-31 23:59:59', "
            + "'9999-12-31 23:59:59.999999', '2038-01-19 03:14:07.999', '838:59:59', '-838:59:59.000001', repeat('é', 300), "
            + "x'00ff', 'y', 'a,b', '2024-01-01 00:00:00.5')",
        "(2, 127, 0, 32767, 0, 8388607, 0, 9223372036854775807, 0, 1901, -5e-324, -0.000000000000000000000000000001, '0000-00-00', "
            + "'0000-00-00 00:00:00', '2024-02-31 00:00:00.000001', '1970-01-01 00:00:01', '-00:00:01', '24:00:00', '', '', 'x', '', "
            + "'0000-00-00 00:00:00')",
        "(3, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0.1, 0, '2024-00-00', '2024-02-29 12:00:00', '2024-01-01', null, '00:00:00', '00:00:00.5', "
            + "'tab\\\tquote''', repeat('b', 70000), null, null, null)",
        "(4" + string.Concat(Enumerable.Repeat(", null", 22)) + ")",
    ];

    [Fact]
    public async Task The_binary_form_says_what_the_text_form_says()
    {
        var server = await ServerAsync();
        var database = await server.CreateDatabaseAsync();
        await using var connection = await server.ConnectAsync(database);
        await connection.ExecuteAsync("set sql_mode = 'ALLOW_INVALID_DATES'", default);
        await connection.ExecuteAsync(Types, default);
        await connection.ExecuteAsync($"insert into t values {string.Join(", ", Rows)}", default);
        const string Sql = "select * from t order by id";
        var text = await connection.RowsAsync(Sql, default);
        var statement = await connection.PrepareAsync(Sql, default);
        Assert.Equal((0, 23), (statement.Parameters, statement.Columns));
        // Twice: a statement is good for more than one execution.
        for (var time = 0; time < 2; time++)
        {
            await using var rows = await connection.QueryAsync(statement, default);
            for (var row = 0; row < text.Count; row++)
            {
                Assert.True(await rows.ReadAsync(default));
                for (var i = 0; i < rows.Columns.Count; i++)
                {
                    var column = rows.Columns[i];
                    var found = rows.IsNull(i) ? null : MyBinary.Text(column, rows.Bytes(i));
                    // Of numbers the text form has the zeros of ZEROFILL, and of doubles digits in a form of its own.
                    var wanted = column.Type == MyType.Double && text[row][i] is { } digits
                        ? double.Parse(digits, System.Globalization.CultureInfo.InvariantCulture)
                            .ToString("R", System.Globalization.CultureInfo.InvariantCulture)
                        : column.Flags.HasFlag(MyFlags.ZeroFill) && column.Type != MyType.Year && text[row][i] is { } zeros
                            ? zeros.TrimStart('0') is { Length: > 0 } some ? some : "0" : text[row][i];
                    if (column.Type == MyType.Year && found is { Length: < 4 }) found = found.PadLeft(4, '0');
                    Assert.True(wanted == found, $"{column.Name} of row {row}: {wanted} as text, {found} in binary");
                }
            }
            Assert.False(await rows.ReadAsync(default));
        }
        await connection.DisposeAsync();
        await server.DropAsync(database);
    }

    [Fact]
    public async Task Statements_that_are_forgotten_are_gone_at_the_server_too()
    {
        var server = await ServerAsync();
        await using var connection = await server.ConnectAsync();
        await CountAsync();
        var before = await CountAsync();
        for (var i = 0; i < 50; i++) connection.Forget(await connection.PrepareAsync($"select {i}", default));
        // The last one goes with the question.
        Assert.InRange(await CountAsync(), before - 20, before + 20);

        async Task<long> CountAsync() => long.Parse(
            (await connection.RowsAsync("show global status like 'Prepared_stmt_count'", default))[0][1]!,
            System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_statement_that_cannot_be_prepared_leaves_a_session_that_works()
    {
        var server = await ServerAsync();
        await using var connection = await server.ConnectAsync();
        var said = await Assert.ThrowsAsync<MyServerException>(async () => await connection.PrepareAsync("select * from nowhere.t", default));
        Assert.Contains(said.Number, new[] { 1146, 1049 });
        Assert.Equal("1", (await connection.RowsAsync("select 1", default))[0][0]);
    }
}

/// <summary>Many rows of parameters at once: MariaDB alone takes them.</summary>
public sealed class ProtocolBulkTests
{
    [Fact]
    public async Task Many_rows_go_in_at_once_or_none_of_them()
    {
        var server = await MariaDbServer.SharedAsync();
        var database = await server.CreateDatabaseAsync();
        await using (var connection = await server.ConnectAsync(database))
        {
            Assert.True(connection.TakesBulk);
            await connection.ExecuteAsync("create table t (id bigint primary key, v varchar(5))", default);
            var statement = await connection.PrepareAsync("insert into t values (?, ?)", default);
            Assert.Equal((2, 0), (statement.Parameters, statement.Columns));
            var ok = await connection.ExecuteAsync(statement, Rows((1, "one"), (2, null), (3, "")), default);
            Assert.Equal((3L, 3L, 0), (ok.Records, ok.AffectedRows, ok.Warnings));
            var one = await connection.ExecuteAsync(statement, Rows((4, "four")), default);
            Assert.Equal(1, one.AffectedRows);
            // The third of these is there already, the fourth too long: not one of the others stays.
            foreach (var bad in new (long, string?)[] { (1, "x"), (9, "too long") })
            {
                await Assert.ThrowsAsync<MyServerException>(async () =>
                    await connection.ExecuteAsync(statement, Rows((5, "a"), (6, "b"), bad, (7, "c")), default));
            }
            Assert.Equal(["1|one", "2|∅", "3|", "4|four"], await MyServer.RowsAsync(connection, "select * from t order by id"));
        }
        await server.DropAsync(database);
    }

    [Fact]
    public async Task A_server_that_keeps_no_more_statements_takes_rows_by_a_load_and_gives_none()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var fixture = await MySinkFixture.OpenAsync(server);
        await fixture.RunAsync("create table t (id bigint primary key, v longtext)", "set global max_prepared_stmt_count = 0");
        var plan = fixture.Plan("t", [MyWriting.Id, MyWriting.Column("v", LogicalType.Text)]);
        Assert.Equal(2, (await fixture.WriteAsync(plan, [[1L, "a"], [2L, null]])).Counts.Inserted);
        Assert.Equal(["1|a", "2|∅"], await fixture.QueryAsync("select * from t order by id"));
        await using var source = await MyFixture.NewAsync(server);
        await source.RunAsync("create table t (id int primary key)", "insert into t values (1)");
        await using var from = await source.SourceAsync();
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await from.AllAsync("t"));
        // Somebody meant it so, and no waiting changes it.
        Assert.Equal((Fault.Configuration, Codes.OptionInvalid, "1461"), (refused.Fault, refused.Code, refused.Details["native"]));
        Assert.Equal(("max_prepared_stmt_count", "0"), (refused.Details["setting"], refused.Details["value"]));
        await fixture.RunAsync("set global max_prepared_stmt_count = 1");
        await using var other = await server.ConnectAsync();
        var only = await other.PrepareAsync("select 1", default);
        refused = await Assert.ThrowsAsync<PawlException>(async () => await from.AllAsync("t"));
        Assert.Equal((Fault.Transient, Codes.Busy, "1461"), (refused.Fault, refused.Code, refused.Details["native"]));
        Assert.Contains("max_prepared_stmt_count", refused.Details["cause"], StringComparison.Ordinal);
        other.Forget(only);
        await other.PingAsync(default);
        Assert.Single(await from.AllAsync("t"));
    }

    private static byte[] Rows(params (long Id, string? Text)[] rows)
    {
        using var to = new MyRowBuffer();
        to.Put([(byte)MyType.BigInt, 0, (byte)MyType.Char, 0]);
        Span<byte> number = stackalloc byte[8];
        foreach (var (id, text) in rows)
        {
            to.Put((byte)0);
            BinaryPrimitives.WriteInt64LittleEndian(number, id);
            to.Put(number);
            to.Put(text is null ? (byte)1 : (byte)0);
            if (text is null) continue;
            to.Put((byte)Encoding.UTF8.GetByteCount(text));
            to.Put(Encoding.UTF8.GetBytes(text));
        }
        return to.Written.ToArray();
    }
}
