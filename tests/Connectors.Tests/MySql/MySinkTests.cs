using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.MySql.MyWriting;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Rows on their way into a MariaDB table that is there: counts, refusals, and what would be lost without a word.</summary>
public class MySinkTests
{
    private protected virtual MyWay Way => MyWay.Bulk;

    private static ColumnSchema[] Orders => [Id, Column("note", LogicalType.Text), Column("amount", LogicalType.Float64)];

    private protected async Task<MySinkFixture> FixtureAsync(MyServer? server = null) => await MySinkFixture.OpenAsync(server, Way);

    [Fact]
    public async Task LOAD_DATA_by_itself_loses_rows_and_values_where_the_sink_refuses_them()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id int primary key, v varchar(3) not null, n tinyint, d date)",
            "insert into t values (1, 'a', 1, null)");
        await using (var naive = await fixture.Server.ConnectAsync(fixture.Database))
        {
            await naive.ExecuteAsync("start transaction", default);
            var ok = await naive.LoadAsync("into table t", (to, _) =>
            {
                Encoding.UTF8.GetBytes("1\tb\t1\t\\N\n2\tabcdef\t1\t\\N\n3\t\\N\t1\t\\N\n4\td\t999\t\\N\n5\te\t5\t2024-02-31\n", to);
                return new(false);
            }, default);
            // Five rows sent; the server is content, and none of them is what it was.
            Assert.Equal((5L, 1L), (ok.Records, ok.Skipped));
            Assert.Equal(["1|a|1|∅", "2|abc|1|∅", "3||1|∅", "4|d|127|∅", "5|e|5|0000-00-00"],
                await MyServer.RowsAsync(naive, "select * from t order by id"));
            await naive.ExecuteAsync("rollback", default);
        }
        ColumnSchema[] columns = [Column("id", new(TypeKind.Integer, 4), nullable: false), Column("v", LogicalType.Text, dynamic: true),
            Column("n", new(TypeKind.Integer, 8), dynamic: true)];
        var plan = fixture.Plan("t", columns, rejectLimit: 10);
        var written = await fixture.WriteAsync(plan, [[1L, "b", 1L], [2L, "abcdef", 1L], [3L, null, 1L], [4L, "d", 999L], [5L, "e", 5L]]);
        Assert.Equal(new WriteCounts { Inserted = 1, Rejected = 4 }, written.Counts);
        Assert.Equal([Codes.DuplicateRefused, Codes.ValueBeyond, Codes.NullRefused, Codes.ValueBeyond],
            written.Rejected.OrderBy(r => r.Where, StringComparer.Ordinal).Select(r => r.Code));
        Assert.Equal(["1|a|1", "5|e|5"], await fixture.QueryAsync("select id, v, n from t order by id"));
    }

    [Fact]
    public async Task A_year_is_the_number_that_it_is()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, y year)");
        var plan = fixture.Plan("t", [Id, Column("y", LogicalType.Int64, dynamic: true)], rejectLimit: 10);
        var written = await fixture.WriteAsync(plan, [[1L, 0L], [2L, 5L], [3L, 70L], [4L, 1900L], [5L, 1901L], [6L, 2155L], [7L, 2156L]]);
        Assert.Equal(Enumerable.Repeat(Codes.ValueBeyond, 4), written.Rejected.Select(r => r.Code));
        Assert.Equal(["1|0000", "5|1901", "6|2155"], await fixture.QueryAsync("select id, y from t order by id"));
    }

    [Fact]
    public async Task An_upsert_counts_new_changed_unchanged_and_collapsed_rows_and_the_last_one_of_a_key_wins()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note longtext, amount double, kept varchar(9) default 'kept')",
            "insert into t values (1, 'old', 1, 'mine'), (2, 'old', 2, 'mine'), (4, 'same', 4, 'mine')");
        var plan = fixture.Plan("t", Orders, write: WriteMode.Upsert);
        var written = await fixture.WriteAsync(plan,
            [[3L, "a", 1.0], [1L, "first", 5.0], [3L, "b", null], [1L, "last", 6.0], [3L, "c", 3.0], [4L, "same", 4.0]]);
        Assert.Equal(new WriteCounts { Inserted = 1, Updated = 1, Unchanged = 1, Collapsed = 3 }, written.Counts);
        Assert.Equal(["1|last|6|mine", "2|old|2|mine", "3|c|3|kept", "4|same|4|mine"],
            await fixture.QueryAsync("select * from t order by id"));
    }

    [Fact]
    public async Task An_upsert_that_meets_another_unique_key_is_refused_and_overwrites_nobody()
    {
        await using var fixture = await FixtureAsync();
        string[] setup = ["create table t (id bigint primary key, note varchar(20) character set utf8mb4 not null unique, amount double)",
            "insert into t values (1, 'ann', 1), (2, 'bob', 2)"];
        await fixture.RunAsync(setup);
        // What the statement does by itself: bob's row becomes what was meant for 3.
        await using (var naive = await fixture.Server.ConnectAsync(fixture.Database))
        {
            await naive.ExecuteAsync("start transaction", default);
            await naive.ExecuteAsync("insert into t values (3, 'bob', 3) on duplicate key update amount = values(amount)", default);
            Assert.Equal(["1|ann|1", "2|bob|3"], await MyServer.RowsAsync(naive, "select * from t order by id"));
            await naive.ExecuteAsync("rollback", default);
        }
        ColumnSchema[] columns = [Id, Column("note", new(TypeKind.Text, 20)), Column("amount", LogicalType.Float64)];
        var refused = await fixture.RefusedAsync(fixture.Plan("t", columns, write: WriteMode.Upsert), [[3L, "bob", 3.0]]);
        Assert.Equal((Fault.Data, Codes.RowRefused, """{"id":3}"""), (refused.Fault, refused.Code, refused.Details["where"]));
        var written = await fixture.WriteAsync(fixture.Plan("t", columns, write: WriteMode.Upsert, rejectLimit: 9),
            [[1L, "ann", 10.0], [3L, "bob", 3.0], [4L, "dan", 4.0], [1L, "bob", 1.0]]);
        Assert.Equal([Codes.DuplicateRefused], written.Rejected.Select(r => r.Code).Distinct());
        Assert.Equal(["2|bob|2", "4|dan|4"], (await fixture.QueryAsync("select * from t order by id")).Where(r => r[0] != '1'));
    }

    [Fact]
    public async Task Keys_that_the_server_takes_for_one_are_one_row_and_it_takes_the_new_key()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (code varchar(20) character set utf8mb4 collate utf8mb4_general_ci primary key, n bigint)",
            "insert into t values ('abc', 1)");
        ColumnSchema[] columns = [Column("code", new(TypeKind.Text, 20), nullable: false), Column("n", LogicalType.Int64)];
        var written = await fixture.WriteAsync(fixture.Plan("t", columns, write: WriteMode.Upsert), [["ABC", 2L], ["x", 1L], ["X", 2L]]);
        Assert.Equal(new WriteCounts { Inserted = 1, Updated = 1, Collapsed = 1 }, written.Counts);
        Assert.Equal(["ABC|2", "X|2"], await fixture.QueryAsync("select * from t order by code"));
    }

    [Fact]
    public async Task Two_upserts_of_one_transaction_see_each_other()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note longtext, amount double)");
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
    public async Task Refused_rows_are_set_aside_one_by_one_and_all_others_are_written()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table parent (p bigint primary key)", "insert into parent values (1)",
            "create table t (id bigint primary key, note varchar(5) not null, amount double check (amount < 100), p bigint, "
            + "foreign key (p) references parent (p))");
        var plan = fixture.Plan("t", [Id, Column("note", LogicalType.Text, dynamic: true), Column("amount", LogicalType.Float64),
            Column("p", LogicalType.Int64)], rejectLimit: 100);
        List<object?[]> rows = [.. Enumerable.Range(0, 60).Select(i => new object?[] { (long)i, "ok", (double)i, 1L })];
        rows[3] = [3L, "too long", 1.0, 1L];
        rows[7] = [7L, null, 1.0, 1L];
        rows[20] = [5L, "again", 1.0, 1L];
        rows[33] = [33L, "check", 100.0, 1L];
        rows[59] = [59L, "child", 1.0, 2L];
        var written = await fixture.WriteAsync(plan, rows);
        Assert.Equal(new WriteCounts { Inserted = 55, Rejected = 5 }, written.Counts);
        Assert.Equal([Codes.CheckFailed, Codes.ValueBeyond, Codes.ReferenceMissing, Codes.DuplicateRefused, Codes.NullRefused],
            written.Rejected.OrderBy(r => r.Where, StringComparer.Ordinal).Select(r => r.Code));
        Assert.Equal("note", written.Rejected.Single(r => r.Where == """{"id":7}""").Column);
        Assert.Equal(["55"], await fixture.QueryAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_latin1_column_refuses_what_it_has_no_letters_for()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note varchar(20) character set latin1)");
        ColumnSchema[] columns = [Id, Column("note", new(TypeKind.Text, 20))];
        var refused = await fixture.RefusedAsync(fixture.Plan("t", columns), [1L, "é €"], [2L, "中文"]);
        Assert.Equal((Fault.Data, Codes.TextUnfit, """{"id":2}""", "note"),
            (refused.Fault, refused.Code, refused.Details["where"], refused.Details["column"]));
        var written = await fixture.WriteAsync(fixture.Plan("t", columns, rejectLimit: 9), [[1L, "é €"], [2L, "中文"], [3L, "x"]]);
        Assert.Equal(new WriteCounts { Inserted = 2, Rejected = 1 }, written.Counts);
        Assert.Equal(["1|E92080", "3|78"], await fixture.QueryAsync("select id, hex(note) from t order by id"));
    }

    [Fact]
    public async Task A_server_without_strict_mode_is_written_to_strictly()
    {
        await using var server = await MariaDbServer.StartAsync("--sql-mode=", "--binlog-format=MIXED");
        await using var fixture = await FixtureAsync(server);
        await fixture.RunAsync("create table t (id bigint primary key, note varchar(3) character set latin1)");
        ColumnSchema[] columns = [Id, Column("note", LogicalType.Text, dynamic: true)];
        var refused = await fixture.RefusedAsync(fixture.Plan("t", columns), [1L, "ab"], [2L, "中"]);
        Assert.Equal(Codes.TextUnfit, refused.Code);
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }

    [Fact]
    public async Task Text_and_bytes_of_every_kind_come_back_as_they_were()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync(
            "create table t (id bigint primary key, note longtext character set utf8mb4, body longblob, f double, g float)");
        var plan = fixture.Plan("t", [Id, Column("note", LogicalType.Text), Column("body", LogicalType.Bytes),
            Column("f", LogicalType.Float64), Column("g", new(TypeKind.Float32))]);
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        object?[][] rows =
        [
            [1L, "a\tb\nc\\d\\N\0e'f\"g\r\u001A", all, 0.1, (double)0.1f], [2L, "", Array.Empty<byte>(), 0.0, 0.0],
            [3L, null, null, null, null], [4L, "\\N", new byte[] { 0x5C, 0x27 }, double.MaxValue, (double)float.MaxValue],
            [5L, "棘爪 🦀", new byte[] { 0 }, double.Epsilon, (double)1.17549435E-38f], [6L, "' or 1=1 -- ", all, 1e22, 16777216.0],
        ];
        await fixture.WriteAsync(plan, rows);
        Assert.Equal(rows.Select(r => Cells.Row(r.Take(4))), await fixture.RowsAsync(plan.Target, ["id", "note", "body", "f"]));
        Assert.Equal(["1"], await fixture.QueryAsync("select count(*) from t where id = 1 and g = cast(0.1 as float)"));
        foreach (var odd in new[] { -0.0, double.NaN, double.NegativeInfinity })
        {
            var refused = await fixture.RefusedAsync(plan, [9L, null, null, odd, null]);
            Assert.Equal((Codes.TypeMismatch, "f"), (refused.Code, refused.Details["column"]));
        }
    }

    [Fact]
    public async Task Numbers_and_moments_at_the_ends_of_their_ranges_go_in_and_what_lies_beyond_is_refused()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("""
            create table t (id bigint primary key, u bigint unsigned, n decimal(65,30), d date, dt datetime(6), ts timestamp(6) null,
                tm time(6),
                m datetime(3))
            """);
        ColumnSchema[] columns = [Id, Column("u", new(TypeKind.UnsignedInteger)), Column("n", new(TypeKind.Decimal)),
            Column("d", new(TypeKind.Date)), Column("dt", new(TypeKind.DateTime, 0, 6)), Column("ts", new(TypeKind.Instant, 0, 6)),
            Column("tm", new(TypeKind.Time, 0, 6)), Column("m", new(TypeKind.DateTime, 0, 6), dynamic: true)];
        var widest = new string('9', 35) + "." + new string('9', 30);
        const long Day = 86_400_000_000, Last = 2_932_896;
        await fixture.WriteAsync(fixture.Plan("t", columns),
        [
            [long.MaxValue, -1L, widest, Last, (Last + 1) * Day - 1, int.MaxValue * 1_000_000L + 999_999, 3_020_399_000_000L, 1_000L],
            [long.MinValue, 0L, "-" + widest, -719_528L, -719_528L * Day, 1_000_000L, -3_020_399_000_000L, 0L],
        ]);
        Assert.Equal(
        [
            $"-9223372036854775808|0|-{widest}|0000-01-01|0000-01-01 00:00:00.000000|1970-01-01 00:00:01.000000|-838:59:59.000000|"
                + "1970-01-01 00:00:00.000",
            $"9223372036854775807|18446744073709551615|{widest}|9999-12-31|9999-12-31 23:59:59.999999|2038-01-19 03:14:07.999999|"
                + "838:59:59.000000|1970-01-01 00:00:00.001",
        ], await QueryUtcAsync(fixture, "select * from t order by id"));
        (int Place, object Value)[] beyond = [(2, "1." + new string('1', 31)), (2, new string('1', 36)), (2, "NaN"), (3, Last + 1),
            (4, (Last + 1) * Day), (4, long.MaxValue), (5, 0L), (5, (int.MaxValue + 1L) * 1_000_000), (6, 3_020_400_000_000L), (7, 1L)];
        var plan = fixture.Plan("t", columns, rejectLimit: 99);
        var written = await fixture.WriteAsync(plan, beyond.Select((b, i) =>
        {
            object?[] row = [(long)i, 0L, "1", 0L, 0L, 1_000_000L, 0L, 0L];
            row[b.Place] = b.Value;
            return row;
        }));
        Assert.Equal(beyond.Length, written.Counts.Rejected);
        Assert.Equal(beyond.Select(b => columns[b.Place].Name), written.Rejected.OrderBy(r => r.Where!, StringComparer.Ordinal)
            .Select(r => r.Column));
        Assert.All(written.Rejected, r => Assert.Contains(r.Code, new[] { Codes.ValueBeyond, Codes.TypeMismatch }));
    }

    private static async Task<List<string>> QueryUtcAsync(MySinkFixture fixture, string sql)
    {
        await using var connection = await fixture.Server.ConnectAsync(fixture.Database);
        return await MyServer.RowsAsync(connection, sql);
    }

    [Fact]
    public async Task Columns_that_could_not_hold_the_values_are_refused_before_the_first_row()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("""
            create table t (id bigint, i int, u int unsigned, n decimal(10,2), v varchar(5), c char(5), f float, d datetime(3), x binary(4),
                g int generated always as (i + 1) stored, e enum('a', 'b'), must int not null)
            """);
        (string Name, LogicalType Type)[] unfit =
        [
            ("i", LogicalType.Int64), ("u", new(TypeKind.Integer, 4)), ("n", new(TypeKind.Decimal)), ("n", new(TypeKind.Decimal, 0, 11, 2)),
            ("n", new(TypeKind.Decimal, 0, 9, 3)), ("v", LogicalType.Text), ("v", new(TypeKind.Text, 6)), ("c", new(TypeKind.Text, 5)),
            ("f", LogicalType.Float64), ("d", new(TypeKind.DateTime, 0, 6)), ("x", LogicalType.Bytes), ("e", LogicalType.Text),
            ("g", new(TypeKind.Integer, 4)), ("id", LogicalType.Text), ("id", new(TypeKind.UnsignedInteger)),
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
            Column("d", new(TypeKind.DateTime, 0, 3)), Column("e", LogicalType.Text, "enum('a','b')"), must]).FromServer(),
            [[1L, "1.5", "abcd", 1000L, "b", 1L]]);
    }

    [Fact]
    public async Task Cells_of_no_fixed_type_are_judged_one_by_one()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, n decimal(5,2), w tinyint unsigned, f double, b varbinary(3))");
        ColumnSchema Any(string name) => Column(name, LogicalType.Any, dynamic: true);
        var plan = fixture.Plan("t", [Id, Any("n"), Any("w"), Any("f"), Any("b")], rejectLimit: 99);
        byte[] three = [0, 9, 0xFF];
        var written = await fixture.WriteAsync(plan, [[1L, -999L, 255L, 0.1, three], [2L, 0.07, 0L, 1e300, Array.Empty<byte>()],
            [3L, 1e2, null, null, null], [11L, 1000L, 0L, 0.5, three], [12L, 0.005, 0L, 0.5, three], [13L, "1.5", 0L, 0.5, three],
            [14L, double.NaN, 0L, 0.5, three], [15L, 1L, 256L, 0.5, three], [16L, 1L, -1L, 0.5, three], [17L, 1L, 1L, 1L, three],
            [18L, 1L, 1L, 0.5, "abc"], [19L, 1L, 1L, 0.5, new byte[4]]]);
        Assert.Equal(["1|-999.00|255|0.1|0009FF", "2|0.07|0|1e300|", "3|100.00|∅|∅|∅"],
            await fixture.QueryAsync("select id, n, w, f, hex(b) from t order by id"));
        Assert.Equal(["11 n", "12 n", "13 n", "14 n", "15 w", "16 w", "17 f", "18 b", "19 b"],
            written.Rejected.Select(r => $"{r.Where![6..^1]} {r.Column}"));
    }

    [Fact]
    public async Task What_cannot_keep_the_promise_is_refused_by_name()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table myisam (id bigint) engine=MyISAM", "create table aria (id bigint) engine=Aria",
            "create table fired (id bigint)", "create trigger noisy before insert on fired for each row set new.id = new.id + 1",
            "create view seen as select * from fired");
        foreach (var (table, what) in new[] { ("myisam", "storage"), ("aria", "storage"), ("fired", "trigger") })
        {
            var refused = await fixture.RefusedAsync(fixture.Plan(table, [Id], keys: 0), [1L]);
            Assert.Equal((Fault.Configuration, Codes.TargetDependent, what), (refused.Fault, refused.Code, refused.Details["what"]));
        }
        Assert.Equal(Codes.TargetTableMissing, (await fixture.RefusedAsync(fixture.Plan("seen", [Id], keys: 0), [1L])).Code);
        await fixture.WriteAsync(fixture.Plan("fired", [Id], keys: 0), [[1L]], fixture.Options with { Triggers = MyTriggers.Fire });
        Assert.Equal(["2"], await fixture.QueryAsync("select * from fired"));
    }

    [Fact]
    public async Task An_emoji_in_a_name_is_refused_because_the_server_has_no_such_names()
    {
        await using var fixture = await FixtureAsync();
        await using var runner = await SinkRunner.StartAsync(fixture);
        var refused = await Assert.ThrowsAsync<PawlException>(() => runner.BeginAsync(Plans.For(fixture, Plans.OrderTable("🦀 crab"))));
        Assert.Equal((Fault.Configuration, Codes.ReservedName, "🦀 crab"), (refused.Fault, refused.Code, refused.Details["name"]));
    }

    [Fact]
    public async Task A_group_larger_than_a_packet_goes_in_and_so_does_a_value_that_is_loaded_and_not_inserted()
    {
        await using var server = await MariaDbServer.StartAsync("--max-allowed-packet=1M");
        await LargeAsync(await FixtureAsync(server));
    }

    private protected async Task LargeAsync(MySinkFixture own)
    {
        await using var fixture = own;
        await fixture.RunAsync("create table t (id bigint primary key, note longtext character set utf8mb4, body longblob)");
        var plan = fixture.Plan("t", [Id, Column("note", LogicalType.Text), Column("body", LogicalType.Bytes)]);
        await fixture.WriteAsync(plan, Enumerable.Range(0, 40).Select(i => new object?[] { (long)i, new string('x', 100_000),
            new byte[100_000] }));
        Assert.Equal(["40|100000|100000"], await fixture.QueryAsync("select count(*), max(length(note)), max(length(body)) from t"));
        await fixture.RunAsync("delete from t");
        // Of the two values of the last row each fits into a packet, and both do not.
        object?[][] rows = [[100L, "small", null], [101L, new string('x', 20_000_000), null], [102L, null, Every(20_000_000)],
            [103L, new string('\'', 600_000), null], [104L, new string('y', 600_000), new byte[250_000]], [105L, "last", null]];
        if (Way != MyWay.Insert)
        {
            Assert.Equal(6, (await fixture.WriteAsync(plan, rows)).Counts.Inserted);
            await SameAsync(fixture, rows.Select(r => (long)r[0]!), rows);
            // Row by row, because one of them is refused: what no statement holds is loaded by itself.
            await fixture.RunAsync("delete from t where id <> 105");
            await KeptAsync(fixture, rows, rows.Take(5), [105]);
            await fixture.RunAsync("update t set body = 'x' where id > 101");
            var changed = await fixture.WriteAsync(plan with { Write = WriteMode.Upsert }, rows);
            Assert.Equal(new WriteCounts { Updated = 4, Unchanged = 2 }, changed.Counts);
            await SameAsync(fixture, rows.Select(r => (long)r[0]!), rows);
            return;
        }
        var text = await fixture.RefusedAsync(plan, rows[0], rows[1]);
        Assert.Equal((Fault.Data, Codes.ValueTooLarge, "note", """{"id":101}""", "20000000", "set global max_allowed_packet = 67108864"),
            (text.Fault, text.Code, text.Details["column"], text.Details["where"], text.Details["bytes"], text.Details["raise"]));
        var bytes = await fixture.RefusedAsync(plan, rows[2]);
        Assert.Equal((Codes.ValueTooLarge, "body"), (bytes.Code, bytes.Details["column"]));
        Assert.Equal(["0"], await fixture.QueryAsync("select count(*) from t"));
        await KeptAsync(fixture, rows, [rows[0], rows[5]], [101, 102, 103, 104]);
    }

    private static async Task KeptAsync(MySinkFixture fixture, object?[][] rows, IEnumerable<object?[]> written, long[] refused)
    {
        var plan = fixture.Plan("t", [Id, Column("note", LogicalType.Text), Column("body", LogicalType.Bytes)], rejectLimit: 10);
        var result = await fixture.WriteAsync(plan, rows);
        Assert.Equal(refused.Select(id => $$"""{"id":{{id}}}"""), result.Rejected.Select(r => r.Where));
        Assert.Equal((rows.Length - refused.Length, refused.Length), (result.Counts.Inserted, result.Counts.Rejected));
        await SameAsync(fixture, written.Select(r => (long)r[0]!), rows);
    }

    private static async Task SameAsync(MySinkFixture fixture, IEnumerable<long> ids, object?[][] rows)
    {
        static string Hash(byte[]? bytes) => bytes is null ? "∅" : Convert.ToHexStringLower(SHA256.HashData(bytes));
        var there = ids.ToHashSet();
        Assert.Equal(rows.Where(r => there.Contains((long)r[0]!)).Select(r =>
            $"{r[0]}|{Hash(r[1] is string text ? Encoding.UTF8.GetBytes(text) : null)}|{Hash((byte[]?)r[2])}"),
            await fixture.QueryAsync("select id, sha2(note, 256), sha2(body, 256) from t "
                + $"where id in ({string.Join(',', there)}) order by id"));
    }

    private static byte[] Every(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7 + i / 251))];

    [Fact]
    public async Task A_commit_of_a_failed_transaction_is_refused_although_the_server_would_answer_without_an_error()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key)");
        await using var database = new MyDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(default);
        await session.BeginAsync(default);
        await session.ExecuteAsync("insert into t values (1)", default);
        await Assert.ThrowsAsync<PawlException>(async () => await session.ExecuteAsync("insert into t values (1)", default));
        var refused = await Assert.ThrowsAsync<PawlException>(async () => await session.EndAsync(commit: true));
        Assert.Equal((Fault.Transient, Codes.CommitRefused), (refused.Fault, refused.Code));
        await session.EndAsync(commit: false);
        Assert.Empty(await fixture.QueryAsync("select * from t"));
        await session.BeginAsync(default);
        await session.ExecuteAsync("insert into t values (2)", default);
        await session.EndAsync(commit: true);
        Assert.Equal(["2"], await fixture.QueryAsync("select * from t"));
        await session.BeginAsync(default);
        await session.ExecuteAsync("commit", default);
        refused = await Assert.ThrowsAsync<PawlException>(async () => await session.EndAsync(commit: true));
        Assert.Equal(Codes.CommitRefused, refused.Code);
    }

    [Fact]
    public async Task A_session_that_is_killed_before_the_commit_is_no_success()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint)");
        await using var database = new MyDatabase(fixture.Options, SinkRunner.Context());
        await using var session = await database.OpenAsync(default);
        await session.BeginAsync(default);
        await session.ExecuteAsync("insert into t values (1)", default);
        await fixture.RunAsync($"kill connection {MyBackend.Parse(session.Backend)!.Id}");
        var lost = await Assert.ThrowsAsync<CommitUnknownException>(async () => await session.EndAsync(commit: true));
        Assert.Equal(Codes.CommitUnknown, lost.Code);
        await session.EndAsync(commit: false);
        Assert.Empty(await fixture.QueryAsync("select * from t"));
    }
}

/// <summary>The same where rows go by LOAD DATA LOCAL.</summary>
public sealed class MyLoadSinkTests : MySinkTests
{
    private protected override MyWay Way => MyWay.Load;
}

/// <summary>The same where rows go by INSERT.</summary>
public sealed class MyInsertSinkTests : MySinkTests
{
    private protected override MyWay Way => MyWay.Insert;
}
