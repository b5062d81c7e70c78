using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>A kill comes by a connection of its own, as late as it likes: it meets the statement it was meant for, or none.</summary>
public sealed class ProtocolKillTests
{
    /// <summary>
    /// One session and those that kill for it. Answers whatever it is asked, writes down what came in which order, and at one command fires
    /// a token before it answers.
    /// </summary>
    private sealed class Stage : IAsyncDisposable
    {
        private readonly FakeServer server;
        private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int connections;

        public Stage() => server = new FakeServer(ServeAsync);

        public ConcurrentQueue<string> Log { get; } = new();

        public CancellationTokenSource Token { get; } = new();

        /// <summary>The command at which the token fires.</summary>
        public string FiresAt { get; set; } = "";

        /// <summary>Of those that kill the one, from 1, that is not let in before <see cref="Open"/>.</summary>
        public int Delayed { get; set; }

        public MyOptions Options => server.Options;

        public void Open() => gate.TrySetResult();

        public async ValueTask DisposeAsync()
        {
            Open();
            await server.DisposeAsync();
            Token.Dispose();
        }

        private async Task ServeAsync(FakeWire wire)
        {
            var number = Interlocked.Increment(ref connections) - 1;
            if (number > 0 && number == Delayed) await gate.Task;
            await wire.GreetAsync();
            await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Ok);
            await wire.TellAsync();
            while (true)
            {
                var command = Named(await wire.ReceiveAsync());
                if (command == "quit") return;
                Log.Enqueue(command);
                if (command == FiresAt) await Token.CancelAsync();
                if (command == "prepare") await wire.SendAsync(0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
                else if (command != "close") await wire.SendAsync(FakeWire.Ok);
            }
        }

        private static string Named(byte[] packet) => packet[0] switch
        {
            0x01 => "quit",
            0x16 => "prepare",
            0x19 => "close",
            _ => Encoding.UTF8.GetString(packet.AsSpan(1)),
        };
    }

    /// <summary>No kill comes after the statement that was sent next, however late it is.</summary>
    private static async Task NoneLateAsync(Stage stage, MyConnection connection)
    {
        var next = connection.ExecuteAsync("select 'next'", default).AsTask();
        // Time for whoever does not wait for the late one. Nothing is proved by it that would not hold without it.
        await Task.WhenAny(next, Task.Delay(200));
        stage.Open();
        await next;
        await connection.DisposeAsync();
        await stage.DisposeAsync();
        var after = stage.Log.SkipWhile(c => c != "select 'next'").ToList();
        Assert.Equal(["select 'next'"], after);
        Assert.Contains(stage.Log, c => c.StartsWith("kill query", StringComparison.Ordinal));
    }

    /// <summary>With statements to be forgotten, that is what meets the token next, and a second kill is on its way.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_token_that_fires_between_statements_sends_none(bool hasForgotten)
    {
        await using var stage = new Stage();
        await using var connection = await MyConnection.OpenAsync(stage.Options, default);
        if (hasForgotten) connection.Forget(await connection.PrepareAsync("select 1", default));
        // From here on a kill may lie in wait, and something is sent first that does not mind.
        await connection.KillQueryAsync();
        (stage.FiresAt, stage.Delayed) = ("do sleep(0)", 2);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await connection.ExecuteAsync("select 'cancelled'", stage.Token.Token));
        stage.FiresAt = "";
        Assert.DoesNotContain("select 'cancelled'", stage.Log);
        await NoneLateAsync(stage, connection);
    }

    [Fact]
    public async Task A_token_that_fires_while_a_statement_is_prepared_is_waited_for()
    {
        await using var stage = new Stage();
        await using var connection = await MyConnection.OpenAsync(stage.Options, default);
        (stage.FiresAt, stage.Delayed) = ("prepare", 1);
        // It was through before.
        Assert.Equal(5u, (await connection.PrepareAsync("select 1", stage.Token.Token)).Id);
        await NoneLateAsync(stage, connection);
    }

    /// <summary>Whoever waits for a kill would wait for ever.</summary>
    [Fact]
    public async Task A_kill_that_nobody_answers_is_given_up()
    {
        var connections = 0;
        await using var server = new FakeServer(async wire =>
        {
            var isFirst = Interlocked.Increment(ref connections) == 1;
            await wire.GreetAsync();
            await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Ok);
            await wire.TellAsync();
            await wire.ReceiveAsync();
            if (isFirst) await wire.SendAsync(FakeWire.Ok);
            await wire.Stream.ReadExactlyAsync(new byte[1]);
        });
        var options = server.Options with { ConnectTimeout = TimeSpan.FromSeconds(1) };
        await using var connection = await MyConnection.OpenAsync(options, default);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
            await connection.KillQueryAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Two_looks_at_one_server_tell_the_same_start()
    {
        var server = await MariaDbServer.SharedAsync();
        var seen = new HashSet<long?>();
        await using var clock = await server.ConnectAsync();
        var until = await UptimeAsync(clock) + 3;
        do
        {
            await using var connection = await server.ConnectAsync();
            seen.Add(connection.Server.Started);
        }
        while (await UptimeAsync(clock) < until);
        Assert.InRange(Assert.NotNull(Assert.Single(seen)), 1_600_000_000, long.MaxValue);
    }

    [Fact]
    public async Task A_session_of_the_same_number_after_a_restart_is_left_alone()
    {
        await using var server = await MariaDbServer.StartAsync();
        var sessions = new List<MyConnection>();
        for (var i = 0; i < 5; i++) sessions.Add(await server.ConnectAsync());
        await using var before = sessions[^1];
        while (await UptimeAsync(before) < 3) await Task.Delay(50);
        await server.StopAsync();
        await server.StartAgainAsync();
        MyConnection stranger;
        do sessions.Add(stranger = await server.ConnectAsync());
        while (stranger.Server.ConnectionId < before.Server.ConnectionId);
        Assert.Equal((before.Server.ConnectionId, before.Server.Place), (stranger.Server.ConnectionId, stranger.Server.Place));
        await using var look = await server.ConnectAsync();
        var sleeping = stranger.RowsAsync("select sleep(2)", default).AsTask();
        while (!await IsRunningAsync(look, "select sleep(2)")) { }
        var refused = await Record.ExceptionAsync(async () => await before.KillQueryAsync());
        Assert.False(await IsEndedAsync(sleeping));
        Assert.Contains("started anew", Assert.IsType<IOException>(refused).Message, StringComparison.Ordinal);
        // The one that is of this start is ended, as ever.
        sleeping = stranger.RowsAsync("select sleep(60)", default).AsTask();
        while (!await IsRunningAsync(look, "select sleep(60)")) { }
        await stranger.KillQueryAsync();
        Assert.True(await IsEndedAsync(sleeping));
        foreach (var session in sessions) await session.DisposeAsync();
    }

    /// <summary>A sleep that is ended before its time says 1, or fails.</summary>
    private static async Task<bool> IsEndedAsync(Task<List<string?[]>> sleeping)
    {
        try
        {
            return (await sleeping)[0][0] == "1";
        }
        catch (MyServerException e) when (e.Number == MyNumbers.Interrupted)
        {
            return true;
        }
    }

    private static async Task<bool> IsRunningAsync(MyConnection look, string sql) =>
        (await look.RowsAsync($"select 1 from information_schema.processlist where info = '{sql}'", default)).Count > 0;

    private static async Task<long> UptimeAsync(MyConnection connection) => long.Parse(
        (await connection.RowsAsync("show global status like 'Uptime'", default))[0][1]!, CultureInfo.InvariantCulture);
}
