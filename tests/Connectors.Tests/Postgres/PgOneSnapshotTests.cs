using Npgsql;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>All tables of a job as they were at one moment, while somebody else goes on writing.</summary>
public sealed class PgOneSnapshotTests
{
    private const int Rows = 3_000;

    /// <summary>Every row moves one coin from the first table to the second: the sum is the same at every moment.</summary>
    private const string Transfer = """
        update a set coins = coins - 1; update b set coins = coins + 1; update heap set coins = coins - 1; update heap2 set coins = coins + 1;
        delete from a where id = (select min(id) from a); insert into b values ((select max(id) + 1 from b), 7);
        """;

    private static async Task<PgFixture> FilledAsync()
    {
        var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync($"""
            create table a as select k as id, 100 as coins from generate_series(1, {Rows}) k; alter table a add primary key (id);
            create table b as select k as id, 100 as coins from generate_series(1, {Rows}) k; alter table b add primary key (id);
            create table heap as select k as id, 100 as coins from generate_series(1, {Rows}) k;
            create table heap2 as select k as id, 100 as coins from generate_series(1, {Rows}) k;
            analyze
            """);
        return fixture;
    }

    private static JobSpec Job(PgFixture from, PgFixture to, Consistency consistency = Consistency.OneSnapshot) =>
        PgJobs.Job(from.Here(), to.Here(), new TableRule { Pattern = new TablePattern("*"), Splits = 6 }) with
        {
            Consistency = consistency, Parallel = 3, Commit = new CommitPolicy { Rows = 200 }, VerifyAfterRun = VerifyLevel.Digest,
            Retry = new RetryPolicy { Times = 5, BackoffMin = TimeSpan.FromMilliseconds(20), BackoffMax = TimeSpan.FromMilliseconds(100) },
        };

    /// <summary>Rows and coins of each table: what an observer sees of one moment.</summary>
    private static Task<List<string>> MomentAsync(PgFixture at) => at.RowsAsync("""
        select 'a', count(*), sum(coins), min(id) from a union all select 'b', count(*), sum(coins), max(id) from b
        union all select 'heap', count(*), sum(coins), 0 from heap union all select 'heap2', count(*), sum(coins), 0 from heap2 order by 1
        """);

    /// <summary>Changes everything whenever some more lanes have committed.</summary>
    private static void Disturb(PgJobs jobs, PgFixture source, Action<int>? at = null)
    {
        var commits = 0;
        jobs.Heard += e =>
        {
            if (e.Code != EventCodes.LaneCommitted) return;
            var n = Interlocked.Increment(ref commits);
            if (n % 5 == 0) Now(source, Transfer);
            at?.Invoke(n);
        };
    }

    private static void Now(PgFixture source, string sql)
    {
        using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = source.Server.Folder, Port = source.Server.Port, Database = source.Database, Username = "postgres", Pooling = false,
        }.ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static void KillHolders(PgFixture source) => Now(source, """
        select pg_terminate_backend(pid, 5000) from pg_stat_activity
        where application_name like 'pawl/%/snapshot' and datname = current_database()
        """);

    [Fact]
    public async Task All_lanes_of_all_tables_show_one_moment_while_others_write()
    {
        await using var source = await FilledAsync();
        await using var target = await PgFixture.NewAsync();
        var before = await MomentAsync(source);
        var jobs = new PgJobs();
        Disturb(jobs, source);
        var summary = await jobs.RunAsync(Job(source, target));
        Assert.Equal(RunStatus.Done, summary.Status);
        Assert.Equal(before, await MomentAsync(target));
        Assert.NotEqual(before, await MomentAsync(source));
        Assert.All(summary.Tables, t => Assert.Equal((Consistency.OneSnapshot, true), (t.Consistency, t.Verdict!.Equal)));
    }

    [Fact]
    public async Task Without_the_option_the_same_writer_is_seen_in_the_copy()
    {
        await using var source = await FilledAsync();
        await using var target = await PgFixture.NewAsync();
        var before = await MomentAsync(source);
        var jobs = new PgJobs();
        Disturb(jobs, source);
        var summary = await jobs.RunAsync(Job(source, target, Consistency.Mixed));
        Assert.NotEqual(before, await MomentAsync(target));
        Assert.Equal(Consistency.Mixed, summary.Tables.Single(t => t.Source == "public.a").Consistency);
        // Rows without a key have no order but in a snapshot.
        Assert.Equal(Consistency.OneSnapshot, summary.Tables.Single(t => t.Source == "public.heap").Consistency);
    }

    [Theory]
    [InlineData(Consistency.OneSnapshot)]
    [InlineData(Consistency.Mixed)]
    public async Task Tables_whose_snapshot_is_lost_begin_anew_as_a_whole(Consistency consistency)
    {
        await using var source = await FilledAsync();
        await using var target = await PgFixture.NewAsync();
        var jobs = new PgJobs();
        jobs.Heard += e =>
        {
            if (e.Code == EventCodes.LaneCommitted && jobs.Said(EventCodes.LaneCommitted) == 12)
            {
                Now(source, Transfer);
                KillHolders(source);
            }
        };
        var summary = await jobs.RunAsync(Job(source, target, consistency));
        Assert.True(summary.Status == RunStatus.Done, string.Join('\n', summary.Tables.Select(t => $"{t.Source} {t.Error?.Message}")));
        Assert.InRange(jobs.Said(EventCodes.TableRestarted), 1, 4);
        Assert.Equal(0, jobs.Said(EventCodes.TableFailed));
        // What began anew shows the moment after the change; a table that was done before it shows the one before.
        var anew = jobs.Events.Where(e => e.Code == EventCodes.TableRestarted).Select(e => e.Table!["public.".Length..]).ToArray();
        Assert.Contains("heap2", anew);
        foreach (var table in anew)
        {
            const string Content = "select count(*), sum(coins), min(id), max(id) from ";
            Assert.Equal(await source.RowsAsync(Content + table), await target.RowsAsync(Content + table));
        }
    }

    [Fact]
    public async Task A_run_that_ended_in_the_middle_is_told_by_plan_and_begins_its_tables_anew()
    {
        await using var source = await FilledAsync();
        await using var target = await PgFixture.NewAsync();
        var jobs = new PgJobs();
        using var abort = new CancellationTokenSource();
        Disturb(jobs, source, n =>
        {
            if (n == 12) abort.Cancel();
        });
        var job = Job(source, target);
        Assert.Equal(RunStatus.Interrupted, (await jobs.RunAsync(job, abort: abort.Token)).Status);
        var rows = await target.RowsAsync("select count(*) from a");
        Assert.NotEqual(["0"], rows);

        var open = (await new PgJobs().PlanAsync(job)).Tables.Where(t => t.State != TableState.Finished).ToArray();
        Assert.Contains(open, t => t.State == TableState.Restarts);
        Assert.All(open, t => Assert.Equal(t.State == TableState.Restarts, t.IsSnapshotLost));
        Assert.DoesNotContain(open, t => t.State == TableState.Resumes);
        // Looking changed nothing.
        Assert.Equal(rows, await target.RowsAsync("select count(*) from a"));

        var now = await MomentAsync(source);
        var second = new PgJobs();
        Disturb(second, source);
        var summary = await second.RunAsync(job);
        Assert.Equal(RunStatus.Done, summary.Status);
        var then = await MomentAsync(target);
        Assert.All(open, t =>
            Assert.Contains(now.Single(r => r.StartsWith(t.Source["public.".Length..] + "|", StringComparison.Ordinal)), then));
        Assert.Equal(RunStatus.NothingToDo, (await new PgJobs().RunAsync(job)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rows_appended_from_a_table_without_a_key_are_never_added_twice_unasked(bool dies)
    {
        await using var source = await FilledAsync();
        await using var target = await PgFixture.NewAsync();
        await target.RunAsync("create table heap (id int, coins int); insert into heap values (-1, 0)");
        var job = Job(source, target, Consistency.Mixed);
        var rule = job.Tables[0] with { Write = WriteMode.Append };
        job = job with
        {
            Tables = [.. new[] { "public.a", "public.heap" }.Select(t => rule with { Pattern = new TablePattern(t) })],
            VerifyAfterRun = VerifyLevel.Count,
        };
        var jobs = new PgJobs();
        using var abort = new CancellationTokenSource();
        var commits = 0;
        jobs.Heard += e =>
        {
            if (e.Code != EventCodes.LaneCommitted || e.Table != "public.heap" || Interlocked.Increment(ref commits) != 2) return;
            if (dies) abort.Cancel();
            else KillHolders(source);
        };
        var summary = await jobs.RunAsync(job, abort: abort.Token);
        Assert.True(summary.Status == RunStatus.Interrupted == dies,
            string.Join('\n', summary.Tables.Select(t => $"{t.Source} {t.Status} {t.Error?.Message}")));
        const string Seen = "select count(*), count(distinct id), count(*) filter (where id < 0) from heap";
        var held = Assert.Single(await target.RowsAsync(Seen));
        var added = int.Parse(held.Split('|')[0], System.Globalization.CultureInfo.InvariantCulture) - 1;
        Assert.InRange(added, 1, Rows - 1);
        for (var times = 0; times < 2; times++)
        {
            if (dies || times > 0) summary = await new PgJobs().RunAsync(job);
            var heap = summary.Tables.Single(t => t.Source == "public.heap");
            Assert.Equal((TableStatus.Failed, Codes.SnapshotLost), (heap.Status, heap.Error?.Code));
            Assert.Equal($"{added}", heap.Error!.Details["appended"]);
            Assert.Equal([$"{added + 1}|{added + 1}|1"], await target.RowsAsync(Seen));
            Assert.Equal([$"{Rows}"], await target.RowsAsync("select count(*) from a"));
        }
        await target.RunAsync("delete from heap where id > 0");
        summary = await new PgJobs().RunAsync(job, new RunOptions { Restart = true, Tables = [new TablePattern("public.heap")] });
        Assert.Equal(RunStatus.Done, summary.Status);
        Assert.Equal([$"{Rows + 1}|{Rows + 1}|1"], await target.RowsAsync(Seen));
    }

    [Fact]
    public async Task A_snapshot_that_others_still_hold_is_gone_on_in()
    {
        await using var source = await FilledAsync();
        await using var target = await PgFixture.NewAsync();
        var job = Job(source, target);
        await using var holder = (IAsyncDisposable)await source.OpenAsync();
        var name = await ((IHoldsMoments)holder).HoldAsync(default);
        Assert.Equal(name, await ((IHoldsMoments)holder).HoldAsync(default));
        var bound = new TablePlan
        {
            Source = new("public", "a"), Target = new("public", "a"), Generation = 1, SourceSchema = null!, TargetSchema = null!,
            Read = new ReadOptions { Snapshot = name }, Splits = [], ResultHash = "", SourceIdentity = ((ISource)holder).Identity,
        };
        await using var other = await source.OpenAsync();
        Assert.True(await ((IHoldsMoments)other).StandsAsync(bound, default));
        Assert.True(await ((IHoldsMoments)other).StandsAsync(bound with { Read = new ReadOptions() }, default));
        KillHolders(source);
        Assert.False(await ((IHoldsMoments)other).StandsAsync(bound, default));
        Assert.NotEqual(name, await ((IHoldsMoments)holder).HoldAsync(default));
    }

    [Fact]
    public async Task A_table_that_is_emptied_between_the_snapshot_and_its_lock_is_not_taken_for_an_empty_one()
    {
        await using var fixture = await FilledAsync();
        await using var source = await fixture.OpenAsync();
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal("public.a"), default));
        var read = new ReadOptions { Splits = 2, Snapshot = await ((IHoldsMoments)source).HoldAsync(default) };
        await fixture.RunAsync("truncate a");
        var lost = await Assert.ThrowsAsync<PawlException>(async () => await source.PlanAsync(table, read, default));
        Assert.Equal((Fault.PositionLost, Codes.SnapshotLost), (lost.Fault, lost.Code));
    }

    [Fact]
    public async Task A_table_that_is_planned_in_a_snapshot_cannot_be_emptied_before_it_is_read()
    {
        await using var fixture = await FilledAsync();
        await using var source = await fixture.OpenAsync();
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal("public.a"), default));
        var read = new ReadOptions { Splits = 2, Snapshot = await ((IHoldsMoments)source).HoldAsync(default) };
        var splits = await source.PlanAsync(table, read, default);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => fixture.RunAsync("set lock_timeout = '50ms'; truncate a"));
        Assert.Equal("55P03", refused.SqlState);
        await fixture.RunAsync("delete from a");
        var rows = 0;
        foreach (var split in splits)
        {
            await foreach (var e in source.ReadAsync(table, read, split, null, null, new BatchBudget(500, 1 << 20), default))
            {
                if (e is not RowsEvent r) continue;
                rows += r.Batch.Rows;
                r.Batch.Dispose();
            }
        }
        Assert.Equal(Rows, rows);
        Assert.Equal(Rows, await ((ICountsRows)source).CountAsync(table, read, default));
        Assert.Equal(0, await ((ICountsRows)source).CountAsync(table, new ReadOptions(), default));
    }
}
