using System.Net.Sockets;
using System.Security.Authentication;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Accounts, sockets and TLS on a real MariaDB.</summary>
public sealed class ProtocolLoginTests
{
    private static PawlException Fault(Exception e, MyOptions at) => MyFaults.Classify(e, at, "login");

    [Theory]
    [InlineData("simple")]
    [InlineData("gé heim ' \\ 密码")]
    [InlineData("a password that is a good deal longer than any hash of it could ever be, because somebody pasted a whole sentence")]
    public async Task A_native_password_is_proved(string password)
    {
        var server = await MariaDbServer.SharedAsync();
        var user = $"native{password.Length}";
        await using (var root = await server.ConnectAsync())
        {
            await root.ExecuteAsync($"create user {user} identified by '{password.Replace("\\", "\\\\").Replace("'", "''")}'", default);
        }
        var options = server.Options(user: user) with { Password = password };
        await using (var connection = await MyConnection.OpenAsync(options, default))
        {
            Assert.Equal([$"{user}@%"], await MyServer.RowsAsync(connection, "select current_user()"));
        }
        foreach (var wrong in new[] { null, "", password + "x" })
        {
            var e = await Assert.ThrowsAsync<MyServerException>(async () =>
                await MyConnection.OpenAsync(options with { Password = wrong }, default));
            var fault = Fault(e, options);
            Assert.Equal((1045, Codes.LoginRefused, Model.Fault.Permission), (e.Number, fault.Code, fault.Fault));
            Assert.Equal(user, fault.Details["user"]);
        }
    }

    [Fact]
    public async Task An_account_with_another_plugin_is_clearly_refused()
    {
        var server = await MariaDbServer.SharedAsync();
        await server.ExecuteAsync(null, "install soname 'auth_ed25519'", "create user edward identified via ed25519 using password('x')");
        var options = server.Options(user: "edward") with { Password = "x" };
        var e = await Assert.ThrowsAsync<MyRefusedException>(async () => await MyConnection.OpenAsync(options, default));
        Assert.Equal(MyRefusal.Login, e.Refusal);
        Assert.Contains("client_ed25519", e.Message);
        Assert.Equal(Codes.LoginRefused, Fault(e, options).Code);
    }

    [Fact]
    public async Task The_unix_socket_needs_no_host()
    {
        var server = await MariaDbServer.SharedAsync();
        var options = server.Options() with { Host = "nowhere.invalid", Socket = server.Socket };
        await using var connection = await MyConnection.OpenAsync(options, default);
        Assert.Equal(["root@localhost"], await MyServer.RowsAsync(connection, "select current_user()"));
        await connection.KillQueryAsync();
        await connection.PingAsync(default);
    }

    [Fact]
    public async Task Nobody_there_is_transient()
    {
        var server = await MariaDbServer.SharedAsync();
        var options = server.Options() with { Socket = server.Socket + "x" };
        var e = await Assert.ThrowsAnyAsync<SocketException>(async () => await MyConnection.OpenAsync(options, default));
        Assert.Equal((Model.Fault.Transient, Codes.Unreachable), (Fault(e, options).Fault, Fault(e, options).Code));
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_named()
    {
        var server = await MariaDbServer.SharedAsync();
        var e = await Assert.ThrowsAsync<MyServerException>(async () => await server.ConnectAsync("nowhere"));
        Assert.Equal(Codes.DatabaseMissing, Fault(e, server.Options("nowhere")).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_without_TLS_is_refused_where_TLS_is_wanted(bool verify)
    {
        var server = await MariaDbServer.SharedAsync();
        var options = server.Options() with { Tls = verify ? MyTls.Verify : MyTls.Required };
        var e = await Assert.ThrowsAsync<MyRefusedException>(async () => await MyConnection.OpenAsync(options, default));
        Assert.Equal(MyRefusal.Tls, e.Refusal);
        Assert.Equal(Codes.TlsRefused, Fault(e, options).Code);
    }

    [Fact]
    public void TLS_is_verified_unless_nothing_leaves_the_machine()
    {
        var away = new MyOptions { Host = "db.example", User = "u", Password = "secret", Display = "mysql://u@db.example" };
        Assert.Equal(MyTls.Verify, away.EffectiveTls);
        Assert.Equal(MyTls.Off, (away with { Tls = MyTls.Off }).EffectiveTls);
        foreach (var host in new[] { "localhost", "127.0.0.1", "::1" }) Assert.Equal(MyTls.Off, (away with { Host = host }).EffectiveTls);
        Assert.Equal(MyTls.Verify, (away with { Host = "localhost", Tls = MyTls.Verify }).EffectiveTls);
        Assert.Equal(MyTls.Off, (away with { Socket = "/run/s.sock" }).EffectiveTls);
        Assert.DoesNotContain("secret", away.ToString());
    }

    [Fact]
    public async Task Certificates_are_checked_for_authority_host_and_time()
    {
        var folder = Directory.CreateTempSubdirectory("pawl-tls-").FullName;
        try
        {
            await CertificatesAsync(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CertificatesAsync(string folder)
    {
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        using var own = new TestCertificates(folder);
        var (certificate, key) = (Path.Combine(folder, "server.crt"), Path.Combine(folder, "server.key"));
        void Use((string Certificate, string Key) files)
        {
            File.Copy(files.Certificate, certificate, overwrite: true);
            File.Copy(files.Key, key, overwrite: true);
        }
        Use(own.Make(["127.0.0.1", "localhost"]));
        await using var server = await MariaDbServer.StartAsync($"--ssl-cert={certificate}", $"--ssl-key={key}", $"--ssl-ca={own.CaFile}");
        await using var root = await MyConnection.OpenAsync(server.Options() with { Socket = server.Socket }, default);
        var verified = server.Options() with { Tls = MyTls.Verify, CaFile = own.CaFile };
        await using (var connection = await MyConnection.OpenAsync(verified with { Compress = true }, default))
        {
            Assert.Equal("Tls13", connection.Server.Tls);
            Assert.Equal(["Ssl_version|TLSv1.3"], await MyServer.RowsAsync(connection, "show status like 'Ssl_version'"));
            Assert.Equal([new string('x', 100_000)], await MyServer.RowsAsync(connection, "select repeat('x', 100000)"));
        }
        await ClientsAsync(root, server, verified, own);
        // Whom nobody vouches for.
        await RefusedAsync(verified with { CaFile = null });
        foreach (var (made, words) in new[]
        {
            (own.Make(["db.example"]), "RemoteCertificateNameMismatch"), (own.Make(["127.0.0.1"], expired: true), "NotTimeValid"),
            (own.Make(["127.0.0.1"], selfSigned: true), "UntrustedRoot"),
        })
        {
            Use(made);
            await root.ExecuteAsync("flush ssl", default);
            Assert.Contains(words, await RefusedAsync(verified));
            await using var unverified = await MyConnection.OpenAsync(verified with { Tls = MyTls.Required }, default);
            Assert.NotNull(unverified.Server.Tls);
        }
        var gone = await Assert.ThrowsAsync<MyRefusedException>(async () =>
            await MyConnection.OpenAsync(verified with { CaFile = Path.Combine(folder, "none.pem") }, default));
        Assert.Equal(MyRefusal.Tls, gone.Refusal);
    }

    /// <summary>Accounts that demand TLS, or a certificate of the client's.</summary>
    private static async Task ClientsAsync(MyConnection root, MariaDbServer server, MyOptions verified, TestCertificates own)
    {
        await root.ExecuteAsync("create user tls require ssl", default);
        await root.ExecuteAsync("create user cert require x509", default);
        var plain = server.Options(user: "tls") with { Tls = MyTls.Off };
        var e = await Assert.ThrowsAsync<MyServerException>(async () => await MyConnection.OpenAsync(plain, default));
        Assert.Equal(Codes.LoginRefused, Fault(e, plain).Code);
        await (await MyConnection.OpenAsync(verified with { User = "tls" }, default)).DisposeAsync();
        await Assert.ThrowsAsync<MyServerException>(async () => await MyConnection.OpenAsync(verified with { User = "cert" }, default));
        var (certificate, key) = own.Make(["a client"]);
        var shown = verified with { User = "cert", CertificateFile = certificate, KeyFile = key };
        await (await MyConnection.OpenAsync(shown, default)).DisposeAsync();
        await root.ExecuteAsync("set global require_secure_transport = on", default);
        e = await Assert.ThrowsAsync<MyServerException>(async () =>
            await MyConnection.OpenAsync(server.Options() with { Tls = MyTls.Off }, default));
        // MariaDB says no more than "access denied"; MySQL has a number for it.
        Assert.Equal((1045, Codes.LoginRefused), (e.Number, Fault(e, plain).Code));
    }

    private static async Task<string> RefusedAsync(MyOptions options)
    {
        var e = await Assert.ThrowsAnyAsync<AuthenticationException>(async () => await MyConnection.OpenAsync(options, default));
        var fault = Fault(e, options);
        Assert.Equal((Codes.TlsRefused, Model.Fault.Configuration), (fault.Code, fault.Fault));
        return fault.Details["cause"]!;
    }

    [Fact]
    public async Task A_server_that_dies_is_transient_and_one_that_hangs_is_cut()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var first = await server.ConnectAsync();
        await using var second = await server.ConnectAsync();
        await server.FreezeAsync();
        using var soon = new CancellationTokenSource(100);
        var started = Environment.TickCount64;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await first.ExecuteAsync("select 1", soon.Token));
        Assert.True(first.IsBroken);
        Assert.True(Environment.TickCount64 - started < 9_000);
        var late = server.Options() with { ConnectTimeout = TimeSpan.FromMilliseconds(200) };
        var e = await Assert.ThrowsAsync<TimeoutException>(async () => await MyConnection.OpenAsync(late, default));
        Assert.Equal(Model.Fault.Transient, Fault(e, late).Fault);
        server.Thaw();
        await second.PingAsync(default);
        await server.CrashAsync();
        var broken = await Assert.ThrowsAnyAsync<IOException>(async () => await second.PingAsync(default));
        Assert.Equal(Model.Fault.Transient, Fault(broken, late).Fault);
        await server.StartAgainAsync();
        await using var third = await server.ConnectAsync();
        await third.PingAsync(default);
    }

    [Fact]
    public async Task A_full_server_asks_to_slow_down()
    {
        var server = await MariaDbServer.SharedAsync();
        await server.ExecuteAsync(null, "create user narrow with max_user_connections 1");
        await using var only = await server.ConnectAsync(user: "narrow");
        var e = await Assert.ThrowsAsync<MyServerException>(async () => await server.ConnectAsync(user: "narrow"));
        Assert.Equal((Model.Fault.Throttled, Codes.TooManyConnections), (Fault(e, only.Options).Fault, Fault(e, only.Options).Code));
    }
}
