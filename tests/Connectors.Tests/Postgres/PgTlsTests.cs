using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>A connection is encrypted to the right server, or there is none.</summary>
public sealed class PgTlsTests
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task A_server_that_cannot_prove_who_it_is_is_refused()
    {
        await using var server = await PgServer.StartAsync();
        using var authority = Authority("Test authority");
        using var stranger = Authority("Another authority");
        var root = Path.Combine(server.Folder, "root.crt");
        await File.WriteAllTextAsync(root, authority.ExportCertificatePem());
        var other = Path.Combine(server.Folder, "other.crt");
        await File.WriteAllTextAsync(other, stranger.ExportCertificatePem());

        await UseAsync(server, Issue(authority, "127.0.0.1", Now.AddDays(30)));
        Assert.Equal("t", await ConnectAsync(server, ("sslmode", "verify-full"), ("sslrootcert", root)));
        Assert.Equal("t", await ConnectAsync(server, ("sslmode", "require")));
        Assert.Equal("f", await ConnectAsync(server, ("sslmode", "disable")));
        Assert.Equal("f", await ConnectAsync(server));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-full")));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-full"), ("sslrootcert", other)));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-ca"), ("sslrootcert", other)));

        // What doctor says of each of them.
        foreach (var (code, options) in new (string, (string, string)[])[]
        {
            (FindingCodes.Encrypted, [("sslmode", "verify-full"), ("sslrootcert", root)]),
            (FindingCodes.Encrypted, [("sslmode", "verify-ca"), ("sslrootcert", root)]),
            (FindingCodes.EncryptedUnchecked, [("sslmode", "require")]),
            (FindingCodes.EncryptedLocal, [("sslmode", "disable")]),
            (Codes.TlsRefused, [("sslmode", "verify-full"), ("sslrootcert", other)]),
        })
        {
            var report = await new PgConnector().ProbeAsync(new ProbeRequest(PgFixture.At(server, "postgres", options)), default);
            Assert.Contains(code, report.Findings.Select(f => f.Code));
        }

        // Another host's certificate, signed by the right authority.
        await UseAsync(server, Issue(authority, "db.example.org", Now.AddDays(30)));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-full"), ("sslrootcert", root)));
        Assert.Equal("t", await ConnectAsync(server, ("sslmode", "verify-ca"), ("sslrootcert", root)));

        // Expired.
        await UseAsync(server, Issue(authority, "127.0.0.1", Now.AddDays(-1)));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-full"), ("sslrootcert", root)));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-ca"), ("sslrootcert", root)));

        // Self-signed.
        using var own = Authority("127.0.0.1");
        await UseAsync(server, (own.ExportCertificatePem(), own.GetRSAPrivateKey()!.ExportPkcs8PrivateKeyPem()));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-full"), ("sslrootcert", root)));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-full")));

        // Downgrade: a server that offers no TLS any more.
        await server.ExecuteAsync("postgres", "alter system set ssl = off");
        await ReloadAsync(server);
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "verify-full"), ("sslrootcert", root)));
        Assert.Equal(Codes.TlsRefused, await ConnectAsync(server, ("sslmode", "require")));
    }

    [Fact]
    public async Task A_client_certificate_is_shown_to_a_server_that_asks_for_one()
    {
        await using var server = await PgServer.StartAsync();
        using var authority = Authority("Test authority");
        using var stranger = Authority("Another authority");
        string Write(string name, string text)
        {
            var file = Path.Combine(server.Folder, name);
            File.WriteAllText(file, text);
            return file;
        }
        var root = Write("root.crt", authority.ExportCertificatePem());
        var ours = Issue(authority, "etl", Now.AddDays(30));
        var theirs = Issue(stranger, "etl", Now.AddDays(30));
        var expired = Issue(authority, "etl", Now.AddDays(-1));
        await server.ExecuteAsync("postgres", "create role etl login", $"alter system set ssl_ca_file = '{root}'");
        await File.WriteAllTextAsync(Path.Combine(server.Data, "pg_hba.conf"), "local all all trust\nhostssl all all 127.0.0.1/32 cert\n");
        await UseAsync(server, Issue(authority, "127.0.0.1", Now.AddDays(30)));
        Task<string> AsEtl(params (string, string)[] more) =>
            ConnectAsync(server, "etl", [("sslmode", "verify-full"), ("sslrootcert", root), .. more]);

        Assert.Equal("t", await AsEtl(("sslcert", Write("etl.crt", ours.Certificate)), ("sslkey", Write("etl.key", ours.Key))));
        Assert.Equal("t", await AsEtl(("sslcert", Write("both.pem", ours.Certificate + "\n" + ours.Key))));
        Assert.Equal(Codes.LoginRefused, await AsEtl());
        Assert.Contains(await AsEtl(("sslcert", Write("theirs.crt", theirs.Certificate)), ("sslkey", Write("theirs.key", theirs.Key))),
            new[] { Codes.LoginRefused, Codes.TlsRefused, Codes.Unreachable });
        Assert.Contains(await AsEtl(("sslcert", Write("old.crt", expired.Certificate)), ("sslkey", Write("old.key", expired.Key))),
            new[] { Codes.LoginRefused, Codes.TlsRefused, Codes.Unreachable });
        foreach (var (certificate, key) in new[] { ("etl.crt", "theirs.key"), ("etl.crt", "none.key"), ("none.crt", "etl.key"),
            ("root.crt", ""), ("etl.key", "etl.crt") })
        {
            (string, string)[] more = [("sslcert", Path.Combine(server.Folder, certificate)), ("sslkey", Path.Combine(server.Folder, key))];
            Assert.Equal(Codes.OptionInvalid, await AsEtl(key.Length == 0 ? more[..1] : more));
        }
        Assert.Equal(Codes.OptionInvalid, await AsEtl(("sslkey", Path.Combine(server.Folder, "etl.key"))));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("no certificate")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public async Task Root_certificates_that_are_missing_or_garbage_are_a_wrong_option_not_a_server_out_of_reach(string? text)
    {
        var folder = Directory.CreateTempSubdirectory("pawl-tls-");
        try
        {
            var root = Path.Combine(folder.FullName, "root.crt");
            if (text is not null) await File.WriteAllTextAsync(root, text);
            var at = new Contracts.Endpoint
            {
                Scheme = "postgres", Host = "127.0.0.1", Port = 1, Path = "x", User = "x",
                Options = new Dictionary<string, string> { ["sslmode"] = "verify-full", ["sslrootcert"] = root },
            };
            var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
                await PgConnections.OpenAsync(PgOptions.Parse(at), PgRole.Look, default));
            Assert.Equal((Fault.Configuration, Codes.OptionInvalid, "sslrootcert", root),
                (thrown.Fault, thrown.Code, thrown.Details["option"], thrown.Details["value"]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>What stands between the two answers, and the code that is to be told; nothing but the request may have been said.</summary>
    public static TheoryData<byte[], string> Answers => new()
    {
        { "N"u8.ToArray(), Codes.TlsRefused },
        { "E\0\0\0\x0cSFATAL\0\0"u8.ToArray(), Codes.TlsRefused },
        { "SI am not TLS at all, and this is long enough to be looked at."u8.ToArray(), Codes.TlsRefused },
        { "S"u8.ToArray(), Codes.TlsRefused },
        { [], Codes.Unreachable },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task A_man_in_the_middle_who_talks_TLS_away_hears_no_password(byte[] answer, string code)
    {
        using var middle = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        middle.Start();
        var heard = HearAsync(middle, answer);
        foreach (var mode in new[] { "require", "verify-ca", "verify-full" })
        {
            var at = new Contracts.Endpoint
            {
                Scheme = "postgres", Host = "127.0.0.1", Port = ((IPEndPoint)middle.LocalEndpoint).Port, Path = "shop", User = "etl",
                Password = "swordfish", Options = new Dictionary<string, string> { ["sslmode"] = mode, ["connect_timeout"] = "3s" },
            };
            var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
                await PgConnections.OpenAsync(PgOptions.Parse(at), PgRole.Look, default));
            Assert.Contains(thrown.Code, new[] { code, Codes.Unreachable });
            Assert.DoesNotContain("swordfish", thrown.ToString());
        }
        middle.Stop();
        foreach (var words in await heard)
        {
            // The request for TLS: eight bytes, 80877103. What follows is a TLS hello at most.
            Assert.Equal(new byte[] { 0, 0, 0, 8, 4, 210, 22, 47 }, words[..8]);
            var text = System.Text.Encoding.Latin1.GetString(words);
            Assert.DoesNotContain("etl", text);
            Assert.DoesNotContain("swordfish", text);
        }
    }

    private static async Task<List<byte[]>> HearAsync(System.Net.Sockets.TcpListener middle, byte[] answer)
    {
        var heard = new List<byte[]>();
        try
        {
            while (true)
            {
                using var socket = await middle.AcceptSocketAsync();
                var words = new byte[4096];
                var length = await socket.ReceiveAsync(words);
                if (answer.Length > 0)
                {
                    await socket.SendAsync(answer);
                    socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
                    while (await socket.ReceiveAsync(words.AsMemory(length)) is > 0 and var more) length += more;
                }
                heard.Add(words[..length]);
            }
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or InvalidOperationException)
        {
            // Nobody listens any more.
            return heard;
        }
    }

    [Fact]
    public async Task A_wrong_password_is_told_as_such()
    {
        await using var server = await PgServer.StartAsync();
        await server.ExecuteAsync("postgres", "create role etl login password 'right'");
        var rules = Path.Combine(server.Data, "pg_hba.conf");
        await File.WriteAllTextAsync(rules, "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
        await ReloadAsync(server);
        var at = PgFixture.At(server, "postgres") with { User = "etl" };
        foreach (var password in new[] { "swordfish", null, "" })
        {
            var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
                await PgConnections.OpenAsync(PgOptions.Parse(at with { Password = password }), PgRole.Look, default));
            Assert.Equal((Fault.Permission, Codes.LoginRefused), (thrown.Fault, thrown.Code));
            Assert.DoesNotContain("swordfish", thrown.ToString());
        }
        await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(at with { Password = "right" }), PgRole.Look, default);
        Assert.Equal(System.Data.ConnectionState.Open, connection.State);
    }

    /// <summary>Whether the session is encrypted (t, f), or the code of the refusal.</summary>
    private static Task<string> ConnectAsync(PgServer server, params (string Name, string Value)[] options) =>
        ConnectAsync(server, "postgres", options);

    private static async Task<string> ConnectAsync(PgServer server, string user, (string Name, string Value)[] options)
    {
        try
        {
            var at = PgFixture.At(server, "postgres", options) with { User = user };
            await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(at), PgRole.Look, default);
            await using var command = connection.CreateCommand();
            command.CommandText = "select ssl::text from pg_stat_ssl where pid = pg_backend_pid()";
            return ((string)(await command.ExecuteScalarAsync())!)[..1];
        }
        catch (PawlException e)
        {
            return e.Code;
        }
    }

    private static async Task UseAsync(PgServer server, (string Certificate, string Key) pair)
    {
        var (certificate, key) = (Path.Combine(server.Data, "server.crt"), Path.Combine(server.Data, "server.key"));
        await File.WriteAllTextAsync(certificate, pair.Certificate);
        await File.WriteAllTextAsync(key, pair.Key);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        if (Environment.IsPrivilegedProcess)
        {
            using var own = Process.Start("chown", ["postgres:postgres", certificate, key]);
            await own.WaitForExitAsync();
        }
        await server.ExecuteAsync("postgres", "alter system set ssl = on");
        await ReloadAsync(server);
    }

    /// <summary>The postmaster reads its files a moment after it was asked to; a session that begins later says when.</summary>
    private static async Task ReloadAsync(PgServer server)
    {
        var before = await server.RowsAsync("postgres", "select pg_conf_load_time()");
        await server.ExecuteAsync("postgres", "select pg_reload_conf()");
        while ((await server.RowsAsync("postgres", "select pg_conf_load_time()")).SequenceEqual(before)) await Task.Delay(20);
    }

    private static X509Certificate2 Authority(string name)
    {
        var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddDays(-60), Now.AddDays(60));
    }

    private static (string Certificate, string Key) Issue(X509Certificate2 authority, string host, DateTimeOffset ends)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address)) names.AddIpAddress(address);
        else names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(authority, Now.AddDays(-30), ends, RandomNumberGenerator.GetBytes(8));
        return (issued.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
