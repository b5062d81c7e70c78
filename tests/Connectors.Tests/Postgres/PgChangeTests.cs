using Npgsql;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Tables that somebody changes while a job runs, on either side: the job goes on rightly, or stops and says what it met.</summary>
public sealed class PgChangeTests
{
    private static readonly string[] Rows =
    [
        "create table t (id int primary key, v text, n bigint)", "insert into t select i, 'v' || i, i from generate_series(1, 400) i",
        "analyze t",
    ];

    /// <summary>Fresh tables and a job of four splits, one after another; at the first event of that kind the statements are run.</summary>
    private static async Task<CopyJob> JobAsync(PgFixture source, PgFixture target, bool atSource, string code, string statements,
        params string[] targetBefore)
    {
        const string Away = "do $$ begin if to_regclass('u') is not null then drop table u cascade; end if; end $$; drop table if exists t cascade; drop function if exists f() cascade";
        await source.RunAsync([Away, .. Rows]);
        await target.RunAsync([Away, .. targetBefore]);
        var changed = false;
        return new CopyJob
        {
            From = source.Here(), To = target.Here(("lock_timeout", "1s")), Rows = 50, Parallel = 1,
            Tables = [CopyJob.Table("public.t") with { Splits = 4 }],
            At = e =>
            {
                if (changed || e.Code != code) return;
                changed = true;
                Run(atSource ? source : target, statements);
            },
        };
    }

    private static void Run(PgFixture at, string statements)
    {
        using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = at.Server.Folder, Port = at.Server.Port, Database = at.Database, Username = "postgres", Pooling = false,
        }.ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand("set lock_timeout = '20s'; " + statements, connection);
        command.ExecuteNonQuery();
    }

    private static readonly (string Change, string? Code, string? Column)[] AtSource =
    [
        ("alter table t drop column v", Codes.SchemaChanged, "v"),
        ("alter table t rename column v to w", Codes.SchemaChanged, "v"),
        ("alter table t alter n type numeric", Codes.SchemaChanged, "n"),
        ("alter table t alter v type varchar(10)", Codes.SchemaChanged, "v"),
        ("drop table t; create table t (id int primary key, v text, n bigint)", Codes.TableRecreated, null),
        ("drop table t", Codes.TableMissing, null),
        ("alter table t rename to u", Codes.TableMissing, null),
        ("alter table t rename to u; create materialized view t as select * from u", Codes.TableRecreated, null),
        ("alter table t enable row level security; alter table t force row level security", null, null),
        ("alter table t add column w int default 5", null, null),
        ("alter table t drop constraint t_pkey", null, null),
        ("create index on t (n); cluster t using t_n_idx", null, null),
    ];

    [Fact]
    public async Task A_source_changed_between_two_splits_is_noticed_or_does_not_matter()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        foreach (var (change, code, column) in AtSource)
        {
            var job = await JobAsync(source, target, atSource: true, EventCodes.LaneDone, change);
            if (code is null)
            {
                await job.DoneAsync();
                Assert.Equal(await source.RowsAsync("select id, v, n from t order by id"),
                    await target.RowsAsync("select * from t order by id"));
                continue;
            }
            var error = await job.FailedAsync();
            Assert.Equal((change, code, column), (change, error.Code, error.Details.GetValueOrDefault("column")));
            Assert.InRange(int.Parse((await target.RowsAsync("select count(*) from t"))[0], null), 1, 399);
        }
    }

    private static readonly (string Change, string? Code, string? Column)[] AtTarget =
    [
        ("alter table t drop column v", Codes.TargetColumnMissing, "v"),
        ("alter table t rename column v to w", Codes.TargetColumnMissing, "v"),
        ("alter table t alter n type float8", Codes.TargetTypeUnfit, "n"),
        ("alter table t alter n type timestamp using null", Codes.TargetTypeUnfit, "n"),
        ("alter table t alter n type int", Codes.TargetTypeUnfit, "n"),
        ("alter table t add column must int not null default 1; alter table t alter must drop default", Codes.TargetTypeUnfit, "must"),
        ("drop table t", Codes.TargetTruncated, null),
        ("drop table t; create table t (id int primary key, v text, n bigint)", Codes.TargetTruncated, null),
        ("alter table t set unlogged", Codes.TargetDependent, null),
        ("create function f() returns trigger language plpgsql as 'begin return null; end'; " + "create trigger late before insert on t for each row execute function f()", Codes.TargetDependent, null),
        ("alter table t add column more int default 7", null, null),
        ("alter table t alter n type numeric", null, null),
        ("alter table t alter v type varchar", null, null),
    ];

    [Fact]
    public async Task A_target_changed_between_two_commits_is_noticed_or_does_not_matter()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        foreach (var (change, code, column) in AtTarget)
        {
            var job = await JobAsync(source, target, atSource: false, EventCodes.LaneCommitted, change);
            if (code is null)
            {
                await job.DoneAsync();
                Assert.Equal(await source.RowsAsync("select * from t order by id"),
                    await target.RowsAsync("select id, v, n from t order by id"));
                continue;
            }
            var error = await job.FailedAsync();
            Assert.Equal((change, code, column), (change, error.Code, error.Details.GetValueOrDefault("column")));
        }
    }

    [Theory]
    [InlineData("delete from t where id % 2 = 0")]
    [InlineData("truncate t")]
    public async Task Rows_taken_away_from_the_target_in_mid_run_are_found_by_the_count_after_it(string change)
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        var job = await JobAsync(source, target, atSource: false, EventCodes.LaneCommitted, change);
        var table = Assert.Single((await job.RunAsync()).Tables);
        Assert.False(table.Verdict!.Equal);
        Assert.Equal(400, table.Verdict.SourceRows);
    }

    [Fact]
    public async Task A_row_of_a_foreign_writer_with_one_of_our_keys_stops_the_copy_and_it_goes_on_without_it()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        var job = await JobAsync(source, target, atSource: false, EventCodes.LaneCommitted, "insert into t values (333, 'foreign', 0)",
            "create table t (id int primary key, v text, n bigint)");
        var error = await job.FailedAsync();
        Assert.Equal((Codes.RowRefused, "t_pkey", """{"id":333}""", "23505"),
            (error.Code, error.Details["constraint"], error.Details["where"], error.Details["native"]));
        Assert.Equal(["333|foreign|0"], await target.RowsAsync("select * from t where id = 333"));
        await target.RunAsync("delete from t where id = 333");
        await job.DoneAsync();
        Assert.Equal(await source.RowsAsync("select * from t order by id"), await target.RowsAsync("select * from t order by id"));
    }

    [Fact]
    public async Task A_foreign_row_that_is_not_committed_yet_is_waited_for_a_bounded_time_and_its_session_is_named()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        await source.RunAsync(Rows);
        await target.RunAsync("create table t (id int primary key, v text, n bigint)");
        var job = new CopyJob
        {
            From = source.Here(), To = target.Here(("lock_timeout", "300ms")), Tables = [CopyJob.Table("public.t")],
        };
        await using var other = await target.Server.ConnectAsync(target.Database);
        await using var insert = new NpgsqlCommand("set application_name = 'nightly'; begin; insert into t values (5, 'mine', 0)", other);
        await insert.ExecuteNonQueryAsync();
        var error = await job.FailedAsync();
        Assert.Equal((Fault.Transient, Codes.Busy), (error.Fault, error.Code));
        Assert.Contains($"session {other.ProcessID} (nightly, user postgres, idle in transaction", error.Details["holder"]);
        await other.DisposeAsync();
        await job.DoneAsync();
    }

    [Fact]
    public async Task Sessions_that_write_at_the_same_time_do_not_stop_the_copy()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        await source.RunAsync(Rows);
        await target.RunAsync("create table t (id int primary key, v text, n bigint)", "insert into t values (-1, 'mine', 0)");
        await using var other = await target.Server.ConnectAsync(target.Database);
        await using var insert = new NpgsqlCommand("begin; insert into t values (-5, 'mine', 0); update t set n = 1 where id = -1", other);
        await insert.ExecuteNonQueryAsync();
        var summary = await new CopyJob
        {
            From = source.Here(), To = target.Here(("lock_timeout", "300ms")),
            Tables = [CopyJob.Table("public.t") with { Write = Contracts.WriteMode.Append }],
        }.DoneAsync();
        Assert.Equal(RunStatus.Done, summary.Status);
        Assert.Equal(["401"], await target.RowsAsync("select count(*) from t"));
    }
}
