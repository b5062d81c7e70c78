using System.Diagnostics;
using Npgsql;
using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.Postgres.PgWriting;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Session locks, ended backends, and servers that say no.</summary>
public sealed class PgOwnershipTests
{
    private static readonly Func<ITargetSession, CancellationToken, ValueTask> Free = (_, _) => ValueTask.CompletedTask;

    [Fact]
    public async Task A_session_lock_is_seen_while_its_process_holds_it_and_no_longer()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var one = fixture.Open(SinkRunner.Context());
        await using var two = fixture.Open(SinkRunner.Context());
        Assert.False(await two.IsLockedAsync("a", default));
        await using (var held = await one.TryLockAsync("a", default))
        {
            Assert.NotNull(held);
            Assert.True(await two.IsLockedAsync("a", default));
            Assert.False(await two.IsLockedAsync("b", default));
            Assert.Null(await two.TryLockAsync("a", default));
            await fixture.RunAsync($"select pg_terminate_backend({((NpgsqlConnection)held).ProcessID}, 10000)");
            Assert.False(await two.IsLockedAsync("a", default));
        }
    }

    [Fact]
    public async Task A_stopped_runners_sessions_are_ended_all_of_them_and_nobody_elses()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var stopped = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var heir = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var third = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var named = await stopped.OpenAsync(PgRole.Control, default);
        await using var unnamed = await stopped.OpenAsync(PgRole.Write, default);
        await using var bystander = await third.OpenAsync(PgRole.Write, default);
        Assert.True(await heir.TerminateAsync(named.Backend, default));
        await Assert.ThrowsAsync<PawlException>(async () => await named.ExecuteAsync("select 1", default));
        await Assert.ThrowsAsync<PawlException>(async () => await unnamed.ExecuteAsync("select 1", default));
        await bystander.ExecuteAsync("select 1", default);
        // What is gone already stands in nobody's way.
        Assert.True(await heir.TerminateAsync(named.Backend, default));
        Assert.False(await heir.TerminateAsync("sqlite pid 1", default));
    }

    [Fact]
    public async Task Of_its_own_sessions_a_runner_ends_the_named_one_alone()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var one = await database.OpenAsync(PgRole.Write, default);
        await using var two = await database.OpenAsync(PgRole.Write, default);
        Assert.True(await database.TerminateAsync(one.Backend, default));
        await Assert.ThrowsAsync<PawlException>(async () => await one.ExecuteAsync("select 1", default));
        await two.ExecuteAsync("select 1", default);
    }

    [Fact]
    public async Task A_process_id_that_was_given_again_is_no_reason_to_end_a_stranger()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var other = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(PgRole.Write, default);
        var backend = PgBackend.Parse(session.Backend)!;
        await database.TerminateAsync((backend with { Started = backend.Started - 1 }).ToString(), default);
        await other.TerminateAsync((backend with { Runner = Guid.Empty.ToString("N") }).ToString(), default);
        await session.ExecuteAsync("select 1", default);
    }

    [Fact]
    public async Task Without_the_right_to_end_a_backend_the_answer_is_no()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var role = await RoleAsync(fixture);
        await using var stopped = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await stopped.OpenAsync(PgRole.Write, default);
        await using var heir = new PgDatabase(fixture.Options with { User = role }, SinkRunner.Context());
        Assert.False(await heir.TerminateAsync(session.Backend, default));
        await session.ExecuteAsync("select 1", default);
    }

    [Fact]
    public async Task A_lane_held_by_an_open_transaction_of_a_runner_that_does_nothing_is_taken_over()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var plan = Plans.For(fixture, Plans.OrderTable(keyed: false), splits: 1);
        await using var old = await SinkRunner.StartAsync(fixture);
        await old.BeginAsync(plan);
        var stopped = await old.OpenAsync(plan, 0);
        var lane = new SinkLane(stopped, plan, plan.Lane(old.Lease.Job, 0), Plans.Orders(20));
        await lane.RunAsync(5, commits: 1);
        var counts = await lane.WriteAsync(5);
        // Its lock session is gone, its transaction is not.
        await old.Store.DisposeAsync();
        var watch = Stopwatch.StartNew();
        await using var heir = await SinkRunner.StartAsync(fixture);
        await using (var writer = await heir.OpenAsync(plan, 0))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
            await new SinkLane(writer, plan, plan.Lane(heir.Lease.Job, 0), Plans.Orders(20)).RunAsync(4);
        }
        await Assert.ThrowsAnyAsync<PawlException>(() => lane.CommitAsync(counts));
        await stopped.DisposeAsync();
        Assert.Equal(["20"], await fixture.QueryAsync("select count(*) from orders"));
    }

    [Fact]
    public async Task Missing_rights_are_named_with_the_grant_that_gives_them()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var role = await RoleAsync(fixture);
        var options = fixture.Options with { User = role };
        await using var database = new PgDatabase(options, SinkRunner.Context());
        var control = await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.CreateControlTablesAsync(default));
        await HealsAsync(fixture, control, $"grant create, usage on schema \"{fixture.Schema}\" to \"{role}\"");
        await database.Tables.CreateControlTablesAsync(default);
        await fixture.RunAsync("create table t (id bigint)");
        var plan = fixture.Plan("t", [Id], keys: 0);
        var looking = await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.InspectAsync(plan, default));
        await HealsAsync(fixture, looking, $"grant select, insert on table \"{fixture.Schema}\".\"t\" to \"{role}\"");
        Assert.True((await database.Tables.InspectAsync(plan, default)).Exists);
        await fixture.RunAsync($"revoke insert on t from {role}");
        var writing = await Assert.ThrowsAsync<PawlException>(() => fixture.WriteAsync(plan, [[1L]], options));
        await HealsAsync(fixture, writing, $"grant select, insert on table \"{fixture.Schema}\".\"t\" to \"{role}\"");
        await fixture.WriteAsync(plan, [[1L]], options);
    }

    /// <summary>The statement in the error is what was missing.</summary>
    private static async Task HealsAsync(PgSinkFixture fixture, PawlException e, string grant)
    {
        Assert.Equal((Fault.Permission, Codes.GrantMissing, grant), (e.Fault, e.Code, e.Details["grant"]));
        await fixture.RunAsync(e.Details["grant"]!);
    }

    [Fact]
    public async Task A_table_lock_a_long_statement_and_too_many_connections_are_told_apart()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint)");
        var plan = fixture.Plan("t", [Id], keys: 0);
        await using (var other = await fixture.ConnectAsync())
        {
            await PgSinkFixture.ExecuteAsync(other, "begin; lock table t");
            var busy = await Assert.ThrowsAsync<PawlException>(() =>
                fixture.WriteAsync(plan, [[1L]], fixture.Options with { LockTimeout = TimeSpan.FromMilliseconds(50) }));
            Assert.Equal((Fault.Transient, Codes.Busy), (busy.Fault, busy.Code));
            var slow = await Assert.ThrowsAsync<PawlException>(() => fixture.WriteAsync(plan, [[1L]],
                fixture.Options with { LockTimeout = TimeSpan.FromSeconds(60), StatementTimeout = TimeSpan.FromMilliseconds(50) }));
            Assert.Equal(Codes.StatementCancelled, slow.Code);
        }
        var role = await RoleAsync(fixture, "connection limit 0");
        var many = await Assert.ThrowsAsync<PawlException>(() => fixture.WriteAsync(plan, [[1L]], fixture.Options with { User = role }));
        Assert.Equal((Fault.Throttled, Codes.TooManyConnections), (many.Fault, many.Code));
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task A_standby_is_refused_before_anything_is_sent()
    {
        await using var server = await PgServer.StartAsync();
        await server.CrashAsync();
        await File.WriteAllTextAsync(Path.Combine(server.Data, "standby.signal"), "");
        await server.StartAgainAsync();
        var options = new PgOptions
        {
            Host = "127.0.0.1", Port = server.Port, Database = "postgres", User = "postgres", Ssl = SslMode.Disable,
        };
        await using var database = new PgDatabase(options, SinkRunner.Context());
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.CreateControlTablesAsync(default));
        Assert.Equal((Fault.Configuration, Codes.ServerReadOnly), (refused.Fault, refused.Code));
    }

    [Fact]
    public async Task Server_defaults_that_would_weaken_a_session_do_not_reach_it()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var role = await RoleAsync(fixture, "superuser");
        await fixture.RunAsync($"alter role {role} set synchronous_commit = off",
            $"alter role {role} set default_transaction_read_only = on", $"alter role {role} set search_path = nowhere", $"alter role {role} set idle_in_transaction_session_timeout = '1ms'",
            "create table t (id bigint)");
        await using var database = new PgDatabase(fixture.Options with { User = role }, SinkRunner.Context());
        await database.Tables.CreateControlTablesAsync(default);
        await database.Tables.PrepareAsync(fixture.Plan("t", [Id], keys: 0), Free, default);
        await using var session = await database.OpenAsync(PgRole.Write, default);
        Assert.Equal("on", (await session.QueryAsync("select current_setting('synchronous_commit')", default))[0][0]);
    }

    private static async Task<string> RoleAsync(PgSinkFixture fixture, string options = "")
    {
        var role = $"role_{Guid.NewGuid():N}";
        await fixture.RunAsync($"create role {role} login {options}");
        return role;
    }
}
