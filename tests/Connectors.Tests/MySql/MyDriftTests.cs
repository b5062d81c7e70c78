using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Source tables that are altered after their copy into MariaDB began: <c>schema: {changes: …}</c>.</summary>
public sealed class MyDriftTests
{
    private static Endpoint At(MySinkFixture fixture) => new()
    {
        Scheme = "mysql", Host = "127.0.0.1", Port = fixture.Server.Port, Path = fixture.Database, User = "root",
        Display = FormattableString.Invariant($"mysql://root@127.0.0.1:{fixture.Server.Port}/{fixture.Database}"),
    };

    private static CopyJob Job(Endpoint from, MySinkFixture to, string table, WriteMode write = WriteMode.Insert,
        string? cursor = null, TimeSpan? lag = null) => new()
    {
        From = from, To = At(to), Name = "drift", Rows = 300, Changes = SchemaChanges.Evolve, Verify = VerifyLevel.Digest,
        Tables = [CopyJob.Table(table, $"{to.Database}.t") with
        {
            Write = write, Cursor = cursor is null ? null : new CursorRule([cursor], default, lag, null),
        }],
    };

    private static Task<List<string>> TypesAsync(MySinkFixture at) => at.QueryAsync("select column_name, column_type, is_nullable, "
        + "column_default, extra, column_comment from information_schema.columns where table_schema = database() and table_name = 't' "
        + "order by ordinal_position");

    private static async Task<long> CountAsync(MySinkFixture at) =>
        long.Parse((await at.QueryAsync("select count(*) from t"))[0], System.Globalization.CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("tinyint(4)", "bigint(20)", true)]
    [InlineData("int(11)", "int", false)]
    [InlineData("bigint(20)", "int(11)", false)]
    [InlineData("int unsigned", "bigint", true)]
    [InlineData("int unsigned", "bigint unsigned", true)]
    [InlineData("int", "bigint unsigned", false)]
    [InlineData("int(5) unsigned zerofill", "bigint unsigned", false)]
    [InlineData("varchar(5)", "varchar(6)", true)]
    [InlineData("varchar(5)", "varchar(4)", false)]
    [InlineData("varchar(63)", "tinytext", true)]
    [InlineData("varchar(64)", "tinytext", false)]
    [InlineData("varchar(5)", "longtext", true)]
    [InlineData("text", "longtext", true)]
    [InlineData("longtext", "text", false)]
    [InlineData("text", "longblob", false)]
    [InlineData("binary(5)", "binary(6)", false)]
    [InlineData("varbinary(5)", "varbinary(6)", true)]
    [InlineData("decimal(6,2)", "decimal(8,4)", true)]
    [InlineData("decimal(6,2)", "decimal(6,3)", false)]
    [InlineData("decimal(6,2)", "decimal(8,2) unsigned", false)]
    [InlineData("datetime", "datetime(6)", true)]
    [InlineData("datetime(6)", "datetime(3)", false)]
    [InlineData("datetime", "timestamp(6)", false)]
    [InlineData("enum('a','b')", "enum('a','b','c')", true)]
    [InlineData("enum('a','b')", "enum('b','a','c')", false)]
    [InlineData("enum('a','b')", "enum('a','bc')", false)]
    [InlineData("float", "double", false)]
    [InlineData("bit(5)", "bit(6)", true)]
    public void Only_a_type_that_holds_all_values_as_they_were_is_wider(string was, string now, bool isWider)
    {
        static ColumnSchema Column(string type) => new() { Name = "c", Type = LogicalType.Any, NativeType = type };
        Assert.Equal(isWider, MyWidening.Holds(Column(was), Column(now)));
        Assert.False(MyWidening.Holds(Column(was), Column(now) with { Collation = "latin1_bin" }));
        Assert.False(MyWidening.Holds(Column(was) with { Type = LogicalType.Bool }, Column(now)));
    }

    [Fact]
    public async Task Wider_types_and_new_columns_of_MariaDB_follow_and_keep_what_else_is_said_of_a_column()
    {
        await using var from = await MySinkFixture.OpenAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id int auto_increment primary key, "
            + "name varchar(10) character set latin1 not null default ' NOT NULL', paid decimal(6,2) not null)",
            "insert into t (paid) select seq / 100 from seq_1_to_2000");
        var job = Job(At(from), to, $"{from.Database}.t");
        await job.StoppedAsync(2);
        Assert.InRange(await CountAsync(to), 300, 1700);
        await to.RunAsync("alter table t modify id int auto_increment comment 'a NOT NULL, `id`'");
        await from.RunAsync("alter table t modify id bigint auto_increment comment 'other', "
            + "modify name varchar(200) character set latin1 null default ' NOT NULL', modify paid decimal(12,4) not null, "
            + "add column extra varchar(5) default 'x'",
            $"insert into t values (5000000000, '{new string('x', 150)}', 12345678.1234, null), (5000000001, null, 1, 'y')");
        // A table that was altered cannot be told from another one in its place: its rows are read again.
        var plan = await job.PlanAsync();
        Assert.Equal((TableState.Restarts, DriftAnswer.CopiedAnew), (plan.State, plan.Answer));
        Assert.Equal(2002, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(await from.QueryAsync("select * from t order by id"), await to.QueryAsync("select * from t order by id"));
        Assert.Equal(["id|bigint(20)|NO|∅|auto_increment|a NOT NULL, `id`", "name|varchar(200)|YES|' NOT NULL'||",
            "paid|decimal(12,4)|NO|∅||", "extra|varchar(5)|YES|NULL||"], await TypesAsync(to));
        Assert.Equal(RunStatus.NothingToDo, (await job.RunAsync()).Status);
    }

    [Fact]
    public async Task Wider_types_of_PostgreSQL_follow_and_every_place_is_kept()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id int primary key, name varchar(10), paid numeric(6,2) not null, note varchar(20))",
            "insert into t select i, 'n' || i, i / 100.0, 'note' from generate_series(1, 2000) i");
        var job = Job(from.Here(), to, "public.t");
        await job.StoppedAsync(2);
        var kept = await CountAsync(to);
        await from.RunAsync("alter table t alter id type bigint, alter name type varchar(200), alter paid type numeric(12,4), "
            + "alter paid drop not null, alter note type text", $"insert into t values (5000000000, '{new string('x', 150)}', "
            + $"12345678.1234, '{new string('y', 70_000)}'), (5000000001, 'y', null, null)");
        var plan = await job.PlanAsync();
        Assert.Equal((TableState.Resumes, DriftAnswer.Followed), (plan.State, plan.Answer));
        Assert.Equal(2002 - kept, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(await from.RowsAsync("select concat_ws('|', id, coalesce(name, '∅'), coalesce(paid::text, '∅'), coalesce(note, '∅')) "
            + "from t order by id"), await to.QueryAsync("select * from t order by id"));
        Assert.Equal(["id|bigint(20)|NO", "name|varchar(200)|YES", "paid|decimal(12,4)|YES", "note|longtext|YES"],
            (await TypesAsync(to)).Select(t => string.Join('|', t.Split('|').Take(3))));
    }

    [Fact]
    public async Task A_new_column_of_PostgreSQL_is_followed_between_windows_and_rows_are_read_again_where_they_hold_something_in_it()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id int primary key, v text)", "insert into t select i, 'v' from generate_series(1, 1000) i");
        var job = Job(from.Here(), to, "public.t", WriteMode.Upsert, "id");
        await job.DoneAsync();
        await from.RunAsync("alter table t add column one text", "insert into t values (1001, 'v', 'one')");
        Assert.Equal(DriftAnswer.Followed, (await job.PlanAsync()).Answer);
        Assert.Equal(1, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        await from.RunAsync("alter table t add column two int not null default 5");
        Assert.Equal(DriftAnswer.ReadAgain, (await job.PlanAsync()).Answer);
        Assert.Equal(1001, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(["1001|1|1001"], await to.QueryAsync("select count(*), sum(one = 'one'), sum(two = 5) from t"));
    }

    [Fact]
    public async Task A_new_column_of_a_SQLite_table_begins_an_upsert_anew_and_the_target_gets_it()
    {
        using var files = new Sqlite.Scratch();
        await using var to = await MySinkFixture.OpenAsync();
        files.Run(files.Source, "create table t (id integer primary key, v text)", "insert into t values (1, 'a'), (2, 'b')");
        var job = Job(CopyJob.File(files.Source), to, "t", WriteMode.Upsert, "id");
        await job.DoneAsync();
        files.Run(files.Source, "alter table t add column w integer default 7", "insert into t values (3, 'c', 8)");
        Assert.Equal(3, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(["1|a|7", "2|b|7", "3|c|8"], await to.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task An_upsert_from_MariaDB_takes_wider_types_and_reads_its_rows_again()
    {
        await using var from = await MySinkFixture.OpenAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id int primary key, v varchar(5))", "insert into t select seq, seq from seq_1_to_500");
        var job = Job(At(from), to, $"{from.Database}.t", WriteMode.Upsert, "id");
        await job.DoneAsync();
        await from.RunAsync("alter table t modify v varchar(50)", "insert into t values (501, repeat('w', 50))");
        Assert.Equal(501, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(["501|50"], await to.QueryAsync("select count(*), max(length(v)) from t"));
        // What cannot be followed stops the table, and takes no row away.
        await from.RunAsync("alter table t drop column v");
        Assert.Equal(Codes.SchemaChanged, (await job.FailedAsync()).Code);
        Assert.Equal(["501"], await to.QueryAsync("select count(*) from t"));
    }

    [Fact]
    public async Task Wider_types_of_MariaDB_follow_into_PostgreSQL()
    {
        await using var from = await MySinkFixture.OpenAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id int primary key, v varchar(5), n decimal(6,2))",
            "insert into t select seq, seq, 1 from seq_1_to_500");
        var job = new CopyJob
        {
            From = At(from), To = to.Here(), Name = "drift", Changes = SchemaChanges.Evolve, Verify = VerifyLevel.Digest,
            Tables = [CopyJob.Table($"{from.Database}.t", "public.t") with
            {
                Write = WriteMode.Upsert, Cursor = new CursorRule(["id"], default, null, null),
            }],
        };
        await job.DoneAsync();
        await from.RunAsync("alter table t modify id bigint, modify v varchar(50), modify n decimal(12,4), add column w varchar(3)",
            "insert into t values (5000000000, repeat('w', 50), 12345678.1234, 'new')");
        await job.DoneAsync();
        Assert.Equal(["501"], await to.RowsAsync("select count(*)::text from t"));
        Assert.Equal([$"5000000000 {new string('w', 50)} 12345678.1234 new"],
            await to.RowsAsync("select concat_ws(' ', id, v, n, w) from t where w = 'new'"));
    }

    [Fact]
    public async Task A_view_is_altered_in_place_and_keeps_its_place()
    {
        await using var from = await MyFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table b (id int primary key, v varchar(5), w varchar(5))",
            "insert into b select seq, 'v', null from seq_1_to_900", "create view s as select id, v from b");
        var job = Job(from.Here(("view_key", $"{from.Database}.s(id)")), to, $"{from.Database}.s", WriteMode.Upsert, "id",
            TimeSpan.FromMilliseconds(10));
        await job.DoneAsync();
        await from.RunAsync("alter table b modify v varchar(50)", "create or replace view s as select id, v, w from b",
            "insert into b values (901, repeat('v', 50), 'w')");
        Assert.Equal(DriftAnswer.Followed, (await job.PlanAsync()).Answer);
        Assert.Equal(1, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(["901|50|1"], await to.QueryAsync("select count(*), max(length(v)), sum(w = 'w') from t"));
        await from.RunAsync("update b set w = 'x' where id = 1", "create or replace view s as select id, v, w, w as again from b");
        Assert.Equal(DriftAnswer.ReadAgain, (await job.PlanAsync()).Answer);
    }

    [Fact]
    public async Task A_target_that_cannot_follow_stops_the_table_and_goes_on_from_its_place_when_it_can()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        await from.RunAsync("create table t (id int primary key, v varchar(10))",
            "insert into t select i, 'v' from generate_series(1, 2000) i");
        var job = Job(from.Here(), to, "public.t");
        await job.StoppedAsync(2);
        var kept = await CountAsync(to);
        await to.RunAsync("create table child (id int, constraint holds foreign key (id) references t (id))");
        await from.RunAsync("alter table t alter id type bigint");
        var refused = await job.FailedAsync();
        Assert.Equal((Codes.TargetNotEvolved, "id"), (refused.Code, refused.Details["column"]));
        await to.RunAsync("drop table child");
        Assert.Equal(2000 - kept, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
    }
}
