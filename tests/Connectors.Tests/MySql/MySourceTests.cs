using System.Globalization;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What there is to read, what is refused, moments and windows, on a real server.</summary>
public sealed class MySourceTests
{
    [Fact]
    public async Task Names_are_only_names()
    {
        await using var fixture = await MyFixture.NewAsync();
        await using var source = await fixture.SourceAsync();
        foreach (var odd in new[] { "a`b", "it's", "a\"b", "select", "two words", "半角", "semi;colon--", new string('n', 64), "st*r?",
            "back\\slash", "dot.ted" })
        {
            var q = $"`{odd.Replace("`", "``", StringComparison.Ordinal)}`";
            await fixture.RunAsync($"create table {q} ({q} int primary key, `v?` int)", $"insert into {q} values (1, 2), (2, null)");
            Assert.Equal(2, (await source.AllAsync(odd)).Count);
        }
    }

    [Fact]
    public async Task The_catalogue_tells_columns_keys_and_what_there_is_not()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table a (id int auto_increment primary key, g int as (h + 1) stored, "
            + "w int as (h * 2), h int invisible, n varchar(9) not null default 'x', unique u (n, id)) partition by hash(id) partitions 3",
                "insert into a (h) values (5), (null)",
            "create view v as select id, n from a", "create temporary table tmp (id int)", "create table pawl_job (id int)",
            "create sequence sq");
        await using var source = await fixture.SourceAsync();
        var found = await source.Source.DescribeAsync(new TablePattern("*"), default);
        var table = Assert.Single(found);
        Assert.Equal($"{fixture.Database}.a", table.Name.ToString());
        Assert.Equal(["id", "g", "w", "h", "n"], table.Columns.Select(c => c.Name));
        Assert.Equal([false, true, true, false, false], table.Columns.Select(c => c.Generated));
        Assert.Equal([false, true, true, true, false], table.Columns.Select(c => c.Nullable));
        Assert.Equal(["n", "id"], Assert.Single(table.UniqueSets));
        var shape = MyShape.Required(table);
        Assert.Equal(3UL, shape.AutoIncrement);
        Assert.True(shape.Columns[3].IsInvisible && shape.Columns[0].IsAutoIncrement && shape.Columns[1].IsStored
            && !shape.Columns[2].IsStored);
        Assert.Equal("InnoDB", shape.Engine);
        Assert.Equal(["""{"id":1,"g":6,"w":10,"h":5,"n":"x"}""", """{"id":2,"g":null,"w":null,"h":null,"n":"x"}"""],
            await source.AllAsync("a"));
        Assert.Empty(await source.Source.DescribeAsync(new TablePattern("mysql.*"), default));
        await using var view = await fixture.SourceAsync(("view_key", $"{fixture.Database}.v(id)"));
        Assert.Equal(KeyKind.Unique, (await view.TableAsync("v")).Key.Kind);
        Assert.Equal(2, (await view.ReadAsync(await view.TableAsync("v"), rows: 1)).Count(r => r.Commit is not null));
        var discovery = await new MySqlConnector().DiscoverAsync(fixture.Here(), new TablePattern("*"), default);
        Assert.True(Assert.Single(discovery.Tables).Readable);
        Assert.Contains(discovery.Databases, d => d.Current && d.Name == fixture.Database);
    }

    [Fact]
    public async Task A_table_of_another_database_is_found_by_its_whole_name_and_by_no_pattern()
    {
        await using var fixture = await MyFixture.NewAsync();
        await using var other = (MyFixture)await fixture.AnotherAsync();
        await fixture.RunAsync("create table a (id int primary key)");
        await other.RunAsync("create table b (id int primary key)", "insert into b values (1)");
        await using var source = await fixture.SourceAsync();
        var own = Assert.Single(await source.Source.DescribeAsync(new TablePattern("*"), default));
        Assert.Equal(new TableName(fixture.Database, "a"), own.Name);
        Assert.Empty(await source.Source.DescribeAsync(new TablePattern($"{other.Database}.*"), default));
        var found = Assert.Single(await source.Source.DescribeAsync(TablePattern.Literal($"{other.Database}.b"), default));
        Assert.Equal(new TableName(other.Database, "b"), found.Name);
        Assert.Single(await source.ReadAsync(found));
        var report = await new MySqlConnector().ProbeAsync(new ProbeRequest(fixture.Here())
        {
            Role = ProbeRole.Source, Tables = [new ProbeTable(found.Name)],
        }, default);
        Assert.Equal("1", report.Findings.Single(f => f.Code == FindingCodes.Tables).Details["tables"]);
    }

    [Fact]
    public async Task A_table_that_is_another_one_or_was_altered_is_not_read_on()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v int)", "insert into t values (1, 1)");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await source.Source.PlanAsync(table, new ReadOptions(), default);
        await fixture.RunAsync("alter table t modify v bigint");
        await CodeAsync(Codes.SchemaChanged, () => source.ReadAsync(table));
        await CodeAsync(Codes.TableRecreated, () => source.ReadAsync(table, new ReadOptions { Columns = ["id"] }));
        await fixture.RunAsync("alter table t drop column v");
        await CodeAsync(Codes.SchemaChanged, () => source.ReadAsync(table));
        await fixture.RunAsync("drop table t");
        await CodeAsync(Codes.TableMissing, () => source.ReadAsync(table));
    }

    [Fact]
    public async Task A_missing_right_names_its_grant()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v int)", "create or replace user reader@'%'",
            $"grant select (id) on {fixture.Database}.t to reader@'%'");
        await using var source = new MyUnderTest(fixture.Database,
            await new MySqlConnector().OpenSourceAsync(fixture.At("reader"), MyFixture.Context, default));
        var table = await source.TableAsync("t");
        // What this account may not see is not there for it.
        Assert.Equal(["id"], table.Columns.Select(c => c.Name));
        await using var other = await fixture.SourceAsync();
        var full = await other.TableAsync("t");
        var thrown = await CodeAsync(Codes.GrantMissing, () => source.ReadAsync(full));
        Assert.Equal($"GRANT SELECT ON `{fixture.Database}`.`t` TO 'reader'@'%'", thrown.Details["grant"]);
        await CodeAsync(Codes.LagNeeded, async () => await source.Source.BoundAsync(table, new CursorOptions { Column = "id" }, true,
            default));
        Assert.Null(await ((ITellsTheTime)source.Source).ClockAsync(default));
    }

    [Theory]
    [InlineData("id < 3 -- closing", 2)]
    [InlineData("id < 3 # closing", 2)]
    [InlineData("v = 'a)' or id = 9", 2)]
    [InlineData("v = \"it's\" /* ) */", 1)]
    [InlineData("5--id = 6", 1)]
    public async Task A_condition_holds_in_every_restart(string where, int rows)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v varchar(9))", "insert into t values (1,'a)'),(2,'it''s'),(9,'z')");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var options = new ReadOptions { Where = where };
        var read = await source.ReadAsync(table, options, rows: 1);
        Assert.Equal(rows, read.Count);
        Assert.Equal(rows - 1, (await source.ReadAsync(table, options, after: read[0].Commit)).Count);
        Assert.Equal(rows, await ((ICountsRows)source.Source).CountAsync(table, options, default));
    }

    [Theory]
    [InlineData("id < 3) or (1 = 1")]
    [InlineData("id < 3; drop table t")]
    [InlineData("id < /*! 3) or (1 = 1 */ 5")]
    [InlineData("id < 'x\\' ) or (1=1")]
    [InlineData("no_such = 1")]
    [InlineData("id <")]
    public async Task A_condition_that_is_none_is_refused(string where)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key)");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await CodeAsync(Codes.ExpressionInvalid, () => source.ReadAsync(table, new ReadOptions { Where = where }));
    }

    [Theory]
    [InlineData("root", 8)]
    [InlineData("plain", 1)]
    public async Task A_held_moment_is_seen_by_every_read_of_it(string user, int sessions)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table a (id int primary key, v int)", "create table b (v int)",
            "insert into a select seq, 1 from seq_1_to_1000",
            "insert into b values (1), (1)", "create table m (id int primary key) engine = myisam", "create or replace user plain@'%'",
            "grant select on *.* to plain@'%'");
        await using var source = new MyUnderTest(fixture.Database,
            await new MySqlConnector().OpenSourceAsync(fixture.At(user), MyFixture.Context, default));
        var (a, b) = (await source.TableAsync("a"), await source.TableAsync("b"));
        var moments = (IHoldsMoments)source.Source;
        var name = await moments.HoldAsync(default);
        Assert.Equal(name, await moments.HoldAsync(default));
        await fixture.RunAsync("update a set v = 2 where id <= 500", "insert into a values (-1, 7)", "delete from b limit 1");
        var read = new ReadOptions { Snapshot = name, Splits = 8 };
        var splits = await source.Source.PlanAsync(a, read, default);
        var rows = await Task.WhenAll(splits.Select(s => source.ReadAsync(a, read, s, rows: 7)));
        Assert.Equal(1000, rows.Sum(r => r.Count));
        Assert.All(rows.SelectMany(r => r), r => Assert.EndsWith("\"v\":1}", r.Row));
        Assert.Equal(2, (await source.ReadAsync(b, read)).Count);
        Assert.Equal(1000, await ((ICountsRows)source.Source).CountAsync(a, read, default));
        Assert.Equal(1001, await ((ICountsRows)source.Source).CountAsync(a, new ReadOptions(), default));
        var open = await fixture.RowsAsync($"select count(*) from information_schema.processlist where user = '{user}' and db = "
            + $"'{fixture.Database}' and id in (select trx_mysql_thread_id from information_schema.innodb_trx)");
        Assert.Equal(sessions.ToString(CultureInfo.InvariantCulture), open[0]);
        var refused = await CodeAsync(Codes.JobValueInvalid, async () =>
            await source.Source.PlanAsync(await source.TableAsync("m"), read, default));
        Assert.Equal("consistency", refused.Details["field"]);
        await CodeAsync(Codes.SnapshotLost, () => source.ReadAsync(a, new ReadOptions { Snapshot = "session 1 gone" }));
    }

    [Fact]
    public async Task A_time_is_complete_up_to_the_oldest_open_transaction_and_a_number_when_all_have_ended()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id bigint auto_increment primary key, at timestamp(6), d datetime(3))",
            "insert into t (at, d) values ('2024-01-01', '2024-01-01')");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var at = new CursorOptions { Column = "at" };
        await using var writer = await fixture.Server.ConnectAsync(fixture.Database);
        await writer.ExecuteAsync("set time_zone = '+07:00'", default);
        await writer.ExecuteAsync("start transaction", default);
        await writer.ExecuteAsync("insert into t (at, d) values (now(6), utc_timestamp(3))", default);
        await Task.Delay(3_200);
        var held = await source.Source.CompleteAsync(table, at);
        Assert.Equal(CursorBasis.OldestTransaction, held.Basis);
        var written = (await writer.RowsAsync("select convert_tz(at, '+07:00', '+00:00') from t order by id desc limit 1", default))[0][0]!;
        Assert.True(await source.CompareAsync(table, "at", held.Value!, written) <= 0, $"{held.Value} {written}");
        Assert.Equal(Codes.CursorUnfit, (await CodeAsync(Codes.CursorUnfit, async () =>
            await source.Source.CompleteAsync(table, new CursorOptions { Column = "d" }))).Code);
        var local = await source.Source.CompleteAsync(table, new CursorOptions { Column = "d", Zone = TimeSpan.FromHours(2) });
        var ahead = DateTime.Parse(local.Value!, CultureInfo.InvariantCulture) - DateTime.Parse(held.Value!, CultureInfo.InvariantCulture);
        Assert.InRange(ahead.TotalMinutes, 119, 121);
        var waiting = source.Source.CompleteAsync(table, new CursorOptions { Column = "id" });
        await Task.Delay(500);
        Assert.False(waiting.IsCompleted);
        await writer.ExecuteAsync("commit", default);
        var number = await waiting;
        Assert.Equal(("1", true), (number.Value, number.Included));
        var free = await source.Source.CompleteAsync(table, at);
        Assert.Equal(CursorBasis.Clock, free.Basis);
        var window = new CursorWindow { Column = "at", After = "2024-01-01 00:00:00.000000", Through = free.Value };
        Assert.Single(await source.ReadAsync(table, new ReadOptions { Window = window }));
        Assert.Equal(2, (await source.ReadAsync(table, new ReadOptions { Window = window.FromStart })).Count);
        Assert.Empty(await source.ReadAsync(table, new ReadOptions { Window = new CursorWindow { Column = "id" } }));
    }

    [Fact]
    public async Task Large_values_travel_alone_and_too_large_ones_are_refused()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v longblob, w longtext)",
            "insert into t values (1, repeat('a', 20000000), repeat('棘', 7000000)), (2, 'b', 'c'), (3, repeat(x'00', 17000000), null)");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var sizes = new List<(int, long)>();
        await foreach (var e in source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
            new BatchBudget(100, 1 << 20), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            sizes.Add((batch.Rows, ((BytesColumn)batch.Columns[1]).Data.Length + ((BytesColumn)batch.Columns[2]).Data.Length));
        }
        Assert.Equal([(1, 41_000_000L), (1, 2L), (1, 17_000_000L)], sizes);
        var thrown = await CodeAsync(Codes.ValueTooLarge, async () =>
        {
            await foreach (var e in source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
                new BatchBudget(100, 1 << 20) { RowBytes = 1 << 24 }, default))
            {
                ((RowsEvent)e).Batch.Dispose();
            }
        });
        Assert.Equal(Fault.Data, thrown.Fault);
        // What was left unread does not hold up what comes next.
        Assert.Equal(3, (await source.AllAsync("t", null, "id")).Count);
    }

    [Fact]
    public async Task A_session_that_is_killed_in_the_middle_is_a_passing_trouble()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v varchar(200))", "insert into t select seq, repeat('x', 200) from "
            + "seq_1_to_100000");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Position? last = null;
        var rows = 0;
        var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
        {
            await foreach (var e in source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
                new BatchBudget(500, 1 << 20), default))
            {
                using var batch = ((RowsEvent)e).Batch;
                (rows, last) = (rows + batch.Rows, e.Commit);
                if (rows != 500) continue;
                var open = await fixture.RowsAsync($"select id from information_schema.processlist where db = '{fixture.Database}' and "
                    + "info like 'select `t`%order by%' and id <> connection_id()");
                await fixture.RunAsync($"kill {Assert.Single(open)}");
            }
        });
        Assert.Equal(Fault.Transient, thrown.Fault);
        Assert.InRange(rows, 500, 99_999);
        Assert.Equal(100_000 - rows, (await source.ReadAsync(table, after: last, rows: 10_000, bytes: 1 << 24)).Count);
    }

    [Fact]
    public async Task A_server_that_was_put_back_is_known_by_what_its_log_lacks()
    {
        await using var server = await MariaDbServer.StartAsync("--log-bin=bin", "--binlog-format=ROW");
        await using var fixture = await MyFixture.NewAsync(server);
        await fixture.RunAsync("create table t (id int primary key)");
        await using var source = await fixture.SourceAsync();
        var past = (IKnowsItsPast)source.Source;
        var mark = await past.MarkAsync(default);
        Assert.Matches("^mariadb 0-1-[0-9]+$", mark);
        Assert.Equal(PastState.Kept, await past.CompareAsync(mark, default));
        await fixture.RunAsync("insert into t values (1)");
        Assert.Equal(PastState.Kept, await past.CompareAsync(mark, default));
        var later = await past.MarkAsync(default);
        Assert.NotEqual(mark, later);
        await fixture.RunAsync("reset master");
        Assert.Equal(PastState.Kept, await past.CompareAsync("mariadb ", default));
        await fixture.RunAsync("insert into t values (2)");
        Assert.Equal(PastState.Lost, await past.CompareAsync(later, default));
        await using var other = await MyFixture.NewAsync();
        await using var silent = await other.SourceAsync();
        Assert.Equal(PastState.Kept, await ((IKnowsItsPast)silent.Source).CompareAsync(later, default));
    }

    [Fact]
    public async Task A_probe_tells_what_is_there_and_what_is_missing()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key)", "create table k (v int)", "create or replace user nobody@'%'",
            $"grant insert on {fixture.Database}.* to nobody@'%'");
        ProbeTable[] tables = [new(new TableName(fixture.Database, "t")), new(new TableName(fixture.Database, "k"))];
        var request = new ProbeRequest(fixture.Here()) { Role = ProbeRole.Source, Tables = tables, Lanes = 4 };
        var report = await new MySqlConnector().ProbeAsync(request, default);
        Assert.True(report.Reachable);
        Assert.StartsWith("MariaDB 10.", report.Product);
        Assert.DoesNotContain(report.Findings, f => f.Level == FindingLevel.Broken);
        Assert.Contains(report.Findings, f => f.Code == FindingCodes.Keyless && f.Details["tables"] == $"{fixture.Database}.k");
        var refused = await new MySqlConnector().ProbeAsync(request with { At = fixture.At("nobody") }, default);
        var broken = Assert.Single(refused.Findings, f => f.Level == FindingLevel.Broken);
        Assert.Contains($"GRANT SELECT ON `{fixture.Database}`.`t` TO 'nobody'@'%';", broken.Mend);
    }

    private static async Task<PawlException> CodeAsync(string code, Func<Task> what)
    {
        var thrown = await Assert.ThrowsAsync<PawlException>(what);
        Assert.Equal(code, thrown.Code);
        return thrown;
    }
}

file static class Short
{
    public static Task<CursorBound> CompleteAsync(this ISource source, TableSchema table, CursorOptions cursor) =>
        ((IReadsWindows)source).BoundAsync(table, cursor, wait: true, default).AsTask();

    public static Task<CursorBound> BoundAsync(this ISource source, TableSchema table, CursorOptions cursor, bool wait,
        CancellationToken ct) =>
        ((IReadsWindows)source).BoundAsync(table, cursor, wait, ct).AsTask();

    public static Task<int> CompareAsync(this MyUnderTest source, TableSchema table, string column, string a, string b) =>
        ((IReadsWindows)source.Source).CompareAsync(table, column, a, b, default).AsTask();
}
