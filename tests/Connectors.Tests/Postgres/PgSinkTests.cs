using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.Postgres.PgWriting;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Rows on their way into a PostgreSQL table that is there: counts, refusals, and what stands in the way.</summary>
public sealed class PgSinkTests
{
    private static ColumnSchema[] Orders => [Id, Column("note", LogicalType.Text), Column("amount", LogicalType.Float64)];

    [Fact]
    public async Task An_upsert_counts_new_changed_and_collapsed_rows_and_the_last_one_of_a_key_wins()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note text, amount float8, kept text default 'kept')",
            "insert into t values (1, 'old', 1, 'mine'), (2, 'old', 2, 'mine')");
        var plan = fixture.Plan("t", Orders, write: WriteMode.Upsert);
        var written = await fixture.WriteAsync(plan,
            [[3L, "a", 1.0], [1L, "first", 5.0], [3L, "b", null], [1L, "last", 6.0], [3L, "c", 3.0]]);
        Assert.Equal(new WriteCounts { Inserted = 1, Updated = 1, Collapsed = 3 }, written.Counts);
        Assert.Equal(["1|last|6|mine", "2|old|2|mine", "3|c|3|kept"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task Two_upserts_of_one_transaction_see_each_other()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note text, amount float8)");
        var plan = fixture.Plan("t", Orders, write: WriteMode.Upsert);
        await using var database = fixture.Open(SinkRunner.Context());
        await using var session = await database.ConnectAsync(default);
        for (var round = 0; round < 2; round++)
        {
            await session.BeginAsync(default);
            using var one = Cells.Batch(plan.TargetSchema, [[1L, "a", 1.0]]);
            using var two = Cells.Batch(plan.TargetSchema, [[1L, "b", 1.0], [2L, "b", 1.0]]);
            var counts = (await session.WriteRowsAsync(plan, Lane, [one, two], default)).Counts;
            Assert.Equal(new WriteCounts { Inserted = 2, Updated = 1 }, counts);
            await session.EndAsync(commit: false);
        }
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task An_upsert_of_key_columns_alone_touches_what_is_there()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key)", "insert into t values (1)");
        var written = await fixture.WriteAsync(fixture.Plan("t", [Id], write: WriteMode.Upsert), [[1L], [2L]]);
        Assert.Equal(new WriteCounts { Inserted = 1, Updated = 1 }, written.Counts);
    }

    [Fact]
    public async Task An_upsert_into_a_partitioned_table_is_counted_like_any_other()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (note text, id bigint primary key, amount float8) partition by range (id)",
            "create table low (gone int, id bigint not null, note text, amount float8)", "alter table low drop column gone",
            "alter table t attach partition low for values from (0) to (10)", "create table high partition of t default");
        var plan = fixture.Plan("t", Orders, write: WriteMode.Upsert);
        Assert.Equal(new WriteCounts { Inserted = 2 }, (await fixture.WriteAsync(plan, [[1L, "a", 1.0], [20L, "a", 1.0]])).Counts);
        Assert.Equal(new WriteCounts { Inserted = 1, Updated = 2 },
            (await fixture.WriteAsync(plan, [[1L, "b", 1.0], [20L, "b", 1.0], [2L, "b", null]])).Counts);
        Assert.Equal(["1|b", "2|b", "20|b"], await fixture.QueryAsync("select id, note from t order by id"));
    }

    [Fact]
    public async Task Refused_rows_are_set_aside_one_by_one_and_all_others_are_written()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table parent (p bigint primary key)", "insert into parent values (1)",
            "create table t (id bigint primary key, note varchar(5) not null, amount float8 check (amount < 100), p bigint references parent)");
        var plan = fixture.Plan("t", [Id, Column("note", LogicalType.Text, dynamic: true), Column("amount", LogicalType.Float64),
            Column("p", LogicalType.Int64)], rejectLimit: 100);
        List<object?[]> rows = [.. Enumerable.Range(0, 60).Select(i => new object?[] { (long)i, "ok", (double)i, 1L })];
        rows[3] = [3L, "too long", 1.0, 1L];
        rows[4] = [4L, "a\0b", 1.0, 1L];
        rows[7] = [7L, null, 1.0, 1L];
        rows[20] = [5L, "again", 1.0, 1L];
        rows[33] = [33L, "check", 100.0, 1L];
        rows[59] = [59L, "child", 1.0, 2L];
        var written = await fixture.WriteAsync(plan, rows);
        Assert.Equal(new WriteCounts { Inserted = 54, Rejected = 6 }, written.Counts);
        Assert.Equal(["3", "33", "4", "5", "59", "7"], written.Rejected.Select(r => System.Text.Json.JsonDocument.Parse(r.Row)
            .RootElement.GetProperty("id").GetInt64().ToString()).Order(StringComparer.Ordinal));
        Assert.Equal([Codes.CheckFailed, Codes.ValueBeyond, Codes.TextUnfit, Codes.ReferenceMissing, Codes.DuplicateRefused,
            Codes.NullRefused], written.Rejected.OrderBy(r => r.Where, StringComparer.Ordinal).Select(r => r.Code));
        Assert.Equal("note", written.Rejected.Single(r => r.Where == """{"id":7}""").Column);
        Assert.Equal(["54"], await fixture.QueryAsync("select count(*) from t"));
    }

    [Fact]
    public async Task An_upsert_sets_refused_rows_aside_too()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note text not null, amount float8 unique)",
            "insert into t values (1, 'a', 1), (2, 'b', 2)");
        var plan = fixture.Plan("t", Orders, write: WriteMode.Upsert, rejectLimit: 9);
        var written = await fixture.WriteAsync(plan, [[1L, "x", 1.0], [3L, null, 3.0], [4L, "y", 2.0], [5L, "z", 5.0]]);
        Assert.Equal(new WriteCounts { Inserted = 1, Updated = 1, Rejected = 2 }, written.Counts);
        Assert.Equal(["1|x|1", "2|b|2", "5|z|5"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task A_refused_row_is_named_with_column_and_key_where_no_reject_is_allowed()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note text not null, amount float8)", "insert into t values (7, 'x', 1)");
        var plan = fixture.Plan("t", Orders);
        var missing = await fixture.RefusedAsync(plan, [1L, "a", 1.0], [2L, null, 1.0], [3L, "a", 1.0]);
        Assert.Equal((Fault.Data, Codes.RowRefused, "note", """{"id":2}""", "23502"),
            (missing.Fault, missing.Code, missing.Details["column"], missing.Details["where"], missing.Details["native"]));
        var twice = await fixture.RefusedAsync(plan, [1L, "a", 1.0], [7L, "a", 1.0], [8L, "a", 1.0]);
        Assert.Equal((Codes.RowRefused, """{"id":7}""", "t_pkey"), (twice.Code, twice.Details["where"], twice.Details["constraint"]));
        Assert.Equal(["7|x|1"], await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task A_native_value_the_server_cannot_read_is_refused_with_its_place()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create type mood as enum ('sad', 'glad')", "create table t (id bigint, m mood, a int[])");
        var mood = $"\"{fixture.Schema}\".mood";
        var plan = fixture.Plan("t", [Id, Column("m", new(TypeKind.Native), mood), Column("a", new(TypeKind.Native), "integer[]")],
            rejectLimit: 9);
        var written = await fixture.WriteAsync(plan, [[1L, "sad", "{1}"], [2L, "none", "{1}"], [3L, "glad", "{x}"], [4L, null, null]]);
        Assert.Equal(new WriteCounts { Inserted = 2, Rejected = 2 }, written.Counts);
        Assert.Equal(["m", "a"], written.Rejected.Select(r => r.Column));
        var binary = fixture.Plan("t", [Id, Column("m", new(TypeKind.Native), mood)]);
        await fixture.WriteAsync(binary, [[5L, "glad"]]);
        Assert.Equal(["1|sad|{1}", "4|∅|∅", "5|glad|∅"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task Columns_that_could_not_hold_the_values_are_refused_before_the_first_row()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("""
            create table t (id bigint, i int, n numeric(10,2), v varchar(5), c char(5), f real, d timestamp(3), b jsonb, u uuid,
                g int generated always as (i + 1) stored, must int not null)
            """);
        (string Name, LogicalType Type)[] unfit =
        [
            ("i", LogicalType.Int64), ("n", new(TypeKind.Decimal)), ("n", new(TypeKind.Decimal, 0, 11, 2)),
            ("n", new(TypeKind.Decimal, 0, 9, 3)),
            ("v", LogicalType.Text), ("v", new(TypeKind.Text, 6)), ("c", new(TypeKind.Text, 5)), ("f", LogicalType.Float64),
            ("d", new(TypeKind.DateTime, 0, 6)), ("b", new(TypeKind.Json)), ("u", LogicalType.Text), ("g", new(TypeKind.Integer, 4)),
            ("id", LogicalType.Text), ("i", LogicalType.Bool),
        ];
        var must = Column("must", new(TypeKind.Integer, 4));
        foreach (var (name, type) in unfit)
        {
            var refused = await fixture.RefusedAsync(fixture.Plan("t", [Column(name, type), must], keys: 0), [null, 1L]);
            Assert.Equal((Fault.Schema, Codes.TargetTypeUnfit, name), (refused.Fault, refused.Code, refused.Details["column"]));
        }
        var absent = await fixture.RefusedAsync(fixture.Plan("t", [Column("none", LogicalType.Text), must], keys: 0), ["x", 1L]);
        Assert.Equal(Codes.TargetColumnMissing, absent.Code);
        var needed = await fixture.RefusedAsync(fixture.Plan("t", [Id]), [1L]);
        Assert.Equal((Codes.TargetTypeUnfit, "must"), (needed.Code, needed.Details["column"]));
        await fixture.WriteAsync(fixture.Plan("t", [Id, Column("n", new(TypeKind.Decimal, 0, 9, 1)), Column("v", new(TypeKind.Text, 4)),
            Column("d", new(TypeKind.DateTime, 0, 3)), must]), [[1L, "1.5", "abcd", 1000L, 1L]]);
    }

    [Fact]
    public async Task A_row_that_a_trigger_leaves_out_is_no_success()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note text, amount float8)",
            "create function skip() returns trigger language plpgsql as 'begin if new.id = 2 then return null; end if; return new; end'",
            "create trigger skips before insert on t for each row execute function skip()");
        var refused = await Assert.ThrowsAsync<PawlException>(() => fixture.WriteAsync(fixture.Plan("t", Orders),
            [[1L, "a", 1.0], [2L, "a", 1.0]], fixture.Options with { Triggers = PgTriggers.Fire }));
        Assert.Equal((Fault.Data, Codes.RowRefused), (refused.Fault, refused.Code));
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task A_commit_that_a_deferred_constraint_refuses_is_a_refusal_and_leaves_nothing()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table parent (id bigint primary key)",
            "create table t (id bigint references parent deferrable initially deferred)");
        var refused = await fixture.RefusedAsync(fixture.Plan("t", [Id], keys: 0), [[1L]]);
        Assert.Equal((Fault.Data, Codes.RowRefused, "23503"), (refused.Fault, refused.Code, refused.Details["native"]));
        Assert.IsNotType<CommitUnknownException>(refused);
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task A_commit_of_a_failed_transaction_is_refused_although_the_server_answers_without_an_error()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint)");
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(PgRole.Write, default);
        await session.BeginAsync(default);
        await session.ExecuteAsync($"insert into \"{fixture.Schema}\".t values (1)", default);
        await Assert.ThrowsAsync<PawlException>(async () => await session.ExecuteAsync("select 1 / 0", default));
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await session.EndAsync(commit: true));
        Assert.Equal((Fault.Transient, Codes.CommitRefused), (refused.Fault, refused.Code));
        await session.EndAsync(commit: false);
        Assert.Empty(await fixture.QueryAsync("select * from t"));
        // The session goes on, and a good commit is told from the bad one.
        await session.BeginAsync(default);
        await session.ExecuteAsync($"insert into \"{fixture.Schema}\".t values (2)", default);
        await session.EndAsync(commit: true);
        Assert.Equal(["2"], await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task A_commit_without_a_transaction_is_refused()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(PgRole.Write, default);
        await session.BeginAsync(default);
        await session.ExecuteAsync("rollback", default);
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await session.EndAsync(commit: true));
        Assert.Equal(Codes.CommitRefused, refused.Code);
    }

    [Fact]
    public async Task A_backend_that_is_ended_before_the_commit_is_no_success()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table t (id bigint)");
        await using var database = new PgDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(PgRole.Write, default);
        await session.BeginAsync(default);
        await session.ExecuteAsync($"insert into \"{fixture.Schema}\".t values (1)", default);
        await fixture.RunAsync($"select pg_terminate_backend({PgBackend.Parse(session.Backend)!.Pid}, 10000)");
        var lost = await Assert.ThrowsAsync<CommitUnknownException>(async () => await session.EndAsync(commit: true));
        Assert.Equal(Codes.CommitUnknown, lost.Code);
        await session.EndAsync(commit: false);
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }
}
