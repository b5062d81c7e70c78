using Pawl.Connectors.MySql.Protocol;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Everything within compression.</summary>
public sealed class ProtocolCompressedTests : ProtocolTests
{
    private protected override MyOptions Changed(MyOptions options) => options with { Compress = true };

    [Fact]
    public async Task It_is_compressed()
    {
        await using var connection = await MyConnection.OpenAsync(Changed((await ServerAsync()).Options()), default);
        Assert.True(connection.Server.IsCompressed);
        Assert.Equal(["Compression|ON"], await MyServer.RowsAsync(connection, "show status like 'Compression'"));
    }
}

/// <summary>Everything on MySQL.</summary>
[Trait("needs", "mysql")]
public sealed class ProtocolMySqlTests : ProtocolTests
{
    private protected override async Task<MyServer> ServerAsync() => await MySqlServer.SharedAsync();
}

/// <summary>Loads into MySQL.</summary>
[Trait("needs", "mysql")]
public sealed class ProtocolLoadMySqlTests : ProtocolLoadTests
{
    private protected override async Task<MyServer> ServerAsync() => await MySqlServer.SharedAsync();
}

/// <summary>Loads into MySQL within TLS and compression.</summary>
[Trait("needs", "mysql")]
public sealed class ProtocolMySqlTlsTests : ProtocolTests
{
    private protected override async Task<MyServer> ServerAsync() => await MySqlServer.SharedAsync();

    private protected override MyOptions Changed(MyOptions options) => options with { Tls = MyTls.Required, Compress = true };
}

/// <summary>caching_sha2_password as MySQL has it.</summary>
[Trait("needs", "mysql")]
public sealed class ProtocolMySqlLoginTests
{
    /// <summary>The server remembers a login that went through: the second takes the fast way, over whatever.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_whole_password_first_and_the_fast_way_afterwards(bool isEncrypted)
    {
        var server = await MySqlServer.SharedAsync();
        var user = isEncrypted ? "sha_tls" : "sha_plain";
        await server.ExecuteAsync(null, $"create user {user} identified with caching_sha2_password by 'gé heim'", "flush privileges");
        var options = server.Options(user: user) with { Password = "gé heim", Tls = isEncrypted ? MyTls.Required : MyTls.Off };
        for (var i = 0; i < 2; i++)
        {
            await using var connection = await MyConnection.OpenAsync(options, default);
            Assert.Equal(isEncrypted, connection.Server.Tls is not null);
        }
        var wrong = await Assert.ThrowsAsync<MyServerException>(async () =>
            await MyConnection.OpenAsync(options with { Password = "wrong" }, default));
        Assert.Equal(1045, wrong.Number);
    }

    [Fact]
    public async Task The_whole_password_over_the_unix_socket()
    {
        var server = await MySqlServer.SharedAsync();
        await server.ExecuteAsync(null, "create user sha_socket identified with caching_sha2_password by 'x'");
        await using var connection = await MyConnection.OpenAsync(
            server.Options(user: "sha_socket") with { Password = "x", Socket = server.Socket }, default);
        Assert.Equal(["sha_socket@%"], await MyServer.RowsAsync(connection, "select current_user()"));
    }
}
