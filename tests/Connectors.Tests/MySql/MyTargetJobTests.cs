using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Pawl.Verify;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Whole jobs into MariaDB, run by the real engine, and compared by it cell by cell.</summary>
public sealed class MyTargetJobTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    private static Endpoint At(MySinkFixture fixture, params (string Name, string Value)[] options) => new()
    {
        Scheme = "mysql", Host = "127.0.0.1", Port = fixture.Server.Port, Path = fixture.Database, User = "root",
        Display = FormattableString.Invariant($"mysql://root@127.0.0.1:{fixture.Server.Port}/{fixture.Database}"),
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };

    private static CopyJob Job(Endpoint from, Endpoint to, params TableRule[] rules) =>
        new() { From = from, To = to, Tables = rules, Verify = VerifyLevel.Digest };

    [Fact]
    public async Task PostgreSQL_to_MariaDB()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("""
            create table t (id bigint primary key, b bool, s smallint, i int, r real, d double precision, n numeric(20,4), x text,
                v varchar(20),
                y bytea, da date, ti time, ts timestamp, tz timestamptz, u uuid, j json, iv interval, free numeric, un text unique)
            """, """
            insert into t select i, i % 2 = 0, i, -i, i * 0.1, i * 1e-7, i * 1.0001, 'text ' || i || chr(10) || '棘爪 🦀 \N', 'v' || i,
                decode(md5(i::text), 'hex'), date '2000-01-01' + i, time '00:00:01' * 1 + interval '1 microsecond' * i,
                timestamp '1999-12-31 23:59:59.999999' + interval '1 second' * i,
                    timestamptz '2001-01-01 00:00:00+00' + interval '1 hour' * i,
                gen_random_uuid(), '{"a": 1}', interval '1 month 2 days 3.5 seconds' * i, i / 7.0, 'u' || i
            from generate_series(1, 3000) i
            """.Replace("time '00:00:01' * 1 + ", "time '00:00:01' + ", StringComparison.Ordinal), "insert into t (id) values (0)");
        await Job(from.Here(), At(to), CopyJob.Table("public.t", $"{to.Database}.t")).DoneAsync();
        Assert.Equal(["3001"], await to.QueryAsync("select count(*) from t"));
        Assert.Equal(["", "0"], await to.QueryAsync("""
            select table_comment from information_schema.tables where table_schema = database() and table_name = 't'
            union all select min(non_unique) from information_schema.statistics where table_schema = database() and column_name = 'un'
            """));
    }

    [Fact]
    public async Task SQLite_to_MariaDB()
    {
        await using var to = await MySinkFixture.OpenAsync();
        scratch.Run(scratch.Source, "create table t(id integer primary key, v text, r real, b blob)",
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000) "
            + "insert into t select i, 'v' || i, i * 0.5, randomblob(20) from n");
        await Job(CopyJob.File(scratch.Source), At(to), CopyJob.Table("t")).DoneAsync();
        Assert.Equal(["2000"], await to.QueryAsync("select count(*) from t"));
    }

    [Fact]
    public async Task MariaDB_to_MariaDB_makes_the_same_table()
    {
        await using var from = await MySinkFixture.OpenAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("""
            create table t (id int unsigned not null auto_increment, e enum('a', 'b''c') not null default 'a', s set('x', 'y'), b bit(9),
                y year, n decimal(10,2) unsigned default 1.50, l varchar(20) character set latin1 collate latin1_german1_ci, c char(4),
                j json, g point, t timestamp(3) null default current_timestamp(3) on update current_timestamp(3), m mediumtext, u uuid,
                bi binary(4), f float, w int generated always as (y + 1) stored, q bigint unsigned, hidden int invisible default 7,
                primary key (id), unique key by_q (q), key by_l (l(5) desc, e), fulltext key words (m), check (n < 1000))
                collate utf8mb4_unicode_ci comment 'it''s'
            """, """
            insert into t (id, e, s, b, y, n, l, c, j, g, m, u, bi, f, q)
                select seq, if(seq % 2, 'a', 'b''c'), 'x,y', seq % 512, 1901 + seq % 200, seq % 900, concat('é', seq), 'ab',
                    '{"k": [1, 2]}', point(seq, 1), repeat('m', seq % 50), uuid(), unhex('00ff5c27'), seq / 3, 18446744073709551615 - seq
                from seq_1_to_2000
            """, "insert into t (q, hidden) values (null, null)");
        await Job(At(from), At(to), CopyJob.Table($"{from.Database}.t", $"{to.Database}.t")).DoneAsync();
        Assert.Equal(await from.QueryAsync("show create table t"), await to.QueryAsync("show create table t"));
        await to.RunAsync("insert into t (n) values (5)");
        Assert.Equal(["1"], await to.QueryAsync("select count(*) from t where n = 5 and id > 2001"));
    }

    [Fact]
    public async Task A_stopped_job_goes_on_where_it_was()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id bigint primary key, v text)",
            "insert into t select i, 'v' || i from generate_series(1, 5000) i");
        var job = new CopyJob
        {
            From = from.Here(), To = At(to), Tables = [CopyJob.Table("public.t", $"{to.Database}.t")], Rows = 500,
                Verify = VerifyLevel.Digest,
        };
        await job.StoppedAsync(3);
        await job.DoneAsync();
        Assert.Equal(["5000|5000"], await to.QueryAsync("select count(*), count(distinct id) from t"));
    }

    [Fact]
    public async Task A_lock_that_somebody_holds_for_a_while_costs_time_and_no_row()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id bigint primary key, v text)",
            "insert into t select i, 'v' || i from generate_series(1, 1000) i");
        await to.RunAsync("create table t (id bigint primary key, v longtext)");
        var job = Job(from.Here(), At(to, ("lock_timeout", "1s")), CopyJob.Table("public.t", $"{to.Database}.t"));
        await using var other = await to.Server.ConnectAsync(to.Database);
        await other.ExecuteAsync("start transaction", default);
        await other.ExecuteAsync("insert into t values (500, 'theirs')", default);
        var running = job.DoneAsync();
        await Task.Delay(1_500, TestContext.Current.CancellationToken);
        Assert.False(running.IsCompleted);
        await other.ExecuteAsync("rollback", default);
        await running;
        Assert.Equal(["1000|1"], await to.QueryAsync("select count(*), sum(v = 'v500') from t"));
    }

    [Fact]
    public async Task A_target_follows_new_columns_of_its_source()
    {
        await using var from = await MySinkFixture.OpenAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id int primary key, name varchar(10) not null)",
            "insert into t select seq, seq from seq_1_to_2000");
        CopyJob Job() => new()
        {
            From = At(from), To = At(to), Tables = [CopyJob.Table($"{from.Database}.t", $"{to.Database}.t")], Name = "drift", Rows = 300,
            Changes = SchemaChanges.Evolve, Verify = VerifyLevel.Digest,
        };
        await Job().StoppedAsync(2);
        await from.RunAsync("alter table t add column extra varchar(5) default 'x'");
        await Job().DoneAsync(restart: true);
        Assert.Equal(["2000|2000"], await to.QueryAsync("select count(*), sum(extra = 'x') from t"));
    }

    [Fact]
    public async Task Each_run_of_a_replace_copies_the_whole_table_again()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id bigint primary key, v text)",
            "insert into t select i, 'new' from generate_series(1, 30) i");
        var rule = CopyJob.Table("public.t", $"{to.Database}.t") with { Write = WriteMode.Replace };
        var ways = new List<string>();
        CopyJob Once() => new()
        {
            From = from.Here(), To = At(to), Tables = [rule], Name = "replace", Verify = VerifyLevel.Digest,
            At = e => { if (e.Code == EventCodes.TablePublished) ways.Add($"{e.Args["way"]} {e.Args["rows"]} {e.Args["removed"]}"); },
        };
        await Once().DoneAsync();
        await from.RunAsync("delete from t where id <= 10", "update t set v = 'newer' where id = 11");
        await Once().DoneAsync();
        Assert.Equal(["create 30 0", "rename 20 30"], ways);
        Assert.Equal(["20|1"], await to.QueryAsync("select count(*), sum(v = 'newer') from t"));
        Assert.Empty(await to.QueryAsync(
            "select table_name from information_schema.tables where table_schema = database() and table_name like 'pawl\\_stage%'"));
    }

    [Fact]
    public async Task An_upsert_of_a_finished_table_brings_it_up_to_date()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id bigint primary key, v text)", "insert into t select i, 'v' from generate_series(1, 100) i");
        var job = Job(from.Here(), At(to), CopyJob.Table("public.t", $"{to.Database}.t") with { Write = WriteMode.Upsert });
        await job.DoneAsync();
        await from.RunAsync("update t set v = 'w' where id % 2 = 0", "insert into t values (101, 'x')");
        await job.DoneAsync(restart: true);
        Assert.Equal(["101|50"], await to.QueryAsync("select count(*), sum(v = 'w') from t"));
    }

    [Fact]
    public async Task Where_names_have_no_case_a_table_is_not_copied_onto_itself_under_another()
    {
        await using var server = await MariaDbServer.StartAsync("--lower-case-table-names=1");
        await using var here = await MyFixture.NewAsync(server);
        await here.RunAsync("create table t (id int primary key)", "insert into t select seq from seq_1_to_10");
        var rule = CopyJob.Table($"{here.Database}.t", $"{here.Database}.T") with { Write = WriteMode.Append };
        var forecast = await Job(here.Here(), here.Here(), rule).PlanAsync();
        Assert.Equal((TableState.Blocked, Codes.SourceIsTarget), (forecast.State, forecast.Error?.Code));
        Assert.Equal(["10"], await here.RowsAsync("select count(*) from t"));
    }
}
