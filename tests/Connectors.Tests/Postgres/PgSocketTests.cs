using System.Buffers.Binary;
using System.Net.Security;
using System.Net.Sockets;
using Npgsql;
using Pawl.Connectors.Postgres;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>The socket of a long COPY, taken out of the runtime's hands and given back.</summary>
public sealed class PgSocketTests
{
    /// <summary>For what would else never end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Two ends of one connection; the near one has been waited for, so the runtime watches it.</summary>
    private static async Task<(NetworkStream Near, NetworkStream Far)> PairAsync()
    {
        var path = Path.Combine(Path.GetTempPath(), $"pawl-{Guid.NewGuid():N}");
        var at = new UnixDomainSocketEndPoint(path);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(at);
        listener.Listen(1);
        var near = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await near.ConnectAsync(at, Ct);
        var far = new NetworkStream(await listener.AcceptAsync(Ct), ownsSocket: true);
        File.Delete(path);
        var stream = new NetworkStream(near, ownsSocket: true);
        var first = stream.ReadExactlyAsync(new byte[1], Ct).AsTask();
        await far.WriteAsync(new byte[1], Ct);
        await first.WaitAsync(Patience, Ct);
        return (stream, far);
    }

    private static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    [Fact]
    public async Task What_goes_and_comes_is_the_same_and_the_stream_works_afterwards()
    {
        var (near, far) = await PairAsync();
        await using var _ = near;
        await using var __ = far;
        var taken = PgSocket.Take(near);
        Assert.NotNull(taken);

        var wanted = Bytes(3_000_000, 1);
        var sending = Task.Run(async () =>
        {
            await far.WriteAsync(wanted, Ct);
            await far.WriteAsync("later"u8.ToArray(), Ct);
        }, Ct);
        var found = new byte[wanted.Length];
        for (var at = 0; at < found.Length;) at += taken.Read(found.AsSpan(at), Ct);
        Assert.True(wanted.AsSpan().SequenceEqual(found));

        var rows = Bytes(1_000_000, 2);
        var message = new byte[5 + rows.Length];
        var receiving = far.ReadExactlyAsync(message, Ct).AsTask();
        var isBroken = false;
        await Task.Run(() => taken.Send(rows, ref isBroken, Ct), Ct).WaitAsync(Patience, Ct);
        await receiving.WaitAsync(Patience, Ct);
        Assert.False(isBroken);
        Assert.Equal(((byte)'d', rows.Length + 4), (message[0], BinaryPrimitives.ReadInt32BigEndian(message.AsSpan(1))));
        Assert.True(rows.AsSpan().SequenceEqual(message.AsSpan(5)));

        // What came while the runtime did not look is there, and it is woken for what comes then.
        await sending.WaitAsync(Patience, Ct);
        taken.GiveBack();
        var word = new byte[5];
        await near.ReadExactlyAsync(word, Ct).AsTask().WaitAsync(Patience, Ct);
        Assert.Equal("later"u8.ToArray(), word);
        var last = near.ReadExactlyAsync(word, Ct).AsTask();
        Assert.False(last.IsCompleted);
        await far.WriteAsync("after"u8.ToArray(), Ct);
        await last.WaitAsync(Patience, Ct);
        Assert.Equal("after"u8.ToArray(), word);
    }

    [Fact]
    public async Task Who_gives_up_in_the_middle_of_a_message_sends_it_to_its_end_when_it_goes_on()
    {
        var (near, far) = await PairAsync();
        await using var _ = near;
        await using var __ = far;
        var taken = PgSocket.Take(near)!;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var rows = Bytes(2_000_000, 3);
        var isBroken = false;
        var sending = Task.Run(() => taken.Send(rows, ref isBroken, cancel.Token), Ct);
        await Task.Delay(200, Ct);
        Assert.False(sending.IsCompleted);
        await cancel.CancelAsync();
        var message = new byte[5 + rows.Length];
        await far.ReadExactlyAsync(message, Ct).AsTask().WaitAsync(Patience, Ct);
        await sending.WaitAsync(Patience, Ct);
        Assert.False(isBroken);
        Assert.Throws<OperationCanceledException>(() => taken.Send(rows, ref isBroken, cancel.Token));
        Assert.False(isBroken);
    }

    [Fact]
    public async Task Who_gives_up_on_a_server_that_takes_nothing_knows_that_half_a_message_is_out()
    {
        var (near, far) = await PairAsync();
        await using var _ = near;
        await using var __ = far;
        var taken = PgSocket.Take(near)!;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var isBroken = false;
        var sending = Task.Run(() => taken.Send(Bytes(2_000_000, 4), ref isBroken, cancel.Token), Ct);
        await far.ReadExactlyAsync(new byte[5], Ct);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(Patience, Ct));
        Assert.True(isBroken);
    }

    [Fact]
    public async Task Who_waits_ends_when_the_connection_is_closed_here_or_there()
    {
        var (near, far) = await PairAsync();
        var taken = PgSocket.Take(near)!;
        var waiting = Task.Run(() => taken.Read(new byte[10], Ct), Ct);
        await far.DisposeAsync();
        Assert.Equal(0, await waiting.WaitAsync(Patience, Ct));
        await near.DisposeAsync();

        (near, far) = await PairAsync();
        await using var _ = far;
        taken = PgSocket.Take(near)!;
        waiting = Task.Run(() =>
        {
            try
            {
                return taken.Read(new byte[10], Ct);
            }
            catch (IOException)
            {
                return 0;
            }
        }, Ct);
        await Task.Delay(150, Ct);
        near.Dispose();
        Assert.Equal(0, await waiting.WaitAsync(Patience, Ct));
        Assert.Throws<IOException>(() => taken.Read(new byte[10], Ct));
        var isBroken = false;
        Assert.Throws<IOException>(() => taken.Send(new byte[10], ref isBroken, Ct));
        // Nothing is left to be given back, and the number may be another file's by now.
        taken.GiveBack();
    }

    [Fact]
    public async Task What_is_encrypted_or_not_watched_is_left_as_it_is()
    {
        var (near, far) = await PairAsync();
        await using var _ = near;
        await using var __ = far;
        await using var encrypted = new SslStream(near);
        Assert.Null(PgSocket.Take(encrypted));

        var path = Path.Combine(Path.GetTempPath(), $"pawl-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        using var waiting = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        waiting.Connect(new UnixDomainSocketEndPoint(path));
        File.Delete(path);
        await using var unwatched = new NetworkStream(waiting);
        Assert.Null(PgSocket.Take(unwatched));
    }

    [Fact]
    public async Task A_long_copy_out_goes_that_way_and_leaves_a_session_that_works()
    {
        await using var fixture = await PgFixture.NewAsync();
        await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(fixture.Here()), PgRole.Read, Ct);
        const string Rows = "select i, repeat('x', 90) from generate_series(1, 40000) i";
        var copy = await PgCopyOut.BeginAsync(connection, $"copy ({Rows}) to stdout (format binary)", Ct);
        var buffer = new byte[64 << 10];
        var (bytes, read) = (0L, 0);
        while ((read = copy.HasSocket ? copy.Fill(buffer, Ct) : await copy.ReadAsync(buffer, Ct)) > 0)
        {
            bytes += read;
            if (bytes is > 1 << 20 and < 2 << 20) Assert.True(copy.TakeSocket());
        }
        bytes += await copy.ReadAsync(buffer, Ct);
        Assert.False(copy.TakeSocket());
        // Header, 40 000 rows of two fields, trailer.
        Assert.Equal(19 + 40_000 * (2 + 4 + 4 + 4 + 90) + 2, bytes);
        Assert.Equal(40_000L, await ScalarAsync(connection, $"select count(*) from ({Rows}) r"));
    }

    [Fact]
    public async Task An_error_in_the_middle_of_a_long_copy_out_is_the_servers_own()
    {
        await using var fixture = await PgFixture.NewAsync();
        await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(fixture.Here()), PgRole.Read, Ct);
        var copy = await PgCopyOut.BeginAsync(connection,
            "copy (select i, repeat('x', 90), 1 / (39000 - i) from generate_series(1, 40000) i) to stdout (format binary)", Ct);
        var pump = new PgCopyPump(copy, 4 << 20);
        pump.Start();
        var bytes = 0L;
        var thrown = await Assert.ThrowsAsync<PostgresException>(async () =>
        {
            while (await pump.NextAsync(Ct) is { } chunk)
            {
                bytes += chunk.Length;
                chunk.Release();
            }
        });
        Assert.Equal("22012", thrown.SqlState);
        Assert.InRange(bytes, PgSocket.WorthBytes, long.MaxValue);
        await pump.StopAsync().AsTask().WaitAsync(Patience, Ct);
    }

    [Fact]
    public async Task A_long_copy_in_goes_that_way_and_what_it_says_is_the_servers_own()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id integer primary key, v text not null)");
        await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(fixture.Here()), PgRole.Write, Ct);
        using var copy = new PgCopyIn(connection);
        const string Into = "copy public.t from stdin (format binary)";

        await ExecuteAsync(connection, "begin");
        await copy.BeginAsync(Into, isText: false, Ct);
        for (var from = 0; from < 40_000; from += 4_000) await copy.WriteAsync(Tuples(from, 4_000), Ct);
        Assert.Equal(40_000, await copy.EndAsync(isText: false, Ct));
        await ExecuteAsync(connection, "commit");
        Assert.Equal(40_000L, await ScalarAsync(connection, "select count(*) from public.t where length(v) = 90"));

        // The first row that is refused is in the second half; the session is good for a rollback and for more.
        await ExecuteAsync(connection, "delete from public.t where id < 30000");
        await ExecuteAsync(connection, "begin");
        await copy.BeginAsync(Into, isText: false, Ct);
        var thrown = await Assert.ThrowsAsync<PostgresException>(async () =>
        {
            for (var from = 0; from < 40_000; from += 4_000) await copy.WriteAsync(Tuples(from, 4_000), Ct);
            await copy.EndAsync(isText: false, Ct);
        });
        Assert.Equal("23505", thrown.SqlState);
        Assert.Contains("line 30001", thrown.Where, StringComparison.Ordinal);
        await copy.AbandonAsync().AsTask().WaitAsync(Patience, Ct);
        await ExecuteAsync(connection, "rollback");
        Assert.Equal(10_000L, await ScalarAsync(connection, "select count(*) from public.t"));
        await ExecuteAsync(connection, "truncate public.t");
        await copy.BeginAsync(Into, isText: false, Ct);
        for (var from = 0; from < 40_000; from += 4_000) await copy.WriteAsync(Tuples(from, 4_000), Ct);
        Assert.Equal(40_000, await copy.EndAsync(isText: false, Ct));
    }

    [Fact]
    public async Task A_trigger_that_speaks_of_every_row_does_not_block_the_way()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id integer primary key, v text not null)",
            """
            create function speak() returns trigger language plpgsql as
                'begin raise warning ''%'', new.v; raise info ''%'', new.v; return new; end'
            """,
            "create trigger speak before insert on t for each row execute function speak()");
        await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(fixture.Here()), PgRole.Write, Ct);
        using var copy = new PgCopyIn(connection);
        await copy.BeginAsync("copy public.t from stdin (format binary)", isText: false, Ct);
        await FillAsync().WaitAsync(Patience, Ct);
        Assert.Equal(160_000, await copy.EndAsync(isText: false, Ct).AsTask().WaitAsync(Patience, Ct));

        async Task FillAsync()
        {
            for (var from = 0; from < 160_000; from += 4_000) await copy.WriteAsync(Tuples(from, 4_000), Ct);
        }
    }

    [Fact]
    public async Task A_copy_in_that_is_given_up_while_the_server_is_slow_takes_nothing_with_it()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id integer primary key, v text not null)",
            """
            create function slow() returns trigger language plpgsql as
                'begin if new.id > 15000 then perform pg_sleep(0.5); end if; return new; end'
            """,
            "create trigger slow before insert on t for each row execute function slow()");
        await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(fixture.Here()), PgRole.Write, Ct);
        using var copy = new PgCopyIn(connection);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await ExecuteAsync(connection, "begin");
        await copy.BeginAsync("copy public.t from stdin (format binary)", isText: false, Ct);
        cancel.CancelAfter(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            for (var from = 0; ; from += 4_000) await copy.WriteAsync(Tuples(from, 4_000), cancel.Token);
        }).WaitAsync(Patience, Ct);
        await copy.AbandonAsync().AsTask().WaitAsync(Patience, Ct);
        await connection.CloseAsync().WaitAsync(Patience, Ct);
        Assert.Equal(["0"], await fixture.RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_copy_in_whose_session_was_ended_is_given_up_as_often_as_anybody_likes()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id integer primary key, v text not null)");
        await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(fixture.Here()), PgRole.Write, Ct);
        using var copy = new PgCopyIn(connection);
        await copy.BeginAsync("copy public.t from stdin (format binary)", isText: false, Ct);
        await copy.WriteAsync(Tuples(0, 20_000), Ct);
        await fixture.RunAsync($"select pg_terminate_backend({connection.ProcessID}, 10000)");
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            for (var from = 20_000; ; from += 4_000) await copy.WriteAsync(Tuples(from, 4_000), Ct);
        }).WaitAsync(Patience, Ct);
        await copy.AbandonAsync().AsTask().WaitAsync(Patience, Ct);
        await copy.AbandonAsync().AsTask().WaitAsync(Patience, Ct);
        Assert.Equal(["0"], await fixture.RowsAsync("select count(*) from t"));
    }

    /// <summary>Rows as COPY has them in binary form: a number and 90 letters.</summary>
    private static byte[] Tuples(int from, int count)
    {
        const int Size = 2 + 4 + 4 + 4 + 90;
        var bytes = new byte[count * Size];
        for (var row = 0; row < count; row++)
        {
            var at = bytes.AsSpan(row * Size, Size);
            BinaryPrimitives.WriteInt16BigEndian(at, 2);
            BinaryPrimitives.WriteInt32BigEndian(at[2..], 4);
            BinaryPrimitives.WriteInt32BigEndian(at[6..], from + row);
            BinaryPrimitives.WriteInt32BigEndian(at[10..], 90);
            at[14..].Fill((byte)'x');
        }
        return bytes;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private static async Task<object?> ScalarAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Ct);
    }
}
