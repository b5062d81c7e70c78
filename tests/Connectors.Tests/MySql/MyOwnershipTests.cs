using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;
using static Pawl.Connectors.Tests.MySql.MyWriting;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Whose a session is, who holds what, and what becomes of those that stand in the way; servers that promise too little.</summary>
public sealed class MyOwnershipTests
{
    [Fact]
    public async Task A_lock_is_one_runners_until_its_session_ends()
    {
        await using var fixture = await MySinkFixture.OpenAsync();
        await using var one = fixture.Open(SinkRunner.Context());
        await using var two = fixture.Open(SinkRunner.Context());
        var name = new string('n', 200) + " 棘爪 `'";
        var held = await one.TryLockAsync(name, default);
        Assert.NotNull(held);
        Assert.True(await two.IsLockedAsync(name, default));
        Assert.False(await two.IsLockedAsync(name + "x", default));
        Assert.Null(await two.TryLockAsync(name, default));
        await held.DisposeAsync();
        await WaitAsync(async () => !await two.IsLockedAsync(name, default));
        await using var again = await two.TryLockAsync(name, default);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task Ending_a_session_of_another_runner_ends_all_of_that_runner_and_nobody_else()
    {
        await using var fixture = await MySinkFixture.OpenAsync();
        await using var dead = new MyDatabase(fixture.Options, SinkRunner.Context());
        await using var third = new MyDatabase(fixture.Options, SinkRunner.Context());
        await using var own = new MyDatabase(fixture.Options, SinkRunner.Context());
        await using var first = await dead.OpenAsync(default);
        await using var second = await dead.OpenAsync(default);
        await using var stranger = await third.OpenAsync(default);
        await using var mine = await own.OpenAsync(default);
        await using var other = await own.OpenAsync(default);
        Assert.NotEqual(first.Backend, second.Backend);
        await first.BeginAsync(default);
        Assert.True(await own.TerminateAsync(second.Backend, default));
        foreach (var gone in new[] { first, second })
        {
            var lost = await Assert.ThrowsAsync<PawlException>(async () => await gone.RowsAsync("select 1", default));
            Assert.Equal((Fault.Transient, Codes.Unreachable), (lost.Fault, lost.Code));
        }
        Assert.Single(await stranger.RowsAsync("select 1", default));
        // Of one's own only the named one.
        Assert.True(await own.TerminateAsync(other.Backend, default));
        Assert.Single(await mine.RowsAsync("select 1", default));
        await Assert.ThrowsAsync<PawlException>(async () => await other.RowsAsync("select 1", default));
        // A name of before: its place is somebody else's by now, and stays his.
        Assert.True(await own.TerminateAsync(other.Backend, default));
        Assert.False(await own.TerminateAsync("pid 5", default));
        Assert.False(await own.TerminateAsync("slot 1 id 5 runner x' or 1=1", default));
    }

    [Fact]
    public async Task A_lock_wait_undoes_one_statement_and_a_deadlock_all_and_neither_can_be_committed()
    {
        await using var fixture = await MySinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key)", "create table fence (id bigint primary key)");
        await using var database = new MyDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(default);
        await using var other = await fixture.Server.ConnectAsync(fixture.Database);
        var plan = fixture.Plan("t", [Id]);
        // 1205: the fence row is still there, and locked; only the insert is undone.
        await other.ExecuteAsync("start transaction", default);
        await other.ExecuteAsync("insert into t values (7)", default);
        await session.BeginAsync(default);
        await session.ExecuteAsync("insert into fence values (1)", default);
        using (var batch = Cells.Batch(plan.TargetSchema, [[1L], [7L]]))
        {
            var waited = await Assert.ThrowsAsync<PawlException>(async () => await session.WriteRowsAsync(plan, Lane, [batch], default));
            Assert.Equal((Fault.Transient, Codes.Busy, "1205"), (waited.Fault, waited.Code, waited.Details["native"]));
        }
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await session.EndAsync(commit: true));
        Assert.Equal(Codes.CommitRefused, refused.Code);
        await session.EndAsync(commit: false);
        await other.ExecuteAsync("rollback", default);
        Assert.Empty(await fixture.QueryAsync("select id from t union all select id from fence"));
        // 1213: we are the lighter one.
        await other.ExecuteAsync("start transaction", default);
        await other.ExecuteAsync("insert into t select seq from seq_100_to_5000", default);
        await session.BeginAsync(default);
        await session.ExecuteAsync("insert into fence values (1)", default);
        var theirs = other.ExecuteAsync("insert into fence values (1)", default).AsTask();
        await WaitAsync(async () => (await fixture.QueryAsync("select count(*) from information_schema.innodb_lock_waits"))[0] != "0");
        using (var batch = Cells.Batch(plan.TargetSchema, [[200L]]))
        {
            var dead = await Assert.ThrowsAsync<PawlException>(async () => await session.WriteRowsAsync(plan, Lane, [batch], default));
            Assert.Equal((Fault.Transient, Codes.Busy, "1213"), (dead.Fault, dead.Code, dead.Details["native"]));
        }
        refused = await Assert.ThrowsAsync<PawlException>(async () => await session.EndAsync(commit: true));
        Assert.Equal(Codes.CommitRefused, refused.Code);
        await session.EndAsync(commit: false);
        await theirs;
        await other.ExecuteAsync("rollback", default);
        // The session goes on.
        await session.BeginAsync(default);
        using (var batch = Cells.Batch(plan.TargetSchema, [[1L]])) await session.WriteRowsAsync(plan, Lane, [batch], default);
        await session.EndAsync(commit: true);
        Assert.Equal(["1"], await fixture.QueryAsync("select id from t union all select id from fence"));
    }

    [Fact]
    public async Task A_table_that_is_emptied_or_altered_under_a_writer_is_found_out_with_the_next_group()
    {
        await using var fixture = await MySinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key)");
        await using var database = new MyDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(default);
        var plan = fixture.Plan("t", [Id]);
        async Task GroupAsync(long id)
        {
            await session.BeginAsync(default);
            using var batch = Cells.Batch(plan.TargetSchema, [[id]]);
            await session.WriteRowsAsync(plan, Lane, [batch], default);
            await session.EndAsync(commit: true);
        }
        await GroupAsync(1);
        await GroupAsync(2);
        await fixture.RunAsync("alter table t modify id float");
        Assert.Equal((Fault.Transient, Codes.TargetAltered), await FaultAsync(() => GroupAsync(3)));
        await session.EndAsync(commit: false);
        Assert.Equal((Fault.Schema, Codes.TargetTypeUnfit), await FaultAsync(async () => await fixture.WriteAsync(plan, [[3L]])));
        await fixture.RunAsync("drop table t", "create table t (id bigint primary key)");
        Assert.Equal((Fault.PositionLost, Codes.TargetTruncated), await FaultAsync(() => GroupAsync(3)));
        await session.EndAsync(commit: false);
        await fixture.RunAsync("drop table t");
        Assert.Equal((Fault.PositionLost, Codes.TargetTruncated), await FaultAsync(() => GroupAsync(3)));
    }

    [Fact]
    public async Task Columns_are_widened_and_may_be_null_and_lose_nothing_on_the_way()
    {
        await using var fixture = await MySinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key, v varchar(5) character set latin1 collate latin1_german1_ci "
            + "not null, n int not null, kept int not null default 7)");
        var plan = fixture.Plan("t", [Id, Column("v", new(TypeKind.Text, 9), "varchar(9)"), Column("n", new(TypeKind.Integer, 4))]) with
        {
            Drift = [new("v", DriftKind.Widened, "varchar(5)", "varchar(9)"), new("n", DriftKind.MayBeNull, "", "")],
        };
        await using var runner = await SinkRunner.StartAsync(fixture);
        await runner.Store.SavePlanAsync(runner.Lease, plan, false, default);
        for (var round = 0; round < 2; round++) await runner.Sink.PrepareAsync(plan, runner.Lease, default);
        Assert.Equal(["v|varchar(9)|latin1_german1_ci|NO", "n|int(11)|∅|YES"], await fixture.QueryAsync("""
            select column_name, column_type, collation_name, is_nullable from information_schema.columns
            where table_schema = database() and table_name = 't' and column_name in ('v', 'n') order by ordinal_position
            """));
        // What is said of a column beside its type stays.
        var more = plan with
        {
            Drift = [new("kept", DriftKind.MayBeNull, "", "")],
            TargetSchema = plan.TargetSchema with { Columns = [.. plan.TargetSchema.Columns, Column("kept", new(TypeKind.Integer, 4))] },
        };
        await runner.Sink.PrepareAsync(more, runner.Lease, default);
        Assert.Equal(["7|YES"], await fixture.QueryAsync("""
            select column_default, is_nullable from information_schema.columns
            where table_schema = database() and table_name = 't' and column_name = 'kept'
            """));
    }

    [Fact]
    public async Task Servers_that_take_no_writes_or_a_log_that_cannot_follow_are_refused_by_name()
    {
        await using var server = await MariaDbServer.StartAsync("--log-bin=bin", "--binlog-format=STATEMENT");
        await using var fixture = await MySinkFixture.OpenAsync(server);
        await using var database = new MyDatabase(fixture.Options, SinkRunner.Context());
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await database.OpenAsync(default));
        Assert.Equal((Fault.Configuration, Codes.ServerUnfit, "binlog_format"), (refused.Fault, refused.Code, refused.Details["setting"]));
        await fixture.RunAsync("set global binlog_format = 'ROW'");
        await using (await database.OpenAsync(default)) { }
        await fixture.RunAsync("set global read_only = 1");
        refused = await Assert.ThrowsAsync<PawlException>(async () => await database.OpenAsync(default));
        Assert.Equal((Fault.Configuration, Codes.ServerReadOnly), (refused.Fault, refused.Code));
        await fixture.RunAsync("set global read_only = 0");
    }

    [Fact]
    public async Task A_missing_right_is_named_with_the_statement_that_gives_it()
    {
        await using var fixture = await MySinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key)", "create user if not exists reader identified by ''",
            $"grant select on {fixture.Database}.* to reader");
        var options = fixture.Options with { Server = fixture.Options.Server with { User = "reader" } };
        var refused = await Assert.ThrowsAsync<PawlException>(() => fixture.WriteAsync(fixture.Plan("t", [Id]), [[1L]], options));
        Assert.Equal((Fault.Permission, Codes.GrantMissing), (refused.Fault, refused.Code));
        Assert.Contains("grant insert on", refused.Details["grant"]);
    }

    private static async Task<(Fault, string)> FaultAsync(Func<Task> work)
    {
        var e = await Assert.ThrowsAsync<PawlException>(work);
        return (e.Fault, e.Code);
    }

    private static async Task WaitAsync(Func<Task<bool>> until)
    {
        for (var i = 0; i < 200; i++)
        {
            if (await until()) return;
            await Task.Delay(20);
        }
        Assert.Fail("it did not come");
    }
}
