using System.Globalization;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Verify;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// No window ends behind a row that somebody has yet to commit, whatever the server knows of it: servers of the tests' own, as what holds
/// up one job would hold up all.
/// </summary>
public sealed class MyWindowsTests
{
    private static readonly CursorOptions Id = new() { Column = "id" }, At = new() { Column = "at" };

    [Fact]
    public async Task A_number_waits_for_a_transaction_that_an_old_list_does_not_show()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var fixture = await WithRowAsync(server);
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await using var pollers = await MyPollers.StartAsync(server);
        await using var open = await server.ConnectAsync(fixture.Database);
        await BeginUnseenAsync(server, open);
        await fixture.RunAsync("insert into t (at) values (now(6))");
        var waiting = BoundAsync(source, table, Id);
        await Task.Delay(4_000, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        await open.ExecuteAsync("commit", default);
        Assert.Equal(await fixture.RowsAsync("select max(id) from t"), [(await waiting).Value!]);
        await pollers.DisposeAsync();
        Assert.Equal(await fixture.RowsAsync("select max(id) from t"), [(await BoundAsync(source, table, Id)).Value!]);
    }

    [Fact]
    public async Task A_time_stays_before_a_transaction_that_an_old_list_does_not_show()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var fixture = await WithRowAsync(server);
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await using var pollers = await MyPollers.StartAsync(server);
        await using var open = await server.ConnectAsync(fixture.Database);
        await BeginUnseenAsync(server, open);
        await Task.Delay(4_000, TestContext.Current.CancellationToken);
        var bound = await BoundAsync(source, table, At);
        Assert.Equal(CursorBasis.OldestTransaction, bound.Basis);
        var written = (await open.RowsAsync("select max(at) from t", default))[0][0]!;
        Assert.True(await CompareAsync(source, table, bound.Value!, written) <= 0, $"{bound.Value} {written}");
        var clock = await ((ITellsTheTime)source.Source).ClockAsync(default);
        Assert.True(await CompareAsync(source, table, clock!, written) <= 0, $"{clock} {written}");
    }

    [Fact]
    public async Task A_time_stays_before_a_statement_that_waits_for_the_lock_of_a_backup_and_a_number_does_not_mind()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var fixture = await WithRowAsync(server);
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await using var backup = await server.ConnectAsync(fixture.Database);
        await using var writer = await server.ConnectAsync(fixture.Database);
        await using var reader = await server.ConnectAsync(fixture.Database);
        await backup.ExecuteAsync("flush tables with read lock", default);
        var insert = writer.ExecuteAsync("insert into t () values ()", default).AsTask();
        var read = reader.RowsAsync("select sleep(60)", default).AsTask();
        await SeenAsync(server, "insert into t%", "state like 'Waiting for%'");
        await Task.Delay(4_000, TestContext.Current.CancellationToken);
        Assert.Empty(await server.RowsAsync(null, "select * from information_schema.innodb_trx"));
        var bound = await BoundAsync(source, table, At);
        var number = await BoundAsync(source, table, Id);
        await backup.ExecuteAsync("unlock tables", default);
        await insert;
        var written = (await fixture.RowsAsync("select at from t order by id desc limit 1"))[0];
        Assert.True(await CompareAsync(source, table, bound.Value!, written) <= 0, $"{bound.Value} {written}");
        Assert.Equal(CursorBasis.OldestTransaction, bound.Basis);
        // The number was drawn when the lock was gone.
        Assert.Equal(("1", "2"), (number.Value, (await fixture.RowsAsync("select max(id) from t"))[0]));
        // What only reads holds up nobody.
        await Task.Delay(600, TestContext.Current.CancellationToken);
        Assert.Equal(CursorBasis.Clock, (await BoundAsync(source, table, At)).Basis);
        await fixture.RunAsync($"kill query {Thread(reader)}");
        await read.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task A_read_of_hours_holds_up_nobody_and_a_transaction_that_stays_open_is_told()
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var fixture = await WithRowAsync(server);
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await using var reader = await server.ConnectAsync(fixture.Database);
        var read = reader.RowsAsync("with x as (select id, sleep(60) from t) select * from x", default).AsTask();
        await SeenAsync(server, "with x%", "state = 'User sleep'");
        await Task.Delay(3_000, TestContext.Current.CancellationToken);
        Assert.Equal(CursorBasis.Clock, (await BoundAsync(source, table, At)).Basis);
        Assert.Equal("1", (await BoundAsync(source, table, Id)).Value);
        await using var open = await server.ConnectAsync(fixture.Database);
        await open.ExecuteAsync("begin", default);
        await open.ExecuteAsync("insert into t (at) values (now(6))", default);
        var thrown = await Assert.ThrowsAsync<PawlException>(() => BoundAsync(source, table, Id));
        Assert.Equal((Codes.TransactionsOpen, Fault.Transient), (thrown.Code, thrown.Fault));
        Assert.Equal(Thread(open), thrown.Details["pid"]);
        Assert.NotNull(thrown.Details["since"]);
        await fixture.RunAsync($"kill query {Thread(reader)}");
        await read.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Theory]
    [InlineData("set global read_only = 1")]
    [InlineData(null)]
    public async Task What_cannot_be_seen_needs_a_lag(string? mode)
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var fixture = await WithRowAsync(server);
        await fixture.RunAsync("create view v as select * from t", "create table m (id int auto_increment primary key) engine = aria");
        if (mode is not null) await server.ExecuteAsync(null, mode);
        await using var source = await fixture.SourceAsync(("view_key", $"{fixture.Database}.v(id)"));
        foreach (var name in mode is null ? new[] { "v", "m" } : ["t"])
        {
            var table = await source.TableAsync(name);
            var thrown = await Assert.ThrowsAsync<PawlException>(() => BoundAsync(source, table, Id));
            Assert.Equal(Codes.LagNeeded, thrown.Code);
            var bound = await BoundAsync(source, table, Id with { Lag = TimeSpan.FromMilliseconds(10) });
            Assert.Equal((name == "m" ? null : "1", CursorBasis.StatedLag), (bound.Value, bound.Basis));
        }
    }

    [Fact]
    public async Task Numbers_that_are_given_again_stop_the_table_and_deleted_rows_do_not()
    {
        await using var pg = await PgFixture.NewAsync();
        await using var source = await MyFixture.NewAsync();
        await source.RunAsync("create table t (id int auto_increment primary key, v int)",
            "insert into t select seq, 1 from seq_1_to_1000");
        await RunAsync();
        // The newest go, then all of them: whoever comes gets a larger number.
        await source.RunAsync("delete from t where id > 900");
        await RunAsync();
        await source.RunAsync("delete from t");
        await RunAsync();
        await source.RunAsync("insert into t (v) values (2)");
        await RunAsync();
        Assert.Equal(["1001|1001"], await pg.RowsAsync("select count(*), max(id) from t"));
        await source.RunAsync("truncate t");
        await StopsAsync("id = 1");
        await source.RunAsync("insert into t select seq, 3 from seq_1_to_500");
        await StopsAsync("id = 501");

        async Task StopsAsync(string now)
        {
            var stopped = Assert.Single((await Job().RunAsync()).Tables).Error;
            Assert.Equal((Codes.SourceWentBack, Fault.PositionLost), (stopped?.Code, stopped?.Fault));
            Assert.Equal(("id = 1001", now), (stopped!.Details["known"], stopped.Details["now"]));
        }

        async Task RunAsync()
        {
            var summary = await Job().RunAsync();
            Assert.True(summary.Status is RunStatus.Done or RunStatus.NothingToDo, $"{summary.Status} {summary.Error?.Message}");
        }

        CopyJob Job() => new()
        {
            Name = "numbers", From = source.Here(), To = pg.Here(), Verify = VerifyLevel.None,
            Tables =
            [
                CopyJob.Table($"{source.Database}.t", "public.t") with { Cursor = new CursorRule(["id"], TimeSpan.Zero, null, null) },
            ],
        };
    }

    [Fact]
    public async Task A_counter_at_its_end_is_no_number_that_is_given_again()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id tinyint auto_increment primary key)", "insert into t values (126)");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        // 127 is both the next number and the last one there is.
        Assert.Null((await BoundAsync(source, table, Id)).Next);
        await fixture.RunAsync("delete from t", "alter table t auto_increment = 5");
        Assert.Equal("5", (await BoundAsync(source, await source.TableAsync("t"), Id)).Next);
    }

    [Theory]
    [InlineData("insert into t values (1)", "", true)]
    [InlineData("select 1", "", false)]
    [InlineData("  /* app */ SELECT 1", "Sending data", false)]
    [InlineData("select f()", "Waiting for backup lock", true)]
    [InlineData("/*! insert */ into t", "", true)]
    [InlineData("/*M!100100 insert into t values (1) */", "", true)]
    [InlineData("/* select */ insert into t values (1)", "", true)]
    [InlineData("/* cut off", "", true)]
    [InlineData("", "", true)]
    [InlineData("selecting()", "", true)]
    [InlineData("flush tables with read lock", "Waiting for table flush", false)]
    [InlineData("do release_lock('a')", "", false)]
    public void A_statement_that_plainly_reads_is_known_by_its_words(string words, string state, bool mayAdd) =>
        Assert.Equal(mayAdd, MyRunning.MayAdd(words, state));

    [Theory]
    [InlineData("\n... truncated...\n", false)]
    [InlineData("", true)]
    public void A_status_that_is_not_whole_is_not_believed(string inside, bool isBelieved)
    {
        var status = "=====\nINNODB MONITOR OUTPUT\nLIST OF TRANSACTIONS FOR EACH SESSION:\n---TRANSACTION (0x7f), not started\n"
            + "0 lock struct(s)\n---TRANSACTION 42, ACTIVE 3 sec inserting\nLOCK WAIT 1 lock struct(s)\n"
            + "MariaDB thread id 7, OS thread handle 1, query id 2 localhost root\ninsert '\nMariaDB thread id 8, '\n"
            + $"---TRANSACTION (0x80), ACTIVE (PREPARED) 9 sec\n0 lock struct(s){inside}\n--------\nFILE I/O\n"
            + "END OF INNODB MONITOR OUTPUT\n============================\n";
        var open = MyTransactions.Read(status);
        Assert.Equal(isBelieved ? [("7", "42", 4.0), ("0", "(0x80)", 10.0)] : null,
            open?.Select(o => (o.Thread, o.Key, o.Age.TotalSeconds)));
        Assert.Null(MyTransactions.Read(status[..^40]));
        Assert.Null(MyTransactions.Read(status.Replace("ACTIVE 3 sec", "COMMITTED IN MEMORY", StringComparison.Ordinal)));
    }

    private static async Task<MyFixture> WithRowAsync(MyServer server)
    {
        var fixture = await MyFixture.NewAsync(server);
        await fixture.RunAsync("create table t (id bigint auto_increment primary key, "
            + "at timestamp(6) not null default current_timestamp(6))",
            "insert into t (at) values (now(6))");
        return fixture;
    }

    private static string Thread(MyConnection connection) => connection.Server.ConnectionId.ToString(CultureInfo.InvariantCulture);

    /// <summary>Adds a row in a transaction that stays open and is not in the list that the server shows.</summary>
    private static async Task BeginUnseenAsync(MyServer server, MyConnection connection)
    {
        do
        {
            // On a machine that stood still for a moment the list was made anew.
            await connection.ExecuteAsync("rollback", default);
            await connection.ExecuteAsync("begin", default);
            await connection.ExecuteAsync("insert into t (at) values (now(6))", default);
        }
        while ((await server.RowsAsync(null, "select trx_mysql_thread_id from information_schema.innodb_trx"))
            .Contains(Thread(connection)));
    }

    private static Task<CursorBound> BoundAsync(MyUnderTest source, TableSchema table, CursorOptions cursor) =>
        ((IReadsWindows)source.Source).BoundAsync(table, cursor, wait: true, default).AsTask();

    private static Task<int> CompareAsync(MyUnderTest source, TableSchema table, string a, string b) =>
        ((IReadsWindows)source.Source).CompareAsync(table, "at", a, b, default).AsTask();

    /// <summary>Until somebody runs such a statement.</summary>
    private static async Task SeenAsync(MyServer server, string like, string and = "1 = 1")
    {
        await using var connection = await server.ConnectAsync();
        while ((await connection.RowsAsync($"select 1 from information_schema.processlist where info like '{like}' and {and} and id <> "
            + "connection_id()", TestContext.Current.CancellationToken)).Count == 0)
        {
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>Sessions, as of monitors, that read the list of transactions so often that it is never made anew.</summary>
file sealed class MyPollers : IAsyncDisposable
{
    private readonly CancellationTokenSource end = new();
    private Task[] sessions = [];

    public static async Task<MyPollers> StartAsync(MyServer server)
    {
        var pollers = new MyPollers();
        var begun = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource()).ToArray();
        pollers.sessions = [.. begun.Select(b => pollers.PollAsync(server, b))];
        await Task.WhenAll(begun.Select(b => b.Task));
        return pollers;
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await Task.WhenAll(sessions);
    }

    private async Task PollAsync(MyServer server, TaskCompletionSource begun)
    {
        await using var connection = await server.ConnectAsync();
        while (!end.IsCancellationRequested)
        {
            await connection.RowsAsync("select count(*) from information_schema.innodb_trx", default);
            begun.TrySetResult();
            await Task.Delay(10);
        }
    }
}
