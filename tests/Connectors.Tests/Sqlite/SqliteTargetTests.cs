using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>The target database by itself, without the protocol above it.</summary>
public sealed class SqliteTargetTests
{
    private static readonly LaneId Lane = new(Guid.Empty, "t/g1/s0");

    [Fact]
    public async Task Rows_are_there_after_a_commit_and_gone_after_a_rollback()
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key, v)");
        await PrepareAsync(database, plan);
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        await WriteAsync(session, plan, [1L, "a"], [2L, "b"]);
        await session.EndAsync(commit: true);
        await session.BeginAsync(default);
        await WriteAsync(session, plan, [3L, "c"]);
        await session.EndAsync(commit: false);
        Assert.Equal(["i1|ta", "i2|tb"], Scratch.Rows(scratch.Target, "select * from t"));
        Assert.Equal(["twal"], Scratch.Rows(scratch.Target, "pragma journal_mode"));
    }

    [Fact]
    public async Task An_upsert_counts_what_it_inserted_and_what_it_updated()
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        var plan = Plan("create table t(k text collate nocase, n int, v, primary key(k, n)) without rowid");
        plan = plan with { Write = WriteMode.Upsert };
        await PrepareAsync(database, plan);
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        var first = await WriteAsync(session, plan, ["a", 1L, "old"], ["b", 1L, "old"]);
        var second = await WriteAsync(session, plan, ["A", 1L, "new"], ["c", 1L, "new"], ["c", 1L, "newer"]);
        await session.EndAsync(commit: true);
        Assert.Equal((2, 0), (first.Counts.Inserted, first.Counts.Updated));
        Assert.Equal((1, 2), (second.Counts.Inserted, second.Counts.Updated));
        Assert.Equal(["tA|tnew", "tb|told", "tc|tnewer"], Scratch.Rows(scratch.Target, "select k, v from t order by k"));
    }

    [Fact]
    public async Task An_upsert_without_a_unique_key_is_refused()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Target, "create table t(id integer, v)");
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key, v)") with { Write = WriteMode.Upsert };
        Assert.Equal(Codes.UpsertNeedsKey, (await Refused(() => PrepareAsync(database, plan))).Code);
    }

    [Fact]
    public async Task A_refused_row_is_named_or_rejected_and_its_neighbours_stay()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Target, "create table t(id integer primary key, v int check (v < 100), w text not null)");
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key, v int, w text)");
        object?[][] rows = [.. Enumerable.Range(0, 70).Select(i => new object?[] { (long)i, i == 40 ? 100L : 1L, i == 65 ? null : "w" })];
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        var thrown = await Refused(() => WriteAsync(session, plan, rows));
        Assert.Equal((Fault.Data, Codes.RowRefused, """{"id":40}"""), (thrown.Fault, thrown.Code, thrown.Details["where"]));
        await session.EndAsync(commit: false);

        await session.BeginAsync(default);
        var written = await WriteAsync(session, plan with { RejectLimit = 5 }, rows);
        await session.EndAsync(commit: true);
        Assert.Equal((68, 2), (written.Counts.Inserted, written.Counts.Rejected));
        Assert.Equal([null, "w"], written.Rejected.Select(r => r.Column));
        Assert.Equal("""{"id":65,"v":1,"w":null}""", written.Rejected[1].Row);
        Assert.Equal("NOT NULL constraint failed: t.w", written.Rejected[1].Cause);
        Assert.Equal(["i68"], Scratch.Rows(scratch.Target, "select count(*) from t"));
    }

    [Fact]
    public async Task A_tables_own_conflict_clause_drops_no_row_silently()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Target, "create table t(id integer primary key on conflict replace, v int unique on conflict ignore)");
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key, v int)") with { RejectLimit = 9 };
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        var written = await WriteAsync(session, plan, [1L, 1L], [1L, 2L], [3L, 1L]);
        await session.EndAsync(commit: true);
        Assert.Equal((1, 2), (written.Counts.Inserted, written.Counts.Rejected));
        Assert.Equal(["i1|i1"], Scratch.Rows(scratch.Target, "select * from t"));
    }

    [Fact]
    public async Task A_row_a_trigger_leaves_out_is_refused()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Target, "create table t(id integer primary key, v int)",
            "create trigger g before insert on t when new.v = 7 begin select raise(ignore); end");
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key, v int)");
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        object?[][] rows = [.. Enumerable.Range(0, 40).Select(i => new object?[] { (long)i, (long)i })];
        var thrown = await Refused(() => WriteAsync(session, plan, rows));
        Assert.Equal((Codes.RowRefused, """{"id":7}"""), (thrown.Code, thrown.Details["where"]));
        await session.EndAsync(commit: false);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.0)]
    public async Task A_float_that_would_be_stored_as_something_else_is_refused(double value)
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key, v real)");
        await PrepareAsync(database, plan);
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        var thrown = await Refused(() => WriteAsync(session, plan, [1L, value]));
        Assert.Equal((Fault.Data, Codes.TypeMismatch, "v"), (thrown.Fault, thrown.Code, thrown.Details["column"]));
        await session.EndAsync(commit: false);
    }

    [Theory]
    [InlineData("create table t(id integer primary key, v int)", "create table t(id integer primary key, v text)", Codes.TargetTypeUnfit)]
    [InlineData("create table t(id integer primary key, v text)", "create table t(id integer primary key, v decimal)",
        Codes.TargetTypeUnfit)]
    [InlineData("create table t(id integer primary key, v)", "create table t(id integer primary key, v int)", Codes.TargetTypeUnfit)]
    [InlineData("create table t(id integer primary key, v real)", "create table t(id integer primary key, v int)", Codes.TargetTypeUnfit)]
    [InlineData("create table t(id integer primary key, v int)", "create table t(id integer primary key, v int) strict",
        Codes.TargetTypeUnfit)]
    [InlineData("create table t(id integer primary key, v int)", "create table t(id integer primary key, w int)",
        Codes.TargetColumnMissing)]
    [InlineData("create table t(id integer primary key, v int)", "create view t as select 1 as id, 2 as v", Codes.TargetTableMissing)]
    [InlineData("create table t(id integer primary key, v int)", "create table T(ID integer primary key, V bigint)", null)]
    [InlineData("create table t(id integer primary key, v decimal(10,2))", "create table t(id int primary key, v numeric)", null)]
    [InlineData("create table t(id integer primary key, v text)", "create table t(id integer primary key, v)", null)]
    public async Task A_table_that_is_there_must_keep_every_value(string source, string target, string? code)
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Target, target);
        await using var database = Open(scratch);
        var plan = Plan(source);
        var thrown = await Record.ExceptionAsync(() => PrepareAsync(database, plan).AsTask());
        Assert.Equal(code, (thrown as PawlException)?.Code);
        Assert.Equal(code is null, thrown is null);
    }

    [Theory]
    [InlineData("create table t(id integer primary key)")]
    [InlineData("create table t(id integer primary key, v text unique)")]
    public async Task A_table_that_is_gone_before_its_finish_is_told(string source)
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        var plan = Plan(source);
        await PrepareAsync(database, plan);
        using (var file = SqliteFile.Open(scratch.Target, SqliteAccess.Write, TimeSpan.FromSeconds(5))) file.Execute("drop table t");
        var gone = await Refused(() => database.Tables.FinishAsync(plan, (_, _) => ValueTask.CompletedTask, default));
        Assert.Equal((Fault.PositionLost, Codes.TargetTruncated), (gone.Fault, gone.Code));
    }

    [Fact]
    public async Task Without_create_a_missing_table_is_an_error_and_looking_creates_no_file()
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key)") with { Create = false };
        Assert.False((await database.Tables.InspectAsync(plan, default)).Exists);
        Assert.False(await database.Tables.HasControlTablesAsync(default));
        Assert.False(File.Exists(scratch.Target));
        Assert.Equal(Codes.TargetTableMissing, (await Refused(() => PrepareAsync(database, plan))).Code);
    }

    [Theory]
    [InlineData("pawl_job")]
    [InlineData("PAWL_x")]
    [InlineData("sqlite_x")]
    public async Task Reserved_names_are_refused(string name)
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key)") with { Target = new TableName(null, name) };
        Assert.Equal(Codes.ReservedName, (await Refused(() => PrepareAsync(database, plan))).Code);
    }

    [Fact]
    public async Task The_fence_and_the_table_are_one_transaction()
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        await database.Tables.CreateControlTablesAsync(default);
        var plan = Plan("create table t(id integer primary key)");
        await Assert.ThrowsAsync<PawlException>(async () => await database.Tables.PrepareAsync(plan, async (session, ct) =>
        {
            await session.ChangeAsync(ControlChange.Insert(ControlTables.Meta, ("name", "x"), ("value", "y")), ct);
            throw new PawlException(Fault.Fenced, Codes.Fenced);
        }, default));
        Assert.Equal(["i0"], Scratch.Rows(scratch.Target, "select count(*) from pawl_meta"));
        Assert.False((await database.Tables.InspectAsync(plan, default)).Exists);
    }

    [Fact]
    public async Task A_commit_after_a_transaction_that_undid_itself_is_refused()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Target, "create table t(id integer primary key)",
            "create trigger g before insert on t begin select raise(rollback, 'undone'); end");
        await using var database = Open(scratch);
        var plan = Plan("create table t(id integer primary key)") with { RejectLimit = 9 };
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        await Refused(() => WriteAsync(session, plan, [1L]));
        Assert.Equal(Codes.CommitRefused, (await Refused(() => session.EndAsync(commit: true))).Code);
    }

    [Fact]
    public async Task Control_steps_change_select_and_use_the_servers_clock()
    {
        using var scratch = new Scratch();
        await using var database = Open(scratch);
        await database.Tables.CreateControlTablesAsync(default);
        await database.Tables.CreateControlTablesAsync(default);
        Assert.True(await database.Tables.HasControlTablesAsync(default));
        await using var session = await database.ConnectAsync(default);
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var lanes = new[] { "a", "B", "b" };
        foreach (var lane in lanes)
        {
            Assert.Equal(1, await session.ChangeAsync(ControlChange.Insert(ControlTables.Lane, ("job", "j"), ("lane", lane),
                ("source_table", "t"),
                ("epoch", 1L), ("tick", 0L), ("holder", "h"), ("backend", null), ("heartbeat", Computed.Now)), default));
        }
        Assert.Equal(1, await session.ChangeAsync(ControlChange.Update(ControlTables.Lane, [("tick", Computed.PlusOne), ("holder", "i'")],
            new("lane", "b"), new("epoch", 1L), new("backend", null, Comparison.IsNull)), default));
        Assert.Equal(0, await session.ChangeAsync(ControlChange.Update(ControlTables.Lane, [("tick", Computed.PlusOne)],
            new Condition("lane", "x")),
            default));
        var rows = await session.SelectAsync(new ControlSelect
        {
            Table = ControlTables.Lane,
            Where = [new("tick", 1L, Comparison.Less)],
            OrderBy = "lane",
            Descending = true,
            Limit = 2,
        }, default);
        Assert.Equal(["a", "B"], rows.Select(r => r.Text("lane")));
        var one = Assert.Single(await session.SelectAsync(new ControlSelect { Table = ControlTables.Lane, Where = [new("lane", "b")] },
            default));
        Assert.Equal((1L, "i'", null), (one.Number("tick"), one.Text("holder"), one.TextOrNull("backend")));
        Assert.InRange(one.Number("heartbeat"), before - 2, one.Now);
        Assert.Equal(2, await session.ChangeAsync(ControlChange.Delete(ControlTables.Lane,
            new Condition("lane", "a", Comparison.NotEqual)), default));
        var twice = await Refused(() => session.ChangeAsync(ControlChange.Insert(ControlTables.Lane, ("job", "j"), ("lane", "a"),
            ("source_table", "t"), ("epoch", 1L), ("tick", 0L), ("holder", "h"), ("heartbeat", 1L)), default));
        Assert.Equal((Fault.Data, Codes.RowRefused), (twice.Fault, twice.Code));
    }

    private static SqliteDatabase Open(Scratch scratch) => new(scratch.Target, new SqliteOptions { Busy = TimeSpan.FromSeconds(2) },
        TimeProvider.System);

    private static ValueTask PrepareAsync(SqliteDatabase database, TablePlan plan) =>
        database.Tables.PrepareAsync(plan, (_, _) => ValueTask.CompletedTask, default);

    private static ValueTask<RowsWritten> WriteAsync(ITargetSession session, TablePlan plan, params object?[][] rows)
    {
        var batch = Conformance.Cells.Batch(plan.TargetSchema, rows);
        return session.WriteRowsAsync(plan, Lane, [batch], default);
    }

    private static async Task<PawlException> Refused<T>(Func<ValueTask<T>> call) =>
        await Assert.ThrowsAnyAsync<PawlException>(async () => await call());

    private static async Task<PawlException> Refused(Func<ValueTask> call) =>
        await Assert.ThrowsAnyAsync<PawlException>(async () => await call());

    /// <summary>The plan for a copy of a table that was created so.</summary>
    private static TablePlan Plan(string create)
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Source, create);
        using var file = SqliteFile.Open(scratch.Source, SqliteAccess.Read, TimeSpan.Zero);
        var schema = SqliteCatalog.Describe(file, "t");
        return new TablePlan
        {
            Source = schema.Name,
            Target = schema.Name,
            Generation = 1,
            SourceSchema = schema,
            TargetSchema = schema,
            Read = new ReadOptions(),
            Splits = [new Split { Index = 0 }],
            ResultHash = "",
            SourceIdentity = new SourceIdentity("test", "test"),
        };
    }
}
