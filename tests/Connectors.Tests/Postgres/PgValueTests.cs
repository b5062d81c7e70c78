using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Every type at its edges arrives exactly as the server holds it.</summary>
public sealed class PgValueTests
{
    /// <summary>Declaration, literals, what the batch says (as JSON), in the same order; the last literal of each is null.</summary>
    public static TheoryData<string, string[], string[]> Values => new()
    {
        { "boolean", ["true", "false"], ["true", "false"] },
        { "smallint", ["-32768", "32767"], ["-32768", "32767"] },
        { "integer", ["-2147483648", "2147483647"], ["-2147483648", "2147483647"] },
        { "bigint", ["-9223372036854775808", "9223372036854775807"], ["-9223372036854775808", "9223372036854775807"] },
        { "oid", ["0", "4294967295"], ["0", "4294967295"] },
        { "real", ["3.4028235e38", "1e-45", "-0", "NaN", "-Infinity"],
            ["3.4028234663852886E+38", "1.401298464324817E-45", "-0", "\"NaN\"", "\"-Infinity\""] },
        { "double precision", ["1.7976931348623157e308", "5e-324", "0.1", "NaN", "Infinity"],
            ["1.7976931348623157E+308", "5E-324", "0.1", "\"NaN\"", "\"Infinity\""] },
        { "numeric", ["0", "0.00", "-0.001", "NaN", "Infinity", "-Infinity", "1e20", "1e-20",
                "123456789012345678901234567890123456789012.50",
                "99999999.99990000", "10000", "9999.9", "0.00010001"],
            ["\"0\"", "\"0.00\"", "\"-0.001\"", "\"NaN\"", "\"Infinity\"", "\"-Infinity\"", "\"100000000000000000000\"",
                "\"0.00000000000000000001\"", "\"123456789012345678901234567890123456789012.50\"", "\"99999999.99990000\"", "\"10000\"",
                "\"9999.9\"", "\"0.00010001\""] },
        { "numeric(12,2)", ["1.005", "-9999999999.99", "0"], ["\"1.01\"", "\"-9999999999.99\"", "\"0.00\""] },
        { "numeric(5,-2)", ["12345", "-50"], ["\"12300\"", "\"-100\""] },
        { "text", ["", " ", "null", "半角🦀", "a\tb\nc\\d"], ["\"\"", "\" \"", "\"null\"", "\"半角\\uD83E\\uDD80\"", "\"a\\tb\\nc\\\\d\""] },
        { "varchar(3)", ["abc", "🦀🦀🦀"], ["\"abc\"", "\"\\uD83E\\uDD80\\uD83E\\uDD80\\uD83E\\uDD80\""] },
        { "char(5)", ["ab", ""], ["\"ab   \"", "\"     \""] },
        { "name", ["pg"], ["\"pg\""] },
        { "bytea", ["", "\\x00ff", "\\x61"], ["\"\"", "\"AP8=\"", "\"YQ==\""] },
        { "date", ["infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "1970-01-01", "1582-10-10"],
            ["\"infinity\"", "\"-infinity\"", "\"-4712-01-01\"", "\"+5874897-12-31\"",
                "\"1970-01-01\"", "\"1582-10-10\""] },
        { "time", ["00:00:00", "24:00:00", "23:59:59.999999"], ["\"00:00:00\"", "\"24:00:00\"", "\"23:59:59.999999\""] },
        { "timestamp", ["infinity", "-infinity", "4713-01-01 00:00:00 BC", "0001-12-31 23:59:59.999999 BC", "294246-12-31 23:59:59.999999",
                "2000-01-01 00:00:00.000001"],
            ["\"infinity\"", "\"-infinity\"", "\"-4712-01-01T00:00:00\"", "\"0000-12-31T23:59:59.999999\"",
                "\"+294246-12-31T23:59:59.999999\"", "\"2000-01-01T00:00:00.000001\""] },
        { "timestamptz", ["infinity", "-infinity", "2026-03-29 02:30:00+02", "4713-01-01 00:00:00+00 BC"],
            ["\"infinity\"", "\"-infinity\"", "\"2026-03-29T00:30:00Z\"", "\"-4712-01-01T00:00:00Z\""] },
        { "interval", ["1 year 2 months -3 days 04:05:06.000007", "-178000000 years", "-00:00:00.000001"],
            ["""{"months":14,"days":-3,"microseconds":14706000007}""", """{"months":-2136000000,"days":0,"microseconds":0}""",
                """{"months":0,"days":0,"microseconds":-1}"""] },
        { "uuid", ["00112233-4455-6677-8899-aabbccddeeff"], ["\"00112233-4455-6677-8899-aabbccddeeff\""] },
        { "json", ["{\"b\": 1,  \"b\": 2}", "null"], ["\"{\\\"b\\\": 1,  \\\"b\\\": 2}\"", "\"null\""] },
        { "jsonb", ["{\"b\":1,\"a\":1.10}", "null"], ["\"{\\\"a\\\": 1.10, \\\"b\\\": 1}\"", "\"null\""] },
        { "money", ["-92233720368547758.08", "1234.5"], ["\"-$92,233,720,368,547,758.08\"", "\"$1,234.50\""] },
        { "inet", ["10.0.0.1", "10.0.0.1/8", "::1"], ["\"10.0.0.1/32\"", "\"10.0.0.1/8\"", "\"::1/128\""] },
        { "cidr", ["10.0.0.0/8"], ["\"10.0.0.0/8\""] },
        { "macaddr", ["08:00:2b:01:02:03"], ["\"08:00:2b:01:02:03\""] },
        { "bit(3)", ["101"], ["\"101\""] },
        { "bit varying", ["", "1011"], ["\"\"", "\"1011\""] },
        { "xml", ["<a>1</a><b/>", "text"], ["\"<a>1</a><b/>\"", "\"text\""] },
        { "tsvector", ["fat:2 cat:1A"], ["\"'cat':1A 'fat':2\""] },
        { "tsquery", ["fat & !cat"], ["\"'fat' & !'cat'\""] },
        { "int4range", ["[1,5)", "empty", "(,)"], ["\"[1,5)\"", "\"empty\"", "\"(,)\""] },
        { "tstzrange", ["[2026-01-01 00:00+08,infinity)"], ["\"[\\\"2025-12-31 16:00:00+00\\\",infinity)\""] },
        { "int4multirange", ["{[1,2),[5,9)}"], ["\"{[1,2),[5,9)}\""] },
        { "integer[]", ["{}", "{1,NULL,3}", "[0:1]={5,6}", "{{1,2},{3,4}}"],
            ["\"{}\"", "\"{1,NULL,3}\"", "\"[0:1]={5,6}\"", "\"{{1,2},{3,4}}\""] },
        { "text[]", ["{\"a,b\",\"\",NULL,\"NULL\"}"], ["\"{\\\"a,b\\\",\\\"\\\",NULL,\\\"NULL\\\"}\""] },
        { "double precision[]", ["{0.1,NaN}"], ["\"{0.1,NaN}\""] },
        { "timestamptz[]", ["{\"2026-01-01 00:00+08\"}"], ["\"{\\\"2025-12-31 16:00:00+00\\\"}\""] },
        { "mood", ["sad", "o'k"], ["\"sad\"", "\"o'k\""] },
        { "mood[]", ["{sad,o'k}"], ["\"{sad,o'k}\""] },
        { "\"Odd \"\"type\"", ["(1,\"a b\")", "(,)"], ["\"(1,\\\"a b\\\")\"", "\"(,)\""] },
        { "price", ["12.345"], ["\"12.35\""] },
        { "price_of_price", ["7"], ["\"7.00\""] },
        { "citext", ["AbC"], ["\"AbC\""] },
        { "hstore", ["a=>1, \"b c\"=>NULL"], ["\"\\\"a\\\"=>\\\"1\\\", \\\"b c\\\"=>NULL\""] },
        { "point", ["(0.1,-2)"], ["\"(0.1,-2)\""] },
        { "timetz", ["24:00:00-15:59"], ["\"24:00:00-15:59\""] },
        { "pg_lsn", ["16/B374D848"], ["\"16/B374D848\""] },
        { "\"char\"", ["x", ""], ["\"x\"", "\"\""] },
        { "regclass", ["public.moods"], ["\"public.moods\""] },
    };

    [Theory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Every_type_arrives_exactly(int version)
    {
        await using var fixture = await NewAsync(version);
        var wrong = new List<string>();
        var number = 0;
        await using var source = await fixture.SourceAsync();
        foreach (var row in Values)
        {
            var (type, literals, expected) = row.Data;
            var table = FormattableString.Invariant($"t{number++}");
            var quoted = literals.Select((l, i) => FormattableString.Invariant($"({i}, '{l.Replace("'", "''")}'::{type})"));
            await fixture.RunAsync($"create table {table} (id int primary key, v {type})",
                $"insert into {table} values {string.Join(", ", quoted)}, (99, null)");
            var rows = await source.AllAsync(table, null, "v");
            var wanted = expected.Select(e => $"{{\"v\":{e}}}").Append("{\"v\":null}").ToList();
            for (var i = 0; i < wanted.Count; i++)
            {
                if (rows.ElementAtOrDefault(i) != wanted[i]) wrong.Add($"{type}: expected {wanted[i]}, read {rows.ElementAtOrDefault(i)}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [Fact]
    public async Task Every_type_can_be_a_key_that_has_an_order()
    {
        await using var fixture = await NewAsync(15);
        var number = 0;
        await using var source = await fixture.SourceAsync();
        foreach (var row in Values)
        {
            var (type, literals, _) = row.Data;
            // These have no order of their own, and floats are no place to go on from.
            if (type is "json" or "xml" or "point" or "tsquery" or "tsvector" or "real" or "double precision") continue;
            var table = FormattableString.Invariant($"k{number++}");
            var quoted = literals.Select(l => $"('{l.Replace("'", "''")}'::{type})");
            await fixture.RunAsync($"create table {table} (v {type} primary key)",
                $"insert into {table} values {string.Join(", ", quoted)} on conflict do nothing");
            var schema = await source.TableAsync(table);
            Assert.Equal(KeyKind.Primary, schema.Key.Kind);
            var whole = await source.ReadAsync(schema);
            Assert.Equal(await fixture.RowsAsync($"select count(*) from {table}"), [FormattableString.Invariant($"{whole.Count}")]);
            var stepped = new List<string>();
            Position? after = null;
            while (await source.ReadAsync(schema, after: after, rows: 1) is { Count: > 0 } rest)
            {
                stepped.Add(rest[0].Row);
                after = rest[0].Commit;
                Assert.True(stepped.Count <= literals.Length, $"{type}: the key {after} is passed by, not reached");
            }
            Assert.Equal(whole.Select(r => r.Row), stepped);
        }
    }

    [Fact]
    public async Task The_logical_types_say_what_they_hold()
    {
        await using var fixture = await NewAsync(15);
        await fixture.RunAsync("""
            create table t (a varchar(20), b numeric(12,3), c price_of_price, d timestamp(3), e mood[], f char(7), g numeric(5,-2),
                h int generated always as identity, i int generated always as (1 + 1) stored, j text collate "POSIX")
            """);
        await using var source = await fixture.SourceAsync();
        var columns = (await source.TableAsync("t")).Columns;
        Assert.Equal(["text(20)", "decimal(12,3)", "decimal(10,2)", "datetime(3)", "native", "text(7)", "decimal",
            "integer(4)", "integer(4)", "text"], columns.Select(c => c.Type.ToString()));
        Assert.Equal(["character varying(20)", "numeric(12,3)", "public.price_of_price", "timestamp(3) without time zone", "public.mood[]",
            "character(7)", "numeric(5,-2)", "integer", "integer", "text"], columns.Select(c => c.NativeType));
        Assert.Equal("i", Assert.Single(columns, c => c.Generated).Name);
        Assert.Equal("pg_catalog.\"POSIX\"", columns[9].Collation);
    }

    [Fact]
    public async Task A_time_that_64_bits_cannot_count_from_1970_is_refused()
    {
        await using var fixture = await NewAsync(15);
        await fixture.RunAsync("create table t (id int primary key, v timestamp)", "insert into t values (1, '294276-12-31 23:59:59')");
        await using var source = await fixture.SourceAsync();
        var thrown = await source.FailureAsync(s => s.AllAsync("t"));
        Assert.Equal((Fault.Data, Codes.TypeMismatch, "v"), (thrown.Fault, thrown.Code, thrown.Details["column"]));
    }

    [Fact]
    public async Task An_infinite_interval_of_version_18_arrives()
    {
        await using var fixture = await NewAsync(18);
        await fixture.RunAsync("create table t (id int primary key, v interval)", "insert into t values (1, 'infinity')");
        await using var source = await fixture.SourceAsync();
        Assert.Equal(["""{"v":{"months":2147483647,"days":2147483647,"microseconds":9223372036854775807}}"""],
            await source.AllAsync("t", null, "v"));
    }

    [Fact]
    public async Task Settings_of_database_and_role_change_no_value()
    {
        await using var fixture = await NewAsync(15);
        await fixture.RunAsync("create table t (id int primary key, a timestamptz[], b bytea[], c interval[], d money, e float8[])",
            "insert into t values (1, '{2026-01-01 00:00+00}', '{\"\\\\x00ff\"}', '{1 day}', '$5', '{0.1}')");
        await using var source = await fixture.SourceAsync();
        var before = await source.AllAsync("t");
        foreach (var setting in new[] { "timezone = 'Asia/Shanghai'", "bytea_output = 'escape'", "intervalstyle = 'iso_8601'",
            "datestyle = 'German'", "extra_float_digits = -15" })
        {
            await fixture.RunAsync($"alter database {fixture.Database} set {setting}");
        }
        await using var later = await fixture.SourceAsync();
        Assert.Equal(before, await later.AllAsync("t"));
    }

    private static async Task<PgFixture> NewAsync(int version)
    {
        var fixture = await PgFixture.NewAsync(version);
        await fixture.RunAsync("create type mood as enum ('sad', 'o''k')", "create type \"Odd \"\"type\" as (a int, b text)",
            "create domain price as numeric(10,2) check (value > 0)", "create domain price_of_price as price", "create extension citext",
            "create extension hstore", "create table moods ()");
        return fixture;
    }
}
