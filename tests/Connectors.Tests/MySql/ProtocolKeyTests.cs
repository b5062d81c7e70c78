using System.Security.Cryptography;
using System.Text;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>caching_sha2_password without TLS: under whose key the whole password goes.</summary>
public sealed class ProtocolKeyTests : IDisposable
{
    private readonly RSA key = RSA.Create(2048);
    private readonly string file = Path.GetTempFileName();

    public void Dispose()
    {
        key.Dispose();
        File.Delete(file);
    }

    /// <summary>This machine, by an address that is not known for it.</summary>
    private static MyOptions Away(MyOptions options) => options with { Host = "::ffff:127.0.0.2" };

    private static Task AskAsync(FakeWire wire) => AskAsync(wire, []);

    private static async Task AskAsync(FakeWire wire, List<byte> sent)
    {
        await wire.GreetAsync(plugin: "caching_sha2_password");
        await wire.ReceiveAsync();
        await wire.SendAsync(1, 4);
        var rest = new byte[1000];
        sent.AddRange(rest[..await wire.Stream.ReadAsync(rest)]);
    }

    [Fact]
    public async Task Away_from_loopback_no_key_is_taken_from_the_line()
    {
        var sent = new List<byte>();
        await using var server = new FakeServer(wire => AskAsync(wire, sent), everywhere: true);
        var options = Away(server.Options);
        Assert.False(options.IsLocal);
        var e = await Assert.ThrowsAsync<MyRefusedException>(async () => await MyConnection.OpenAsync(options, default));
        await server.DisposeAsync();
        Assert.Empty(sent);
        var fault = MyFaults.Classify(e, options, "login");
        Assert.Equal((Fault.Configuration, Codes.TlsRefused), (fault.Fault, fault.Code));
        Assert.Contains("server_key=FILE", fault.Details["cause"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Under_a_key_of_a_file_the_password_goes_unasked(bool isAway)
    {
        await File.WriteAllTextAsync(file, key.ExportSubjectPublicKeyInfoPem());
        byte[]? got = null;
        await using var server = new FakeServer(async wire =>
        {
            await wire.GreetAsync(plugin: "caching_sha2_password");
            await wire.ReceiveAsync();
            await wire.SendAsync(1, 4);
            got = key.Decrypt(await wire.ReceiveAsync(), RSAEncryptionPadding.OaepSHA1);
            await wire.SendAsync(FakeWire.Ok);
            await wire.SetUpAsync();
        }, everywhere: true);
        var options = server.Options with { ServerKeyFile = file };
        await using var connection = await MyConnection.OpenAsync(isAway ? Away(options) : options, default);
        Assert.Equal("secret\0"u8.ToArray(), got!.Select((b, i) => (byte)(b ^ FakeWire.Nonce[i])));
    }

    [Theory]
    [InlineData("no key")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----")]
    [InlineData(null)]
    public async Task A_file_that_holds_no_key_is_named(string? text)
    {
        if (text is null) File.Delete(file);
        else await File.WriteAllTextAsync(file, text);
        await using var server = new FakeServer(AskAsync);
        var options = server.Options with { ServerKeyFile = file };
        var e = await Assert.ThrowsAsync<MyRefusedException>(async () => await MyConnection.OpenAsync(options, default));
        Assert.Equal(MyRefusal.Tls, e.Refusal);
        Assert.Contains(file, e.Message, StringComparison.Ordinal);
    }

    /// <summary>The fast way needs no key: nothing of the password can be read from it.</summary>
    [Fact]
    public async Task Who_is_known_to_the_server_needs_no_key()
    {
        await using var server = new FakeServer(async wire =>
        {
            await wire.GreetAsync(plugin: "caching_sha2_password");
            await wire.ReceiveAsync();
            await wire.SendAsync(1, 3);
            await wire.SendAsync(FakeWire.Ok);
            await wire.SetUpAsync();
        }, everywhere: true);
        await using var connection = await MyConnection.OpenAsync(Away(server.Options), default);
        Assert.False(connection.IsBroken);
    }

    [Fact]
    public void The_address_names_the_file()
    {
        var address = MyAddresses.Parse(new Endpoint
        {
            Scheme = "mysql", Host = "db.example", User = "u", Options = new Dictionary<string, string> { ["server_key"] = file },
        });
        Assert.Equal(file, address.Server.ServerKeyFile);
    }
}
