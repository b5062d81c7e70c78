using System.Text.RegularExpressions;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.Postgres;

/// <summary>Who may log in, read and write, and what is said to those who may not.</summary>
public sealed partial class PgRightsTests
{
    [Theory]
    [InlineData("'shop.*': 'copy.{table}'", "", "create schema copy")]
    [InlineData("'shop.*': '{table}'", "?control_schema=pawl", "")]
    [InlineData("shop.t: {target: copy.t, write: upsert}", "?control_schema=pawl",
        "create schema copy; create table copy.t (id int primary key, v text)")]
    public async Task Every_statement_a_missing_right_is_told_with_cures_it_until_the_job_runs(string tables, string options, string there)
    {
        await using var rig = await PgRig.NewAsync("create schema shop", "create table shop.t (id int primary key, v text)",
            "insert into shop.t values (1, 'a'), (2, 'b')");
        await rig.AtTargetAsync("revoke create on schema public from public", "revoke temporary on database " + rig.To + " from public",
            there.Length == 0 ? "select 1" : there);
        var role = await rig.RoleAsync();
        (rig.Source, rig.Target) = (PgRig.At(rig.Server, rig.From, role), PgRig.At(rig.Server, rig.To, role));
        rig.WriteJob(tables, options: options);
        var cures = 0;
        for (var end = await rig.RunAsync(); end.Code != 0; end = await rig.RunAsync())
        {
            PgRig.Expect(end, 1, Codes.GrantMissing, "Let the owner run:");
            var said = string.Join(' ', end.Err.Split('\n').Select(l => l.Trim()));
            var grant = Grants().Match(said);
            Assert.True(grant.Success && ++cures < 12, end.ToString());
            var atSource = grant.Value.Contains("shop", StringComparison.Ordinal);
            await rig.Server.ExecuteAsync(atSource ? rig.From : rig.To, grant.Value);
        }
        Assert.InRange(cures, 3, 11);
        var name = (await rig.RowsAsync("select oid::regclass::text from pg_class where relname = 't' and relkind = 'r'"))[0];
        await rig.SameRowsAsync("shop.t", name);
    }

    [GeneratedRegex("(?i)(grant|alter table) [^;]*? (to|owner to) \"role_[0-9a-f]+\"(; grant [^;]*? to \"role_[0-9a-f]+\")?")]
    private static partial Regex Grants();

    [Fact]
    public async Task A_wrong_password_is_told_with_role_and_server_and_never_repeated()
    {
        await using var server = await PgServer.StartAsync();
        await server.ExecuteAsync("postgres", "create role etl login password 'right'", "create table t (id int primary key)",
            "grant select on t to etl");
        await File.WriteAllTextAsync(Path.Combine(server.Data, "pg_hba.conf"),
            "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
        await server.ExecuteAsync("postgres", "select pg_reload_conf()");
        await Until.TrueAsync(async () => (await server.RowsAsync("postgres",
            "select count(*) from pg_hba_file_rules where auth_method = 'scram-sha-256'"))[0] == "1", "the new rules");
        await using var rig = await PgRig.NewAsync();
        foreach (var password in new[] { ":swordfish", "" })
        {
            rig.Source = PgRig.At(server, "postgres", "etl" + password);
            rig.WriteJob("public.t: t");
            var end = await rig.RefusedAsync(1, Codes.LoginRefused, "refused the login of etl", "127.0.0.1", "psql -U etl");
            Assert.DoesNotContain("swordfish", end.Out + end.Err);
        }
        rig.Source = PgRig.At(server, "postgres", "etl:${PASSWORD}");
        rig.WriteJob("public.t: t");
        await using var right = rig.Start(("PASSWORD", "right"));
        Assert.Equal(0, (await right.WaitAsync()).Code);
    }

    [Fact]
    public async Task A_standby_is_no_target_but_a_source()
    {
        await using var primary = await PgServer.StartAsync();
        await primary.ExecuteAsync("postgres", "create table t (id int primary key, v text)",
            "insert into t select i, 'v' || i from generate_series(1, 500) i");
        await using var standby = await primary.FollowAsync();
        await using var rig = await PgRig.NewAsync("create table t (id int primary key, v text)", "insert into t values (1, 'x')");
        rig.Target = PgRig.At(standby, "postgres");
        rig.WriteJob(name: "into standby");
        await rig.RefusedAsync(2, Codes.ServerReadOnly, "the server is a standby", "Name the primary as target");
        rig.Source = PgRig.At(standby, "postgres");
        rig.Target = PgRig.At(rig.Server, rig.To);
        rig.WriteJob("public.t: t", name: "from standby");
        await rig.DoneAsync();
        Assert.Equal(500, await rig.CountAsync());
        // The primary is the same database, and the job one and the same.
        rig.Source = PgRig.At(primary, "postgres");
        rig.WriteJob("public.t: t", name: "from standby");
        var again = await rig.RunAsync();
        Assert.True(again.Code == 0 && again.Out.Contains("Nothing to do", StringComparison.Ordinal), again.ToString());
    }
}
