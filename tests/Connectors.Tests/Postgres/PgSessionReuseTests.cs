using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.Postgres.PgWriting;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Sessions that write one lane after another: which of them are used again, and which never are.</summary>
public sealed class PgSessionReuseTests
{
    [Fact]
    public async Task A_session_that_ended_clean_serves_the_next_lane_with_what_it_has_prepared()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await fixture.RunAsync("create table t (id bigint)");
        var first = await UseAsync(database, async s => await CommitAsync((PgSession)s, "insert into t values (1)"));
        var second = await UseAsync(database, async s => await CommitAsync((PgSession)s, "insert into t values (2)"));
        Assert.Equal(first, second);
        Assert.Equal(["1", "2"], await fixture.QueryAsync("select id from t order by 1"));

        async Task CommitAsync(PgSession session, string sql)
        {
            await session.BeginAsync(default);
            await session.ExecuteAsync($"set local search_path = \"{fixture.Schema}\"; {sql}", default);
            await session.EndAsync(commit: true);
            var known = await session.QueryAsync("select count(*) from pg_prepared_statements where statement = 'commit'", default);
            Assert.Equal(1L, known[0][0]);
        }
    }

    [Theory]
    [InlineData("an error")]
    [InlineData("a rollback")]
    [InlineData("an open transaction")]
    [InlineData("a failed commit")]
    [InlineData("a statement that was cut off")]
    public async Task A_session_with_a_past_is_never_used_again(string past)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        var first = await UseAsync(database, async used =>
        {
            var session = (PgSession)used;
            if (past is not ("an error" or "a statement that was cut off")) await session.BeginAsync(default);
            if (past == "a rollback") await session.EndAsync(commit: false);
            if (past is "an error" or "a failed commit")
            {
                await Assert.ThrowsAsync<PawlException>(async () => await session.ExecuteAsync("select 1/0", default));
            }
            if (past == "a failed commit") await Assert.ThrowsAsync<PawlException>(async () => await session.EndAsync(commit: true));
            if (past == "a statement that was cut off")
            {
                using var cut = new CancellationTokenSource();
                var waiting = session.ExecuteAsync("select pg_sleep(600)", cut.Token);
                await cut.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
            }
        });
        Assert.NotEqual(first, await UseAsync(database, _ => Task.CompletedTask));
    }

    [Fact]
    public async Task A_session_that_made_a_temporary_table_is_not_used_again()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await fixture.RunAsync("create table t (id bigint primary key, v text)");
        var plan = fixture.Plan("t", [Id, Column("v", LogicalType.Text)], write: WriteMode.Upsert);
        var first = await UseAsync(database, async session =>
        {
            await session.BeginAsync(default);
            using var batch = Cells.Batch(plan.TargetSchema, [[1L, "a"]]);
            Assert.Equal(1, (await session.WriteRowsAsync(plan, Lane, [batch], default)).Counts.Inserted);
            await session.EndAsync(commit: true);
        });
        Assert.NotEqual(first, await UseAsync(database, _ => Task.CompletedTask));
    }

    [Fact]
    public async Task Two_at_the_same_time_have_a_session_each()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await UseAsync(database, _ => Task.CompletedTask);
        await using var one = await database.ConnectAsync(default);
        await using var two = await database.ConnectAsync(default);
        Assert.NotEqual(one.Backend, two.Backend);
    }

    [Fact]
    public async Task Idle_sessions_that_a_restart_of_the_server_ended_are_found_out_and_replaced()
    {
        await using var server = await PgServer.StartAsync();
        var options = new PgOptions
        {
            Host = "127.0.0.1", Port = server.Port, Database = await server.CreateDatabaseAsync(), User = "postgres",
            Ssl = Npgsql.SslMode.Disable, Display = "postgres:test", ControlSchema = "public",
        };
        await using var database = new PgDatabase(options, SinkRunner.Context());
        List<string> before = [];
        await using (var one = await database.ConnectAsync(default))
        await using (var two = await database.ConnectAsync(default))
        {
            before.AddRange([one.Backend, two.Backend]);
        }
        await server.CrashAsync();
        await server.StartAgainAsync();
        await using var next = (PgSession)await database.ConnectAsync(default);
        Assert.DoesNotContain(next.Backend, before);
        await next.BeginAsync(default);
        await next.EndAsync(commit: true);
    }

    [Fact]
    public async Task The_sink_takes_its_idle_sessions_with_it()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        string backend;
        await using (var database = new PgDatabase(fixture.Options, SinkRunner.Context()))
        {
            backend = await UseAsync(database, _ => Task.CompletedTask);
        }
        await using var other = new PgDatabase(fixture.Options, SinkRunner.Context());
        // True at once or as soon as it is gone: nobody of that name is there any more.
        Assert.True(await other.TerminateAsync(backend, default));
        Assert.Equal(["0"], await fixture.QueryAsync($"select count(*) from pg_stat_activity where pid = {PgBackend.Parse(backend)!.Pid}"));
    }

    [Fact]
    public async Task A_job_of_many_tables_needs_no_session_for_each_and_names_in_each_lane_the_one_it_had()
    {
        const int tables = 30;
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        await source.RunAsync($"""
            do $$ begin for i in 1..{tables} loop
                execute format('create table t%s as select k as id, k * %s as v from generate_series(1, 50) k', i, i);
                execute format('alter table t%s add primary key (id)', i);
            end loop; end $$
            """);
        var jobs = new PgJobs();
        var summary = await jobs.RunAsync(PgJobs.Job(source.Here(), target.Here()) with { Parallel = 2 });
        Assert.Equal(Engine.RunStatus.Done, summary.Status);
        Assert.All(summary.Tables, t => Assert.Equal(50, t.Verdict!.TargetRows));
        var backends = await target.RowsAsync("select backend from pawl_lane order by lane");
        Assert.Equal(tables, backends.Count);
        Assert.InRange(backends.Distinct().Count(), 1, 2);
        // One entry a lane, the final one, with all its rows.
        Assert.Equal([$"{tables} {tables * 50}"], await target.RowsAsync("""
            select count(*) || ' ' || sum(substring(counts from 'inserted=([0-9]+)')::int) from pawl_ledger where final = 1 and seq = 1
            """));
    }

    /// <returns>The session's name.</returns>
    private static async Task<string> UseAsync(PgDatabase database, Func<ITargetSession, Task> use)
    {
        await using var session = await database.ConnectAsync(default);
        await use(session);
        return session.Backend;
    }
}
