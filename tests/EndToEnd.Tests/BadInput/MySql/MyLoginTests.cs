using System.Net;
using System.Net.Sockets;
using System.Text;
using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>Who may log in, over what line, and what is said to those who may not.</summary>
public sealed class MyLoginTests
{
    [Fact]
    public async Task A_wrong_password_is_told_with_account_and_server_and_never_repeated()
    {
        await using var rig = await MyRig.WithRowsAsync(10);
        var user = await rig.UserAsync();
        await rig.Server.ExecuteAsync(null, $"alter user {user}@'127.0.0.1' identified by 'right'",
            $"grant select on {rig.From}.* to {user}@'127.0.0.1'");
        foreach (var password in new[] { ":swordfish", "" })
        {
            rig.Source = MyRig.At(rig.Server, rig.From, user + password);
            rig.WriteJob();
            var end = await rig.RefusedAsync(1, Codes.LoginRefused, $"refused the login of {user}", "127.0.0.1", $"-u {user}");
            Assert.DoesNotContain("swordfish", end.Out + end.Err);
        }
        rig.Source = MyRig.At(rig.Server, rig.From, user + ":${PASSWORD}");
        rig.WriteJob();
        await using var right = rig.Start(("PASSWORD", "right"));
        var done = await right.WaitAsync();
        Assert.True(done.Code == 0, done.ToString());
    }

    [Fact]
    public async Task A_missing_right_is_told_with_the_statement_that_gives_it_until_the_job_runs()
    {
        await using var rig = await MyRig.WithRowsAsync(200);
        var user = await rig.UserAsync();
        (rig.Source, rig.Target) = (MyRig.At(rig.Server, rig.From, user), MyRig.At(rig.Server, rig.To, user));
        rig.WriteJob();
        var cures = 0;
        for (var end = await rig.RunAsync(); end.Code != 0; end = await rig.RunAsync())
        {
            Assert.True(end.Code is 1 or 2 && ++cures < 9, end.ToString());
            var said = string.Join(' ', end.Err.Split('\n').Select(l => l.Trim()));
            var from = said.IndexOf("grant ", StringComparison.OrdinalIgnoreCase);
            // The account as the server has it, also where the login got no further than the door of its database.
            var account = $" to '{user}'@'127.0.0.1'";
            var to = from < 0 ? -1 : said.IndexOf(account, from, StringComparison.OrdinalIgnoreCase);
            Assert.True(to > from, end.ToString());
            await rig.Server.ExecuteAsync(null, said[from..(to + account.Length)]);
        }
        Assert.InRange(cures, 1, 8);
        await rig.SameRowsAsync();
    }

    [Fact]
    public async Task A_certificate_is_checked_where_it_is_to_be()
    {
        await using var rig = await MyRig.WithRowsAsync(10);
        var folder = rig.Scratch.At("tls");
        using var own = new TestCertificates(folder);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(rig.Scratch.Folder, (UnixFileMode)0b111_101_101);
            File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        }
        var (certificate, key) = (Path.Combine(folder, "server.crt"), Path.Combine(folder, "server.key"));
        void Use((string Certificate, string Key) files)
        {
            File.Copy(files.Certificate, certificate, overwrite: true);
            File.Copy(files.Key, key, overwrite: true);
        }
        Use(own.Make(["127.0.0.1"]));
        await using var server = await MariaDbServer.StartAsync($"--ssl-cert={certificate}", $"--ssl-key={key}", $"--ssl-ca={own.CaFile}");
        await server.ExecuteAsync(null, "create database d");
        rig.Target = MyRig.At(server, "d");
        var verified = $"?tls=verify&ca={own.CaFile}";

        rig.WriteJob(options: "?tls=verify");
        await rig.RefusedAsync(2, Codes.TlsRefused, "127.0.0.1");
        foreach (var made in new[]
        {
            own.Make(["db.example"]), own.Make(["127.0.0.1"], expired: true), own.Make(["127.0.0.1"], selfSigned: true),
        })
        {
            Use(made);
            await server.ExecuteAsync(null, "flush ssl");
            rig.WriteJob(options: verified);
            await rig.RefusedAsync(2, Codes.TlsRefused, "127.0.0.1");
            Assert.Equal(["0"], await server.RowsAsync(null, "select count(*) from information_schema.tables where table_schema = 'd'"));
        }
        Use(own.Make(["127.0.0.1"]));
        await server.ExecuteAsync(null, "flush ssl", "create user only@'%' require ssl", "grant all on d.* to only@'%'");
        rig.Target = MyRig.At(server, "d", "only");
        rig.WriteJob(options: "?tls=off");
        await rig.RefusedAsync(1, Codes.LoginRefused);
        rig.WriteJob(options: verified);
        await rig.DoneAsync();
    }

    [Theory]
    [InlineData("verify")]
    [InlineData("required")]
    public async Task Somebody_on_the_way_who_says_that_the_server_has_no_TLS_hears_no_password(string tls)
    {
        await using var rig = await MyRig.WithRowsAsync(10);
        await using var between = new Downgrade(rig.Server.Port);
        rig.Target = FormattableString.Invariant($"mysql://somebody:swordfish@127.0.0.1:{between.Port}/{rig.To}");
        rig.WriteJob(options: $"?tls={tls}");
        await rig.RefusedAsync(2, Codes.TlsRefused, "127.0.0.1");
        var chinese = await rig.RunAsync("--lang", "zh-CN");
        Assert.True(chinese.Code == 2 && !chinese.Err.Contains("server", StringComparison.Ordinal), chinese.ToString());
        Assert.True(between.Connections > 0);
        Assert.DoesNotContain("somebody", Encoding.Latin1.GetString(between.Heard), StringComparison.Ordinal);
    }

    /// <summary>Takes the offer of TLS out of a server's greeting, and keeps what the client says.</summary>
    private sealed class Downgrade : IAsyncDisposable
    {
        private const int ClientSsl = 1 << 11;
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly MemoryStream heard = new();
        private readonly int server;
        private readonly Task serving;

        public Downgrade(int server)
        {
            this.server = server;
            listener.Start();
            serving = ServeAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;
        public int Connections { get; private set; }
        public byte[] Heard { get { lock (heard) return heard.ToArray(); } }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    using var client = await listener.AcceptTcpClientAsync();
                    Connections++;
                    using var real = new TcpClient();
                    await real.ConnectAsync(IPAddress.Loopback, server);
                    var greeting = new byte[512];
                    var length = await real.GetStream().ReadAsync(greeting);
                    // Head, version, its text up to NUL, thread, 8 bytes, one of nothing; then the lower half of what it can.
                    var at = Array.IndexOf(greeting, (byte)0, 5) + 1 + 4 + 8 + 1;
                    greeting[at + 1] &= unchecked((byte)~(ClientSsl >> 8));
                    await client.GetStream().WriteAsync(greeting.AsMemory(0, length));
                    var buffer = new byte[4096];
                    while (await client.GetStream().ReadAsync(buffer) is > 0 and var count)
                    {
                        lock (heard) heard.Write(buffer, 0, count);
                    }
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
            {
                // Disposed, or cut off: nothing more is to be heard.
            }
        }

        public async ValueTask DisposeAsync()
        {
            listener.Stop();
            await serving;
            heard.Dispose();
        }
    }
}
