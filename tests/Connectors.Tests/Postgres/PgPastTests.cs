using System.Diagnostics;
using Npgsql;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Servers that are restored, promoted or behind, told apart from servers that simply went on.</summary>
public sealed class PgPastTests
{
    private static async Task<PgPast> NowAsync(PgServer server)
    {
        await using var connection = await server.ConnectAsync("postgres");
        return (await PgPast.ReadAsync(connection, default)).Past;
    }

    private static async Task<PastState> CompareAsync(PgServer server, PgPast past, string user = "postgres")
    {
        await using var connection = await server.ConnectAsync("postgres", user);
        return await past.CompareAsync(connection, default);
    }

    private static async Task CopyAsync(string from, string to)
    {
        if (Directory.Exists(to)) Directory.Delete(to, recursive: true);
        using var copy = Process.Start("cp", ["-a", from, to]);
        await copy.WaitForExitAsync();
        Assert.Equal(0, copy.ExitCode);
    }

    /// <summary>Starts it as a standby that nobody feeds.</summary>
    private static async Task StartAsStandbyAsync(PgServer server)
    {
        await File.WriteAllTextAsync(Path.Combine(server.Data, "standby.signal"), "");
        await server.StartAgainAsync();
    }

    private static Task PromoteAsync(PgServer server) => server.ExecuteAsync("postgres", "select pg_promote(true, 60)");

    [Fact]
    public void A_mark_is_read_back_and_what_is_none_is_not_guessed()
    {
        var past = new PgPast(12, 0x1_6B37_4D40);
        Assert.Equal("pg.wal/1 12 1/6B374D40", past.ToString());
        Assert.Equal(past, PgPast.Parse(past.ToString()));
        Assert.Equal(new PgPast(1, ulong.MaxValue), PgPast.Parse("pg.wal/1 1 FFFFFFFF/FFFFFFFF"));
        foreach (var other in new[] { "", "pg.wal/2 1 0/1", "pg.wal/1 1 0/1 ", "pg.wal/1 -1 0/1", "pg.wal/1 1 0/123456789" })
        {
            Assert.Null(PgPast.Parse(other));
        }
    }

    [Fact]
    public async Task A_server_that_crashes_or_is_promoted_with_everything_keeps_its_past()
    {
        await using var server = await PgServer.StartAsync();
        await server.ExecuteAsync("postgres", "create table t as select generate_series(1, 1000) k");
        var before = await NowAsync(server);
        Assert.Equal(PastState.Kept, await CompareAsync(server, before));
        await server.CrashAsync();
        await StartAsStandbyAsync(server);
        Assert.Equal(PastState.Kept, await CompareAsync(server, before));
        await PromoteAsync(server);
        var after = await NowAsync(server);
        Assert.Equal((before.Timeline + 1, true), (after.Timeline, after.Lsn >= before.Lsn));
        Assert.Equal(PastState.Kept, await CompareAsync(server, before));
    }

    [Fact]
    public async Task A_server_that_was_put_back_behind_the_mark_has_lost_it()
    {
        await using var server = await PgServer.StartAsync();
        await server.ExecuteAsync("postgres", "create role plain login");
        await server.CrashAsync();
        var backup = Path.Combine(server.Folder, "backup");
        await CopyAsync(server.Data, backup);
        await server.StartAgainAsync();
        await server.ExecuteAsync("postgres", "create table t as select generate_series(1, 1000) k", "checkpoint");
        var mark = await NowAsync(server);

        // The files as they were: the timeline is the same, the log is shorter.
        await server.CrashAsync();
        await CopyAsync(backup, server.Data);
        await server.StartAgainAsync();
        Assert.Equal(PastState.Lost, await CompareAsync(server, mark));
        Assert.Equal(PastState.Lost, await CompareAsync(server, mark, "plain"));

        // A standby that has not come there yet may still come there; promoted before that, it has lost it.
        await server.CrashAsync();
        await CopyAsync(backup, server.Data);
        await StartAsStandbyAsync(server);
        Assert.Equal(PastState.NotYet, await CompareAsync(server, mark));
        await PromoteAsync(server);
        Assert.Equal(PastState.Lost, await CompareAsync(server, mark));

        // Its log grows past the mark: only the history of timelines still tells, to those who may read it.
        await server.ExecuteAsync("postgres", "create table u as select generate_series(1, 1000) k", "select pg_switch_wal()",
            "create table v ()");
        Assert.True((await NowAsync(server)).Lsn > mark.Lsn);
        Assert.Equal(PastState.Lost, await CompareAsync(server, mark));
        Assert.Equal(PastState.Kept, await CompareAsync(server, mark, "plain"));
        await server.ExecuteAsync("postgres", "grant execute on function pg_read_file(text, bigint, bigint, boolean) to plain",
            "grant pg_read_server_files to plain");
        Assert.Equal(PastState.Lost, await CompareAsync(server, mark, "plain"));
    }

    [Fact]
    public async Task A_half_done_copy_of_a_source_that_was_put_back_is_refused_until_it_begins_anew()
    {
        await using var target = await PgFixture.NewAsync();
        await using var server = await PgServer.StartAsync();
        var source = PgFixture.At(server, "postgres");
        await server.ExecuteAsync("postgres", "create table t as select generate_series(1, 2000) k", "alter table t add primary key (k)");
        await server.CrashAsync();
        var backup = Path.Combine(server.Folder, "backup");
        await CopyAsync(server.Data, backup);
        await server.StartAgainAsync();
        await server.ExecuteAsync("postgres", "delete from t where k > 1900", "insert into t select -k from generate_series(1, 50) k");

        var job = PgJobs.Job(source, target.Here(), new TableRule { Pattern = new TablePattern("public.t"), Splits = 1 }) with
        {
            Parallel = 1, Commit = new CommitPolicy { Rows = 200 }, Retry = new RetryPolicy { Times = 0 },
        };
        using var abort = new CancellationTokenSource();
        var jobs = new PgJobs();
        jobs.Heard = e =>
        {
            if (e.Code == EventCodes.LaneCommitted) abort.Cancel();
        };
        await jobs.RunAsync(job, abort: abort.Token);
        Assert.NotEqual(["0"], await target.RowsAsync("select count(*) from t where k < 0"));

        await server.CrashAsync();
        await CopyAsync(backup, server.Data);
        await server.StartAgainAsync();
        var refused = (await new PgJobs().RunAsync(job)).Tables.Single();
        Assert.Equal((TableStatus.Failed, Codes.SourceWentBack, Fault.PositionLost),
            (refused.Status, refused.Error?.Code, refused.Error?.Fault));
        Assert.Equal(RunStatus.Done, (await new PgJobs().RunAsync(job, new RunOptions { Restart = true })).Status);
        Assert.Equal(["2000|1|2000"], await target.RowsAsync("select count(*), min(k), max(k) from t"));
    }
}
