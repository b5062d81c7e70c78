using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What no real server here does: logins step by step, and hostile servers.</summary>
public sealed class ProtocolFakeTests
{
    private const string Sha2 = "caching_sha2_password";

    private static async Task<T> RefusedAsync<T>(Func<FakeWire, Task> script, Func<MyOptions, MyOptions>? change = null) where T : Exception
    {
        await using var server = new FakeServer(script);
        var options = change is null ? server.Options : change(server.Options);
        return await Assert.ThrowsAsync<T>(async () => await MyConnection.OpenAsync(options, default));
    }

    /// <summary>An answer to a query that may not be.</summary>
    private static async Task<Exception> AnswerAsync(Func<FakeWire, Task> answer, uint capabilities = FakeWire.Usual)
    {
        await using var server = new FakeServer(async wire =>
        {
            await wire.LoginAsync(capabilities);
            await wire.ReceiveAsync();
            await answer(wire);
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        var e = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var rows = await connection.QueryAsync("select 1", default).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            while (await rows.ReadAsync(default)) { }
        });
        Assert.True(connection.IsBroken);
        return e;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rows_end_in_the_old_form_and_in_the_new(bool deprecatesEof)
    {
        await using var server = new FakeServer(async wire =>
        {
            await wire.LoginAsync(deprecatesEof ? FakeWire.Usual : FakeWire.Usual & ~FakeWire.DeprecatesEof);
            await wire.ReceiveAsync();
            await wire.RowsAsync(deprecatesEof, 2, FakeWire.Row(null, "a"), FakeWire.Row("b", null));
            await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Ok);
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        Assert.Equal(["∅|a", "b|∅"], await MyServer.RowsAsync(connection, "select"));
        await connection.PingAsync(default);
    }

    /// <summary>The server knows SHA256(SHA256(password)) alone.</summary>
    private static void IsProof(byte[] login, byte[] nonce)
    {
        // 32 bytes of head, "fake" and a zero, one byte of length.
        var proof = login.AsSpan(32 + 5 + 1, 32);
        var stored = SHA256.HashData(SHA256.HashData("secret"u8));
        var mask = SHA256.HashData([.. stored, .. nonce]);
        var first = new byte[32];
        for (var i = 0; i < 32; i++) first[i] = (byte)(proof[i] ^ mask[i]);
        Assert.Equal(stored, SHA256.HashData(first));
    }

    [Fact]
    public async Task Caching_sha2_takes_the_fast_way()
    {
        await using var server = new FakeServer(async wire =>
        {
            await wire.GreetAsync(plugin: Sha2);
            IsProof(await wire.ReceiveAsync(), FakeWire.Nonce);
            await wire.SendAsync(1, 3);
            await wire.SendAsync(FakeWire.Ok);
            await wire.SetUpAsync();
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        Assert.Equal("9.9.9", connection.Server.VersionText);
    }

    [Fact]
    public async Task Caching_sha2_encrypts_the_password_with_the_servers_key()
    {
        using var key = RSA.Create(2048);
        byte[]? got = null;
        await using var server = new FakeServer(async wire =>
        {
            await wire.GreetAsync(plugin: Sha2);
            await wire.ReceiveAsync();
            await wire.SendAsync(1, 4);
            Assert.Equal([2], await wire.ReceiveAsync());
            await wire.SendAsync([1, .. Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem())]);
            got = key.Decrypt(await wire.ReceiveAsync(), RSAEncryptionPadding.OaepSHA1);
            await wire.SendAsync(FakeWire.Ok);
            await wire.SetUpAsync();
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        Assert.Equal("secret\0"u8.ToArray(), got!.Select((b, i) => (byte)(b ^ FakeWire.Nonce[i])));
    }

    [Fact]
    public async Task Caching_sha2_sends_the_password_within_TLS()
    {
        var folder = Directory.CreateTempSubdirectory("pawl-fake-").FullName;
        using var own = new TestCertificates(folder);
        var (file, keyFile) = own.Make(["127.0.0.1"]);
        using var pair = X509Certificate2.CreateFromPemFile(file, keyFile);
        byte[]? got = null;
        await using var server = new FakeServer(async wire =>
        {
            await wire.GreetAsync(FakeWire.Usual | FakeWire.Tls, Sha2);
            Assert.Equal(32, (await wire.ReceiveAsync()).Length);
            var tls = new SslStream(wire.Stream);
            await tls.AuthenticateAsServerAsync(pair);
            wire.Stream = tls;
            IsProof(await wire.ReceiveAsync(), FakeWire.Nonce);
            await wire.SendAsync(1, 4);
            got = await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Ok);
            await wire.SetUpAsync();
        });
        await using (await MyConnection.OpenAsync(server.Options with { Tls = MyTls.Verify, CaFile = own.CaFile }, default)) { }
        Assert.Equal("secret\0"u8.ToArray(), got);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_key_that_can_be_broken_gets_no_password()
    {
        using var key = RSA.Create(1024);
        var e = await RefusedAsync<MyRefusedException>(async wire =>
        {
            await wire.GreetAsync(plugin: Sha2);
            await wire.ReceiveAsync();
            await wire.SendAsync(1, 4);
            await wire.ReceiveAsync();
            await wire.SendAsync([1, .. Encoding.ASCII.GetBytes(key.ExportSubjectPublicKeyInfoPem())]);
        });
        Assert.Equal(MyRefusal.Login, e.Refusal);
    }

    [Fact]
    public Task A_key_nobody_asked_for_is_no_key() => RefusedAsync<MyProtocolException>(async wire =>
    {
        await wire.GreetAsync(plugin: Sha2);
        await wire.ReceiveAsync();
        await wire.SendAsync([1, .. "-----BEGIN PUBLIC KEY-----"u8]);
    });

    [Theory]
    [InlineData("mysql_clear_password")]
    [InlineData("sha256_password")]
    [InlineData("dialog")]
    [InlineData("")]
    public async Task A_password_is_never_sent_in_the_clear(string plugin)
    {
        var sent = new List<byte>();
        var e = await RefusedAsync<MyRefusedException>(async wire =>
        {
            await wire.GreetAsync();
            await wire.ReceiveAsync();
            await wire.SendAsync(plugin.Length == 0 ? [0xFE] : [0xFE, .. Encoding.ASCII.GetBytes(plugin), 0, .. FakeWire.Nonce, 0]);
            var rest = new byte[100];
            sent.AddRange(rest[..await wire.Stream.ReadAsync(rest)]);
        });
        Assert.Equal(MyRefusal.Login, e.Refusal);
        Assert.Empty(sent);
    }

    [Fact]
    public async Task The_account_may_ask_for_another_plugin_with_a_nonce_of_its_own()
    {
        byte[] nonce = [.. Enumerable.Repeat((byte)'z', 20)];
        await using var server = new FakeServer(async wire =>
        {
            await wire.GreetAsync(plugin: "something_new");
            await wire.ReceiveAsync();
            await wire.SendAsync([0xFE, .. Encoding.ASCII.GetBytes(Sha2), 0, .. nonce, 0]);
            IsProof([.. new byte[38], .. await wire.ReceiveAsync()], nonce);
            await wire.SendAsync(1, 3);
            await wire.SendAsync(FakeWire.Ok);
            await wire.SetUpAsync();
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
    }

    [Fact]
    public Task A_login_ends() => RefusedAsync<MyProtocolException>(async wire =>
    {
        await wire.GreetAsync();
        await wire.ReceiveAsync();
        while (true) await wire.SendAsync([0xFE, .. "mysql_native_password\0"u8, .. FakeWire.Nonce, 0]);
    });

    [Fact]
    public async Task Bytes_in_the_clear_before_TLS_are_not_taken_for_encrypted() => Assert.Contains("before the switch",
        (await RefusedAsync<MyProtocolException>(async wire =>
        {
            var greeting = FakeWire.Greeting(FakeWire.Usual | FakeWire.Tls, Sha2);
            await wire.RawAsync([(byte)greeting.Length, 0, 0, 0, .. greeting, 7, 0, 0, 2, .. FakeWire.Ok]);
        }, o => o with { Tls = MyTls.Required })).Message);

    [Fact]
    public async Task A_full_server_says_so_in_place_of_a_greeting()
    {
        var e = await RefusedAsync<MyServerException>(wire => wire.SendAsync(FakeWire.Error(1040, "Too many connections")));
        var fault = MyFaults.Classify(e, new MyOptions { User = "u" }, "login");
        Assert.Equal((Fault.Throttled, Codes.TooManyConnections), (fault.Fault, fault.Code));
    }

    [Fact]
    public Task Another_service_is_known_at_once() => RefusedAsync<MyProtocolException>(async wire =>
    {
        await wire.RawAsync("SSH-2.0-OpenSSH_9.2p1\r\n"u8.ToArray());
        await wire.Stream.ReadExactlyAsync(new byte[1]);
    });

    [Fact]
    public Task A_server_that_says_nothing_is_not_waited_for() => RefusedAsync<TimeoutException>(
        wire => wire.Stream.ReadExactlyAsync(new byte[1]).AsTask(), o => o with { ConnectTimeout = TimeSpan.FromMilliseconds(200) });

    [Fact]
    public async Task A_file_nobody_offered_is_not_sent()
    {
        byte[]? sent = null;
        var e = await AnswerAsync(async wire =>
        {
            await wire.SendAsync([0xFB, .. "/etc/passwd"u8]);
            sent = await wire.ReceiveAsync();
        });
        Assert.IsType<MyProtocolException>(e);
        Assert.Empty(sent!);
    }

    [Fact]
    public async Task A_load_sends_no_other_file_than_its_own()
    {
        var sent = new TaskCompletionSource<byte[]>();
        await using var server = new FakeServer(async wire =>
        {
            await wire.LoginAsync();
            await wire.ReceiveAsync();
            await wire.SendAsync([0xFB, .. "/etc/passwd"u8]);
            sent.SetResult(await wire.ReceiveAsync());
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        await Assert.ThrowsAsync<MyProtocolException>(async () => await connection.LoadAsync("into table t", (_, _) => new(true), default));
        Assert.Empty(await sent.Task.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    public static TheoryData<string> Hostile => [.. Answers.Keys];

    private static readonly Dictionary<string, Func<FakeWire, Task>> Answers = new()
    {
        ["an empty packet"] = w => w.SendAsync(),
        ["2^63 columns"] = w => w.SendAsync([0xFE, 0, 0, 0, 0, 0, 0, 0, 0x80]),
        ["4097 columns"] = w => w.SendAsync([0xFC, 1, 0x10]),
        ["a count that goes on"] = w => w.SendAsync([1, 1]),
        ["the wrong number"] = w => { w.Sequence = 9; return w.SendAsync(1); },
        ["the number 0 without an error"] = w => { w.Sequence = 0; return w.SendAsync(FakeWire.Ok); },
        ["half an OK"] = w => w.SendAsync([0, 0, 0, 2]),
        ["half an error"] = w => w.SendAsync([0xFF, 1]),
        ["two results"] = w => w.SendAsync([0, 0, 0, 10, 0, 0, 0]),
        ["too many rows affected"] = w => w.SendAsync([0, 0xFE, .. Enumerable.Repeat((byte)0xFF, 8), 0, 2, 0, 0, 0]),
        ["half a column"] = async w => { await w.SendAsync(1); await w.SendAsync(FakeWire.Column[..^4]); },
        ["a name beyond its packet"] = async w => { await w.SendAsync(1); await w.SendAsync([3, .. "def"u8, 0xFD, 0xFF, 0xFF, 0xFF]); },
        ["a row without cells"] = async w => { await w.ColumnsAsync(true, 1); await w.SendAsync(); },
        ["a row with too few cells"] = async w => { await w.ColumnsAsync(true, 2); await w.SendAsync([1, 65]); },
        ["a row with too many cells"] = async w => { await w.ColumnsAsync(true, 1); await w.SendAsync([1, 65, 1, 65]); },
        ["a cell beyond its row"] = async w => { await w.ColumnsAsync(true, 1); await w.SendAsync([9, 65]); },
        ["a cell of 2^64 - 1"] = async w =>
        {
            await w.ColumnsAsync(true, 2);
            await w.SendAsync([1, 65, 0xFE, .. Enumerable.Repeat((byte)0xFF, 8)]);
        },
        ["a cell of 2^31"] = async w => { await w.ColumnsAsync(true, 2); await w.SendAsync([1, 65, 0xFE, 0, 0, 0, 0x80, 0, 0, 0, 0]); },
        ["a length that is none"] = async w => { await w.ColumnsAsync(true, 2); await w.SendAsync([1, 65, 0xFF]); },
        ["half an end"] = async w => { await w.ColumnsAsync(true, 1); await w.SendAsync([0xFE, 0, 0]); },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task What_may_not_be_is_found(string what) => Assert.IsType<MyProtocolException>(await AnswerAsync(Answers[what]));

    [Fact]
    public async Task Old_columns_end_with_an_end() => Assert.IsType<MyProtocolException>(
        await AnswerAsync(async w => { await w.SendAsync(1); await w.SendAsync(FakeWire.Column); await w.SendAsync([1, 65]); },
            FakeWire.Usual & ~FakeWire.DeprecatesEof));

    /// <summary>16 MB are promised and 100 bytes come.</summary>
    [Fact]
    public async Task A_promised_length_costs_nothing()
    {
        var before = GC.GetTotalAllocatedBytes();
        Assert.IsAssignableFrom<IOException>(await AnswerAsync(async w =>
        {
            await w.ColumnsAsync(true, 1);
            await w.RawAsync([0xFF, 0xFF, 0xFF, w.Sequence, .. new byte[100]]);
        }));
        Assert.True(GC.GetTotalAllocatedBytes() - before < 8 << 20);
    }

    [Fact]
    public async Task A_packet_without_end_is_cut_off()
    {
        await using var server = new FakeServer(async wire =>
        {
            await wire.LoginAsync();
            await wire.ReceiveAsync();
            await wire.ColumnsAsync(true, 1);
            var part = new byte[0xFFFFFF];
            while (true) await wire.SendAsync(part);
        });
        await using var connection = await MyConnection.OpenAsync(server.Options with { MostPacketBytes = 40 << 20 }, default);
        await using var rows = await connection.QueryAsync("select 1", default);
        await Assert.ThrowsAsync<MyProtocolException>(async () => await rows.ReadAsync(default));
        Assert.True(connection.IsBroken);
    }

    [Fact]
    public Task Behind_one_address_two_servers_nobody_elses_query_is_killed() => NotKilledAsync(("here", "1000"), ("there", "1000"));

    [Fact]
    public Task A_server_that_was_started_anew_has_other_sessions_of_the_same_number() =>
        NotKilledAsync(("here", "1000"), ("here", "1002"));

    private static async Task NotKilledAsync(params (string Place, string Started)[] servers)
    {
        var connections = 0;
        await using var server = new FakeServer(async wire =>
        {
            await wire.GreetAsync();
            await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Ok);
            var (place, started) = servers[Interlocked.Increment(ref connections) - 1];
            await wire.TellAsync(place: place, started: started);
            var next = Encoding.UTF8.GetString(await wire.ReceiveAsync());
            Assert.DoesNotContain("kill", next);
            await wire.SendAsync(FakeWire.Ok);
        });
        await using var connection = await MyConnection.OpenAsync(server.Options, default);
        await Assert.ThrowsAsync<IOException>(async () => await connection.KillQueryAsync());
    }
}
