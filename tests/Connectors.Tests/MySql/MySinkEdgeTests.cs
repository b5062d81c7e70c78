using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.MySql.MyWriting;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What a server would do to a row of its own accord, and does not; and what it says of one, and is not repeated.</summary>
public class MySinkEdgeTests
{
    private protected virtual MyWay Way => MyWay.Bulk;

    private async Task<MySinkFixture> FixtureAsync(MyServer? server = null) => await MySinkFixture.OpenAsync(server, Way);

    [Theory]
    [InlineData(WriteMode.Insert)]
    [InlineData(WriteMode.Upsert)]
    public async Task A_zero_in_a_numbered_column_is_a_zero(WriteMode write)
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint auto_increment primary key, v bigint)", "insert into t values (7, 7)");
        var plan = fixture.Plan("t", [Id, Column("v", LogicalType.Int64)], write: write);
        Assert.Equal(2, (await fixture.WriteAsync(plan, [[0L, 1L], [9L, 2L]])).Counts.Inserted);
        Assert.Equal(["0|1", "7|7", "9|2"], await fixture.QueryAsync("select * from t order by id"));
        // What a session without the mode makes of it.
        await using var naive = await fixture.Server.ConnectAsync(fixture.Database);
        await naive.ExecuteAsync("set sql_mode = ''", default);
        await naive.ExecuteAsync("insert into t values (0, 3)", default);
        Assert.Equal(["10"], await fixture.QueryAsync("select id from t where v = 3"));
    }

    [Fact]
    public async Task Blanks_that_the_server_cuts_with_a_mere_note_are_refused_and_their_group_goes_back()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note tinytext character set utf8mb4)");
        ColumnSchema[] columns = [Id, Column("note", LogicalType.Text, dynamic: true)];
        object?[][] rows = [[1L, "ok"], [2L, new string('x', 255) + "   "], [3L, "ok"]];
        await using (var naive = await fixture.Server.ConnectAsync(fixture.Database))
        {
            await naive.ExecuteAsync("start transaction", default);
            var ok = await naive.ExecuteAsync("insert into t values (2, concat(repeat('x', 255), '   '))", default);
            Assert.Equal((1L, 1), (ok.AffectedRows, ok.Warnings));
            await naive.ExecuteAsync("rollback", default);
        }
        var refused = await fixture.RefusedAsync(fixture.Plan("t", columns), rows);
        Assert.Equal((Fault.Data, """{"id":2}"""), (refused.Fault, refused.Details["where"]));
        Assert.Empty(await fixture.QueryAsync("select * from t"));
        var written = await fixture.WriteAsync(fixture.Plan("t", columns, rejectLimit: 9), rows);
        Assert.Equal(new WriteCounts { Inserted = 2, Rejected = 1 }, written.Counts);
        Assert.Equal(["1|ok", "3|ok"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task A_triggers_warning_takes_its_row_back_where_the_server_tells_of_it()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, v bigint)", """
            create trigger warns before insert on t for each row
                if new.id = 2 then signal sqlstate '01000' set message_text = 'mind this row'; end if
            """);
        var options = fixture.Options with { Triggers = MyTriggers.Fire };
        ColumnSchema[] columns = [Id, Column("v", LogicalType.Int64)];
        object?[][] rows = [[1L, 1L], [2L, 2L], [3L, 3L]];
        if (Way != MyWay.Bulk)
        {
            // By statements of text it says nothing of what happened within a trigger.
            await using var naive = await fixture.Server.ConnectAsync(fixture.Database);
            Assert.Equal(0, (await naive.ExecuteAsync("insert into t values (2, 2)", default)).Warnings);
            return;
        }
        var refused = await Assert.ThrowsAsync<PawlException>(() => fixture.WriteAsync(fixture.Plan("t", columns), rows, options));
        Assert.Equal((Fault.Data, """{"id":2}"""), (refused.Fault, refused.Details["where"]));
        Assert.Empty(await fixture.QueryAsync("select * from t"));
        var written = await fixture.WriteAsync(fixture.Plan("t", columns, rejectLimit: 9), rows, options);
        Assert.Equal(new WriteCounts { Inserted = 2, Rejected = 1 }, written.Counts);
        Assert.Equal(["1|1", "3|3"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task Foreign_keys_are_looked_at_unless_the_address_says_otherwise()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table parent (p bigint primary key)", "insert into parent values (1)",
            "create table t (id bigint primary key, p bigint, foreign key (p) references parent (p))");
        var plan = fixture.Plan("t", [Id, Column("p", LogicalType.Int64)]);
        var refused = await fixture.RefusedAsync(plan, [1L, 1L], [2L, 99L]);
        Assert.Equal((Codes.RowRefused, """{"id":2}"""), (refused.Code, refused.Details["where"]));
        var written = await fixture.WriteAsync(plan, [[1L, 1L], [2L, 99L]], fixture.Options with { ForeignKeys = false });
        Assert.Equal(2, written.Counts.Inserted);
        Assert.Equal(["1|1", "2|99"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task A_failed_search_for_a_key_does_not_tell_the_key()
    {
        const string Canary = "geheim4711";
        await using var fixture = await FixtureAsync();
        var user = $"u_{Guid.NewGuid():N}"[..16];
        await fixture.RunAsync("create table t (code varchar(30) character set utf8mb4 primary key, note longtext)",
            $"create user {user}@'127.0.0.1'", $"grant select (note), insert, trigger on t to {user}@'127.0.0.1'");
        ColumnSchema[] columns = [Column("code", new(TypeKind.Text, 30), nullable: false), Column("note", LogicalType.Text)];
        var plan = fixture.Plan("t", columns);
        var options = fixture.Options with { Server = fixture.Server.Options(fixture.Database, user) };
        await using var database = new MyDatabase(fixture.Going(options), SinkRunner.Context());
        await using var session = await database.OpenAsync(default);
        await session.BeginAsync(default);
        using var row = Cells.Batch(plan.TargetSchema, [[Canary, "x"]]);
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await session.HoldsKeyAsync(plan, row, default));
        Assert.Equal((Codes.GrantMissing, "1143"), (refused.Code, refused.Details["native"]));
        Assert.Contains("where", refused.Details["sql"]);
        Assert.DoesNotContain(refused.Details, d => d.Value?.Contains(Canary, StringComparison.Ordinal) == true);
        Assert.DoesNotContain(Canary, refused.ToString());
        await session.EndAsync(commit: false);
        await fixture.RunAsync($"drop user {user}@'127.0.0.1'");
    }

    [Fact]
    public async Task A_long_reject_that_cannot_be_stored_does_not_tell_its_cause_and_key()
    {
        const string Canary = "geheim4711";
        await using var server = await MariaDbServer.StartAsync("--max-allowed-packet=1M");
        await using var fixture = await FixtureAsync(server);
        await using var database = new MyDatabase(fixture.Going(fixture.Options), SinkRunner.Context());
        await using var session = await database.OpenAsync(default);
        await session.BeginAsync(default);
        var change = ControlChange.Insert(ControlTables.Reject, ("job", "j"), ("row_where", $$"""{"id":"{{Canary}}"}"""), ("cause", Canary),
            ("row_json", $$"""{"note":"{{new string('x', 2_000_000)}}"}"""));
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await session.ChangeAsync(change, default));
        Assert.Equal(Codes.TableMissing, refused.Code);
        Assert.StartsWith(Way == MyWay.Insert ? "insert into" : "load data local into table", refused.Details["sql"]);
        Assert.DoesNotContain(refused.Details, d => d.Value?.Contains(Canary, StringComparison.Ordinal) == true);
        await session.EndAsync(commit: false);
    }
}

/// <summary>The same where rows go by LOAD DATA LOCAL.</summary>
public sealed class MyLoadSinkEdgeTests : MySinkEdgeTests
{
    private protected override MyWay Way => MyWay.Load;
}

/// <summary>The same where rows go by INSERT.</summary>
public sealed class MyInsertSinkEdgeTests : MySinkEdgeTests
{
    private protected override MyWay Way => MyWay.Insert;
}
