using Npgsql;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Options, names and sessions.</summary>
public sealed class PgBaseTests
{
    private static Endpoint At(string host, params (string Name, string Value)[] options) => new()
    {
        Scheme = "postgres", Host = host, Path = "shop", User = "etl", Password = "secret", Display = $"postgres://etl@{host}/shop",
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };

    [Theory]
    [InlineData("db.example.org", SslMode.VerifyFull)]
    [InlineData("10.0.0.7", SslMode.VerifyFull)]
    [InlineData("localhost", SslMode.Disable)]
    [InlineData("127.0.0.1", SslMode.Disable)]
    [InlineData("::1", SslMode.Disable)]
    public void TLS_is_verified_unless_the_server_is_on_loopback(string host, SslMode expected) =>
        Assert.Equal(expected, PgOptions.Parse(At(host)).Ssl);

    [Theory]
    [InlineData("sslmode", "prefer")]
    [InlineData("sslmode", "allow")]
    [InlineData("lock_timeout", "0s")]
    [InlineData("lock_timeout", "5")]
    [InlineData("lock_timeout", "11m")]
    [InlineData("connect_timeout", "99999999999999999999s")]
    [InlineData("view_key", "public.v")]
    [InlineData("view_key", "public.v()")]
    public void An_option_with_a_wrong_value_is_refused(string name, string value) =>
        Assert.Equal(Codes.OptionInvalid, Assert.Throws<PawlException>(() => PgOptions.Parse(At("db", (name, value)))).Code);

    [Fact]
    public void Options_are_read_and_unknown_ones_refused()
    {
        var options = PgOptions.Parse(At("db", ("lock_timeout", "500ms"), ("statement_timeout", "2m"), ("socket", "/run/pg"),
            ("view_key", "public.v(a, b); w(c)")));
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.LockTimeout);
        Assert.Equal(TimeSpan.FromMinutes(2), options.StatementTimeout);
        Assert.Equal(("/run/pg", SslMode.Disable), (options.Host, options.Ssl));
        Assert.Equal(["a", "b"], options.ViewKeys["public.v"]);
        Assert.Equal(["c"], options.ViewKeys["public.w"]);
        Assert.Equal(Codes.OptionUnknown, Assert.Throws<PawlException>(() => PgOptions.Parse(At("db", ("pooling", "on")))).Code);
        Assert.DoesNotContain("secret", options.ToString());
    }

    [Fact]
    public void A_name_that_the_server_would_cut_is_refused()
    {
        Assert.Equal("\"a\"\"b\"", PgNames.Quote("a\"b"));
        Assert.Equal(63 + 2, PgNames.Quote(new string('n', 63)).Length);
        Assert.Equal(Codes.NameTooLong, Assert.Throws<PawlException>(() => PgNames.Quote(new string('n', 64))).Code);
        Assert.Equal(Codes.NameTooLong, Assert.Throws<PawlException>(() => PgNames.Quote(new string('棘', 22))).Code);
        Assert.Equal(Codes.ReservedName, Assert.Throws<PawlException>(() => PgNames.Quote("a\0b")).Code);
    }

    [Theory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task A_session_states_every_setting_that_changes_a_value(int version)
    {
        var server = await PgServer.SharedAsync(version);
        var database = await server.CreateDatabaseAsync();
        await server.ExecuteAsync(database, $"alter database {database} set timezone = 'Asia/Shanghai'",
            $"alter database {database} set bytea_output = 'escape'", $"alter database {database} set datestyle = 'SQL, DMY'",
            $"alter database {database} set intervalstyle = 'iso_8601'", $"alter database {database} set statement_timeout = '1min'",
            $"alter database {database} set default_transaction_isolation = 'serializable'");
        var options = PgOptions.Parse(PgFixture.At(server, database));
        await using var connection = await PgConnections.OpenAsync(options, PgRole.Write, default, "tester");
        await using var command = new NpgsqlCommand("""
            select concat_ws('|', current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'),
                current_setting('bytea_output'), current_setting('statement_timeout'), current_setting('lock_timeout'),
                current_setting('search_path'), current_setting('synchronous_commit'), current_setting('row_security'),
                current_setting('default_transaction_isolation'), current_setting('jit'), current_setting('application_name'))
            """, connection);
        Assert.Equal("UTC|ISO, YMD|postgres|hex|0|5s|pg_catalog, pg_temp|on|off|read committed|off|pawl/tester/write",
            await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_session_goes_over_the_unix_socket_whatever_the_host_is()
    {
        var server = await PgServer.SharedAsync();
        var options = PgOptions.Parse(PgFixture.At(server, "postgres", ("socket", server.Folder)) with { Host = "no-such-host.invalid" });
        await using var connection = await PgConnections.OpenAsync(options, PgRole.Look, default);
        await using var command = new NpgsqlCommand("select inet_client_addr() is null", connection);
        Assert.Equal(true, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Every_connection_error_has_its_own_code()
    {
        var server = await PgServer.SharedAsync();
        Assert.Equal(Codes.DatabaseMissing, await FailureAsync(PgFixture.At(server, "no_such_database")));
        Assert.Equal(Codes.LoginRefused, await FailureAsync(PgFixture.At(server, "postgres") with { User = "no_such_role" }));
        Assert.Equal(Codes.Unreachable, await FailureAsync(PgFixture.At(server, "postgres") with { Port = 1 }));
        Assert.Equal(Codes.TlsRefused, await FailureAsync(PgFixture.At(server, "postgres", ("sslmode", "verify-full"))));
    }

    private static async Task<string> FailureAsync(Endpoint at) => (await Assert.ThrowsAsync<PawlException>(async () =>
        await PgConnections.OpenAsync(PgOptions.Parse(at), PgRole.Look, default))).Code;
}
