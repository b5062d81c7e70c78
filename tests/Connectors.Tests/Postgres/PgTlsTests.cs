using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Pawl.Connectors.Postgres;
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
    private static async Task<string> ConnectAsync(PgServer server, params (string Name, string Value)[] options)
    {
        try
        {
            await using var connection = await PgConnections.OpenAsync(PgOptions.Parse(PgFixture.At(server, "postgres", options)), PgRole.Look,
                default);
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
