using System.Buffers;
using System.Text;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Statements, rows and kills against a real server.</summary>
public class ProtocolTests
{
    private const string Sequence =
        "with recursive s(n) as (select 1 union all select n + 1 from s where n < {0}) select n, repeat('x', {1}) from s";

    private protected virtual async Task<MyServer> ServerAsync() => await MariaDbServer.SharedAsync();

    private protected virtual MyOptions Changed(MyOptions options) => options;

    private async Task<MyConnection> OpenAsync(Func<MyOptions, MyOptions>? change = null)
    {
        var options = Changed((await ServerAsync()).Options());
        return await MyConnection.OpenAsync(change is null ? options : change(options), default);
    }

    private static async Task DeepAsync(MyConnection connection) => await connection.ExecuteAsync(connection.Server.IsMariaDb
        ? "set max_recursive_iterations = 100000000" : "set cte_max_recursion_depth = 100000000", default);

    private static string Rows(int count, int width) => string.Format(null, Sequence, count, width);

    [Fact]
    public async Task A_session_knows_its_server_and_is_set_up()
    {
        await using var connection = await OpenAsync();
        var server = await ServerAsync();
        Assert.Equal(server is MariaDbServer, connection.Server.IsMariaDb);
        Assert.Equal(64 << 20, connection.Server.MaxAllowedPacket);
        Assert.True(connection.Server.Version >= new Version(9, 0));
        Assert.True(connection.Server.LocalInfile);
        Assert.False(connection.Server.ReadOnly);
        Assert.True(connection.Server.WaitTimeoutSeconds > 0 && connection.Server.NetWriteTimeoutSeconds > 0);
        Assert.Equal("utf8mb4", connection.Server.Charset);
        Assert.False(connection.InTransaction);
        Assert.Equal([$"{connection.Server.ConnectionId}|+00:00|∅|utf8mb4|600|1"], await MyServer.RowsAsync(connection,
            "select connection_id(), @@time_zone, @@character_set_results, @@character_set_client, @@net_write_timeout, @@autocommit"));
        Assert.Contains("STRICT_ALL_TABLES", (await MyServer.RowsAsync(connection, "select @@sql_mode"))[0]);
    }

    [Fact]
    public async Task Cells_are_null_empty_or_bytes_in_the_charset_of_their_column()
    {
        await using var connection = await OpenAsync();
        await using var rows = await connection.QueryAsync(
            "select null, '', 'é', convert('é' using latin1), x'00ff', 18446744073709551615, 1.50", default);
        Assert.True(await rows.ReadAsync(default));
        Assert.True(rows.IsNull(0) && rows.Cells[0].IsNull);
        Assert.False(rows.IsNull(1));
        Assert.Equal(0, rows.Bytes(1).Length);
        Assert.Equal("é"u8, rows.Bytes(2));
        Assert.Equal([0xE9], rows.Bytes(3).ToArray());
        Assert.Equal([0x00, 0xFF], rows.Bytes(4).ToArray());
        Assert.Equal("18446744073709551615"u8, rows.Bytes(5));
        Assert.Equal("1.50"u8, rows.Bytes(6));
        Assert.Equal("1.50"u8, rows.Row.Slice(rows.Cells[6].Start, rows.Cells[6].Length));
        Assert.Equal(MyColumn.BinaryCollation, rows.Columns[4].Collation);
        Assert.True(rows.Columns[5].IsUnsigned);
        Assert.Equal((MyType.Decimal, (byte)2), (rows.Columns[6].Type, rows.Columns[6].Decimals));
        Assert.False(await rows.ReadAsync(default));
        Assert.True(rows.IsAtEnd);
    }

    [Fact]
    public async Task The_fast_way_sees_every_row_once()
    {
        await using var connection = await OpenAsync();
        await DeepAsync(connection);
        await using var rows = await connection.QueryAsync(Rows(50_000, 30), default);
        long sum = 0, waits = 0;
        while (await rows.ReadAsync(default))
        {
            waits++;
            do
            {
                sum += long.Parse(rows.Bytes(0), null);
                Assert.Equal(30, rows.Bytes(1).Length);
            }
            while (rows.TryRead());
        }
        Assert.Equal(50_000L * 50_001 / 2, sum);
        Assert.True(waits < 5_000, $"{waits} waits");
        Assert.Equal(["1"], await MyServer.RowsAsync(connection, "select 1"));
    }

    [Fact]
    public async Task Rows_that_have_arrived_cost_no_memory()
    {
        await using var connection = await OpenAsync();
        await DeepAsync(connection);
        await using var rows = await connection.QueryAsync(Rows(50_000, 30), default);
        long allocated = 0, read = 0;
        while (await rows.ReadAsync(default))
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            do
            {
                read += rows.IsNull(0) || rows.Bytes(1).Length != 30 ? 0 : 1;
            }
            while (rows.TryRead());
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal((50_000, 0), (read, allocated));
    }

    [Fact]
    public async Task Answers_carry_counts_and_the_state_of_the_transaction()
    {
        await using var connection = await OpenAsync();
        var database = await (await ServerAsync()).CreateDatabaseAsync();
        await connection.ExecuteAsync($"use {database}", default);
        await connection.ExecuteAsync("create table t (id int auto_increment primary key, v int) engine=innodb", default);
        await connection.ExecuteAsync("begin", default);
        Assert.True(connection.InTransaction);
        var inserted = await connection.ExecuteAsync("insert into t (v) values (1), (2), (3)"u8.ToArray(), default);
        Assert.Equal((3L, 1UL), (inserted.AffectedRows, inserted.LastInsertId));
        Assert.Equal((3L, 0L, 0L), (inserted.Records, inserted.Duplicates, inserted.InfoWarnings));
        var updated = await connection.ExecuteAsync("update t set v = 2 where v < 3", default);
        Assert.Equal((1L, 2L, 1L), (updated.AffectedRows, updated.Matched, updated.Changed));
        await connection.ExecuteAsync("rollback", default);
        Assert.False(connection.InTransaction);
        Assert.Empty(await connection.RowsAsync("select * from t", default));
        Assert.Null((await connection.ExecuteAsync("do 1", default)).Records);
    }

    [Fact]
    public async Task Values_of_20_MB_go_out_and_come_back()
    {
        await using var connection = await OpenAsync();
        var database = await (await ServerAsync()).CreateDatabaseAsync();
        await connection.ExecuteAsync($"create table {database}.t (id int primary key, v longblob, w longblob)", default);
        var value = new byte[20_000_000];
        for (var i = 0; i < value.Length; i++) value[i] = (byte)('a' + i * 7L % 26);
        byte[] insert =
        [
            .. Encoding.ASCII.GetBytes($"insert into {database}.t values (1, '"), .. value,
            .. "', 'end'), (2, repeat('y', 16777215 - 12), 'z')"u8,
        ];
        Assert.Equal(2, (await connection.ExecuteAsync(insert, default)).AffectedRows);
        await using (var rows = await connection.QueryAsync($"select * from {database}.t order by id", default))
        {
            Assert.True(await rows.ReadAsync(default));
            Assert.True(rows.Bytes(1).SequenceEqual(value));
            Assert.Equal("end"u8, rows.Bytes(2));
            Assert.True(await rows.ReadAsync(default));
            Assert.Equal(16777215 - 12, rows.Bytes(1).Length);
            Assert.Equal("z"u8, rows.Bytes(2));
            Assert.False(await rows.ReadAsync(default));
        }
        // A payload of exactly 16 MB - 1 is followed by an empty packet, in both directions.
        var exact = new byte[MyWire.MostFragment - 1];
        Array.Fill(exact, (byte)' ');
        "select 5"u8.CopyTo(exact);
        await using var one = await connection.QueryAsync(Encoding.ASCII.GetString(exact), default);
        Assert.True(await one.ReadAsync(default));
        Assert.Equal("5"u8, one.Bytes(0));
    }

    [Fact]
    public async Task What_is_longer_than_max_allowed_packet_is_not_sent()
    {
        await using var connection = await OpenAsync();
        var refused = await Assert.ThrowsAsync<MyRefusedException>(async () =>
            await connection.ExecuteAsync(new byte[connection.Server.MaxAllowedPacket], default));
        Assert.Equal(MyRefusal.PacketTooLarge, refused.Refusal);
        Assert.Equal(Codes.ValueTooLarge, MyFaults.Classify(refused, connection.Options, "insert").Code);
        Assert.Equal(["1"], await MyServer.RowsAsync(connection, "select 1"));
    }

    [Fact]
    public async Task An_error_leaves_the_session_usable()
    {
        await using var connection = await OpenAsync();
        var e = await Assert.ThrowsAsync<MyServerException>(async () => await connection.ExecuteAsync("select * from nowhere.t", default));
        Assert.Equal("42", e.SqlState[..2]);
        Assert.False(connection.IsBroken);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await connection.QueryAsync("do 1", default));
        await connection.ExecuteAsync("select 1 union select 2", default);
        await connection.PingAsync(default);
        Assert.Equal(["1"], await MyServer.RowsAsync(connection, "select 1"));
    }

    [Fact]
    public async Task Rows_must_be_left_before_the_next_statement()
    {
        await using var connection = await OpenAsync();
        var rows = await connection.QueryAsync("select 1 union select 2", default);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await connection.PingAsync(default));
        await rows.DisposeAsync();
        await connection.PingAsync(default);
    }

    [Fact]
    public async Task Rows_left_early_leave_a_usable_session_and_no_query_behind()
    {
        await using var connection = await OpenAsync();
        await DeepAsync(connection);
        await using (var rows = await connection.QueryAsync(Rows(30_000, 5_000), default)) Assert.True(await rows.ReadAsync(default));
        Assert.False(connection.IsBroken);
        for (var i = 0; i < 3; i++) Assert.Equal(["1"], await MyServer.RowsAsync(connection, "select 1"));
    }

    [Fact]
    public async Task Cancelling_a_statement_kills_it_and_keeps_the_session()
    {
        await using var connection = await OpenAsync();
        using var soon = new CancellationTokenSource(100);
        var started = Environment.TickCount64;
        // A sleep alone ends with a 1 and no error, and a killed DO says OK.
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await connection.ExecuteAsync("select count(*), sleep(30) from information_schema.columns a, information_schema.columns b, "
                + "information_schema.columns c", soon.Token));
        Assert.True(Environment.TickCount64 - started < 5_000);
        Assert.False(connection.IsBroken);
        for (var i = 0; i < 3; i++) Assert.Equal(["1"], await MyServer.RowsAsync(connection, "select 1"));
    }

    [Fact]
    public async Task Cancelling_a_read_kills_the_query_and_keeps_the_session()
    {
        await using var connection = await OpenAsync();
        await DeepAsync(connection);
        await using var rows = await connection.QueryAsync("select repeat('x', 20000), sleep(0.05) from information_schema.columns", default);
        using var soon = new CancellationTokenSource(150);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            while (await rows.ReadAsync(soon.Token)) { }
        });
        Assert.True(rows.IsAtEnd);
        Assert.False(connection.IsBroken);
        for (var i = 0; i < 3; i++) Assert.Equal(["1"], await MyServer.RowsAsync(connection, "select 1"));
    }

    [Fact]
    public async Task A_session_killed_in_the_middle_of_rows_is_broken_and_transient()
    {
        var server = await ServerAsync();
        await using var connection = await OpenAsync();
        await DeepAsync(connection);
        await using var rows = await connection.QueryAsync(Rows(40_000, 10_000), default);
        Assert.True(await rows.ReadAsync(default));
        await server.ExecuteAsync(null, $"kill {connection.Server.ConnectionId}");
        var e = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            while (await rows.ReadAsync(default)) { }
        });
        Assert.Equal(Fault.Transient, MyFaults.Classify(e, connection.Options, "select").Fault);
        Assert.True(connection.IsBroken);
        await Assert.ThrowsAsync<IOException>(async () => await connection.PingAsync(default));
    }

    [Fact]
    public async Task An_idle_session_that_the_server_ended_is_transient()
    {
        await using var connection = await OpenAsync();
        await connection.ExecuteAsync("set wait_timeout = 1", default);
        await Task.Delay(1_500);
        var e = await Assert.ThrowsAnyAsync<Exception>(async () => await connection.PingAsync(default));
        var fault = MyFaults.Classify(e, connection.Options, "ping");
        Assert.Equal((Fault.Transient, Codes.Unreachable), (fault.Fault, fault.Code));
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task Cut_ends_whoever_waits()
    {
        await using var connection = await OpenAsync();
        var waiting = connection.ExecuteAsync("do sleep(20)", default).AsTask();
        await Task.Delay(100);
        connection.Cut();
        await Assert.ThrowsAnyAsync<IOException>(async () => await waiting);
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task Reset_gives_back_what_the_session_held()
    {
        await using var connection = await OpenAsync();
        await connection.ExecuteAsync("set @a = 5, time_zone = '+05:00'", default);
        await connection.ExecuteAsync("begin", default);
        await connection.ResetAsync(default);
        Assert.Equal(["∅|+00:00|∅"], await MyServer.RowsAsync(connection, "select @a, @@time_zone, @@character_set_results"));
        Assert.False(connection.InTransaction);
    }
}
