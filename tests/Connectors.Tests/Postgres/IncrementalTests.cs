using Npgsql;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Tables that are brought up to date run by run, with writers that commit late.</summary>
public sealed class IncrementalTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pawl-inc").FullName;

    private static TableRule Rule(WriteMode write, string[] cursor, TimeSpan overlap = default, TimeSpan? lag = null, TimeSpan? zone = null,
        string table = "t") => CopyJob.Table("public." + table, "public." + table) with
        {
            Write = write, Cursor = new CursorRule(cursor, overlap, lag, zone),
        };

    private static TableRule ByTime(TimeSpan overlap = default, TimeSpan? lag = null) =>
        Rule(WriteMode.Upsert, ["at", "id"], overlap, lag);

    private static CopyJob Job(PgFixture from, PgFixture to, TableRule rule, string name = "inc") =>
        new() { From = from.Here(), To = to.Here(), Tables = [rule], Name = name };

    private static async Task<(long Read, RunStatus Status)> RunAsync(CopyJob job)
    {
        var summary = await job.RunAsync();
        var table = Assert.Single(summary.Tables);
        Assert.True(table.Error is null && summary.Error is null,
            $"{table.Error?.Code ?? summary.Error?.Code} {string.Join(", ", (table.Error ?? summary.Error)?.Details ?? new Dictionary<string, string?>())}");
        return (table.ThisRun.Read, summary.Status);
    }

    private static async Task SameAsync(PgFixture from, PgFixture to)
    {
        const string all = "select t::text from public.t order by id";
        Assert.Equal(await from.RowsAsync(all), await to.RowsAsync(all));
    }

    /// <summary>Until the clock's bound has passed what is written by now.</summary>
    private static Task SettleAsync() => Task.Delay(2_200);

    [Fact]
    public async Task Rows_that_are_added_or_changed_arrive_by_the_next_run_whatever_they_share_with_the_last_one()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text, at timestamptz not null default clock_timestamp())",
            // Microseconds that a rounded cursor would lose, and many rows of one moment.
            "insert into t select i, 'old', '2024-01-01 00:00:00.123456+00' from generate_series(1, 500) i",
            "insert into t select i, 'old' from generate_series(501, 900) i");
        await SettleAsync();
        Assert.Equal((900, RunStatus.Done), await RunAsync(Job(from, to, ByTime())));
        await SameAsync(from, to);
        Assert.Equal(0, (await RunAsync(Job(from, to, ByTime()))).Read);

        await from.RunAsync("update t set v = 'new', at = clock_timestamp() where id % 100 = 0",
            "insert into t select i, 'new' from generate_series(901, 950) i");
        await SettleAsync();
        Assert.Equal(59, (await RunAsync(Job(from, to, ByTime()))).Read);
        await SameAsync(from, to);
    }

    [Fact]
    public async Task A_row_that_is_committed_long_after_its_time_is_not_passed()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, at timestamptz not null default now())");
        await using var late = await from.Server.ConnectAsync(from.Database);
        await using (var begin = new NpgsqlCommand("begin; insert into t (id) values (1)", late)) await begin.ExecuteNonQueryAsync();
        await from.RunAsync("insert into t (id) values (2)");
        await SettleAsync();
        // Row 2 is younger than the open transaction: neither is taken yet, and none is passed.
        Assert.Equal(0, (await RunAsync(Job(from, to, ByTime()))).Read);
        await using (var end = new NpgsqlCommand("commit", late)) await end.ExecuteNonQueryAsync();
        Assert.Equal(2, (await RunAsync(Job(from, to, ByTime()))).Read);
        await SameAsync(from, to);
    }

    [Fact]
    public async Task A_smaller_number_that_is_committed_later_is_waited_for()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id bigint generated always as identity primary key, v text)");
        await using var late = await from.Server.ConnectAsync(from.Database);
        await using (var begin = new NpgsqlCommand("begin; insert into t (v) values ('late')", late)) await begin.ExecuteNonQueryAsync();
        await from.RunAsync("insert into t (v) values ('early')");
        var running = RunAsync(Job(from, to, Rule(WriteMode.Insert, ["id"])));
        await Task.Delay(1_500);
        Assert.False(running.IsCompleted);
        await using (var end = new NpgsqlCommand("commit", late)) await end.ExecuteNonQueryAsync();
        Assert.Equal(2, (await running).Read);
        await SameAsync(from, to);
        Assert.Equal(RunStatus.NothingToDo, (await RunAsync(Job(from, to, Rule(WriteMode.Insert, ["id"])))).Status);
        await from.RunAsync("insert into t (v) values ('third')");
        Assert.Equal(1, (await RunAsync(Job(from, to, Rule(WriteMode.Insert, ["id"])))).Read);
        await SameAsync(from, to);
    }

    [Fact]
    public async Task A_version_that_rows_share_is_read_again_at_the_bound()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, version bigint not null)", "insert into t values (1, 7), (2, 8)");
        var rule = Rule(WriteMode.Upsert, ["version"]);
        Assert.Equal(2, (await RunAsync(Job(from, to, rule))).Read);
        await from.RunAsync("insert into t values (3, 8), (4, 9)");
        Assert.Equal(3, (await RunAsync(Job(from, to, rule))).Read);
        await SameAsync(from, to);
        var refused = await Job(from, to, rule with { Write = WriteMode.Insert, Target = "public.other" }, "other").FailedAsync();
        Assert.Equal(Codes.RereadNeedsUpsert, refused.Code);
    }

    [Fact]
    public async Task What_was_written_with_a_clock_that_is_behind_comes_with_the_overlap()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, at timestamptz not null)",
            "insert into t values (1, now() - interval '10 minutes')");
        var rule = ByTime(TimeSpan.FromMinutes(5));
        Assert.Equal(1, (await RunAsync(Job(from, to, rule))).Read);
        await from.RunAsync("insert into t values (2, now() - interval '4 minutes')");
        Assert.Equal(1, (await RunAsync(Job(from, to, rule))).Read);
        await SameAsync(from, to);
        var refused = await Job(from, to, rule with { Write = WriteMode.Append }, "other").FailedAsync();
        Assert.Equal(Codes.RereadNeedsUpsert, refused.Code);
    }

    [Fact]
    public async Task Who_may_not_see_transactions_states_how_long_they_last()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        var role = $"inc_{Guid.NewGuid():N}";
        await from.RunAsync("create table t (id int primary key, at timestamptz not null default now())", "insert into t (id) values (1)",
            $"create role {role} login", $"grant select on t to {role}");
        try
        {
            var job = new CopyJob { From = from.Here() with { User = role }, To = to.Here(), Tables = [ByTime()], Name = "inc" };
            var refused = await job.FailedAsync();
            Assert.Equal(Codes.LagNeeded, refused.Code);
            Assert.Equal($"GRANT pg_read_all_stats TO {role}", refused.Details["grant"]);
            await SettleAsync();
            var lagging = new CopyJob
            {
                From = from.Here() with { User = role }, To = to.Here(), Tables = [ByTime(lag: TimeSpan.FromSeconds(1))], Name = "inc",
            };
            Assert.Equal(1, (await RunAsync(lagging)).Read);
        }
        finally
        {
            await from.RunAsync($"drop owned by {role}", $"drop role {role}");
        }
    }

    [Fact]
    public async Task A_standby_needs_a_stated_lag()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, at timestamptz not null default now())");
        await using var standby = await from.Server.FollowAsync();
        var behind = new CopyJob
        {
            From = PgFixture.At(standby, from.Database), To = to.Here(), Tables = [ByTime()], Name = "standby",
        };
        Assert.Equal(Codes.LagNeeded, (await behind.FailedAsync()).Code);
        var number = new CopyJob
        {
            From = PgFixture.At(standby, from.Database), To = to.Here(), Name = "number",
            Tables = [Rule(WriteMode.Upsert, ["id"], lag: TimeSpan.FromSeconds(1))],
        };
        Assert.Equal(Codes.CursorUnfit, (await number.FailedAsync()).Code);
    }

    [Theory]
    [InlineData("at timestamptz", "at", "NULL")]
    [InlineData("at timestamp not null", "at", "zone")]
    [InlineData("at date not null", "at", "zone")]
    [InlineData("at double precision not null", "at", "whole number")]
    [InlineData("at text not null", "at", "whole number")]
    [InlineData("at timestamptz not null", "at,v", "the key: id")]
    [InlineData("at bigserial not null", "at", "blocks")]
    public async Task A_column_that_cannot_be_a_cursor_is_refused_and_said_why(string column, string cursor, string why)
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync($"create table t (id int primary key, v text, {column})");
        if (why == "blocks") await from.RunAsync("alter sequence t_at_seq cache 20");
        var refused = await Job(from, to, Rule(WriteMode.Upsert, cursor.Split(','))).FailedAsync();
        Assert.Equal(Codes.CursorUnfit, refused.Code);
        Assert.Contains(why, refused.Details["cause"]);
    }

    [Fact]
    public async Task A_time_without_a_zone_is_read_off_the_clock_of_its_own()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, at timestamp(3) not null)",
            "insert into t values (1, clock_timestamp() at time zone 'Asia/Shanghai' - interval '1 minute')",
            "insert into t values (2, clock_timestamp() at time zone 'Asia/Shanghai' + interval '1 minute')");
        // Read as UTC the first row would lie eight hours ahead, too.
        Assert.Equal(1, (await RunAsync(Job(from, to, Rule(WriteMode.Upsert, ["at"], zone: TimeSpan.FromHours(8))))).Read);
    }

    [Fact]
    public async Task A_finished_snapshot_goes_on_by_increments_without_being_copied_anew()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text, at timestamptz not null default now())",
            "insert into t select i, 'old', now() - interval '1 hour' from generate_series(1, 1000) i");
        var plain = CopyJob.Table("public.t", "public.t");
        Assert.Equal(1000, (await RunAsync(Job(from, to, plain))).Read);
        await from.RunAsync("update t set v = 'new', at = clock_timestamp() where id <= 3", "insert into t values (1001, 'new')");
        await SettleAsync();
        Assert.Equal(4, (await RunAsync(Job(from, to, ByTime()))).Read);
        await SameAsync(from, to);
        // A key has no clock: which rows the snapshot saw of those that were open then is not known.
        await using var third = await PgFixture.NewAsync();
        await RunAsync(Job(from, third, plain, "keys"));
        var refused = await Job(from, third, Rule(WriteMode.Upsert, ["id"]), "keys").FailedAsync();
        Assert.Equal(Codes.DefinitionChanged, refused.Code);
    }

    [Fact]
    public async Task A_copy_in_a_held_snapshot_has_no_clock_to_go_on_from()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, at timestamptz not null default now())", "insert into t (id) values (1)");
        var held = PgJobs.Job(from.Here(), to.Here(), CopyJob.Table("public.t", "public.t")) with { Name = "inc" };
        Assert.Equal(RunStatus.Done, (await new PgJobs().RunAsync(held with { Consistency = Consistency.OneSnapshot })).Status);
        // The snapshot may be older than the table's plan: what was committed in between lies before the plan's clock.
        Assert.Equal(Codes.DefinitionChanged, (await Job(from, to, ByTime()).FailedAsync()).Code);
    }

    [Fact]
    public async Task Another_cursor_an_altered_table_and_an_emptied_target_are_refused_between_windows()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, n bigint not null, at timestamptz not null)",
            "insert into t values (1, 1, now() - interval '1 hour')");
        await RunAsync(Job(from, to, ByTime()));
        Assert.Equal(Codes.DefinitionChanged, (await Job(from, to, Rule(WriteMode.Upsert, ["n"])).FailedAsync()).Code);
        Assert.Equal(Codes.DefinitionChanged, (await Job(from, to, ByTime() with { Cursor = null }).FailedAsync()).Code);
        await from.RunAsync("alter table t add column extra text");
        Assert.Equal(Codes.SchemaChanged, (await Job(from, to, ByTime()).FailedAsync()).Code);
        await from.RunAsync("alter table t drop column extra");
        await RunAsync(Job(from, to, ByTime()));
        // The last window brought nothing; the rows of the one before are gone all the same.
        await to.RunAsync("truncate t");
        Assert.Equal(Codes.TargetTruncated, (await Job(from, to, ByTime()).FailedAsync()).Code);
    }

    [Fact]
    public async Task Rows_set_aside_by_one_window_are_kept_through_the_next()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v text not null, at timestamptz not null)",
            "insert into t values (1, 'too long', now() - interval '1 hour'), (2, 'ok', now() - interval '1 hour')");
        await to.RunAsync("create table t (id int primary key, v text not null check (length(v) < 5), at timestamptz not null)");
        var rule = ByTime() with { RejectLimit = 10 };
        await RunAsync(Job(from, to, rule));
        Assert.Equal(["1"], await to.RowsAsync("select count(*) from pawl_reject"));
        await RunAsync(Job(from, to, rule));
        await RunAsync(Job(from, to, rule));
        Assert.Equal(["1"], await to.RowsAsync("select count(*) from pawl_reject"));
        await to.RunAsync("alter table t drop constraint t_v_check");
        var retried = Assert.Single(await Job(from, to, rule).RetryRejectsAsync());
        Assert.Equal((1, 0), (retried.Counts.Written, retried.Left));
        await SameAsync(from, to);
        await RunAsync(Job(from, to, rule));
        Assert.Empty(await Job(from, to, rule).RetryRejectsAsync());
    }

    [Fact]
    public async Task A_sqlite_table_is_followed_into_postgres_and_back()
    {
        await using var to = await PgFixture.NewAsync();
        var file = Path.Combine(folder, "shop.db");
        Execute(file, "create table t (id integer primary key autoincrement, v text, at text not null)",
            "insert into t(v, at) values ('a', '2024-01-01 10:00:00'), ('b', '2024-01-01 10:00:00.5')");
        var rule = CopyJob.Table("t", "public.t") with
        {
            Write = WriteMode.Upsert, Cursor = new CursorRule(["at", "id"], TimeSpan.FromMinutes(1), null, null),
        };
        CopyJob job = new() { From = CopyJob.File(file), To = to.Here(), Tables = [rule], Name = "inc" };
        Assert.Equal(2, (await RunAsync(job)).Read);
        Execute(file, "insert into t(v, at) values ('late by half a minute', '2024-01-01 09:59:30'), ('c', '2024-01-01 10:00:00.5')");
        Assert.Equal(4, (await RunAsync(job)).Read);
        Assert.Equal(["4"], await to.RowsAsync("select count(*) from public.t"));

        var back = Path.Combine(folder, "back.db");
        var byKey = CopyJob.Table("public.t", "t") with { Cursor = new CursorRule(["id"], default, null, null) };
        CopyJob home = new() { From = to.Here(), To = CopyJob.File(back), Tables = [byKey], Name = "back" };
        Assert.Equal(4, (await RunAsync(home)).Read);
        await to.RunAsync("insert into public.t(id, v, at) values (100, 'd', '2024-01-02')");
        Assert.Equal(1, (await RunAsync(home)).Read);
    }

    [Fact]
    public async Task A_writer_that_holds_the_file_is_waited_for_before_its_largest_value_is_believed()
    {
        var (file, copy) = (Path.Combine(folder, "busy.db"), Path.Combine(folder, "copy.db"));
        Execute(file, "pragma journal_mode = wal", "create table t (id integer primary key, version integer not null)",
            "insert into t values (1, 10)");
        using var writer = SqliteFile.Open(file, SqliteAccess.Write, TimeSpan.FromSeconds(5));
        writer.Execute("begin immediate");
        writer.Execute("insert into t values (2, 5), (3, 20)");
        var rule = CopyJob.Table("t") with { Write = WriteMode.Upsert, Cursor = new CursorRule(["version"], default, null, null) };
        CopyJob job = new() { From = CopyJob.File(file), To = CopyJob.File(copy), Tables = [rule], Name = "inc" };
        var running = RunAsync(job);
        await Task.Delay(1_000);
        writer.Execute("commit");
        Assert.Equal(3, (await running).Read);
    }

    private static void Execute(string file, params string[] statements)
    {
        using var database = SqliteFile.Open(file, SqliteAccess.Create, TimeSpan.FromSeconds(5));
        foreach (var statement in statements) database.Execute(statement);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
