using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.Postgres.PgWriting;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Tables that Pawl makes, finishes and empties.</summary>
public sealed class PgTablesTests
{
    private static readonly Func<ITargetSession, CancellationToken, ValueTask> Free = (_, _) => ValueTask.CompletedTask;

    private static PgOptions KeysAfter(PgSinkFixture fixture) => fixture.Options with { KeysFirst = false };

    private static async Task<PgDatabase> OpenAsync(PgSinkFixture fixture, PgOptions? options = null)
    {
        var database = new PgDatabase(options ?? KeysAfter(fixture), SinkRunner.Context());
        await database.Tables.CreateControlTablesAsync(default);
        return database;
    }

    private static Task<List<string>> IndexesAsync(PgSinkFixture fixture) => fixture.QueryAsync(
        "select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 't'::regclass and contype <> 'n' union all "
        + "select '', indexdef from pg_indexes where tablename = 't' and schemaname = current_schema() order by 1, 2");

    [Fact]
    public async Task A_table_of_another_system_gets_its_columns_at_once_and_its_keys_after_the_rows()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        var plan = fixture.Plan("t", [Id, Column("a", LogicalType.Any), Column("f", new(TypeKind.Float32)), Column("u",
            new(TypeKind.UnsignedInteger), nullable: false), Column("n", new(TypeKind.Decimal, 0, 38, 5)), Column("v", new(TypeKind.Text, 20)),
            Column("j", new(TypeKind.Json)), Column("i", new(TypeKind.Instant))]);
        plan = plan with { TargetSchema = plan.TargetSchema with { UniqueSets = [["u"]] } };
        await database.Tables.PrepareAsync(plan, Free, default);
        Assert.Equal(["id|bigint|t", "a|text|f", "f|real|f", "u|numeric(20,0)|t", "n|numeric(38,5)|f", "v|character varying(20)|f",
            "j|json|f", "i|timestamp with time zone|f"], await fixture.QueryAsync("select attname, format_type(atttypid, atttypmod), attnotnull "
            + "from pg_attribute where attrelid = 't'::regclass and attnum > 0 order by attnum"));
        Assert.Empty(await IndexesAsync(fixture));
        await fixture.WriteAsync(plan, [[1L, "x", 0.5, -1L, "1.5", "v", "{}", 0L]], KeysAfter(fixture));
        Assert.Equal(["18446744073709551615"], await fixture.QueryAsync("select u from t"));
        for (var again = 0; again < 2; again++)
        {
            await database.Tables.FinishAsync(plan, Free, default);
            Assert.Equal(["t_pkey|PRIMARY KEY (id)", "t_u_key|UNIQUE (u)"], (await IndexesAsync(fixture)).Where(i => i[0] != '|'));
            Assert.Equal(["∅"], await fixture.QueryAsync("select obj_description('t'::regclass)"));
        }
    }

    [Fact]
    public async Task A_table_that_came_back_with_a_restored_dump_still_gets_its_keys()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        var plan = fixture.Plan("t", [Id]);
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.WriteAsync(plan, [[1L], [2L]], KeysAfter(fixture));
        var restored = await fixture.Server.CreateDatabaseAsync();
        await fixture.Server.RestoreAsync(fixture.Database, fixture.Schema, restored);
        await using (var there = new PgDatabase(KeysAfter(fixture) with { Database = restored }, SinkRunner.Context()))
        {
            await there.Tables.PrepareAsync(plan, Free, default);
            await there.Tables.FinishAsync(plan, Free, default);
        }
        Assert.Equal(["PRIMARY KEY (id)"], await fixture.Server.RowsAsync(restored,
            "select pg_get_constraintdef(oid) from pg_constraint where contype = 'p' and conrelid::regclass::text like '%.t'"));
        await fixture.Server.DropAsync(restored);
    }

    [Fact]
    public async Task A_table_that_somebody_else_made_gets_no_keys()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        var plan = fixture.Plan("t", [Id]);
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.RunAsync("drop table t", "create table t (id bigint not null)");
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.WriteAsync(plan, [[1L]], KeysAfter(fixture));
        await database.Tables.FinishAsync(plan, Free, default);
        Assert.Empty(await IndexesAsync(fixture));
    }

    [Fact]
    public async Task Rows_that_break_a_key_that_comes_after_them_stop_the_finish()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        var plan = fixture.Plan("t", [Id]);
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.WriteAsync(plan, [[1L], [1L]], KeysAfter(fixture));
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.FinishAsync(plan, Free, default));
        Assert.Equal((Fault.Data, Codes.RowRefused), (refused.Fault, refused.Code));
    }

    [Fact]
    public async Task A_table_that_was_there_gets_no_key_of_ours()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create table t (id bigint)");
        var plan = fixture.Plan("t", [Id]);
        await database.Tables.PrepareAsync(plan, Free, default);
        await database.Tables.FinishAsync(plan, Free, default);
        Assert.Empty(await IndexesAsync(fixture));
    }

    [Theory]
    [InlineData(WriteMode.Upsert, 0)]
    [InlineData(WriteMode.Insert, 5)]
    public async Task An_upsert_and_a_reject_limit_have_the_key_before_the_rows(WriteMode write, long rejectLimit)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await database.Tables.PrepareAsync(fixture.Plan("t", [Id], write: write, rejectLimit: rejectLimit), Free, default);
        Assert.Contains("t_pkey|PRIMARY KEY (id)", await IndexesAsync(fixture));
    }

    private static PgShape Shape(string schema) => new()
    {
        Kind = "r", Oid = 1,
        Columns =
        [
            new() { Name = "id", Type = "integer", Oid = 23, BaseOid = 23, Modifier = -1, NotNull = true, Identity = "a" },
            new() { Name = "nr", Type = "bigint", Oid = 20, BaseOid = 20, Modifier = -1, NotNull = true, Default = "nextval('s'::regclass)" },
            new() { Name = "v", Type = "character varying(7)", Oid = 1043, BaseOid = 1043, Modifier = 11, Default = "'a''b'::text" },
            new() { Name = "m", Type = $"\"{schema}\".mood", Oid = 99999, BaseOid = 99999, Modifier = -1 },
            new() { Name = "g", Type = "integer", Oid = 23, BaseOid = 23, Modifier = -1, Generated = "s", Default = "(id * 2)" },
        ],
        Indexes =
        [
            new() { Name = "keys", Definition = "CREATE UNIQUE INDEX keys ON a.b USING btree (id)", Unique = true, Primary = true,
                Constraint = "PRIMARY KEY (id)", Columns = ["id"], Uses = ["id"] },
            new() { Name = "one v",
                Definition = "CREATE UNIQUE INDEX \"one v\" ON \"a b\".\"x USING y\" USING btree (v DESC) WHERE (id > 0)",
                Unique = true, Columns = ["v"], Uses = ["v", "id"] },
            new() { Name = "lower_v", Definition = "CREATE INDEX lower_v ON a.b USING btree (lower((v)::text))", Columns = [null],
                Uses = ["v"] },
        ],
        Constraints =
            [new("positive", "c", "CHECK ((nr > 0))", ["nr"]), new("far", "f", "FOREIGN KEY (nr) REFERENCES a.other(id)", ["nr"])],
        Sequences =
        [
            new("a.s1", "id", true, "integer", 100, 5, 1, 2147483647, 1, false),
            new("a.s2", "nr", false, "bigint", 1, 1, 1, long.MaxValue, 1, false),
        ],
        Types = [new($"\"{schema}\".mood", "e", ["sad", "it's"], null, null)],
    };

    private static TablePlan ShapedPlan(PgSinkFixture fixture)
    {
        var shape = Shape(fixture.Schema);
        var plan = fixture.Plan("t",
        [
            Column("id", new(TypeKind.Integer, 4), "integer", nullable: false), Column("nr", LogicalType.Int64, "bigint", nullable: false),
            Column("v", new(TypeKind.Text, 7), "character varying(7)"), Column("m", new(TypeKind.Native), $"\"{fixture.Schema}\".mood"),
            Column("g", new(TypeKind.Integer, 4), "integer") with { Generated = true },
        ]);
        var schema = plan.TargetSchema with { NativeDefinition = shape.Write() };
        return plan with { SourceSchema = schema, TargetSchema = schema };
    }

    [Fact]
    public async Task A_table_of_postgres_keeps_types_identity_defaults_generated_columns_keys_indexes_and_checks()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        var plan = ShapedPlan(fixture);
        await database.Tables.PrepareAsync(plan, Free, default);
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.WriteAsync(plan, [[7L, 3L, "x", "it's", 999L], [1000L, 4L, null, null, 999L]], KeysAfter(fixture));
        for (var again = 0; again < 2; again++) await database.Tables.FinishAsync(plan, Free, default);
        Assert.Equal(["keys|PRIMARY KEY (id)", "positive|CHECK ((nr > 0))"], (await IndexesAsync(fixture)).Where(i => i[0] != '|'));
        var indexes = (await IndexesAsync(fixture)).Where(i => i[0] == '|').ToList();
        Assert.Equal(3, indexes.Count);
        Assert.Contains(indexes, i => i.Contains("UNIQUE INDEX \"one v\"", StringComparison.Ordinal)
            && i.EndsWith("USING btree (v DESC) WHERE (id > 0)", StringComparison.Ordinal));
        Assert.Contains(indexes, i => i.EndsWith("USING btree (lower((v)::text))", StringComparison.Ordinal));
        // The next insert meets none of the copied rows.
        await fixture.RunAsync("insert into t default values");
        Assert.Equal(["7|3|x|it's|14", "1000|4|∅|∅|2000", "1005|5|a'b|∅|2010"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task Renamed_and_dropped_columns_take_their_clauses_along_or_away()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        var plan = ShapedPlan(fixture);
        ColumnSchema[] columns = [.. plan.TargetSchema.Columns.Where(c => c.Name is not ("nr" or "g")).Select(c =>
            c.Name == "id" ? c with { Name = "number" } : c), Column("said", LogicalType.Int64)];
        plan = plan with
        {
            TargetSchema = plan.TargetSchema with { Columns = columns, NativeDefinition = null },
            Columns = new ColumnChanges
            {
                Rename = new Dictionary<string, string> { ["id"] = "number" },
                Set = new Dictionary<string, object?> { ["said"] = 5L },
            },
        };
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.WriteAsync(plan, [[7L, "x", "sad", 5L]], KeysAfter(fixture));
        await database.Tables.FinishAsync(plan, Free, default);
        Assert.Contains("keys|PRIMARY KEY (number)", await IndexesAsync(fixture));
        Assert.Contains(await IndexesAsync(fixture), i => i.Contains("lower_v", StringComparison.Ordinal));
        await fixture.RunAsync("insert into t (v) values ('y')");
        Assert.Equal(["7|x|sad|5", "100|y|∅|∅"], await fixture.QueryAsync("select * from t order by number"));
    }

    [Fact]
    public async Task Sequences_go_past_the_rows_and_never_back()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create table t (id serial, down int generated by default as identity (increment -1 minvalue -1000))",
            "select setval('t_id_seq', 500)");
        var plan = fixture.Plan("t", [Column("id", new(TypeKind.Integer, 4)), Column("down", new(TypeKind.Integer, 4))], keys: 0);
        await fixture.WriteAsync(plan, [[40L, -30L]]);
        await database.Tables.FinishAsync(plan, Free, default);
        await fixture.RunAsync("insert into t default values");
        Assert.Equal(["40|-30", "501|-31"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task Only_numbers_move_the_sequence_that_a_default_names()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create sequence codes", "create sequence numbers", "create sequence nested",
            "create domain low as smallint", "create domain lower as low", "create table t (code text default 'INV-' || nextval('codes'), "
            + "short varchar default nextval('codes'), n numeric default nextval('numbers'), d lower default nextval('nested'))",
            "alter sequence codes owned by t.code");
        var plan = fixture.Plan("t", [Column("code", LogicalType.Text), Column("short", LogicalType.Text),
            Column("n", new(TypeKind.Decimal, 0, 38, 0)), Column("d", new(TypeKind.Integer, 2))], keys: 0);
        await fixture.WriteAsync(plan, [["INV-7", "9", "40", 50L]]);
        await database.Tables.FinishAsync(plan, Free, default);
        Assert.Equal(["1|41|51"], await fixture.QueryAsync("select nextval('codes'), nextval('numbers'), nextval('nested')"));
    }

    [Fact]
    public async Task Tables_that_share_sequences_finish_at_once_and_none_moves_one_back()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture, KeysAfter(fixture) with { LockTimeout = TimeSpan.FromMinutes(2) });
        await fixture.RunAsync("create sequence z", "create sequence a",
            "create table t (x int default nextval('z'), y int default nextval('a'))",
            "create table u (x int default nextval('a'), y int default nextval('z'))");
        TablePlan[] plans = [.. new[] { "t", "u" }.Select(name =>
            fixture.Plan(name, [Column("x", new(TypeKind.Integer, 4)), Column("y", new(TypeKind.Integer, 4))], keys: 0))];
        foreach (var plan in plans) await fixture.WriteAsync(plan, [[40L, 30L]]);
        var oids = await fixture.QueryAsync("select 'z'::regclass::oid, 'a'::regclass::oid");
        var (first, second) = (oids[0].Split('|')[0], oids[0].Split('|')[1]);
        var held = FormattableString.Invariant(
            $"from pg_locks where locktype = 'advisory' and classid::bigint::bit(32)::int = {PgSequences.LockClass}");
        Task[] finishes;
        await using (var third = await fixture.ConnectAsync())
        {
            // A third table that finishes: it has looked, and has yet to move.
            await PgSinkFixture.ExecuteAsync(third,
                FormattableString.Invariant($"begin; select pg_advisory_xact_lock({PgSequences.LockClass}, {first})"));
            finishes = [.. plans.Select(plan => Task.Run(() => database.Tables.FinishAsync(plan, Free, default).AsTask()))];
            while (await fixture.QueryAsync($"select 1 {held} and not granted and objid = {first}") is not { Count: 2 })
            {
                Assert.All(finishes, f => Assert.False(f.IsCompleted, "it did not wait for the one before it"));
            }
            Assert.Empty(await fixture.QueryAsync($"select 1 {held} and objid = {second}"));
            await PgSinkFixture.ExecuteAsync(third, "select setval('z', 500); commit");
        }
        await Task.WhenAll(finishes);
        Assert.Equal(["501|41"], await fixture.QueryAsync("select nextval('z'), nextval('a')"));
    }

    [Fact]
    public async Task An_upsert_writes_generated_always_identity_keys_as_they_are()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create table t (id bigint generated always as identity primary key, v text)");
        var plan = fixture.Plan("t", [Id, Column("v", LogicalType.Text)], write: WriteMode.Upsert);
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.WriteAsync(plan, [[9L, "a"]]);
        await fixture.WriteAsync(plan, [[9L, "b"]]);
        await database.Tables.FinishAsync(plan, Free, default);
        await fixture.RunAsync("insert into t (v) values ('c')");
        Assert.Equal(["9|b", "10|c"], await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task Triggers_are_refused_fired_or_skipped_as_the_url_says()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create table t (id bigint)", "create table log (id bigint)",
            $"create function note() returns trigger language plpgsql as 'begin insert into \"{fixture.Schema}\".log values (new.id); "
            + "return new; end'", "create trigger notes after insert on t for each row execute function note()");
        var plan = fixture.Plan("t", [Id], keys: 0);
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.PrepareAsync(plan, Free, default));
        Assert.Equal((Fault.Configuration, Codes.TargetDependent, "notes"), (refused.Fault, refused.Code, refused.Details["name"]));
        foreach (var (rule, seen) in new[] { (PgTriggers.Skip, 0), (PgTriggers.Fire, 1) })
        {
            var options = fixture.Options with { Triggers = rule };
            await new PgTables(new PgDatabase(options, SinkRunner.Context())).PrepareAsync(plan, Free, default);
            await fixture.WriteAsync(plan, [[1L]], options);
            Assert.Equal([$"{seen}"], await fixture.QueryAsync("select count(*) from log"));
        }
    }

    [Fact]
    public async Task A_table_that_a_crash_would_empty_is_refused()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create unlogged table t (id bigint)");
        var refused = await Assert.ThrowsAsync<PawlException>(async () =>
            await database.Tables.PrepareAsync(fixture.Plan("t", [Id], keys: 0), Free, default));
        Assert.Equal((Codes.TargetDependent, "unlogged"), (refused.Code, refused.Details["name"]));
    }

    [Fact]
    public async Task A_foreign_key_to_a_table_without_rows_or_to_itself_is_refused_before_the_first_row()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create table parent (id bigint primary key)", "create table t (id bigint, p bigint references parent)",
            "create table tree (id bigint primary key, up bigint references tree)");
        foreach (var table in new[] { "t", "tree" })
        {
            var refused = await Assert.ThrowsAsync<PawlException>(async () =>
                await database.Tables.PrepareAsync(fixture.Plan(table, [Id], keys: 0), Free, default));
            Assert.Equal((Codes.TargetDependent, "foreign key"), (refused.Code, refused.Details["what"]));
        }
        await fixture.RunAsync("insert into parent values (1)");
        await database.Tables.PrepareAsync(fixture.Plan("t", [Id], keys: 0), Free, default);
    }

    [Fact]
    public async Task Emptying_a_table_changes_no_other()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create table t (id bigint primary key)", "create table other (id bigint references t)",
            "create table many (id bigint references t on delete cascade)", "insert into t values (1), (2)", "insert into many values (1)");
        async Task EmptyAsync()
        {
            await using var session = await database.ConnectAsync(default);
            await session.BeginAsync(default);
            await session.EmptyAsync(fixture.Plan("t", [Id]), default);
            await session.EndAsync(commit: true);
        }
        var refused = await Assert.ThrowsAsync<PawlException>(EmptyAsync);
        Assert.Equal((Codes.TargetDependent, "many_id_fkey"), (refused.Code, refused.Details["name"]));
        await fixture.RunAsync("drop table many");
        await EmptyAsync();
        Assert.Empty(await fixture.QueryAsync("select * from t"));
        await fixture.RunAsync("drop table other", "insert into t values (3)");
        await EmptyAsync();
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task Control_tables_are_made_once_by_many_at_the_same_moment()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = new PgDatabase(fixture.Options with { LockTimeout = TimeSpan.FromSeconds(30) }, SinkRunner.Context());
        Assert.False(await database.Tables.HasControlTablesAsync(default));
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => database.Tables.CreateControlTablesAsync(default).AsTask()));
        Assert.True(await database.Tables.HasControlTablesAsync(default));
        Assert.Equal(["7"], await fixture.QueryAsync("select count(*) from pg_tables where schemaname = current_schema()"));
        Assert.Equal(["0"], await fixture.QueryAsync("select count(*) from pg_attribute a join pg_class c on c.oid = a.attrelid "
            + "join pg_collation l on l.oid = a.attcollation where c.relnamespace = to_regnamespace(quote_ident(current_schema())) and c.relkind = 'r' "
            + "and l.collname <> 'C'"));
    }

    [Fact]
    public async Task A_table_that_is_gone_before_its_finish_is_told()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        var plan = fixture.Plan("t", [Id]);
        await database.Tables.PrepareAsync(plan, Free, default);
        await fixture.RunAsync("drop table t");
        var gone = await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.FinishAsync(plan, Free, default));
        Assert.Equal((Fault.PositionLost, Codes.TargetTruncated), (gone.Fault, gone.Code));
    }

    [Fact]
    public async Task What_is_no_table_is_refused()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await using var database = await OpenAsync(fixture);
        await fixture.RunAsync("create view t as select 1::bigint as id");
        var plan = fixture.Plan("t", [Id]);
        Assert.False((await database.Tables.InspectAsync(plan, default)).Exists);
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.PrepareAsync(plan, Free, default));
        Assert.Equal(Codes.TargetTableMissing, refused.Code);
        var reserved = await Assert.ThrowsAsync<PawlException>(async () =>
            await database.Tables.PrepareAsync(fixture.Plan("pawl_job", [Id]), Free, default));
        Assert.Equal(Codes.ReservedName, reserved.Code);
    }
}
