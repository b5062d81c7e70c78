using System.Globalization;
using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;
using static Pawl.Connectors.Tests.Postgres.PgWriting;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>
/// What the encoder sends is what the server says of the same value written as a literal, in the binary form and in the text form.
/// </summary>
public sealed class PgEncoderTests
{
    private static readonly string Nines = new('9', 131_072);
    private static readonly string Fraction = "0." + new string('0', 16_382) + "7";

    public static TheoryData<string, LogicalType, object?[], string[]> Values => new()
    {
        { "boolean", LogicalType.Bool, [0L, 1L], ["f", "t"] },
        { "smallint", new(TypeKind.Integer, 2), [0L, -1L, 32767L, -32768L], ["0", "-1", "32767", "-32768"] },
        { "integer", new(TypeKind.Integer, 4), [1L, 2147483647L, -2147483648L], ["1", "2147483647", "-2147483648"] },
        { "bigint", LogicalType.Int64, [1L, long.MaxValue, long.MinValue], ["1", "9223372036854775807", "-9223372036854775808"] },
        { "real", new(TypeKind.Float32), [0.0, -0.0, (double)0.1f, (double)float.MaxValue, (double)float.Epsilon, double.NaN],
            ["0", "-0", "0.1", "3.4028235e38", "1e-45", "NaN"] },
        { "double precision", LogicalType.Float64,
            [-0.0, 0.1, 1e300, double.Epsilon, double.MaxValue, double.NaN, double.PositiveInfinity, double.NegativeInfinity],
            ["-0", "0.1", "1e300", "4.940656458412465e-324", "1.7976931348623157e308", "NaN", "Infinity", "-Infinity"] },
        { "numeric", new(TypeKind.Decimal),
            ["0", "-0.01", "12.50", "1", "10000", "9999", "10000.0001", "0.0001", "0.00001", "123456789012345678901234567890.123456789",
                "100000000", "-0", "0.000", "007.5", "NaN", "Infinity", "-Infinity", Nines, Fraction, "1e5", "1.5E-7", "12.5e1", "-2E+20"],
            ["0", "-0.01", "12.50", "1", "10000", "9999", "10000.0001", "0.0001", "0.00001", "123456789012345678901234567890.123456789",
                "100000000", "0", "0.000", "7.5", "NaN", "Infinity", "-Infinity", Nines, Fraction, "100000", "0.00000015", "125",
                "-200000000000000000000"] },
        { "numeric(10,2)", new(TypeKind.Decimal, 0, 10, 2), ["99999999.99", "-0.01", "1.500", "NaN"],
            ["99999999.99", "-0.01", "1.5", "NaN"] },
        { "numeric(3,5)", new(TypeKind.Decimal), ["0.00999", "-0.00001", "0"], ["0.00999", "-0.00001", "0"] },
        { "numeric(4,-2)", new(TypeKind.Decimal), ["123400", "-100", "0"], ["123400", "-100", "0"] },
        { "text", LogicalType.Text, ["", " a ", "棘爪\t\\\r\n\\N", "🦀", "\\."], ["", " a ", "棘爪\t\\\r\n\\N", "🦀", "\\."] },
        { "character varying(3)", new(TypeKind.Text, 3), ["", "棘爪🦀"], ["", "棘爪🦀"] },
        { "character(3)", new(TypeKind.Text, 3), ["a  ", "棘爪🦀"], ["a  ", "棘爪🦀"] },
        { "bytea", LogicalType.Bytes, [Array.Empty<byte>(), new byte[] { 0, 255, 92 }], ["\\x", "\\x00ff5c"] },
        { "date", new(TypeKind.Date), [0L, -1L, 10_957L, 2_932_896L, 2_932_897L, -719_162L, -719_163L, -2_440_588L, 2_145_042_905L,
                long.MaxValue, long.MinValue],
            ["1970-01-01", "1969-12-31", "2000-01-01", "9999-12-31", "10000-01-01", "0001-01-01", "0001-12-31 BC", "4714-11-24 BC",
                "5874897-12-31", "infinity", "-infinity"] },
        { "time without time zone", new(TypeKind.Time, 0, 6), [0L, 1L, 86_399_999_999L, 86_400_000_000L],
            ["00:00", "00:00:00.000001", "23:59:59.999999", "24:00"] },
        { "timestamp without time zone", new(TypeKind.DateTime, 0, 6),
            [0L, -1L, 253_402_300_799_999_999L, -62_135_596_800_000_001L, -210_866_803_200_000_000L, long.MaxValue, long.MinValue],
            ["1970-01-01 00:00", "1969-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999", "0001-12-31 23:59:59.999999 BC",
                "4714-11-24 00:00 BC", "infinity", "-infinity"] },
        { "timestamp with time zone", new(TypeKind.Instant, 0, 6), [0L, 1_577_836_800_123_456L, long.MaxValue - 1, long.MinValue],
            ["1970-01-01 00:00Z", "2020-01-01 00:00:00.123456Z", "294247-01-10 04:00:54.775806Z", "-infinity"] },
        { "interval", new(TypeKind.Interval),
            [Interval(1, -2, 3), Interval(int.MaxValue, int.MaxValue, 9_223_372_036_854_775_806L), Interval(-14, 0, -1), Interval(0, 0, 0)],
            ["1 mon -2 days 00:00:00.000003", "178956970 years 7 mons 2147483647 days 2562047788:00:54.775806",
                "-1 years -2 mons -00:00:00.000001", "0"] },
        { "uuid", new(TypeKind.Uuid), [UInt128.Zero, new UInt128(0x0102030405060708, 0x090a0b0c0d0e0f10)],
            ["00000000-0000-0000-0000-000000000000", "01020304-0506-0708-090a-0b0c0d0e0f10"] },
        { "json", new(TypeKind.Json), ["{\"b\": 1,  \"a\":1.10}"], ["{\"b\": 1,  \"a\":1.10}"] },
        { "jsonb", new(TypeKind.Json), ["{\"a\": 1.10, \"bb\": \"棘\"}"], ["{\"a\": 1.10, \"bb\": \"棘\"}"] },
        { "oid", LogicalType.Int64, [0L, 4_294_967_295L], ["0", "4294967295"] },
        { "name", LogicalType.Text, ["a", new string('x', 63)], ["a", new string('x', 63)] },
        { "integer[]", new(TypeKind.Native), ["{}", "{1,NULL,3}", "[0:1]={5,6}"], ["{}", "{1,NULL,3}", "[0:1]={5,6}"] },
        { "inet", new(TypeKind.Native), ["10.0.0.1", "::1/64"], ["10.0.0.1", "::1/64"] },
        { "numrange", new(TypeKind.Native), ["[1.50,)", "empty"], ["[1.50,)", "empty"] },
        { "bit varying(9)", new(TypeKind.Native), ["", "101"], ["", "101"] },
        { "time with time zone", new(TypeKind.Native), ["12:00:00.5-03:30"], ["12:00:00.5-03:30"] },
        { "tsvector", new(TypeKind.Native), ["'a b':1A 'c'"], ["'a b':1A 'c'"] },
        { "xml", new(TypeKind.Native), ["<a>&lt;</a>"], ["<a>&lt;</a>"] },
        { "point", new(TypeKind.Native), ["(0.1,-0)"], ["(0.1,-0)"] },
        { "text[]", new(TypeKind.Native), ["{\"a\\\\b\",\"NULL\",\"\\t\"}"], ["{\"a\\\\b\",\"NULL\",\"\\t\"}"] },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task A_value_arrives_as_the_server_itself_would_read_it(string type, LogicalType logical, object?[] values, string[] literals)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync($"create table v_binary (id bigint, v {type})", $"create table v_text (id bigint, n bit(1), v {type})",
            $"create table v_expected (id bigint, v {type})");
        for (var i = 0; i < literals.Length; i++)
        {
            var literal = literals[i].Replace("'", "''", StringComparison.Ordinal);
            await fixture.RunAsync(string.Create(CultureInfo.InvariantCulture, $"insert into v_expected values ({i}, '{literal}')"));
        }
        await fixture.RunAsync(string.Create(CultureInfo.InvariantCulture, $"insert into v_expected values ({literals.Length}, null)"));
        var column = Column("v", logical, type);
        object?[] all = [.. values, null];
        await fixture.WriteAsync(fixture.Plan("v_binary", [Id, column], keys: 0), all.Select((v, i) => new[] { (long)i, v }));
        // A column without a binary form of ours turns the whole table to text.
        await fixture.WriteAsync(fixture.Plan("v_text", [Id, Column("n", new(TypeKind.Native), "bit(1)"), column], keys: 0),
            all.Select((v, i) => new[] { (long)i, "1", v }));
        const string Look = "set extra_float_digits = 3; set timezone = 'UTC'; select id, v::text from ";
        var expected = await fixture.QueryAsync($"{Look} v_expected order by id");
        Assert.Equal(expected, await fixture.QueryAsync($"{Look} v_binary order by id"));
        Assert.Equal(expected, await fixture.QueryAsync($"{Look} v_text order by id"));
    }

    public static TheoryData<string, LogicalType, object> Unfit => new()
    {
        { "smallint", LogicalType.Int64, 32768L },
        { "integer", LogicalType.Int64, -2147483649L },
        { "oid", LogicalType.Int64, -1L },
        { "real", LogicalType.Float64, 0.1 },
        { "numeric(10,2)", new(TypeKind.Decimal), "1.005" },
        { "numeric(10,2)", new(TypeKind.Decimal), "100000000" },
        { "numeric(10,2)", new(TypeKind.Decimal), "Infinity" },
        { "numeric(4,-2)", new(TypeKind.Decimal), "150" },
        { "numeric(2,4)", new(TypeKind.Decimal), "0.0123" },
        { "numeric", new(TypeKind.Decimal), "1" + Nines },
        { "numeric", new(TypeKind.Decimal), "1.2.3" },
        { "numeric", new(TypeKind.Decimal), "" },
        { "character varying(2)", LogicalType.Text, "棘爪🦀" },
        { "character(3)", LogicalType.Text, "ab" },
        { "name", LogicalType.Text, new string('x', 64) },
        { "text", LogicalType.Text, "a\0b" },
        { "date", new(TypeKind.Date), 2_145_042_906L },
        { "date", new(TypeKind.Date), -2_440_589L },
        { "time without time zone", new(TypeKind.Time), -1L },
        { "time without time zone", new(TypeKind.Time), 86_400_000_001L },
        { "timestamp(3) without time zone", new(TypeKind.DateTime), 1L },
        { "timestamp with time zone", new(TypeKind.Instant), -210_866_803_200_000_001L },
        { "time(0) without time zone", new(TypeKind.Time), 1L },
    };

    [Theory]
    [MemberData(nameof(Unfit))]
    public async Task A_value_the_column_would_change_is_refused_with_its_place(string type, LogicalType logical, object value)
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync($"create table v (id bigint, v {type})");
        var plan = fixture.Plan("v", [Id, Column("v", logical, dynamic: true)]);
        var refused = await fixture.RefusedAsync(plan, [1L, null], [2L, value]);
        Assert.Equal(Fault.Data, refused.Fault);
        Assert.Equal(("v", """{"id":2}"""), (refused.Details["column"], refused.Details["where"]));
        Assert.Empty(await fixture.QueryAsync("select * from v"));
    }

    [Fact]
    public async Task Text_that_is_not_utf_8_is_refused_also_where_the_pieces_make_a_character_together()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table v (id bigint, v text)");
        var plan = fixture.Plan("v", [Id, Column("v", LogicalType.Text)], rejectLimit: 9);
        using var batch = new RowBatch(plan.TargetSchema) { Rows = 4 };
        for (var i = 0; i < 4; i++) ((Int64Column)batch.Columns[0]).Append(i);
        var texts = (BytesColumn)batch.Columns[1];
        texts.Append([0xE6, 0xA3]);
        texts.Append([0x98]);
        texts.Append("棘"u8);
        texts.Append([0xED, 0xA0, 0x80]);
        await using var database = fixture.Open(SinkRunner.Context());
        await using var session = await database.ConnectAsync(default);
        await session.BeginAsync(default);
        var written = await session.WriteRowsAsync(plan, Lane, [batch], default);
        await session.EndAsync(commit: true);
        Assert.Equal(new WriteCounts { Inserted = 1, Rejected = 3 }, written.Counts);
        Assert.All(written.Rejected, r => Assert.Equal((Codes.TextUnfit, "v"), (r.Code, r.Column)));
        Assert.Equal(["2|棘"], await fixture.QueryAsync("select * from v"));
    }

    [Fact]
    public async Task A_number_in_a_column_of_any_type_becomes_its_text_and_bytes_are_refused()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table v (id bigint, t text, n numeric, w bigint, d double precision)");
        var plan = fixture.Plan("v", [Id, .. "tnwd".Select(c => Column(c.ToString(), LogicalType.Any))]);
        await fixture.WriteAsync(plan, [[1L, "x", 5L, 7L, 1.5], [2L, 0.1, 1e-7, null, null], [3L, long.MinValue, 1e22, null, -0.0]]);
        Assert.Equal(["1|x|5|7|1.5", "2|0.1|0.0000001|∅|∅", "3|-9223372036854775808|10000000000000000000000|∅|-0"],
            await fixture.QueryAsync("select * from v order by id"));
        Assert.Equal(Codes.TypeMismatch, (await fixture.RefusedAsync(plan, [4L, new byte[] { 1 }, null, null, null])).Code);
        Assert.Equal(Codes.TypeMismatch, (await fixture.RefusedAsync(plan, [4L, null, "text", null, null])).Code);
        Assert.Equal(Codes.TypeMismatch, (await fixture.RefusedAsync(plan, [4L, null, null, 1.5, null])).Code);
    }

    [Fact]
    public async Task A_row_larger_than_the_buffers_goes_over_among_small_ones()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        await fixture.RunAsync("create table v (id bigint, v bytea)");
        var plan = fixture.Plan("v", [Id, Column("v", LogicalType.Bytes)]);
        await fixture.WriteAsync(plan, Enumerable.Range(0, 9).Select(i => new object?[] { (long)i, new byte[i % 3 == 1 ? 3_000_000 : 9] }));
        Assert.Equal(["9|9000054"], await fixture.QueryAsync("select count(*), sum(length(v)) from v"));
    }

    private static object Interval(int months, int days, long microseconds) =>
        new UInt128(((ulong)(uint)months << 32) | (uint)days, (ulong)microseconds);
}
