using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Doctor;

/// <summary><c>pawl doctor</c> between databases of a real MariaDB server, and the accounts of the samples.</summary>
public sealed class MyDoctorTests : IAsyncLifetime
{
    private readonly Scratch scratch = new();
    private MariaDbServer server = null!;

    public async ValueTask InitializeAsync() => server = await MariaDbServer.StartAsync("--sync-binlog=1");

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        scratch.Dispose();
    }

    private string Url(string database, string user) => FormattableString.Invariant($"mariadb://{user}@127.0.0.1:{server.Port}/{database}");

    private void WriteJob(string source, string target, string tables, string more = "", string name = "doctor") =>
        scratch.Write("job.yaml", $"""
        version: 1
        name: {name}
        source: "{source}"
        target: "{target}"
        defaults: {"{commit: {rows: 500}, on_error: {retry: {times: 0}}}"}
        {more}
        tables:
        {string.Join("\n", tables.Split('\n').Select(l => "  " + l))}

        """);

    private Task<PawlExit> PawlAsync(params string[] words) => PawlProcess.RunAsync(scratch, words);

    private async Task<PawlExit> DoneAsync(params string[] words)
    {
        var done = await PawlAsync(words);
        Assert.True(done.Code == 0, $"{string.Join(' ', words)}: {done}");
        return done;
    }

    /// <summary>The statements that doctor printed under the endpoint, as a person would copy them.</summary>
    private static string[] Printed(PawlExit doctor, string endpoint) =>
    [
        .. doctor.Out.Split('\n').SkipWhile(l => !l.StartsWith($"To be run at {endpoint} ", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(l => l.StartsWith("  ", StringComparison.Ordinal)).Select(l => l.Trim()),
    ];

    /// <summary>The statements of a sample, which may be as long as they like.</summary>
    private static string[] Sample(string name)
    {
        var text = File.ReadAllText(Path.Combine(PawlProgram.Root, "samples", "grants", name));
        var lines = text.Split('\n').Where(l => l.Length > 0 && !l.StartsWith("--", StringComparison.Ordinal)).ToArray();
        Assert.All(lines, l => Assert.EndsWith(";", l));
        return lines;
    }

    [Theory]
    [InlineData("")]
    [InlineData("?triggers=fire&control_database=pawl_books")]
    public async Task The_statements_it_prints_make_it_green_and_the_job_run(string options)
    {
        await server.ExecuteAsync(null, "create database Sales", "create database my_house", "create database myxhouse",
            "create user reader@'%'", "create user writer@'127.0.0.1'", "create table Sales.orders (id int primary key, v text)",
            "insert into Sales.orders select seq, concat('v ', seq) from Sales.seq_1_to_500",
            "create table Sales.customers (id int primary key, name text)", "insert into Sales.customers values (1, 'a'), (2, 'b')",
            "create table my_house.customers (id int auto_increment primary key, name text)",
            "grant insert on my_house.customers to writer@'127.0.0.1'");
        var (source, target) = (Url("Sales", "reader"), Url("my_house", "writer") + options);
        WriteJob(source, target, "Sales.orders: orders\nSales.customers: {target: customers, write: upsert}");

        var refused = await PawlAsync("run", "job.yaml");
        Assert.NotEqual(0, refused.Code);
        // The tables of a source that may not be entered are not known yet.
        var first = await PawlAsync("doctor", "job.yaml");
        Assert.True(first.Code == 2, first.ToString());
        Assert.Equal(["GRANT SELECT ON `Sales`.* TO 'reader'@'%';"], Printed(first, source));
        await server.ExecuteAsync(null, Printed(first, source));
        var ill = await PawlAsync("doctor", "job.yaml");
        Assert.True(ill.Code == 2, ill.ToString());
        var atTarget = Printed(ill, target);
        Assert.Contains("GRANT SELECT, UPDATE" + (options.Length > 0 ? "" : ", TRIGGER")
            + " ON `my_house`.`customers` TO 'writer'@'127.0.0.1';", atTarget);
        Assert.Contains(atTarget, l => l.Contains(" ON `my\\_house`.* TO ", StringComparison.Ordinal));
        await server.ExecuteAsync(null, atTarget);

        var well = await DoneAsync("doctor", "job.yaml");
        Assert.Contains("All is well.", well.Out);
        await DoneAsync("run", "job.yaml");
        Assert.Equal(["500|2"], await server.RowsAsync("my_house",
            "select (select count(*) from orders), (select count(*) from customers)"));
        await DoneAsync("verify", "job.yaml", "--level", "digest");
        await DoneAsync("doctor", "job.yaml");
        // No more than was asked for: the name is no pattern.
        await using var writer = await server.ConnectAsync(null, "writer");
        var strange = await Record.ExceptionAsync(async () => await writer.ExecuteAsync("create table myxhouse.t (id int)", default));
        Assert.Contains("denied", strange!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_least_rights_of_the_samples_are_enough_for_everything_and_no_more()
    {
        await server.ExecuteAsync(null, "create database shop", "create database stock",
            "create table shop.orders (id int primary key, v text, index (v(5)))", "create table shop.salaries (id int primary key)",
            "create table shop.customers (id int primary key, name text)", "insert into shop.customers values (1, 'a'), (2, 'b')",
            "insert into shop.orders select seq, concat('v ', seq) from shop.seq_1_to_20000",
            "create table stock.items (id int primary key, name text)", "create table stock.prices (id int primary key)");
        await server.ExecuteAsync(null, [.. Sample("mysql-source.sql"), .. Sample("mysql-target.sql"),
            "alter user pawl_reader@'%' identified by 'r' account unlock", "alter user pawl_writer@'%' identified by 'w' account unlock"]);
        var (source, target) = (Url("shop", "pawl_reader:r"), Url("dw", "pawl_writer:w") + "?control_database=pawl");
        var runs = new (string Tables, string More)[]
        {
            ("shop.orders: orders\nshop.customers: {target: stock.items, write: upsert}", "schema: {changes: evolve}"),
            ("shop.orders: {target: again, write: replace}\nshop.customers: {target: people, write: upsert}", "consistency: one-snapshot"),
            ("shop.customers: {target: counted, mode: incremental, cursor: id, write: upsert}", "schema: {changes: evolve}"),
        };
        foreach (var (tables, more) in runs)
        {
            WriteJob(source, target, tables, more, $"job {Array.IndexOf(runs, (tables, more))}");
            Assert.Contains("All is well.", (await DoneAsync("doctor")).Out);
            await DoneAsync("run");
            await DoneAsync("verify", "--level", "digest");
        }
        // Evolve: a new column follows; and whole once more.
        await server.ExecuteAsync(null, "alter table shop.customers add column city varchar(20)",
            "insert into shop.customers values (3, 'c', 'Köln')");
        await DoneAsync("run");
        Assert.Equal(["3|c|Köln"], await server.RowsAsync("dw", "select * from counted where id = 3"));
        WriteJob(source, target, runs[1].Tables, runs[1].More, "job 1");
        await DoneAsync("run", "--restart", "--yes", "--tables", "shop.orders");
        WriteJob(source, target, runs[0].Tables, "", "job 0");
        await DoneAsync("run", "--restart", "--yes", "--tables", "shop.orders");
        Assert.Equal(["20000"], await server.RowsAsync("dw", "select count(*) from orders"));

        await TakenOverAsync(source, target);
        foreach (var (user, forbidden) in new[]
        {
            ("pawl_reader:r", "select * from shop.salaries"), ("pawl_reader:r", "delete from shop.orders"),
            ("pawl_reader:r", "create table shop.t (id int)"), ("pawl_writer:w", "select * from stock.prices"),
            ("pawl_writer:w", "drop table stock.items"), ("pawl_writer:w", "delete from stock.items"),
            ("pawl_writer:w", "drop table pawl.pawl_job"), ("pawl_writer:w", "create database s"),
            ("pawl_writer:w", "select * from shop.orders"),
        })
        {
            await using var connection = await Connectors.MySql.Protocol.MyConnection.OpenAsync(
                server.Options(null, user.Split(':')[0]) with { Password = user.Split(':')[1] }, default);
            var refused = await Record.ExceptionAsync(async () => await connection.ExecuteAsync(forbidden, default));
            Assert.True(refused?.Message.Contains("denied", StringComparison.Ordinal), $"{forbidden}: {refused?.Message}");
        }
    }

    /// <summary>A runner stands still: the same account may end its sessions, and goes on.</summary>
    private async Task TakenOverAsync(string source, string target)
    {
        WriteJob(source, target, "shop.orders: taken", "parallel: 1", "taken");
        await using var sleeper = PawlProcess.Start(scratch, ["run", "--progress", "json"]);
        Assert.True(await sleeper.SaidAsync("\"lane.committed\"", 3), "it ended before it was stopped");
        sleeper.Send(Signal.Stop);
        await server.ExecuteAsync("pawl", "update pawl_job set heartbeat = heartbeat - 3600000 where name = 'taken'");
        await DoneAsync("run");
        Assert.Equal(["20000"], await server.RowsAsync("dw", "select count(*) from taken"));
        sleeper.Send(Signal.Continue);
        var end = await sleeper.WaitAsync();
        Assert.True(end.Code == 6, end.ToString());
    }

    [Theory]
    [InlineData("SELECT", "GRANT SELECT, INSERT ON `dw`.`t` TO 'w'@'127.0.0.1'")]
    [InlineData("INSERT", "GRANT INSERT ON `dw`.`t` TO 'w'@'127.0.0.1'")]
    [InlineData("TRIGGER", "GRANT TRIGGER ON `dw`.`t` TO 'w'@'127.0.0.1'")]
    public async Task A_run_without_a_right_names_the_statement_that_gives_it(string right, string grant)
    {
        await server.ExecuteAsync(null, "create database shop", "create table shop.t (id int primary key)", "insert into shop.t values (1)",
            "create database dw", "create table dw.t (id int primary key)", "create database books", "create user w@'127.0.0.1'",
            "grant all on books.* to w@'127.0.0.1'", "grant create on dw.* to w@'127.0.0.1'",
            $"grant {string.Join(", ", new[] { "SELECT", "INSERT", "TRIGGER", "DELETE" }.Where(r => r != right))} "
                + "on dw.t to w@'127.0.0.1'");
        WriteJob(Url("shop", "root"), Url("dw", "w") + "?control_database=books", "shop.t: t");
        var refused = await PawlAsync("run");
        var said = string.Join(' ', (refused.Out + refused.Err).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.True(refused.Code != 0 && said.Contains(Codes.GrantMissing, StringComparison.Ordinal)
            && said.Contains(grant, StringComparison.OrdinalIgnoreCase), refused.ToString());
        await server.ExecuteAsync(null, grant);
        await DoneAsync("run");
    }

    [Fact]
    public async Task What_cannot_be_reached_is_for_later_and_what_is_not_there_is_for_mending()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        foreach (var (exit, code, address) in new[]
        {
            (5, Codes.Unreachable, $"mariadb://u@127.0.0.1:{port}/d"), (2, Codes.DatabaseMissing, Url("no_such_database", "root")),
            (2, Codes.LoginRefused, Url("mysql", "nobody")), (0, "reached", Url("", "root")),
        })
        {
            var told = await PawlAsync("doctor", address);
            Assert.True(told.Code == exit && (told.Out + told.Err).Contains(code), told.ToString());
            Assert.DoesNotContain("MySQL", told.Out.Split('\n')[0], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task In_Chinese_nothing_of_Pawls_own_is_left_in_English()
    {
        await server.ExecuteAsync(null, "create database shop", "create table shop.t (id int primary key)", "insert into shop.t values (1)",
            "create database dw", "create table dw.t (id int primary key)", "create user r@'%'", "create user w@'%'",
            "grant select on shop.* to r@'%'", "grant insert on dw.t to w@'%'", "set global innodb_flush_log_at_trx_commit = 2",
            "set global local_infile = 0", "set global max_allowed_packet = 1048576");
        WriteJob(Url("shop", "r"), Url("dw", "w"), "shop.t: {target: t, mode: incremental, cursor: id, write: upsert}",
            "consistency: one-snapshot");
        var told = await PawlAsync("doctor", "--lang", "zh-CN");
        Assert.Equal(2, told.Code);
        Assert.Contains("缺少对表 dw.t 的 SELECT, UPDATE, TRIGGER 权限", told.Out);
        foreach (var english in new[] { " table ", " database ", " the ", " is ", " rows", "commit is" })
        {
            Assert.DoesNotContain(english, told.Out.Replace("MariaDB", "", StringComparison.Ordinal), StringComparison.Ordinal);
        }
    }
}
