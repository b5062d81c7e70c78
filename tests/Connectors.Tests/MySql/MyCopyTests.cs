using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Verify;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Whole jobs from MariaDB, run by the engine in this process, stopped and gone on with, and compared digest by digest.</summary>
public sealed class MyCopyTests
{
    private const string Edges = """
        create table edges (id int primary key, i1 tinyint, u1 tinyint unsigned, i2 smallint, i3 mediumint, i4 int, u4 int unsigned, i8
        bigint,
            u8 bigint unsigned, b1 bit(1), b64 bit(64), y year, d decimal(65,30), d0 decimal(20,0), f float, r double, c char(9), v
            varchar(50),
            l varchar(50) character set latin1, g varchar(50) character set gbk, t longtext, e enum('a','é'), s set('x','y'), vb
            varbinary(9),
            bl longblob, dt date, dm datetime(6), ts timestamp(6) null, ti time, j json, u uuid, p point, ip inet6, gen int as (i4) stored,
            inv int invisible) character set utf8mb4
        """;

    private static readonly string[] Rows =
    [
        """
        insert into edges (id, i1, u1, i2, i3, i4, u4, i8, u8, b1, b64, y, d, d0, f, r, c, v, l, g, t, e, s, vb, bl, dt, dm, ts, ti, j,
        u, p,
            ip, inv) values (1, -128, 255, -32768, -8388608, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, b'1',
            x'ffffffffffffffff', 2155, -99999999999999999999999999999999999.999999999999999999999999999999, 99999999999999999999, 0.1,
            2.2250738585072014e-308, 'ab', '棘爪 🦀', 'é€ÿ', '中文?', 'x', 'é', 'y,x', x'00ff', x'', '0001-01-01',
            '9999-12-31 23:59:59.999999',
            '1970-01-01 00:00:01.000001', '23:59:59', '{"b": 1,"a":[1.10]}', '123e4567-e89b-12d3-a456-426655440000', point(1, 2), '::1', 7)
        """,
        "insert into edges (id) values (2)",
        """
        insert into edges (id, i1, u1, i8, u8, b1, b64, y, d, f, r, c, v, l, t, e, s, vb, bl, dt, dm, ts, ti, j) values (3, 127, 0,
            9223372036854775807, 0, b'0', 0, 0, 0.000000000000000000000000000001, -3.4028234e38, -1.7976931348623157e308, '', ' ', '',
            '', 'a', '',
            '', x'00', '9999-12-31', '0001-01-01', '2038-01-19 03:14:07', '00:00:00', 'null')
        """,
    ];

    [Theory]
    [InlineData("postgres")]
    [InlineData("sqlite")]
    public async Task Edge_values_of_every_type_arrive_as_they_were(string target)
    {
        await using var source = await MyFixture.NewAsync();
        await source.RunAsync([Edges, .. Rows]);
        // SQLite has no whole numbers above 2^63 - 1.
        if (target == "sqlite") await source.RunAsync("update edges set u8 = 9223372036854775807, b64 = 9223372036854775807 where id = 1");
        await using var pg = target == "postgres" ? await PgFixture.NewAsync() : null;
        using var scratch = new Scratch();
        var job = new CopyJob
        {
            From = source.Here(), To = pg?.Here() ?? CopyJob.File(scratch.Target), Tables = [CopyJob.Table($"{source.Database}.edges",
                Target(pg, "edges"))],
            Verify = VerifyLevel.Digest,
        };
        await job.DoneAsync();
        Assert.All(await job.VerifyAsync(), v => Assert.True(v.Equal, v.ToString()));
        if (pg is null) return;
        var there = await pg.RowsAsync("select concat_ws('|', u8, b64, d, f, r, v, l, g, dt, dm, ts at time zone 'UTC', ti, j, u, "
            + "encode(vb, 'hex'), encode(p, 'hex'), ip, inv) from edges where id = 1");
        Assert.Equal("18446744073709551615|18446744073709551615|-99999999999999999999999999999999999.999999999999999999999999999999|0.1|"
            + "2.2250738585072014e-308|棘爪 🦀|é€ÿ|中文?|0001-01-01|9999-12-31 23:59:59.999999|1970-01-01 00:00:01.000001|23:59:59|"
            + "{\"b\": 1,\"a\":[1.10]}|123e4567-e89b-12d3-a456-426655440000|00ff|000000000101000000000000000000f03f0000000000000040|::1|7",
            there[0]);
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("sqlite")]
    public async Task A_stopped_copy_goes_on_where_it_was(string target)
    {
        await using var source = await MyFixture.NewAsync();
        await source.RunAsync("create table t (shop varchar(9) collate utf8mb4_general_ci, n int, note varchar(20), primary key (shop, n))",
            "insert into t select elt(1 + seq mod 5, 'a', 'B', 'c', 'Dd', 'é'), seq, concat('n', seq) from seq_1_to_30000",
            "create table whole (v int, w varchar(9))", "insert into whole select seq mod 7, 'x' from seq_1_to_3000");
        await using var pg = target == "postgres" ? await PgFixture.NewAsync() : null;
        using var scratch = new Scratch();
        CopyJob Job() => new()
        {
            Name = "resumed", From = source.Here(), To = pg?.Here() ?? CopyJob.File(scratch.Target), Rows = 2_000,
                Verify = VerifyLevel.Digest,
            Tables = [CopyJob.Table($"{source.Database}.t", Target(pg, "t")), CopyJob.Table($"{source.Database}.whole", Target(pg,
                "whole"))],
        };
        await Job().StoppedAsync(3);
        await Job().StoppedAsync(2);
        await Job().DoneAsync();
        Assert.All(await Job().VerifyAsync(), v => Assert.True(v.Equal, v.ToString()));
    }

    [Fact]
    public async Task One_moment_is_copied_while_rows_change()
    {
        await using var source = await MyFixture.NewAsync();
        await source.RunAsync("create table t (id int primary key, v int)", "insert into t select seq, 0 from seq_1_to_20000");
        await using var pg = await PgFixture.NewAsync();
        var job = new CopyJob
        {
            From = source.Here(), To = pg.Here(), Tables = [CopyJob.Table($"{source.Database}.t", "public.t")], Rows = 1_000, Parallel = 4,
            At = e =>
                { if (e.Code == Telemetry.EventCodes.LaneCommitted) source.RunAsync("update t set v = v + 1").GetAwaiter().GetResult(); },
        };
        var spec = job.Job() with { Consistency = Consistency.OneSnapshot };
        var summary = await new Engine.JobRunner(job.Host()).RunAsync(spec, new Engine.RunOptions(), new Engine.RunSignals(default,
            default));
        Assert.Equal(Engine.RunStatus.Done, summary.Status);
        Assert.Equal(["20000|0"], await pg.RowsAsync("select count(*) || '|' || sum(v) from t"));
        Assert.NotEqual("0", (await source.RowsAsync("select max(v) from t"))[0]);
    }

    [Fact]
    public async Task Windows_of_time_and_number_bring_every_row_once()
    {
        await using var source = await MyFixture.NewAsync();
        await source.RunAsync("create table t (id bigint auto_increment primary key, at timestamp(6) not null "
            + "default current_timestamp(6), v int)",
            "insert into t (v) select seq from seq_1_to_500");
        await using var pg = await PgFixture.NewAsync();
        foreach (var columns in new string[][] { ["id"], ["at"], ["at", "id"] })
        {
            var column = string.Join('_', columns);
            CopyJob Job() => new()
            {
                Name = $"by {column}", From = source.Here(), To = pg.Here(), Verify = VerifyLevel.None,
                Tables = [CopyJob.Table($"{source.Database}.t", $"public.{column}_t") with { Cursor = new CursorRule(columns,
                    TimeSpan.Zero, null, null), Write = WriteMode.Upsert }],
            };
            await Job().DoneAsync();
            await source.RunAsync("insert into t (v) select seq from seq_1_to_100");
            await Task.Delay(2_500, TestContext.Current.CancellationToken);
            await Job().DoneAsync();
            var here = await source.RowsAsync("select count(*), sum(v) from t");
            Assert.Equal(here, await pg.RowsAsync($"select count(*) || '|' || sum(v) from {column}_t"));
        }
    }

    [Fact]
    public async Task A_zero_date_stops_a_copy_and_an_option_lets_it_through()
    {
        await using var source = await MyFixture.NewAsync();
        await source.RunAsync("create table t (id int primary key, d date)");
        await using (var loose = await source.Server.ConnectAsync(source.Database))
        {
            await loose.ExecuteAsync("set sql_mode = ''", default);
            await loose.ExecuteAsync("insert into t values (1, '0000-00-00'), (2, '2024-01-31')", default);
        }
        await using var pg = await PgFixture.NewAsync();
        CopyJob Job(string target, params (string, string)[] options) => new()
        {
            From = source.Here(options), To = pg.Here(), Tables = [CopyJob.Table($"{source.Database}.t", $"public.{target}")],
        };
        var refused = await Job("a").FailedAsync();
        Assert.Equal(Codes.TypeMismatch, refused.Code);
        await Job("b", ("zero_dates", "null")).DoneAsync();
        Assert.Equal(["1|", "2|2024-01-31"], await pg.RowsAsync("select id || '|' || coalesce(d::text, '') from b order by id"));
        await Job("c", ("zero_dates", "text")).DoneAsync();
        Assert.Equal(["1|0000-00-00", "2|2024-01-31"], await pg.RowsAsync("select id || '|' || d from c order by id"));
    }

    private static string Target(PgFixture? pg, string table) => pg is null ? table : $"public.{table}";
}
