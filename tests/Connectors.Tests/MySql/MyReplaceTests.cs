using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

public sealed class MariaReplaceTests : MyReplaceTests
{
    internal override async Task<MyServer> ServerAsync() => await MariaDbServer.SharedAsync();

    internal override async Task<MyServer> OwnServerAsync(params string[] settings) => await MariaDbServer.StartAsync(settings);

    [Fact]
    public async Task Where_names_have_no_case_a_table_is_renamed_too()
    {
        await using var server = await OwnServerAsync("--lower-case-table-names=1");
        var to = await TargetAsync(server, Old.Replace("table t", "table T", StringComparison.Ordinal));
        await WayAsync(to, "rename", null);
    }
}

[Trait("needs", "mysql")]
public sealed class MySqlReplaceTests : MyReplaceTests
{
    internal override async Task<MyServer> ServerAsync() => await MySqlServer.SharedAsync();

    internal override async Task<MyServer> OwnServerAsync(params string[] settings) => await MySqlServer.StartAsync(settings);

    [Fact]
    public async Task Histograms_that_somebody_asked_for_keep_the_table()
    {
        await using var to = await TargetAsync(Old, "analyze table t update histogram on v");
        await WayAsync(to, "rows", "statistics");
        Assert.Equal(["v"], await to.QueryAsync(
            "select column_name from information_schema.column_statistics where schema_name = database() and table_name = 't'"));
    }
}

/// <summary>
/// Tables of MySQL and MariaDB that are replaced as a whole: a rename commits by itself there, and is known again by what it left.
/// </summary>
public abstract partial class MyReplaceTests : IDisposable
{
    private protected const string Old = "create table t (id bigint primary key, v varchar(20))",
        OldRows = "insert into t (id, v) with recursive n (i) as (select 1 union all select i + 1 from n where i < 50) select i, 'old' from n";

    private const string Stages =
        "select table_name from information_schema.tables where table_schema = database() and table_name like 'pawl\\_stage%'";

    private readonly Scratch scratch = new();

    public void Dispose()
    {
        scratch.Dispose();
        GC.SuppressFinalize(this);
    }

    internal abstract Task<MyServer> ServerAsync();

    internal abstract Task<MyServer> OwnServerAsync(params string[] settings);

    /// <summary>Thirty new rows at the source, and whatever is wanted at the target, filled with fifty old ones.</summary>
    private protected async Task<MySinkFixture> TargetAsync(params string[] statements) =>
        await TargetAsync(await ServerAsync(), statements);

    private protected async Task<MySinkFixture> TargetAsync(MyServer server, params string[] statements)
    {
        scratch.Run(scratch.Source, "create table t(id integer primary key, v text)",
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 30) insert into t select i, 'new' from n");
        var to = await MySinkFixture.OpenAsync(server);
        if (statements.Length == 0) return to;
        await to.RunAsync([statements[0], OldRows, .. statements[1..]]);
        return to;
    }

    private CopyJob Job(MySinkFixture to, Action<RunEvent>? at = null, Action<string>? reached = null, string user = "root",
        bool allowEmpty = false, params (string Name, string Value)[] options) => new()
        {
            From = CopyJob.File(scratch.Source),
            To = new Endpoint
            {
                Scheme = "mysql", Host = "127.0.0.1", Port = to.Server.Port, Path = to.Database, User = user,
                Display = FormattableString.Invariant($"mysql://{user}@127.0.0.1:{to.Server.Port}/{to.Database}"),
                Options = options.Prepend(("lock_timeout", "2s")).ToDictionary(o => o.Item1, o => o.Item2),
            },
            Tables = [CopyJob.Table("t", "t") with { Write = WriteMode.Replace, AllowEmpty = allowEmpty }],
            Name = "replace", At = at, Points = reached is null ? NoCrashPoints.Instance : new Told(reached),
        };

    private sealed class Told(Action<string> reached) : ICrashPoints
    {
        public void Reached(string point) => reached(point);
    }

    /// <summary>What the plan foresees comes about, all rows are the source's, and nothing is left over.</summary>
    private protected async Task WayAsync(MySinkFixture to, string way, string? because, string user = "root",
        params (string Name, string Value)[] options)
    {
        var foreseen = (await Job(to, user: user, options: options).PlanAsync()).Publication!;
        Assert.Equal((way, because), (foreseen.Way.ToString().ToLowerInvariant(), foreseen.What));
        var said = new List<string>();
        await Job(to, e => { if (e.Code == EventCodes.TablePublished) said.Add($"{e.Args["way"]} {e.Args["rows"]}"); }, user: user,
            options: options).DoneAsync();
        Assert.Equal([$"{way} 30"], said);
        await NewAsync(to);
    }

    private static async Task NewAsync(MySinkFixture to)
    {
        Assert.Equal(["30|30"], await to.QueryAsync("select count(*), sum(v = 'new') from t"));
        Assert.Empty(await to.QueryAsync(Stages));
    }

    private static async Task OldAsync(MySinkFixture to) =>
        Assert.Equal(["50|50"], await to.QueryAsync("select count(*), sum(v = 'old') from t"));

    [Fact]
    public async Task A_new_table_appears_with_all_its_rows_and_is_renamed_from_then_on()
    {
        await using var to = await TargetAsync();
        await WayAsync(to, "create", null);
        await WayAsync(to, "rename", null);
    }

    [Theory]
    [InlineData("rows", "view", "create view seen as select id from t")]
    [InlineData("rows", "trigger", "create trigger note before insert on t for each row set new.v = lower(new.v)")]
    [InlineData("rows", "foreign key", "create table parent (id bigint primary key)",
        "insert into parent select id from t", "alter table t add foreign key (id) references parent (id)")]
    [InlineData("keys", "foreign key", "create table child (id bigint, foreign key (id) references t (id))",
        "insert into child values (7), (30)")]
    public async Task Whatever_depends_on_a_table_keeps_it(string way, string because, params string[] more)
    {
        await using var to = await TargetAsync([Old, .. more]);
        await WayAsync(to, way, because, options: [("triggers", "fire")]);
        Assert.NotEqual(["0|0|0"], await to.QueryAsync("""
            select (select count(*) from information_schema.views where table_schema = database()),
                (select count(*) from information_schema.triggers where event_object_table = 't' and trigger_schema = database()),
                (select count(*) from information_schema.referential_constraints where constraint_schema = database()
                    and (table_name = 't' or referenced_table_name = 't'))
            """));
    }

    [Theory]
    [InlineData("create table child (id bigint, foreign key (id) references t (id) on delete cascade)", "removing a row")]
    [InlineData("create table child (id bigint, foreign key (id) references t (id) on update cascade)", "removing a row")]
    [InlineData("alter table t add parent bigint, add foreign key (parent) references t (id)", "the rows that refer")]
    public async Task What_no_way_can_do_is_refused_before_the_first_row(string more, string cause)
    {
        await using var to = await TargetAsync(Old, more);
        var refused = await Job(to).FailedAsync();
        Assert.Equal(Codes.CannotPublish, refused.Code);
        Assert.StartsWith(cause, refused.Details["cause"], StringComparison.Ordinal);
        await OldAsync(to);
        Assert.Empty(await to.QueryAsync(Stages));
    }

    [Fact]
    public async Task A_row_that_is_gone_and_that_others_refer_to_takes_all_of_it_back()
    {
        await using var to = await TargetAsync(Old, "create table child (id bigint, foreign key (id) references t (id))",
            "insert into child values (50)");
        Assert.Equal(Codes.CannotPublish, (await Job(to).FailedAsync()).Code);
        await OldAsync(to);
        await to.RunAsync("delete from child");
        await Job(to).DoneAsync();
        await NewAsync(to);
    }

    [Fact]
    public async Task A_rename_keeps_options_partitions_comments_checks_the_next_number_and_rights()
    {
        await using var to = await TargetAsync("""
            create table t (id bigint not null auto_increment comment 'a AUTO_INCREMENT=1 ', v varchar(20) character set latin1 default 'x',
                w int generated always as (length(v)) stored, at timestamp(3) null default current_timestamp(3), primary key (id),
                key by_v (v(5), id), check (v <> 'no'))
                auto_increment = 5000 row_format = dynamic stats_persistent = 1 comment 'it''s AUTO_INCREMENT=3 ' collate utf8mb4_bin
                partition by range (id) (partition low values less than (20), partition high values less than maxvalue)
            """, "alter table t auto_increment = 7000",
            $"create user '{Reader}'@'127.0.0.1'", $"grant select (id), update on t to '{Reader}'@'127.0.0.1'");
        try
        {
            var (shown, grants) = ("show create table t", $"show grants for '{Reader}'@'127.0.0.1'");
            var (made, granted) = (await to.QueryAsync(shown), await to.QueryAsync(grants));
            Assert.Contains("AUTO_INCREMENT=7000", made[0], StringComparison.Ordinal);
            await WayAsync(to, "rename", null);
            Assert.Equal(made, await to.QueryAsync(shown));
            Assert.Equal(granted, await to.QueryAsync(grants));
        }
        finally
        {
            await to.RunAsync($"drop user '{Reader}'@'127.0.0.1'");
        }
    }

    private string Reader => $"reader_{GetType().Name}";

    [Theory]
    [InlineData("create index by_v on t (v)", "rows")]
    [InlineData("create trigger late before insert on t for each row set new.v = lower(new.v)", "rows")]
    [InlineData("create table child (id bigint, foreign key (id) references t (id))", "keys")]
    public async Task What_comes_to_depend_on_the_table_in_the_last_moment_is_not_lost(string late, string way)
    {
        await using var to = await TargetAsync(Old);
        var (said, done) = (new List<string?>(), false);
        await Job(to, e => { if (e.Code == EventCodes.TablePublished) said.Add((string?)e.Args["way"]); }, point =>
        {
            if (point != CrashPoint.PublicationCounted || done) return;
            done = true;
            Now(to.RunAsync(late));
        }, options: [("triggers", "fire")]).DoneAsync();
        Assert.Equal([way], said);
        await NewAsync(to);
        Assert.Equal(["1"], await to.QueryAsync("""
            select (select count(*) from information_schema.statistics where table_schema = database() and index_name = 'by_v'
                    and table_name = 't')
                + (select count(*) from information_schema.triggers where event_object_table = 't' and trigger_schema = database())
                + (select count(*) from information_schema.referential_constraints where constraint_schema = database()
                    and referenced_table_name = 't')
            """));
    }

    [Fact]
    public async Task A_table_that_the_account_is_not_shown_and_that_refers_to_it_stops_the_rename()
    {
        await using var to = await TargetAsync(Old);
        await using var other = await MySinkFixture.OpenAsync(to.Server);
        var user = await UserAsync(to, "trigger, ");
        await other.RunAsync($"create table child (id bigint, foreign key (id) references {to.Database}.t (id))",
            "insert into child values (50)");
        try
        {
            var refused = await Job(to, user: user).FailedAsync();
            Assert.Equal((Codes.CannotPublish, "foreign key"), (refused.Code, refused.Details["what"]));
            await OldAsync(to);
            Assert.Equal(["t"], await to.QueryAsync("select referenced_table_name from information_schema.referential_constraints "
                + $"where constraint_schema = '{other.Database}'"));
            await other.RunAsync("drop table child");
            await Job(to, user: user).DoneAsync();
            await NewAsync(to);
        }
        finally
        {
            await to.RunAsync($"drop user '{user}'@'127.0.0.1'");
            await other.RunAsync("drop table if exists child");
        }
    }

    [Fact]
    public async Task Where_triggers_are_not_shown_the_table_stays()
    {
        await using var to = await TargetAsync(Old);
        var user = await UserAsync(to, "");
        try
        {
            await WayAsync(to, "rows", "missing right", user, ("triggers", "fire"));
        }
        finally
        {
            await to.RunAsync($"drop user '{user}'@'127.0.0.1'");
        }
    }

    private static async Task<string> UserAsync(MySinkFixture to, string more)
    {
        var user = $"w_{to.Database}";
        await to.RunAsync($"create user '{user}'@'127.0.0.1'", $"grant {more}select, insert, update, delete, create, alter, index, drop, "
            + $"create temporary tables on {to.Database}.* to '{user}'@'127.0.0.1'");
        return user;
    }

    /// <summary>Whoever writes into a staging table after it was counted finds none.</summary>
    [Fact]
    public async Task A_counted_copy_has_a_name_that_nobody_knows()
    {
        await using var to = await TargetAsync(Old);
        var (seen, error) = ("", 0);
        await Job(to, reached: point =>
        {
            if (point == CrashPoint.PublicationCounted) error = Now(RefusedAsync(to, $"delete from {seen}"));
            else if (point == CrashPoint.LaneFinal) seen = Now(to.QueryAsync(Stages))[0];
        }).DoneAsync();
        Assert.Equal(1146, error);
        await NewAsync(to);
    }

    [Fact]
    public async Task A_staging_table_that_was_changed_is_not_published()
    {
        await using var to = await TargetAsync(Old);
        var refused = await Job(to, reached: point =>
        {
            if (point == CrashPoint.LaneFinal) Now(DeleteAsync(to));
        }).FailedAsync();
        Assert.Equal(Codes.StageLost, refused.Code);
        await OldAsync(to);
    }

    [Fact]
    public async Task No_rows_are_not_published_over_rows_unless_the_job_says_so()
    {
        await using var to = await TargetAsync(Old);
        scratch.Run(scratch.Source, "delete from t");
        Assert.Equal(Codes.SourceEmpty, (await Job(to).FailedAsync()).Code);
        await OldAsync(to);
        await Job(to, allowEmpty: true).DoneAsync();
        Assert.Equal(["0"], await to.QueryAsync("select count(*) from t"));
    }

    /// <summary>
    /// One transaction of a stranger adds a row behind the place where the publication has come to, and another before it. They come and
    /// go together.
    /// </summary>
    [Theory]
    [InlineData("create view seen as select id from t")]
    [InlineData("select 1")]
    public async Task What_a_stranger_adds_meanwhile_is_there_as_a_whole_or_not_at_all(string more)
    {
        await using var to = await TargetAsync(Old, more);
        await using var other = await to.Server.ConnectAsync(to.Database);
        Task? writing = null;
        var job = Job(to, reached: point =>
        {
            if (point != CrashPoint.LaneFinal || writing is not null) return;
            Now(BeginAsync());
            writing = GoOnAsync();
        });
        await job.DoneAsync();
        await writing!;
        Assert.Contains((await to.QueryAsync("select count(*) from t where v = 'strange'"))[0], new[] { "0", "2" });
        Assert.Equal(["30"], await to.QueryAsync("select count(*) from t where v = 'new'"));
        Assert.Equal(["0"], await to.QueryAsync("select count(*) from t where v = 'old'"));

        async Task BeginAsync()
        {
            await other.ExecuteAsync("start transaction", default);
            await other.ExecuteAsync("select * from t where id = 25 for update", default);
            await other.ExecuteAsync("insert into t values (2000, 'strange')", default);
        }

        bool IsWaiting(string session) => session.Contains($"|{to.Database}|", StringComparison.Ordinal)
            && (session.Contains("|delete from", StringComparison.Ordinal) || session.Contains("|rename table", StringComparison.Ordinal));

        async Task GoOnAsync()
        {
            // Until the publication waits for row 25, or for the table.
            await using var eyes = await to.Server.ConnectAsync(to.Database);
            for (var i = 0; i < 400; i++)
            {
                if ((await MyServer.RowsAsync(eyes, "show processlist")).Any(IsWaiting)) break;
                await Task.Delay(5);
            }
            // The job's row is free meanwhile: heartbeats go on.
            await eyes.ExecuteAsync("set innodb_lock_wait_timeout = 1", default);
            await eyes.ExecuteAsync("select 1 from pawl_job for update", default);
            try
            {
                await other.ExecuteAsync("insert into t values (-1, 'strange')", default);
                await other.ExecuteAsync("commit", default);
            }
            catch (Connectors.MySql.Protocol.MyServerException e) when (e.Number is 1213 or 1205)
            {
                await other.ExecuteAsync("rollback", default);
            }
        }
    }

    /// <summary>Inside the engine's own call, which waits for it.</summary>
    private static void Now(Task task) => task.GetAwaiter().GetResult();

    private static T Now<T>(Task<T> task) => task.GetAwaiter().GetResult();

    private static async Task<int> RefusedAsync(MySinkFixture to, string sql) =>
        (await Assert.ThrowsAsync<Connectors.MySql.Protocol.MyServerException>(() => to.RunAsync(sql))).Number;

    private static async Task DeleteAsync(MySinkFixture to) =>
        await to.RunAsync($"delete from {(await to.QueryAsync(Stages))[0]} limit 1");

    /// <summary>All sessions in that database but the one that asks.</summary>
    private static async Task EndSessionsAsync(MySinkFixture to)
    {
        await using var eyes = await to.Server.ConnectAsync();
        foreach (var row in await MyServer.RowsAsync(eyes, "show processlist"))
        {
            if (row.Split('|') is not [var id, _, _, var database, ..] || database != to.Database) continue;
            await eyes.ExecuteAsync($"kill {id}", default);
        }
    }
}
