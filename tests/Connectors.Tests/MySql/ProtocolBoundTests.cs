using System.Text;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// What a peer may send. One that promises too much says no more than the promise here, and waits: a client that waits as well has not
/// refused it, and runs into its own time limit.
/// </summary>
public sealed class ProtocolBoundTests
{
    private const string Sha2 = "caching_sha2_password";

    /// <summary>The head of a fragment of 16 MB, or of a packet just beyond what is no row's.</summary>
    public static TheoryData<int> Lengths => [MyWire.MostFragment, MyWire.ShortBytes + 1];

    private static async Task PromiseAsync(FakeWire wire, int length)
    {
        await wire.RawAsync([(byte)length, (byte)(length >> 8), (byte)(length >> 16), wire.Sequence]);
        await wire.Stream.ReadExactlyAsync(new byte[1]);
    }

    private static async Task RefusedAsync(Func<FakeWire, Task> script)
    {
        await using var server = new FakeServer(script);
        var e = await Assert.ThrowsAsync<MyProtocolException>(async () => await MyConnection.OpenAsync(server.Options, default));
        Assert.Contains("beyond the limit", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public Task A_greeting_is_short(int length) => RefusedAsync(wire => PromiseAsync(wire, length));

    [Theory]
    [MemberData(nameof(Lengths))]
    public Task A_change_of_plugin_is_short(int length) => RefusedAsync(async wire =>
    {
        await wire.GreetAsync();
        await wire.ReceiveAsync();
        await PromiseAsync(wire, length);
    });

    [Theory]
    [MemberData(nameof(Lengths))]
    public Task A_servers_key_is_short(int length) => RefusedAsync(async wire =>
    {
        await wire.GreetAsync(plugin: Sha2);
        await wire.ReceiveAsync();
        await wire.SendAsync(1, 4);
        await wire.ReceiveAsync();
        await PromiseAsync(wire, length);
    });

    /// <summary>What a server says once somebody is logged in to it.</summary>
    private static async Task<Exception> AnsweredAsync(Func<FakeWire, Task> answer, Func<MyConnection, Task> call)
    {
        await using var server = new FakeServer(async wire =>
        {
            await wire.LoginAsync();
            await wire.ReceiveAsync();
            await answer(wire);
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        var e = await Record.ExceptionAsync(() => call(connection).WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.True(connection.IsBroken, $"{e}");
        return e!;
    }

    private static async Task QueryAsync(MyConnection connection) =>
        await (await connection.QueryAsync("select 1", default)).DisposeAsync();

    private static async Task PrepareAsync(MyConnection connection) => await connection.PrepareAsync("select 1", default);

    private static byte[] Prepared(int columns, int parameters) =>
        [0, 1, 0, 0, 0, (byte)columns, (byte)(columns >> 8), (byte)parameters, (byte)(parameters >> 8), 0, 0, 0];

    /// <summary>As long as is taken at all, by a name that no server would give.</summary>
    private static byte[] Column
    {
        get
        {
            const int Name = 60_000;
            byte[] name = [0xFC, Name & 0xFF, Name >> 8, .. Encoding.ASCII.GetBytes(new string('c', Name))];
            return [3, .. "def"u8, 0, 0, 0, .. name, 0, 12, 45, 0, 255, 0, 0, 0, 253, 0, 0, 0, 0, 0];
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task The_definition_of_a_column_is_short(int length)
    {
        Assert.IsType<MyProtocolException>(await AnsweredAsync(async wire =>
        {
            await wire.SendAsync(1);
            await PromiseAsync(wire, length);
        }, QueryAsync));
        Assert.IsType<MyProtocolException>(await AnsweredAsync(async wire =>
        {
            await wire.SendAsync(Prepared(0, 1));
            await PromiseAsync(wire, length);
        }, PrepareAsync));
    }

    [Fact]
    public async Task An_answer_is_short_and_a_row_need_not_be()
    {
        Assert.IsType<MyProtocolException>(await AnsweredAsync(wire => PromiseAsync(wire, MyWire.ShortBytes + 1), QueryAsync));
        await using var server = new FakeServer(async wire =>
        {
            await wire.LoginAsync();
            await wire.ReceiveAsync();
            await wire.ColumnsAsync(true, 1);
            const int Length = 1 << 20;
            await wire.SendAsync([0xFD, 0, 0, Length >> 16, .. new byte[Length]]);
            await wire.SendAsync(FakeWire.End);
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        await using var rows = await connection.QueryAsync("select 1", default);
        Assert.True(await rows.ReadAsync(default));
        Assert.Equal(1 << 20, rows.Bytes(0).Length);
    }

    [Fact]
    public async Task Columns_have_no_more_than_a_bound_together()
    {
        async Task ManyAsync(FakeWire wire)
        {
            var column = Column;
            // Until the client has enough of it.
            while (true) await wire.SendAsync(column);
        }
        var e = Assert.IsType<MyProtocolException>(await AnsweredAsync(async wire =>
        {
            await wire.SendAsync([0xFC, 0, 0x10]);
            await ManyAsync(wire);
        }, QueryAsync));
        Assert.Contains("columns beyond", e.Message, StringComparison.Ordinal);
        e = Assert.IsType<MyProtocolException>(await AnsweredAsync(async wire =>
        {
            await wire.SendAsync(Prepared(0, ushort.MaxValue));
            await ManyAsync(wire);
        }, PrepareAsync));
        Assert.Contains("columns beyond", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_server_has_65535_columns()
    {
        Assert.IsType<MyProtocolException>(await AnsweredAsync(wire => wire.SendAsync([0xFC, 0xFF, 0xFF]), QueryAsync));
        Assert.IsType<MyProtocolException>(await AnsweredAsync(wire => wire.SendAsync(Prepared(ushort.MaxValue, 0)), PrepareAsync));
    }

    /// <summary>A statement has as many parameters as two bytes can say.</summary>
    [Fact]
    public async Task A_real_server_says_of_65535_parameters_and_4096_columns()
    {
        var server = await MariaDbServer.SharedAsync();
        await using var connection = await server.ConnectAsync();
        var marks = string.Join(',', Enumerable.Repeat('?', ushort.MaxValue));
        Assert.Equal(ushort.MaxValue, (await connection.PrepareAsync($"select 1 in ({marks})", default)).Parameters);
        var name = new string('名', 64);
        var names = string.Join(',', Enumerable.Range(0, 4096).Select(i => FormattableString.Invariant($"1 as `{name[4..]}{i:0000}`")));
        await using var rows = await connection.QueryAsync($"select {names}", default);
        Assert.True(await rows.ReadAsync(default));
        Assert.Equal(4096, rows.Columns.Count);
        Assert.EndsWith("4095", rows.Columns[^1].Name, StringComparison.Ordinal);
    }

    /// <summary>Rows without end, of a bound that a test can wait for.</summary>
    [Theory]
    [InlineData("with recursive s(n) as (select 1 union all select n + 1 from s where n < 100000) select n, null, '' from s")]
    [InlineData("select repeat('x', 3000000)")]
    public async Task What_is_gathered_has_a_bound(string sql)
    {
        var server = await MariaDbServer.SharedAsync();
        await using var connection = await MyConnection.OpenAsync(server.Options() with { MostGatheredBytes = 4 << 20 }, default);
        await connection.ExecuteAsync("set max_recursive_iterations = 100000000", default);
        var e = await Assert.ThrowsAsync<MyRefusedException>(async () => await connection.RowsAsync(sql, default));
        Assert.Equal(MyRefusal.TooMuch, e.Refusal);
        var fault = MyFaults.Classify(e, connection.Options, "select");
        Assert.Equal((Fault.Configuration, Codes.AnswerTooLarge), (fault.Fault, fault.Code));
        Assert.False(connection.IsBroken);
        Assert.Equal("1", (await connection.RowsAsync("select 1", default))[0][0]);
        Assert.Equal(10_000, (await connection.RowsAsync(
            "with recursive s(n) as (select 1 union all select n + 1 from s where n < 10000) select n, null, '' from s", default)).Count);
    }
}
