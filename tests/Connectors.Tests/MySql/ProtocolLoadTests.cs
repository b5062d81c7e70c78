using System.Buffers;
using System.Text;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>LOAD DATA LOCAL from memory against a real server.</summary>
public class ProtocolLoadTests
{
    private const string Into = "into table t character set binary";

    private protected virtual async Task<MyServer> ServerAsync() => await MariaDbServer.SharedAsync();

    private protected virtual MyOptions Changed(MyOptions options) => options;

    private async Task<MyConnection> TableAsync(string columns = "id int primary key, v longblob")
    {
        var server = await ServerAsync();
        var connection = await MyConnection.OpenAsync(Changed(server.Options(await server.CreateDatabaseAsync())), default);
        await connection.ExecuteAsync($"create table t ({columns}) engine=innodb", default);
        return connection;
    }

    private static Func<IBufferWriter<byte>, CancellationToken, ValueTask<bool>> Text(params string[] parts)
    {
        var at = 0;
        return (writer, _) =>
        {
            Encoding.UTF8.GetBytes(parts[at], writer);
            return new(++at < parts.Length);
        };
    }

    [Fact]
    public async Task Rows_are_streamed_and_counted()
    {
        await using var connection = await TableAsync();
        var next = 0;
        var ok = await connection.LoadAsync(Into, (writer, _) =>
        {
            for (var i = 0; i < 2_000; i++) Encoding.UTF8.GetBytes($"{next++}\tvalue {next}\n", writer);
            return new(next < 60_000);
        }, default);
        Assert.Equal((60_000L, 60_000L, 0L, 0L, 0), (ok.AffectedRows, ok.Records, ok.Skipped, ok.InfoWarnings, ok.Warnings));
        Assert.Equal(["60000|1799970000"], await MyServer.RowsAsync(connection, "select count(*), sum(id) from t"));
    }

    [Fact]
    public async Task A_cell_of_20_MB_goes_in_by_load()
    {
        await using var connection = await TableAsync();
        var value = new string('q', 20_000_000);
        var ok = await connection.LoadAsync(Into, Text("1\t", value, "\n2\tz\n"), default);
        Assert.Equal(2, ok.Records);
        Assert.Equal(["1|20000000", "2|1"], await MyServer.RowsAsync(connection, "select id, length(v) from t order by id"));
    }

    [Fact]
    public async Task Nothing_to_load_is_a_load_of_nothing()
    {
        await using var connection = await TableAsync();
        var ok = await connection.LoadAsync(Into, Text(""), default);
        Assert.Equal((0L, 0L), (ok.AffectedRows, ok.Records));
        await connection.PingAsync(default);
    }

    /// <summary>With LOCAL a duplicate is skipped with a warning: the counts are what tells.</summary>
    [Fact]
    public async Task What_was_skipped_is_in_the_counts()
    {
        await using var connection = await TableAsync();
        var ok = await connection.LoadAsync(Into, Text("1\ta\n1\tb\n2\tc\n"), default);
        Assert.Equal((3L, 1L, 2L), (ok.Records, ok.Skipped, ok.AffectedRows));
        Assert.True(ok.Warnings > 0);
    }

    [Fact]
    public async Task A_refused_statement_never_asks_for_rows()
    {
        await using var connection = await TableAsync();
        var e = await Assert.ThrowsAsync<MyServerException>(async () =>
            await connection.LoadAsync("into table nowhere", (_, _) => throw new InvalidDataException(), default));
        Assert.Equal(1146, e.Number);
        await connection.PingAsync(default);
    }

    [Fact]
    public async Task An_error_half_way_is_reported_at_the_end()
    {
        await using var connection = await TableAsync("id int primary key, check (id < 3)");
        var e = await Record.ExceptionAsync(async () => await connection.LoadAsync("into table t", Text("1\n", "2\n", "3\n"), default));
        // MariaDB skips the row because of LOCAL, MySQL too; whoever raises it leaves the session usable.
        Assert.True(e is null or MyServerException);
        await connection.PingAsync(default);
        Assert.Equal(["2"], await MyServer.RowsAsync(connection, "select count(*) from t where id < 3"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_load_given_up_leaves_no_rows(bool isInTransaction)
    {
        await using var connection = await TableAsync();
        await using var other = await MyConnection.OpenAsync(connection.Options, default);
        if (isInTransaction) await connection.ExecuteAsync("begin", default);
        var calls = 0;
        await Assert.ThrowsAsync<InvalidDataException>(async () => await connection.LoadAsync(Into, (writer, _) =>
        {
            if (calls == 40) throw new InvalidDataException("no more");
            for (var i = 0; i < 1_000; i++) Encoding.UTF8.GetBytes($"{calls * 1_000 + i}\tvalue\n", writer);
            calls++;
            return new(true);
        }, default));
        Assert.True(connection.IsBroken);
        await GoneAsync(other, connection.Server.ConnectionId);
        Assert.Equal(["0"], await MyServer.RowsAsync(other, "select count(*) from t"));
    }

    [Fact]
    public async Task A_load_cancelled_while_it_waits_ends_at_once()
    {
        await using var connection = await TableAsync();
        using var soon = new CancellationTokenSource(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await connection.LoadAsync(Into, async (_, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct);
            return true;
        }, soon.Token));
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public async Task A_session_killed_in_the_middle_of_a_load_is_transient()
    {
        var server = await ServerAsync();
        await using var connection = await TableAsync();
        await using var other = await MyConnection.OpenAsync(connection.Options, default);
        var calls = 0;
        var e = await Assert.ThrowsAnyAsync<Exception>(async () => await connection.LoadAsync(Into, async (writer, ct) =>
        {
            if (calls == 20) await other.ExecuteAsync($"kill {connection.Server.ConnectionId}", ct);
            for (var i = 0; i < 1_000; i++) Encoding.UTF8.GetBytes($"{calls * 1_000 + i}\tvalue long enough to fill a buffer\n", writer);
            return ++calls < 2_000;
        }, default));
        Assert.Equal(Fault.Transient, MyFaults.Classify(e, connection.Options, "load").Fault);
        Assert.True(connection.IsBroken);
        await GoneAsync(other, connection.Server.ConnectionId);
        Assert.Equal(["0"], await MyServer.RowsAsync(other, "select count(*) from t"));
    }

    [Fact]
    public async Task Without_leave_nothing_is_loaded()
    {
        var server = await ServerAsync();
        await using var connection = await MyConnection.OpenAsync(Changed(server.Options()) with { AllowLoad = false }, default);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await connection.LoadAsync(Into, Text("1\n"), default));
        var e = await Assert.ThrowsAnyAsync<Exception>(async () =>
            await connection.ExecuteAsync("load data local infile '/etc/hostname' into table mysql.plugin", default));
        Assert.True(e is MyServerException said && MyFaults.IsLoadRefused(said), e.ToString());
    }

    /// <summary>The server may ask for a file whenever it likes; only our own statement gets an answer.</summary>
    [Fact]
    public async Task A_file_of_this_machine_is_never_sent()
    {
        await using var connection = await TableAsync("v longblob");
        var e = await Assert.ThrowsAsync<MyProtocolException>(async () =>
            await connection.ExecuteAsync("load data local infile '/etc/hostname' into table t", default));
        Assert.Contains("refused", e.Message);
        Assert.True(connection.IsBroken);
        await using var other = await MyConnection.OpenAsync(connection.Options, default);
        Assert.Equal(["0"], await MyServer.RowsAsync(other, "select count(*) from t"));
    }

    private static async Task GoneAsync(MyConnection other, ulong id)
    {
        for (var tries = 0; tries < 400; tries++)
        {
            if ((await other.RowsAsync($"select 1 from information_schema.processlist where id = {id}", default)).Count == 0) return;
            await Task.Delay(10);
        }
        Assert.Fail("the session is still there");
    }
}

/// <summary>The same within compression.</summary>
public sealed class ProtocolLoadCompressedTests : ProtocolLoadTests
{
    private protected override MyOptions Changed(MyOptions options) => options with { Compress = true };
}
