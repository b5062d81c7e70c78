using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>A server that goes away in the middle of a copy of many tables, and comes back.</summary>
public sealed class PgOutageTests
{
    private const int Tables = 40, Rows = 400;

    /// <summary>Every lane fails at once; more than two retries in the run's budget would be one for each of them.</summary>
    private static readonly RetryPolicy Few = new()
    {
        Times = 200, RunBudget = 2, BackoffMin = TimeSpan.FromMilliseconds(50), BackoffMax = TimeSpan.FromMilliseconds(200),
    };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_is_stopped_and_started_again_is_one_event_for_all_tables(bool target)
    {
        await using var other = await PgFixture.NewAsync();
        await using var server = await PgServer.StartAsync();
        var fleeting = PgFixture.At(server, await server.CreateDatabaseAsync());
        var (from, to) = target ? (other.Here(), fleeting) : (fleeting, other.Here());
        var source = target ? (other.Server, other.Database) : (server, fleeting.Path);
        var sink = target ? (server, fleeting.Path) : (other.Server, other.Database);
        await source.Item1.ExecuteAsync(source.Item2, $"""
            do $$ begin for i in 1..{Tables} loop
                execute format('create table t%s as select k as id, repeat(''x'', 50) as v from generate_series(1, {Rows}) k', i);
                execute format('alter table t%s add primary key (id)', i);
            end loop; end $$
            """);

        var jobs = new PgJobs();
        Task? gone = null, back = null;
        var commits = 0;
        jobs.Heard = e =>
        {
            if (e.Code == EventCodes.LaneCommitted && Interlocked.Increment(ref commits) == Tables / 2)
            {
                gone = Task.Run(server.CrashAsync, TestContext.Current.CancellationToken);
            }
            if (e.Code == EventCodes.EndpointLost && (long)e.Args["attempt"]! == 3)
            {
                back = Task.Run(async () =>
                {
                    await gone!;
                    await server.StartAgainAsync();
                }, TestContext.Current.CancellationToken);
            }
        };
        var job = PgJobs.Job(from, to) with { Parallel = 8, Retry = Few, Commit = new CommitPolicy { Rows = 50 } };
        var summary = await jobs.RunAsync(job, abort: TestContext.Current.CancellationToken);

        Assert.True(summary.Status == RunStatus.Done, $"{summary.Status} {summary.Error?.Message} " + string.Join('\n',
            summary.Tables.Where(t => t.Error is not null).Select(t => $"{t.Source}: {t.Error!.Message}")));
        await back!;
        Assert.InRange(summary.Retries, 1, 2);
        Assert.InRange(jobs.Said(EventCodes.EndpointBack), 1, 2);
        Assert.Equal(fleeting.Display, jobs.Events.First(e => e.Code == EventCodes.EndpointLost).Args["endpoint"]);
        for (var i = 1; i <= Tables; i++)
        {
            const string All = "select count(*), md5(string_agg(x::text, ',' order by id)) from t";
            Assert.Equal(await source.Item1.RowsAsync(source.Item2, $"{All}{i} x"), await sink.Item1.RowsAsync(sink.Item2, $"{All}{i} x"));
        }
    }

    [Fact]
    public async Task A_runner_that_outlived_a_restart_of_the_target_still_holds_its_job()
    {
        await using var server = await PgServer.StartAsync();
        var options = PgOptions.Parse(PgFixture.At(server, "postgres"));
        var context = SinkRunner.Context();
        await using var database = new PgDatabase(options, context);
        await using var store = new LedgerStore(database, context);
        var lease = await store.AcquireAsync(SinkRunner.Claim("job"), default);
        await server.CrashAsync();
        await server.StartAgainAsync();

        // The beat that meets the dead connection fails; the one after it finds the lock gone and takes it again.
        await Assert.ThrowsAsync<PawlException>(async () => await store.BeatAsync(lease, release: false, default));
        await store.BeatAsync(lease, release: false, default);

        var second = SinkRunner.Context();
        await using var other = new PgDatabase(options, second);
        await using var asking = new LedgerStore(other, second);
        var held = await Assert.ThrowsAsync<PawlException>(async () => await asking.AcquireAsync(SinkRunner.Claim("job"), default));
        Assert.Equal((Fault.Fenced, Codes.JobHeld), (held.Fault, held.Code));
    }
}
