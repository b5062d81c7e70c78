using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Source tables that are altered after their copy began: <c>schema: {changes: …}</c>.</summary>
public sealed class PgDriftTests
{
    private const string Rows = "select t::text from public.t order by id";

    private static TableRule Rule(WriteMode write = WriteMode.Insert, string? cursor = null) => CopyJob.Table("public.t", "public.t") with
    {
        Write = write, Cursor = cursor is null ? null : new CursorRule([cursor], default, null, null),
    };

    private static CopyJob Job(PgFixture from, PgFixture to, SchemaChanges changes, TableRule? rule = null) => new()
    {
        From = from.Here(), To = to.Here(), Tables = [rule ?? Rule()], Name = "drift", Rows = 500, Changes = changes,
    };

    private static async Task<(PgFixture From, PgFixture To)> HalfDoneAsync(TableRule? rule = null)
    {
        var (from, to) = (await PgFixture.NewAsync(), await PgFixture.NewAsync());
        await from.RunAsync("create table t (id int primary key, name varchar(10), paid numeric(6,2) not null)",
            "insert into t select i, 'n' || i, i / 100.0 from generate_series(1, 3000) i");
        await Job(from, to, SchemaChanges.Fail, rule).StoppedAsync(2);
        Assert.InRange(await CountAsync(to), 500, 2500);
        return (from, to);
    }

    private static async Task<long> CountAsync(PgFixture at) => long.Parse((await at.RowsAsync("select count(*)::text from t"))[0],
        System.Globalization.CultureInfo.InvariantCulture);

    private static async Task SameAsync(PgFixture from, PgFixture to, CopyJob job)
    {
        Assert.Equal(await from.RowsAsync(Rows), await to.RowsAsync(Rows));
        Assert.All(await job.VerifyAsync(), v => Assert.True(v.Equal));
    }

    private static Task<TableForecast> PlanAsync(CopyJob job) => job.PlanAsync();

    [Fact]
    public async Task A_new_column_begins_a_half_done_copy_anew_because_its_rows_have_values_in_it()
    {
        var (from, to) = await HalfDoneAsync();
        await using var a = from;
        await using var b = to;
        await from.RunAsync("alter table t add column extra int not null default 7");
        var refused = await Job(from, to, SchemaChanges.Fail).FailedAsync();
        Assert.Equal((Codes.SchemaChanged, "+extra"), (refused.Code, refused.Details["changed"]));

        var job = Job(from, to, SchemaChanges.Evolve);
        var plan = await PlanAsync(job);
        Assert.Equal((TableState.Restarts, DriftAnswer.CopiedAnew), (plan.State, plan.Answer));
        Assert.Equal(["extra"], plan.Difference!.Added);
        Assert.Equal(3000, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        await SameAsync(from, to, job);
        Assert.Equal(RunStatus.NothingToDo, (await job.RunAsync()).Status);
    }

    [Fact]
    public async Task A_restart_that_was_asked_for_takes_the_new_column_too()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text)", "insert into t values (1, 'a')");
        await Job(from, to, SchemaChanges.Fail).DoneAsync();
        await from.RunAsync("alter table t add column extra int not null default 5, alter id type bigint");
        var job = Job(from, to, SchemaChanges.Evolve);
        Assert.Equal(RunStatus.NothingToDo, (await job.RunAsync()).Status);
        await job.DoneAsync(restart: true);
        await SameAsync(from, to, job);
    }

    [Theory]
    [InlineData("smallint", "bigint", true)]
    [InlineData("bigint", "integer", false)]
    [InlineData("integer", "numeric", false)]
    [InlineData("character varying(5)", "character varying(6)", true)]
    [InlineData("character varying(5)", "character varying", true)]
    [InlineData("character varying(5)", "text", true)]
    [InlineData("character varying(5)", "character varying(4)", false)]
    [InlineData("character(5)", "character(6)", false)]
    [InlineData("numeric(6,2)", "numeric(8,4)", true)]
    [InlineData("numeric(6,2)", "numeric(6,3)", false)]
    [InlineData("numeric(6,2)", "numeric", true)]
    [InlineData("numeric", "numeric(6,2)", false)]
    [InlineData("public.amount", "bigint", false)]
    [InlineData("real", "double precision", false)]
    public void Only_a_type_that_holds_all_values_as_they_were_is_wider(string was, string now, bool isWider)
    {
        static ColumnSchema Column(string type) => new() { Name = "c", Type = LogicalType.Any, NativeType = type };
        Assert.Equal(isWider, PgWidening.Holds(Column(was), Column(now)));
        Assert.False(PgWidening.Holds(Column(was), Column(now) with { Collation = "pg_catalog.\"C\"" }));
    }

    [Fact]
    public async Task Wider_types_are_followed_and_every_place_is_kept()
    {
        var (from, to) = await HalfDoneAsync();
        await using var a = from;
        await using var b = to;
        await from.RunAsync("alter table t alter id type bigint, alter name type varchar(200), alter paid type numeric(12,4), "
            + "alter paid drop not null", $"insert into t values (5000000000, '{new string('x', 150)}', 12345678.1234), (5000000001, 'y', null)");
        var kept = await CountAsync(to);
        var job = Job(from, to, SchemaChanges.Evolve);
        var plan = await PlanAsync(job);
        Assert.Equal((TableState.Resumes, DriftAnswer.Followed), (plan.State, plan.Answer));
        Assert.Equal(3002 - kept, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        await SameAsync(from, to, job);
        Assert.Equal(["bigint", "character varying(200)", "numeric(12,4)"], await to.RowsAsync(
            "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum"));
    }

    [Fact]
    public async Task A_target_that_cannot_follow_stops_the_table_and_goes_on_from_its_place_when_it_can()
    {
        var (from, to) = await HalfDoneAsync();
        await using var a = from;
        await using var b = to;
        await from.RunAsync("alter table t alter name type text");
        await to.RunAsync("create view names as select name from t");
        var kept = await CountAsync(to);
        var job = Job(from, to, SchemaChanges.Evolve);
        var error = await job.FailedAsync();
        Assert.Equal((Codes.TargetNotEvolved, "name"), (error.Code, error.Details["column"]));
        await to.RunAsync("drop view names");
        Assert.Equal(3000 - kept, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        await SameAsync(from, to, job);
    }

    [Theory]
    [InlineData("alter table t alter name type varchar(5) using left(name, 5)", "name character varying(10) → character varying(5)")]
    [InlineData("alter table t alter paid type text", "paid numeric(6,2) → text")]
    [InlineData("alter table t drop column name", "name character varying(10) → ∅")]
    [InlineData("alter table t drop constraint t_pkey, add primary key (paid, id)", "Primary(id) → Primary(paid, id)")]
    public async Task What_cannot_be_followed_stops_the_table_under_every_policy(string change, string words)
    {
        var (from, to) = await HalfDoneAsync();
        await using var a = from;
        await using var b = to;
        await from.RunAsync(change);
        foreach (var policy in Enum.GetValues<SchemaChanges>())
        {
            var error = await Job(from, to, policy).FailedAsync();
            Assert.Equal((Codes.SchemaChanged, words), (error.Code, error.Details["changed"]));
        }
        Assert.True(await CountAsync(to) > 0);
    }

    [Fact]
    public async Task A_column_that_is_ignored_is_not_carried_and_everything_else_goes_on()
    {
        var (from, to) = await HalfDoneAsync();
        await using var a = from;
        await using var b = to;
        var kept = await CountAsync(to);
        await from.RunAsync("alter table t add column extra int default 7");
        var job = Job(from, to, SchemaChanges.Ignore);
        var plan = await PlanAsync(job);
        Assert.Equal((TableState.Resumes, DriftAnswer.Ignored), (plan.State, plan.Answer));
        Assert.Equal(3000 - kept, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(await from.RowsAsync("select id, name, paid from t order by id"), await to.RowsAsync("select * from t order by id"));
        Assert.All(await job.VerifyAsync(), v => Assert.True(v.Equal));
        plan = await PlanAsync(Job(from, to, SchemaChanges.Fail));
        Assert.Equal((TableState.Finished, DriftAnswer.Left), (plan.State, plan.Answer));
    }

    [Fact]
    public async Task Between_windows_rows_stay_where_a_new_column_is_empty_and_are_read_again_where_it_is_not()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text)", "insert into t select i, 'v' from generate_series(1, 1000) i");
        var job = Job(from, to, SchemaChanges.Evolve, Rule(WriteMode.Upsert, "id"));
        await job.DoneAsync();

        await from.RunAsync("alter table t add column one text", "insert into t values (1001, 'v', 'one')");
        Assert.Equal(DriftAnswer.Followed, (await PlanAsync(job)).Answer);
        Assert.Equal(1, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        await SameAsync(from, to, job);

        await from.RunAsync("alter table t add column two int not null default 5");
        Assert.Equal(DriftAnswer.ReadAgain, (await PlanAsync(job)).Answer);
        Assert.Equal(1001, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        await SameAsync(from, to, job);
    }

    [Fact]
    public async Task Rows_that_are_written_once_are_not_left_without_their_values()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text)", "insert into t select i, 'v' from generate_series(1, 100) i");
        var job = Job(from, to, SchemaChanges.Evolve, Rule(cursor: "id"));
        await job.DoneAsync();
        await from.RunAsync("alter table t add column extra int default 5", "insert into t values (101, 'v', 6)");
        var error = await job.FailedAsync();
        Assert.Equal((Codes.DriftNeedsReread, "extra"), (error.Code, error.Details["columns"]));
        await from.RunAsync("update t set extra = null where id <= 100");
        Assert.Equal(1, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        await SameAsync(from, to, job);
    }

    [Fact]
    public async Task A_window_under_way_is_ended_as_planned_and_the_next_one_follows()
    {
        var rule = Rule(WriteMode.Upsert, "id");
        var (from, to) = await HalfDoneAsync(rule);
        await using var a = from;
        await using var b = to;
        await from.RunAsync("alter table t add column extra int not null default 7", "insert into t values (3001, 'new', 1, 8)");
        var job = Job(from, to, SchemaChanges.Evolve, rule);
        Assert.Equal(DriftAnswer.AfterWindow, (await PlanAsync(job)).Answer);
        await job.DoneAsync();
        await SameAsync(from, to, job);
    }

    [Fact]
    public async Task A_table_that_is_replaced_as_a_whole_follows_with_its_next_copy_and_may_do_without()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text)", "insert into t values (1, 'a')");
        var rule = Rule(WriteMode.Replace);
        await Job(from, to, SchemaChanges.Fail, rule).DoneAsync();
        await to.RunAsync("create view seen as select id from t");
        await from.RunAsync("alter table t add column extra int not null default 5");
        await Job(from, to, SchemaChanges.Ignore, rule).DoneAsync();
        Assert.Equal(["(1,a)"], await to.RowsAsync(Rows));

        var job = Job(from, to, SchemaChanges.Evolve, rule);
        Assert.Equal(DriftAnswer.Followed, (await PlanAsync(job)).Answer);
        await job.DoneAsync();
        await SameAsync(from, to, job);
        Assert.Equal(["1"], await to.RowsAsync("select id::text from seen"));
    }

    [Fact]
    public async Task A_file_as_target_gets_the_new_column_too()
    {
        await using var from = await PgFixture.NewAsync();
        using var files = new Sqlite.Scratch();
        await from.RunAsync("create table t (id int primary key, v text)", "insert into t values (1, 'a')");
        var job = new CopyJob
        {
            From = from.Here(), To = CopyJob.File(files.Target), Name = "drift", Changes = SchemaChanges.Evolve,
            Tables = [CopyJob.Table("public.t", "t") with { Write = WriteMode.Upsert, Cursor = new CursorRule(["id"], default, null, null) }],
        };
        await job.DoneAsync();
        await from.RunAsync("alter table t alter id type bigint, add column extra int default 5", "insert into t values (5000000000, 'b', 6)");
        await job.DoneAsync();
        Assert.Equal(["i1|ta|i5", "i5000000000|tb|i6"], Sqlite.Scratch.Rows(files.Target, "select id, v, extra from t order by id"));
        Assert.All(await job.VerifyAsync(), v => Assert.True(v.Equal));
    }
}
