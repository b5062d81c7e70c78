using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What a look at a server finds, and that it is no more than a look.</summary>
public abstract class MyProbeTests
{
    private protected const string Odd = "a`; drop table x_%--";

    private protected static readonly string[] Quiet = ["--sync-binlog=1"];

    private protected abstract Task<MyServer> SharedAsync();

    private protected abstract Task<MyServer> StartAsync(params string[] settings);

    private protected static ProbeTable Table(string database, string name, WriteMode write = WriteMode.Insert) =>
        new(new TableName(database, name)) { Write = write };

    private protected static async Task<ProbeReport> LookAsync(Endpoint at, ProbeRole role, params ProbeTable[] tables) =>
        await new MySqlConnector().ProbeAsync(new ProbeRequest(at) { Role = role, Tables = tables, Lanes = 2 }, default);

    /// <summary>Eight sessions, one that locks, and the look that wants them.</summary>
    [Fact]
    public async Task One_moment_takes_ten_sessions_and_doctor_says_so()
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        var user = await UserAsync(fixture, $"select on {fixture.Database}.*", "reload on *.*");
        var request = new ProbeRequest(fixture.At(user)) { Role = ProbeRole.Source, OneSnapshot = true, Lanes = 2 };
        await fixture.RunAsync($"alter user {user}@'127.0.0.1' with max_user_connections 9");
        var finding = Assert.Single((await new MySqlConnector().ProbeAsync(request, default)).Findings,
            f => f.Code == FindingCodes.ConnectionsLimit);
        Assert.Equal((FindingLevel.Broken, "10", "9"), (finding.Level, finding.Details["needed"], finding.Details["limit"]));
        await using (var source = await new MySqlConnector().OpenSourceAsync(fixture.At(user), MyFixture.Context, default))
        {
            var refused = await Assert.ThrowsAsync<PawlException>(async () => await ((IHoldsMoments)source).HoldAsync(default));
            Assert.Equal((Fault.Throttled, Model.Codes.TooManyConnections), (refused.Fault, refused.Code));
            Assert.Contains("max_user_connections", refused.Details["cause"], StringComparison.Ordinal);
        }
        await fixture.RunAsync($"alter user {user}@'127.0.0.1' with max_user_connections 10");
        Assert.DoesNotContain((await new MySqlConnector().ProbeAsync(request, default)).Findings, f => f.Level == FindingLevel.Broken);
        await using (var source = await new MySqlConnector().OpenSourceAsync(fixture.At(user), MyFixture.Context, default))
        {
            Assert.StartsWith("session ", await ((IHoldsMoments)source).HoldAsync(default), StringComparison.Ordinal);
        }
    }

    private protected static async Task<string> UserAsync(MyFixture fixture, params string[] grants)
    {
        var user = $"u_{Guid.NewGuid():N}"[..16];
        await fixture.RunAsync([$"create user {user}@'127.0.0.1'", .. grants.Select(g => $"grant {g} to {user}@'127.0.0.1'")]);
        return user;
    }

    private protected static string Codes(ProbeReport report, FindingLevel level) =>
        string.Join(' ', report.Findings.Where(f => f.Level == level).Select(f => f.Code).Distinct());

    private protected static string[] Mend(ProbeReport report, FindingLevel level = FindingLevel.Broken) =>
        [.. report.Findings.Where(f => f.Level == level).SelectMany(f => f.Mend)];

    private static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";

    [Fact]
    public async Task An_account_without_rights_is_told_what_gives_them_and_then_lacks_none()
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        var user = await UserAsync(fixture);
        var other = $"{Odd}{user}";
        await fixture.RunAsync($"create database {Quote(other)}", $"create table {Quote(other)}.{Quote(Odd)} (id int primary key, v text, "
            + "g int as (id + 1))");
        ProbeTable[] read = [Table(other, Odd)];
        ProbeTable[] write =
        [
            Table(other, Odd, WriteMode.Upsert) with { Evolves = true }, Table(fixture.Database, "new"),
            Table(fixture.Database, "whole", WriteMode.Replace), Table($"{user}_absent", "new", WriteMode.Upsert),
        ];
        var at = fixture.At(user, ("control_database", other));
        // Without any right the database cannot even be entered; all of it is told nevertheless.
        var without = await LookAsync(at, ProbeRole.Target, write);
        Assert.True(without.Reachable);
        Assert.Equal(FindingCodes.RightMissing, Codes(without, FindingLevel.Broken));
        var rounds = 0;
        for (var told = Mend(without); told.Length > 0; told = Mend(await LookAsync(at, ProbeRole.Target, write)))
        {
            // Twice: what is there already is seen only by who has a right on it.
            Assert.True(++rounds <= 2, string.Join('\n', told));
            await fixture.RunAsync(told);
        }
        var with = await LookAsync(at, ProbeRole.Target, write);
        Assert.Equal("", Codes(with, FindingLevel.Broken));
        Assert.Contains(FindingCodes.RightsWrite, Codes(with, FindingLevel.Good).Split(' '));
        var source = await LookAsync(at, ProbeRole.Source, read);
        Assert.Equal("", Codes(source, FindingLevel.Broken));
        await fixture.RunAsync([.. with.Findings.Single(f => f.Code == FindingCodes.RightTakeOver).Mend]);
        Assert.DoesNotContain(FindingCodes.RightTakeOver, Codes(await LookAsync(at, ProbeRole.Target, write), FindingLevel.Note));
        await fixture.RunAsync($"drop database {Quote(other)}");
    }

    [Theory]
    [InlineData("SELECT", "t")]
    [InlineData("INSERT", "t")]
    [InlineData("UPDATE", "t")]
    [InlineData("DELETE", "t")]
    [InlineData("ALTER", "t")]
    [InlineData("TRIGGER", "t")]
    [InlineData("CREATE", "")]
    [InlineData("DROP", "")]
    [InlineData("CREATE TEMPORARY TABLES", "")]
    public async Task Each_right_is_missed_alone(string right, string table)
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        await fixture.RunAsync("create table t (id int primary key, v int)", "create table r (id int primary key)");
        // Pawl's own tables lie elsewhere, so that what is missing is the tables' own.
        var user = await UserAsync(fixture);
        await fixture.RunAsync($"create database {user}", $"grant all on {user}.* to {user}@'127.0.0.1'");
        string[] onTable = [.. new[] { "SELECT", "INSERT", "UPDATE", "DELETE", "ALTER", "TRIGGER" }.Where(r => table == "" || r != right)];
        string[] onAll = [.. new[] { "CREATE", "SELECT", "INSERT", "DELETE", "DROP", "TRIGGER", "CREATE TEMPORARY TABLES" }
            .Where(r => table != "" ? r is "CREATE TEMPORARY TABLES" : r != right)];
        await fixture.RunAsync($"grant {string.Join(", ", onTable)} on t to {user}@'127.0.0.1'",
            $"grant {string.Join(", ", onAll)} on {fixture.Database}.* to {user}@'127.0.0.1'");
        var at = fixture.At(user, ("control_database", user));
        ProbeTable[] tables = table == ""
            ? [Table(fixture.Database, "r", WriteMode.Replace), Table(fixture.Database, "t", WriteMode.Upsert)]
            : [right == "DELETE" ? Table(fixture.Database, "t") : Table(fixture.Database, "t", WriteMode.Upsert) with { Evolves = true }];
        var report = await LookAsync(at, ProbeRole.Target, tables);
        var on = table == "" ? $"`{fixture.Database}`.*" : $"`{fixture.Database}`.`t`";
        var level = right == "DELETE" ? FindingLevel.Note : FindingLevel.Broken;
        var told = Mend(report, level).Where(m => !m.Contains("ADMIN", StringComparison.Ordinal));
        Assert.Equal([$"GRANT {right} ON {on} TO '{user}'@'127.0.0.1';"], told);
        if (right == "TRIGGER")
        {
            var fires = await LookAsync(fixture.At(user, ("control_database", user), ("triggers", "fire")), ProbeRole.Target, tables);
            Assert.Equal("", Codes(fires, FindingLevel.Broken));
        }
        await fixture.RunAsync($"drop database {user}");
    }

    [Theory]
    [InlineData("all on *.*")]
    [InlineData(@"all on `db\_%`.*")]
    [InlineData("all on `db%`.*")]
    public async Task Rights_may_come_by_a_pattern_from_everywhere_or_from_a_role(string grant)
    {
        var server = await SharedAsync();
        await using var fixture = await MyFixture.NewAsync(server);
        var user = await UserAsync(fixture);
        var database = $"db_{user}";
        await fixture.RunAsync($"create database {database}", $"create role r_{user}", $"grant {grant} to r_{user}",
            $"grant r_{user} to {user}@'127.0.0.1'", server is MariaDbServer ? $"set default role r_{user} for {user}@'127.0.0.1'"
                : $"set default role r_{user} to {user}@'127.0.0.1'");
        var at = fixture.At(user) with { Path = database };
        var report = await LookAsync(at, ProbeRole.Target, Table(database, "t", WriteMode.Upsert), Table(database, "r", WriteMode.Replace));
        Assert.Equal("", Codes(report, FindingLevel.Broken));
        await fixture.RunAsync($"drop role r_{user}", $"drop database {database}");
        // The role is gone, and with it all of it.
        Assert.NotEqual("", Codes(await LookAsync(at, ProbeRole.Target, Table(database, "t")), FindingLevel.Broken));
    }

    [Fact]
    public async Task Rights_of_the_same_name_from_elsewhere_count_as_the_server_counts_them()
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        var user = await UserAsync(fixture);
        await fixture.RunAsync($"create user {user}@'%'", $"grant all on {fixture.Database}.* to {user}@'%'",
            $"grant trigger on *.* to {user}@'127.0.0.1'");
        Assert.Equal("", Codes(await LookAsync(fixture.At(user), ProbeRole.Target, Table(fixture.Database, "t")), FindingLevel.Broken));
    }

    [Fact]
    public async Task A_look_changes_nothing_and_leaves_nothing_in_the_log()
    {
        await using var server = await StartAsync("--log-bin=bin");
        await server.ExecuteAsync(null, "create database d", "create table d.t (id int primary key, v text)",
            "insert into d.t values (1, 'a')", "create user low@'127.0.0.1'", "create user high@'127.0.0.1'",
            "grant all on *.* to high@'127.0.0.1' with grant option");
        const string Seen = "select table_name, create_time from information_schema.tables where table_schema = 'd'";
        var log = $"show {(server is MariaDbServer ? "master" : "binary log")} status";
        var before = (await server.RowsAsync(null, Seen), await server.RowsAsync(null, log));
        await using var fixture = MyFixture.In(server, "d");
        foreach (var user in new[] { "low", "high" })
        {
            foreach (var role in Enum.GetValues<ProbeRole>())
            {
                Assert.True((await LookAsync(fixture.At(user), role, Table("d", "t", WriteMode.Upsert) with { Evolves = true },
                    Table("d", "new", WriteMode.Replace), Table("absent", "t"))).Reachable || user == "low");
            }
        }
        Assert.Equal(before.Item1, await server.RowsAsync(null, Seen));
        Assert.Equal(before.Item2, await server.RowsAsync(null, log));
    }

    [Fact]
    public async Task Only_the_columns_that_are_read_need_a_right()
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        await fixture.RunAsync("create table t (id int primary key, open text, secret text)");
        var user = await UserAsync(fixture, $"select (id, open) on {fixture.Database}.t");
        var some = Table(fixture.Database, "t") with { Columns = ["id", "open"] };
        Assert.Equal("", Codes(await LookAsync(fixture.At(user), ProbeRole.Source, some), FindingLevel.Broken));
        Assert.Equal(FindingCodes.RightMissing,
            Codes(await LookAsync(fixture.At(user), ProbeRole.Source, Table(fixture.Database, "t")), FindingLevel.Broken));
    }

    [Fact]
    public async Task An_incremental_table_and_one_moment_need_rights_on_the_server()
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        await fixture.RunAsync("create table t (id int primary key)");
        var user = await UserAsync(fixture, $"select on {fixture.Database}.*");
        var request = new ProbeRequest(fixture.At(user))
        {
            Role = ProbeRole.Source, OneSnapshot = true,
            Tables = [Table(fixture.Database, "t") with { Cursor = new CursorOptions { Column = "id" } }],
        };
        var without = await new MySqlConnector().ProbeAsync(request, default);
        Assert.Equal((Model.Codes.LagNeeded, FindingCodes.RightSnapshot),
            (Codes(without, FindingLevel.Broken), Codes(without, FindingLevel.Warning)));
        await fixture.RunAsync([.. Mend(without), .. Mend(without, FindingLevel.Warning)]);
        Assert.Contains(await fixture.RowsAsync($"show grants for {user}@'127.0.0.1'"),
            g => g.Contains("PROCESS", StringComparison.Ordinal) && g.Contains("RELOAD", StringComparison.Ordinal));
        var with = await new MySqlConnector().ProbeAsync(request, default);
        Assert.Equal(("", ""), (Codes(with, FindingLevel.Broken), Codes(with, FindingLevel.Warning)));
    }

    [Fact]
    public async Task The_encodings_of_columns_are_told_beside_that_of_their_database()
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        await fixture.RunAsync("alter database character set gbk",
            "create table t (id int primary key, a text, b text character set latin1)");
        foreach (var role in new[] { ProbeRole.Source, ProbeRole.Target })
        {
            var encoding = (await LookAsync(fixture.Here(), role, Table(fixture.Database, "t"))).Findings
                .Single(f => f.Code == FindingCodes.Encoding);
            Assert.Equal(("gbk", "latin1"), (encoding.Details["encoding"], encoding.Details["others"]));
        }
        // Those of a table in another database, too, and of it alone where the job names it alone.
        await using var other = await MyFixture.NewAsync(await SharedAsync());
        await other.RunAsync("create table u (id int primary key, c text character set koi8r)");
        foreach (var (tables, others) in new (ProbeTable[], string)[]
        {
            ([Table(fixture.Database, "t"), Table(other.Database, "u")], "koi8r, latin1"), ([Table(other.Database, "u")], "koi8r"),
        })
        {
            Assert.Equal(others, (await LookAsync(fixture.Here(), ProbeRole.Target, tables)).Findings
                .Single(f => f.Code == FindingCodes.Encoding).Details["others"]);
        }
    }

    [Fact]
    public async Task What_a_loss_of_power_would_take_is_said_and_a_server_as_it_should_be_is_praised()
    {
        await using var server = await StartAsync([.. Quiet, "--log-bin=bin"]);
        await server.ExecuteAsync(null, "create database d");
        await using var fixture = MyFixture.In(server, "d");
        Assert.Equal("", Codes(await LookAsync(fixture.Here(), ProbeRole.Target), FindingLevel.Warning));
        Assert.Contains(FindingCodes.Durable, Codes(await LookAsync(fixture.Here(), ProbeRole.Target), FindingLevel.Good).Split(' '));
        foreach (var (setting, value) in new[] { ("innodb_flush_log_at_trx_commit", "2"), ("innodb_flush_log_at_trx_commit", "0"),
            ("sync_binlog", "0"), ("sync_binlog", "100") })
        {
            await server.ExecuteAsync(null, $"set global {setting} = {value}");
            var late = await LookAsync(fixture.Here(), ProbeRole.Target);
            Assert.Equal(FindingCodes.DurableLate, Codes(late, FindingLevel.Warning));
            var finding = late.Findings.Single(f => f.Code == FindingCodes.DurableLate);
            Assert.Equal((setting, value), (finding.Details["setting"], finding.Details["value"]));
            Assert.Equal("", Codes(await LookAsync(fixture.Here(), ProbeRole.Source), FindingLevel.Warning));
            await server.ExecuteAsync(null, Mend(late, FindingLevel.Warning));
            Assert.Equal("", Codes(await LookAsync(fixture.Here(), ProbeRole.Target), FindingLevel.Warning));
        }
    }

    [Fact]
    public async Task A_ledger_that_a_dump_of_the_rows_would_leave_behind_is_said()
    {
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        ProbeTable[] here = [Table(fixture.Database, "t"), new(new TableName(null, "u"))], both = [.. here, Table("elsewhere", "v")];
        Assert.DoesNotContain(FindingCodes.LedgerApart, Codes(await LookAsync(fixture.Here(), ProbeRole.Target, here), FindingLevel.Note));
        foreach (var (options, tables, databases) in new ((string, string)[], ProbeTable[], string)[]
        {
            ([("control_database", "books")], here, fixture.Database), ([], both, "elsewhere"),
        })
        {
            var report = await LookAsync(fixture.Here(options), ProbeRole.Target, tables);
            var finding = Assert.Single(report.Findings, f => f.Code == FindingCodes.LedgerApart);
            Assert.Equal((FindingLevel.Note, databases), (finding.Level, finding.Details["databases"]));
        }
    }

    [Fact]
    public async Task What_makes_a_target_slower_or_smaller_is_said_and_what_Pawl_sets_itself_is_noted()
    {
        await using var server = await StartAsync([.. Quiet, "--local-infile=0", "--max-allowed-packet=1M", "--sql-mode=",
            "--wait-timeout=5", "--innodb-doublewrite=0"]);
        await server.ExecuteAsync(null, "create database d");
        await using var fixture = MyFixture.In(server, "d");
        var report = await LookAsync(fixture.Here(), ProbeRole.Target);
        Assert.Equal($"{FindingCodes.DurableOff} {FindingCodes.LoadOff} {FindingCodes.ValuesSmall}", Codes(report, FindingLevel.Warning));
        Assert.Equal("1048576", report.Findings.Single(f => f.Code == FindingCodes.ValuesSmall).Details["bytes"]);
        Assert.Equal("sql_mode = '', wait_timeout = 5 s",
            report.Findings.Single(f => f.Code == FindingCodes.Overridden).Details["settings"]);
        var inserts = await LookAsync(fixture.Here(("load_data", "off")), ProbeRole.Target);
        Assert.DoesNotContain(FindingCodes.LoadOff, Codes(inserts, FindingLevel.Warning));
        await server.ExecuteAsync(null, Mend(report, FindingLevel.Warning));
        Assert.Equal(FindingCodes.DurableOff, Codes(await LookAsync(fixture.Here(), ProbeRole.Target), FindingLevel.Warning));
        // What it noted holds: a session of a source outlives the server's limit.
        await using var source = await new MySqlConnector().OpenSourceAsync(fixture.Here(), MyFixture.Context, default);
        await Task.Delay(6_000);
        Assert.Empty(await source.DescribeAsync(new TablePattern("*"), default));
    }

    [Fact]
    public async Task Nobody_is_headed_by_the_name_of_the_other_product()
    {
        var at = new Endpoint
        {
            Scheme = "mysql", Host = "127.0.0.1", Port = 1, Path = "d", User = "u", Display = "mysql://u@127.0.0.1:1/d",
        };
        Assert.Equal("", (await LookAsync(at, ProbeRole.Any)).Product);
        Assert.Equal("MariaDB", (await LookAsync(at with { Scheme = "mariadb" }, ProbeRole.Any)).Product);
        await using var fixture = await MyFixture.NewAsync(await SharedAsync());
        Assert.StartsWith(fixture.Server is MariaDbServer ? "MariaDB 10." : "MySQL 9.",
            (await LookAsync(fixture.Here(), ProbeRole.Any)).Product);
    }
}

public sealed class MariaDbProbeTests : MyProbeTests
{
    private protected override async Task<MyServer> SharedAsync() => await MariaDbServer.SharedAsync();

    private protected override async Task<MyServer> StartAsync(params string[] settings) => await MariaDbServer.StartAsync(settings);

    [Fact]
    public async Task Three_flushes_as_one_does_and_a_disk_that_is_never_waited_for_does_not()
    {
        await using var server = await StartAsync("--innodb-flush-log-at-trx-commit=3", "--innodb-flush-method=nosync",
            "--lower-case-table-names=1");
        await server.ExecuteAsync(null, "create database d");
        await using var fixture = MyFixture.In(server, "d");
        var report = await LookAsync(fixture.Here(), ProbeRole.Target);
        var late = Assert.Single(report.Findings, f => f.Code == FindingCodes.DurableLate);
        Assert.Equal("innodb_flush_method", late.Details["setting"]);
        Assert.Contains(report.Findings, f => f.Code == FindingCodes.NamesFolded && f.Details["value"] == "1");
    }
}

[Trait("needs", "mysql")]
public sealed class MySqlProbeTests : MyProbeTests
{
    private protected override async Task<MyServer> SharedAsync() => await MySqlServer.SharedAsync();

    private protected override async Task<MyServer> StartAsync(params string[] settings) => await MySqlServer.StartAsync(settings);

    [Fact]
    public async Task A_server_without_its_redo_log_is_warned_of_with_what_brings_it_back()
    {
        await using var server = await StartAsync(Quiet);
        await server.ExecuteAsync(null, "create database d", "alter instance disable innodb redo_log");
        await using var fixture = MyFixture.In(server, "d");
        var report = await LookAsync(fixture.Here(), ProbeRole.Target);
        Assert.Equal(FindingCodes.DurableOff, Codes(report, FindingLevel.Warning));
        await server.ExecuteAsync(null, Mend(report, FindingLevel.Warning));
        Assert.Equal("", Codes(await LookAsync(fixture.Here(), ProbeRole.Target), FindingLevel.Warning));
    }

    [Fact]
    public async Task Where_a_part_of_a_right_may_be_taken_back_names_in_grants_are_names()
    {
        await using var server = await StartAsync("--partial-revokes=1");
        await server.ExecuteAsync(null, "create database d_d", "create user u@'127.0.0.1'", "grant all on *.* to u@'127.0.0.1'",
            "revoke insert, trigger on d_d.* from u@'127.0.0.1'");
        await using var fixture = MyFixture.In(server, "d_d");
        var report = await LookAsync(fixture.At("u"), ProbeRole.Target, Table("d_d", "t"));
        Assert.Equal(["GRANT INSERT, TRIGGER ON `d_d`.* TO 'u'@'127.0.0.1';"], Mend(report));
        await server.ExecuteAsync(null, Mend(report));
        Assert.Equal("", Codes(await LookAsync(fixture.At("u"), ProbeRole.Target, Table("d_d", "t")), FindingLevel.Broken));
    }
}
