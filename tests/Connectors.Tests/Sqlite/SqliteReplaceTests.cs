using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>Tables of a file that are replaced as a whole: staged, and published at one moment.</summary>
public sealed class SqliteReplaceTests : IDisposable
{
    private const string Numbers = "with recursive n(i) as (select 1 union all select i + 1 from n where i < ";
    private readonly Scratch scratch = new();

    public SqliteReplaceTests() => scratch.Run(scratch.Source, "create table t(id integer primary key, v text)",
        Numbers + "30) insert into t select i, 'new ' || i from n");

    public void Dispose() => scratch.Dispose();

    private static TableRule Rule(bool allowEmpty = false) =>
        CopyJob.Table("t") with { Write = WriteMode.Replace, AllowEmpty = allowEmpty };

    private CopyJob Job(TableRule? rule = null, long rows = 50_000, Action<RunEvent>? at = null, CancellationToken abort = default) => new()
    {
        From = Scratch.At(scratch.Source), To = Scratch.At(scratch.Target), Tables = [rule ?? Rule()], Name = "replace", Rows = rows,
        At = at, Abort = abort,
    };

    private async Task<(string Way, long Rows, long Removed)> PublishAsync(TableRule? rule = null)
    {
        RunEvent? said = null;
        await Job(rule, at: e => said = e.Code == EventCodes.TablePublished ? e : said).DoneAsync();
        Assert.Empty(Stages());
        return ((string)said!.Args["way"]!, (long)said.Args["rows"]!, (long)said.Args["removed"]!);
    }

    private List<string> Stages() =>
        Scratch.Rows(scratch.Target, "select name from sqlite_schema where name like 'pawl\\_stage%' escape '\\'");

    private void Old(params string[] more) => scratch.Run(scratch.Target, ["create table t(id integer primary key, v text)",
        Numbers + "50) insert into t select i, 'old' from n", .. more]);

    private void Same() => Assert.Equal(Scratch.Cells(scratch.Source, "t", "1", "id", "v"), Scratch.Cells(scratch.Target, "t", "1", "id", "v"));

    private async Task CutAsync(long commits)
    {
        using var abort = new CancellationTokenSource();
        var end = await Job(rows: 5, abort: abort.Token, at: e =>
        {
            if (e.Code == EventCodes.LaneCommitted && --commits == 0) abort.Cancel();
        }).RunAsync();
        Assert.Equal(RunStatus.Interrupted, end.Status);
    }

    [Fact]
    public async Task Each_run_after_a_finished_one_copies_the_whole_table_again()
    {
        scratch.Run(scratch.Source, "create unique index one_v on t(v)", "create index by_both on t(v desc, id)");
        Assert.Equal(("create", 30, 0), await PublishAsync());
        Same();
        const string parts = "select name || ' ' || sql from sqlite_schema where tbl_name = 't' order by 1";
        var made = Scratch.Rows(scratch.Target, parts);
        Assert.Equal(3, made.Count);
        scratch.Run(scratch.Source, "delete from t where id <= 10", "update t set v = 'newer' where id = 11");
        Assert.Equal(("rename", 20, 30), await PublishAsync());
        Same();
        Assert.Equal(made, Scratch.Rows(scratch.Target, parts));
    }

    [Theory]
    [InlineData("create /* ours */ table [t] -- a table\n(id integer primary key, v text default 'it''s' check (length(v) < 20))")]
    [InlineData("create table \"t\"(id int primary key desc, v any, n int as (length(v)) stored) strict, without rowid")]
    [InlineData("create table main.`t` (id integer, v text collate nocase, unique(id), primary key (id))")]
    public async Task The_table_that_is_renamed_into_place_is_defined_word_for_word_as_the_old_one(string made)
    {
        scratch.Run(scratch.Target, made, "insert into t(id, v) values (1, 'old')");
        Assert.Equal(("rename", 30, 1), await PublishAsync());
        Same();
        var now = Scratch.Rows(scratch.Target, "select sql from sqlite_schema where name = 't'")[0];
        Assert.EndsWith(made[made.IndexOf("(id", StringComparison.Ordinal)..], now);
    }

    [Fact]
    public async Task A_table_that_refers_to_itself_stays()
    {
        Old("drop table t", "create table t(id integer primary key, v text, up int references t(id))", "insert into t values (1, 'old', 1)");
        Assert.Equal(("rows", 30, 1), await PublishAsync());
        Same();
    }

    [Fact]
    public async Task A_number_that_was_given_is_not_given_again_and_expressions_and_partial_indexes_stay()
    {
        scratch.Run(scratch.Target, "create table t(id integer primary key autoincrement, v text check (length(v) < 20), n as (length(v)))",
            "insert into t(id, v) values (1, 'old'), (900, 'old')", "delete from t where id = 900",
            "create unique index \"one v\" on \"t\"(v) where id < 100", "create index `by_length` on [t](length(v))");
        const string indexes = "select sql from sqlite_schema where type = 'index' and sql is not null order by 1";
        var before = Scratch.Rows(scratch.Target, indexes);
        Assert.Equal(("rename", 30, 1), await PublishAsync());
        Same();
        Assert.Equal(before, Scratch.Rows(scratch.Target, indexes));
        scratch.Run(scratch.Target, "insert into t(v) values ('next')");
        Assert.Equal(["i901"], Scratch.Rows(scratch.Target, "select max(id) from t"));
    }

    [Theory]
    [InlineData("create view seen as select id from t", "view", "select count(*) from seen")]
    [InlineData("create table bought(t_id integer references t(id)); insert into bought values (3)", "foreign key",
        "select count(*) from bought join t on t.id = t_id")]
    [InlineData("create trigger noted after update on t begin select 1; end", "trigger",
        "select count(*) from sqlite_schema where type = 'trigger' and tbl_name = 't'")]
    public async Task What_depends_on_the_table_stays_because_the_table_does(string made, string what, string look)
    {
        Old(made.StartsWith("create trigger", StringComparison.Ordinal) ? [made] : made.Split(';'));
        var plan = await Job().PlanAsync();
        Assert.Equal((PublicationWay.Rows, what), (plan.Publication!.Way, plan.Publication.What));
        Assert.Equal(("rows", 30, 50), await PublishAsync());
        Same();
        Assert.DoesNotContain("i0", Scratch.Rows(scratch.Target, look));
    }

    [Fact]
    public async Task A_row_that_others_refer_to_must_not_go()
    {
        Old("create table bought(t_id integer references t(id) on delete cascade)", "pragma foreign_keys = off",
            "insert into bought values (3), (77)");
        Assert.Equal("rows", (await PublishAsync()).Way);
        scratch.Run(scratch.Source, "delete from t where id = 3");
        var refused = await Job().FailedAsync();
        Assert.Equal((Codes.CannotPublish, "bought"), (refused.Code, refused.Details["name"]));
        Assert.Equal(["i30"], Scratch.Rows(scratch.Target, "select count(*) from t"));
        Assert.Equal(["i2"], Scratch.Rows(scratch.Target, "select count(*) from bought"));
        scratch.Run(scratch.Target, "delete from bought where t_id = 3");
        Assert.Equal(("rows", 29, 30), await PublishAsync());
        Same();
    }

    [Fact]
    public async Task A_view_that_waits_for_the_table_does_not_stop_it_from_being_made()
    {
        scratch.Run(scratch.Target, "create view seen as select id from t");
        Assert.Equal(("create", 30, 0), await PublishAsync());
        Same();
        Assert.Equal(["i30"], Scratch.Rows(scratch.Target, "select count(*) from seen"));
    }

    [Fact]
    public async Task A_trigger_that_leaves_rows_out_stops_the_publication()
    {
        Old("create trigger leaves before insert on t when new.id = 5 begin select raise(ignore); end");
        Assert.Equal(Codes.PublicationDiffers, (await Job().FailedAsync()).Code);
        Assert.Equal(["i50|told"], Scratch.Rows(scratch.Target, "select count(*), min(v) from t"));
    }

    [Fact]
    public async Task A_source_that_is_suddenly_empty_leaves_the_target_as_it_is_and_is_read_again()
    {
        Old();
        scratch.Run(scratch.Source, "create table kept as select * from t", "delete from t");
        Assert.Equal(Codes.SourceEmpty, (await Job().FailedAsync()).Code);
        Assert.Equal(["i50"], Scratch.Rows(scratch.Target, "select count(*) from t"));
        scratch.Run(scratch.Source, "insert into t select * from kept", "drop table kept");
        Assert.Equal(("rename", 30, 50), await PublishAsync());
        Same();
        scratch.Run(scratch.Source, "delete from t");
        Assert.Equal(("rename", 0, 30), await PublishAsync(Rule(allowEmpty: true)));
        Same();
    }

    [Fact]
    public async Task An_interrupted_copy_is_not_seen_and_the_next_run_goes_on_with_it()
    {
        Old();
        await CutAsync(3);
        Assert.Equal(["i50|told"], Scratch.Rows(scratch.Target, "select count(*), min(v) from t"));
        Assert.Single(Stages());
        var rest = (await Job().DoneAsync()).Tables[0];
        Assert.Equal((15, 30), (rest.ThisRun.Read, rest.Total.Inserted));
        Same();
        Assert.Empty(Stages());
    }

    [Fact]
    public async Task A_stage_is_dropped_by_a_restart_also_when_the_job_writes_otherwise_now()
    {
        Old();
        await CutAsync(2);
        var first = Assert.Single(Stages())[1..];
        scratch.Run(scratch.Target, $"create table {first}_not_ours(a)", "create table pawl_stage_mine(a)");
        scratch.Run(scratch.Target, "delete from t");
        await Job(CopyJob.Table("t")).DoneAsync(restart: true);
        Same();
        Assert.DoesNotContain("t" + first, Stages());
        Assert.Equal(2, Stages().Count);
    }

    [Theory]
    [InlineData("delete from {0} where id = 1")]
    [InlineData("drop table {0}")]
    public async Task A_staging_table_that_is_not_what_the_ledger_says_is_never_published(string done)
    {
        Old();
        await CutAsync(2);
        scratch.Run(scratch.Target, string.Format(done, Assert.Single(Stages())[1..]));
        Assert.Equal(Codes.StageLost, (await Job().FailedAsync()).Code);
        Assert.Equal(["i50"], Scratch.Rows(scratch.Target, "select count(*) from t"));
        await Job().DoneAsync(restart: true);
        Same();
    }

    [Fact]
    public async Task A_double_is_rejected_when_it_is_staged()
    {
        Old("create unique index one_v on t(v) where v <> 'old'");
        scratch.Run(scratch.Source, "update t set v = 'new 1' where id = 2");
        Assert.Equal(("rename", 29, 50), await PublishAsync(Rule() with { RejectLimit = 1 }));
        var retried = Assert.Single(await Job(Rule() with { RejectLimit = 1 }).RetryRejectsAsync());
        Assert.Equal((0, 1), (retried.Counts.Written, retried.Left));
    }
}
