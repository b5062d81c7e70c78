using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Sessions opened before they are asked for: used, closed when nobody comes, and never a second attempt at a refused login.</summary>
public sealed class PgSessionsAheadTests
{
    [Fact]
    public async Task Writers_and_looks_take_the_sessions_that_are_on_their_way_and_the_rest_is_closed()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var mine = "";
        await using (var database = new PgDatabase(fixture.Options, SinkRunner.Context()))
        {
            mine = $"select count(*) from pg_stat_activity where application_name like 'pawl/{database.Runner}/%'";
            database.ConnectAhead(3);
            await using var first = await database.ConnectAsync(default);
            await using var second = await database.ConnectAsync(default);
            Assert.NotEqual(first.Backend, second.Backend);
            await database.UseAsync(s => s.QueryAsync("select 1::bigint", default), default);
            await UntilAsync(fixture, mine, "4");
        }
        await UntilAsync(fixture, mine, "0");
    }

    [Fact]
    public async Task Reads_take_the_sessions_that_are_on_their_way()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create table t (id bigint primary key)", "insert into t values (1), (2)");
        await using var source = (PgSource)await fixture.OpenAsync();
        source.ConnectAhead(1);
        var table = (await source.DescribeAsync(new TablePattern("public.t"), default))[0];
        Assert.Equal(2, await source.CountAsync(table, new ReadOptions { Columns = ["id"] }, default));
        Assert.Equal(["1"], await fixture.RowsAsync(
            "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'pawl/%/read'"));
    }

    [Fact]
    public async Task What_failed_is_told_to_who_asks_and_tried_anew_for_the_next()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var role = $"late_{Guid.NewGuid():N}";
        await fixture.RunAsync($"create role {role} login connection limit 0");
        try
        {
            await using var database = new PgDatabase(fixture.Options with { User = role }, SinkRunner.Context());
            database.ConnectAhead(1);
            var told = await Assert.ThrowsAsync<PawlException>(async () => await database.ConnectAsync(default));
            Assert.Equal(Fault.Throttled, told.Fault);
            await fixture.RunAsync($"alter role {role} connection limit 5");
            await using var session = await database.ConnectAsync(default);
        }
        finally
        {
            await fixture.RunAsync($"drop role {role}");
        }
    }

    [Fact]
    public async Task What_was_opened_before_an_outage_is_not_given_to_who_asks_after_it()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        database.ConnectAhead(2);
        var mine = $"from pg_stat_activity where application_name like 'pawl/{database.Runner}/%'";
        await UntilAsync(fixture, $"select count(*) {mine}", "3");
        await fixture.QueryAsync($"select pg_terminate_backend(pid, 5000) {mine}");
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        await session.EndAsync(commit: true);
        Assert.Single(await database.UseAsync(s => s.QueryAsync("select 1::bigint", default), default));

        var refused = new PawlException(Fault.Transient, Codes.Unreachable, ("endpoint", "x"));
        await using var ahead = new PgSessionsAhead<Held>(_ => throw refused);
        ahead.Begin(2);
        Assert.Null(await ahead.TakeAsync(default));
    }

    [Fact]
    public async Task One_who_gives_up_waiting_leaves_the_session_to_the_next()
    {
        var opened = new TaskCompletionSource<Held>();
        var ahead = new PgSessionsAhead<Held>(async _ => await opened.Task);
        ahead.Begin(1);
        using var impatient = new CancellationTokenSource();
        var waiting = ahead.TakeAsync(impatient.Token);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        var session = new Held();
        opened.SetResult(session);
        Assert.Same(session, await ahead.TakeAsync(default));
        Assert.Null(await ahead.TakeAsync(default));
        await ahead.DisposeAsync();
        ahead.Begin(1);
        Assert.Null(await ahead.TakeAsync(default));
        Assert.False(session.IsClosed);
    }

    [Fact]
    public async Task A_session_nobody_took_is_closed_at_the_end()
    {
        var session = new Held();
        var ahead = new PgSessionsAhead<Held>(_ => ValueTask.FromResult(session));
        ahead.Begin(1);
        await ahead.DisposeAsync();
        Assert.True(session.IsClosed);
    }

    private static async Task UntilAsync(PgSinkFixture fixture, string query, string wanted)
    {
        for (var i = 0; i < 200; i++)
        {
            if ((await fixture.QueryAsync(query))[0] == wanted) return;
            await Task.Delay(50);
        }
        Assert.Equal(wanted, (await fixture.QueryAsync(query))[0]);
    }

    private sealed class Held : IAsyncDisposable
    {
        public bool IsClosed { get; private set; }

        public ValueTask DisposeAsync()
        {
            IsClosed = true;
            return ValueTask.CompletedTask;
        }
    }
}
