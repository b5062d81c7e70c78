using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Every value is carried exactly as the server holds it, or it is handed on as mistyped.</summary>
public sealed class MyValueTests
{
    [Fact]
    public async Task MariaDB_keeps_no_sign_of_a_zero_that_could_be_read()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("set @n = -1e0 * 0e0",
            "create table t (id int primary key, d double, f float, g double as (d * -1e0) stored) engine=MyISAM",
            "insert into t (id, d, f) values (1, -1e0 * 0e0, -1e0 * 0e0), (2, '-0', '-0'), (3, -1e-400, round(-0.4e0)), "
            + "(4, @n, @n), (5, 0, 0), (6, 1, 1)", "update t set d = d * -1e0, f = f * -1e0 where id = 5",
            "prepare s from 'insert into t (id, d, f) values (7, ?, ?)'", "execute s using @n, @n", "insert into t (id, d, f) "
            + "select 8, atan2(-1e0 * 0e0, 1e0), -1e0 * 0e0", "create table i engine=InnoDB as select * from t", "flush tables t");
        // In an expression the sign is there, and shows in the angle; in no column it is.
        Assert.Equal(["1"], await fixture.RowsAsync("select atan2(-1e0 * 0e0, -1e0) < 0"));
        foreach (var table in new[] { "t", "i" })
        {
            Assert.Equal(["0"], await fixture.RowsAsync(
                $"select count(*) from {table} where id <> 6 and (atan2(d, -1e0) < 0 or atan2(f, -1e0) < 0 or atan2(g, -1e0) < 0)"));
        }
        // MyISAM writes rows as they lie in memory: a byte of flags, id, d, f, g. All of a zero is zeros.
        var stored = await File.ReadAllBytesAsync(Path.Combine(fixture.Server.Data, fixture.Database, "t.MYD"),
            TestContext.Current.CancellationToken);
        Assert.Equal(8 * 25, stored.Length);
        Assert.Equal([false, false, false, false, false, true, false, false],
            stored.Chunk(25).Select(row => row.AsSpan(5).ContainsAnyExcept((byte)0)));
    }

    [Theory]
    [InlineData("tinyint", "-128", "-128")]
    [InlineData("tinyint unsigned", "255", "255")]
    [InlineData("tinyint(1)", "2", "2")]
    [InlineData("mediumint unsigned", "16777215", "16777215")]
    [InlineData("int unsigned zerofill", "42", "42")]
    [InlineData("bigint", "-9223372036854775808", "-9223372036854775808")]
    [InlineData("bigint unsigned", "18446744073709551615", "18446744073709551615")]
    [InlineData("decimal(65,30)", "-99999999999999999999999999999999999.999999999999999999999999999999",
        "\"-99999999999999999999999999999999999.999999999999999999999999999999\"")]
    [InlineData("decimal(8,2) zerofill", "1.5", "\"1.50\"")]
    [InlineData("decimal(4,4)", "0.0001", "\"0.0001\"")]
    [InlineData("float", "0.1", "0.10000000149011612")]
    [InlineData("float", "16777217e0", "16777216")]
    [InlineData("float", "3.4028234e38", "3.4028234663852886E+38")]
    [InlineData("float", "1.4e-45", "1.401298464324817E-45")]
    [InlineData("float(7,2)", "12345.678", "12345.6796875")]
    [InlineData("double", "-2.2250738585072014e-308", "-2.2250738585072014E-308")]
    [InlineData("double", "1.7976931348623157e308", "1.7976931348623157E+308")]
    [InlineData("double", "5e-324", "5E-324")]
    [InlineData("double", "0.1", "0.1")]
    [InlineData("bit(1)", "b'1'", "1")]
    [InlineData("bit(63)", "x'7fffffffffffffff'", "9223372036854775807")]
    [InlineData("bit(64)", "x'ffffffffffffffff'", "18446744073709551615")]
    [InlineData("year", "2155", "2155")]
    [InlineData("year", "0", "0")]
    [InlineData("date", "'0001-01-01'", "\"0001-01-01\"")]
    [InlineData("date", "'9999-12-31'", "\"9999-12-31\"")]
    [InlineData("time", "'-838:59:59'", "\"-838:59:59\"")]
    [InlineData("time(6)", "'838:59:58.000001'", "\"838:59:58.000001\"")]
    [InlineData("time(6)", "'-00:00:00.000001'", "\"-00:00:00.000001\"")]
    [InlineData("datetime(6)", "'2024-02-29 23:59:59.999999'", "\"2024-02-29T23:59:59.999999\"")]
    [InlineData("datetime", "'1000-01-01'", "\"1000-01-01T00:00:00\"")]
    [InlineData("timestamp(6)", "'2038-01-19 03:14:07.999999'", "\"2038-01-19T03:14:07.999999Z\"")]
    [InlineData("json", "'{\"b\": 1,\"a\":[1.10]}'", "\"{\\\"b\\\": 1,\\\"a\\\":[1.10]}\"")]
    [InlineData("uuid", "'123e4567-e89b-12d3-a456-426655440000'", "\"123e4567-e89b-12d3-a456-426655440000\"")]
    [InlineData("inet6", "'2001:db8::ff00:42:8329'", "\"2001:db8::ff00:42:8329\"")]
    [InlineData("inet4", "'10.0.0.1'", "\"10.0.0.1\"")]
    [InlineData("enum('a','é','')", "'é'", "\"é\"")]
    [InlineData("set('a','b','c')", "'c,a'", "\"a,c\"")]
    [InlineData("varbinary(4)", "x'00ff'", "\"AP8=\"")]
    [InlineData("binary(3)", "x'ff'", "\"/wAA\"")]
    [InlineData("longblob", "x''", "\"\"")]
    [InlineData("point", "point(1,2)", "\"AAAAAAEBAAAAAAAAAAAA8D8AAAAAAAAAQA==\"")]
    public async Task A_value_is_read_as_it_is(string type, string literal, string json)
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("set names utf8mb4", $"create table t (id int primary key, v {type} null) character set utf8mb4",
            $"insert into t values (1, {literal}), (2, null)");
        await using var source = await fixture.SourceAsync();
        Assert.Equal([$"{{\"id\":1,\"v\":{json}}}", "{\"id\":2,\"v\":null}"], (await source.AllAsync("t")).Select(Unescaped));
    }

    [Theory]
    [InlineData("utf8mb4")]
    [InlineData("utf8mb3")]
    [InlineData("latin1")]
    [InlineData("latin2")]
    [InlineData("cp1251")]
    [InlineData("koi8r")]
    [InlineData("gbk")]
    [InlineData("gb2312")]
    [InlineData("big5")]
    [InlineData("sjis")]
    [InlineData("cp932")]
    [InlineData("ujis")]
    [InlineData("euckr")]
    [InlineData("utf16")]
    [InlineData("utf32")]
    [InlineData("ucs2")]
    [InlineData("ascii")]
    [InlineData("binary")]
    public async Task A_text_of_any_charset_arrives_as_the_server_says_it_is(string charset)
    {
        string[] words = ["", "plain", "it's 100%?", "é€ÿ", "жук", "棘爪", "表ソ能", "한글", "中文", "🦀", "a\\b\"c\n"];
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync($"create table t (id int primary key, v varchar(40), l longtext) character set {charset}");
        var there = new List<string>();
        foreach (var word in words)
        {
            try
            {
                var literal = Connectors.MySql.MyNames.Literal(word);
                await fixture.RunAsync($"insert into t values ({there.Count}, {literal}, {literal})");
                there.Add(word);
            }
            catch (Connectors.MySql.Protocol.MyServerException e) when (e.Number == 1366)
            {
                // The charset has no such letters.
            }
        }
        Assert.True(there.Count >= 4, charset);
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        await foreach (var e in source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
            new BatchBudget(100, 1 << 20), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            Assert.False(batch.HasStrays, charset);
            Assert.Equal(there.Count, batch.Rows);
            for (var row = 0; row < batch.Rows; row++)
            {
                Assert.Equal(there[row], System.Text.Encoding.UTF8.GetString(((BytesColumn)batch.Columns[1])[row]));
                Assert.Equal(there[row], System.Text.Encoding.UTF8.GetString(((BytesColumn)batch.Columns[2])[row]));
            }
        }
    }

    [Theory]
    [InlineData("latin1", "22c3a922")]
    [InlineData("gbk", "22c3a922")]
    [InlineData("cp1251", "22d0b622")]
    [InlineData("utf8mb3", "22c3a922")]
    [InlineData("utf16", "002268d80022")]
    public async Task Json_of_any_charset_arrives_as_the_server_says_it_is(string charset, string bytes)
    {
        await using var fixture = await MyFixture.NewAsync();
        await using var other = (MyFixture)await fixture.AnotherAsync();
        var column = $"j longtext character set {charset} check (json_valid(j))";
        await fixture.RunAsync($"create table t (id int primary key, {column})", $"insert into t values (1, x'{bytes}'), (2, null)");
        var letters = (await fixture.RowsAsync("select convert(j using utf8mb4) from t where id = 1"))[0];
        Assert.Equal(3, letters.Length - (charset is "latin1" or "cp1251" ? 1 : 0));
        await using var source = await fixture.SourceAsync();
        Assert.Equal(TypeKind.Json, (await source.TableAsync("t")).Columns[1].Type.Kind);
        Assert.Equal(letters, System.Text.Json.Nodes.JsonNode.Parse((await source.AllAsync("t"))[0])!["j"]!.GetValue<string>());
        // Into a table that Pawl makes, and into those that are there in this charset and in the usual one.
        await other.RunAsync($"create table same (id int primary key, {column})", "create table usual (id int primary key, j json)");
        foreach (var target in new[] { "made", "same", "usual" })
        {
            var job = new CopyJob
            {
                From = fixture.Here(), To = other.Here(), Verify = VerifyLevel.Digest,
                Tables = [CopyJob.Table($"{fixture.Database}.t", $"{other.Database}.{target}")],
            };
            await job.DoneAsync();
            var verdict = Assert.Single(await job.VerifyAsync());
            Assert.True(verdict is { Conclusive: true, Equal: true }, verdict.ToString());
            Assert.Equal([$"1|{letters}", "2|∅"], await other.RowsAsync($"select id, convert(j using utf8mb4) from {target} order by id"));
            Assert.Equal(target == "usual" ? "utf8mb4" : charset, (await other.RowsAsync("select character_set_name from "
                + $"information_schema.columns where table_schema = database() and table_name = '{target}' and column_name = 'j'"))[0]);
        }
    }

    [Fact]
    public async Task Good_text_that_no_packet_holds_once_converted_is_refused_and_not_mistyped()
    {
        await using var server = await MariaDbServer.StartAsync("--max-allowed-packet=1M");
        await using var fixture = MyFixture.In(server, await server.CreateDatabaseAsync());
        // 900 000 bytes as they lie, half as many again in UTF-8; with a question mark, and without.
        await fixture.RunAsync("create table t (id int primary key, v longtext character set gbk)",
            "set @one = convert('中' using gbk), @mark = convert('?' using gbk)",
            "insert into t values (1, concat(@mark, repeat(@one, 250000))), (2, repeat(@one, 450000)), "
            + "(3, concat(@mark, repeat(@one, 450000)))");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var thrown = await Assert.ThrowsAsync<PawlException>(async () =>
        {
            await foreach (var e in source.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
                new BatchBudget(1, 1 << 24), default))
            {
                using var batch = ((RowsEvent)e).Batch;
                Assert.False(batch.HasStrays);
                var text = System.Text.Encoding.UTF8.GetString(((BytesColumn)batch.Columns[1])[0]);
                Assert.Equal(((LongOf(batch) == 1 ? "?" : "") + new string('中', LongOf(batch) == 1 ? 250_000 : 450_000)), text);
            }
        });
        Assert.Equal((Fault.Data, Codes.ValueTooLarge), (thrown.Fault, thrown.Code));
        static long LongOf(RowBatch batch) => ((Int64Column)batch.Columns[0]).Values[0];
    }

    [Theory]
    [InlineData((int)MyForm.Whole, (int)MyType.BigInt, false, true)]
    [InlineData((int)MyForm.Whole, (int)MyType.BigInt, true, false)]
    [InlineData((int)MyForm.Unsigned, (int)MyType.BigInt, true, true)]
    [InlineData((int)MyForm.Unsigned, (int)MyType.BigInt, false, false)]
    // What is shorter fits into eight bytes either way.
    [InlineData((int)MyForm.Whole, (int)MyType.Int, true, true)]
    [InlineData((int)MyForm.Whole, (int)MyType.Year, true, true)]
    public void Bits_that_the_result_takes_otherwise_than_the_catalogue_are_no_number(int form, int type, bool isUnsigned, bool fits)
    {
        var column = new MyColumn("c", "c", "t", "t", "d", (MyType)type, isUnsigned ? MyFlags.Unsigned : MyFlags.None,
            MyColumn.BinaryCollation, 20, 0);
        var cells = MyCells.For((MyForm)form, MyZeroDates.Reject);
        if (fits) cells.Bind(column);
        else Assert.Equal(Codes.ContractBroken, Assert.Throws<PawlException>(() => cells.Bind(column)).Code);
    }

    [Fact]
    public async Task Every_byte_of_latin1_is_the_letter_that_the_server_takes_it_for()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v varchar(300) character set latin1)",
            $"insert into t values (1, x'{Convert.ToHexString([.. Enumerable.Range(1, 255).Select(i => (byte)i)])}')",
            // UTF-8 that went into a latin1 column unconverted is what the server says: two letters.
            "insert into t values (2, x'c3a9')");
        var server = await fixture.RowsAsync("select hex(convert(v using utf8mb4)) from t order by id");
        await using var source = await fixture.SourceAsync();
        await foreach (var e in source.Source.ReadAsync(await source.TableAsync("t"), new ReadOptions { Columns = ["v"] },
            new Split { Index = 0 }, null, null, new BatchBudget(100, 1 << 20), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            Assert.Equal(server, Enumerable.Range(0, batch.Rows).Select(r => Convert.ToHexString(((BytesColumn)batch.Columns[0])[r])));
            Assert.Equal("Ã©", System.Text.Encoding.UTF8.GetString(((BytesColumn)batch.Columns[0])[1]));
        }
    }

    [Fact]
    public async Task What_has_no_place_in_Unicode_is_mistyped_and_not_a_question_mark()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v varchar(20) character set gbk)",
            // A pair that gbk allows and gives no letter to, beside a real question mark.
            "insert into t values (1, x'3ffea0'), (2, x'3fc4e3')");
        Assert.Equal("3F3F", (await fixture.RowsAsync("select hex(convert(v using utf8mb4)) from t where id = 1"))[0]);
        await using var source = await fixture.SourceAsync();
        await foreach (var e in source.Source.ReadAsync(await source.TableAsync("t"), new ReadOptions(), new Split { Index = 0 }, null,
            null,
            new BatchBudget(100, 1 << 20), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            Assert.Equal(new byte[] { 0x3F, 0xFE, 0xA0 }, batch.Columns[1].Stray(0)!.Value.Data);
            Assert.Equal("?你", System.Text.Encoding.UTF8.GetString(((BytesColumn)batch.Columns[1])[1]));
        }
    }

    [Fact]
    public async Task Dates_that_no_calendar_has_follow_their_rule()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("set sql_mode = 'ALLOW_INVALID_DATES'",
            "create table t (id int primary key, d date not null, m datetime, s timestamp null)");
        await using (var loose = await fixture.Server.ConnectAsync(fixture.Database))
        {
            await loose.ExecuteAsync("set sql_mode = 'ALLOW_INVALID_DATES'", default);
            await loose.ExecuteAsync("insert into t values (1, '0000-00-00', '2024-00-15 01:02:03', 0), (2, '2024-02-31', '2023-02-29', "
                + "'2024-02-29 00:00:00'), (3, '2024-02-29', '2024-02-29', '2024-02-29')", default);
        }
        await using var reject = await fixture.SourceAsync();
        var table = await reject.TableAsync("t");
        await foreach (var e in reject.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
            new BatchBudget(100, 1 << 20), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            var strays = Enumerable.Range(0, 3).Select(r => string.Join('|', batch.Columns.Select(c => c.Stray(r) is { } s
                ? System.Text.Encoding.UTF8.GetString(s.Data!) : "")));
            Assert.Equal(["|0000-00-00|2024-00-15 01:02:03|0000-00-00 00:00:00", "|2024-02-31|2023-02-29 00:00:00|", "|||"], strays);
        }
        await using var nulls = await fixture.SourceAsync(("zero_dates", "null"));
        Assert.True((await nulls.TableAsync("t")).Columns[1].Nullable);
        Assert.Equal("""{"id":1,"d":null,"m":null,"s":null}""", (await nulls.AllAsync("t"))[0]);
        await using var text = await fixture.SourceAsync(("zero_dates", "text"));
        Assert.Equal("""{"id":1,"d":"0000-00-00","m":"2024-00-15 01:02:03","s":"0000-00-00 00:00:00"}""", (await text.AllAsync("t"))[0]);
        Assert.Equal("""{"id":3,"d":"2024-02-29","m":"2024-02-29 00:00:00","s":"2024-02-29 00:00:00"}""", (await text.AllAsync("t"))[2]);
    }

    [Fact]
    public async Task A_tinyint_of_one_digit_is_a_boolean_only_when_asked()
    {
        await using var fixture = await MyFixture.NewAsync();
        await fixture.RunAsync("create table t (id int primary key, v tinyint(1), w tinyint(2))",
            "insert into t values (1,1,1),(2,0,0),(3,2,2)");
        await using var asNumber = await fixture.SourceAsync();
        Assert.Equal(TypeKind.Integer, (await asNumber.TableAsync("t")).Columns[1].Type.Kind);
        await using var asBool = await fixture.SourceAsync(("tinyint1", "bool"));
        var table = await asBool.TableAsync("t");
        Assert.Equal([TypeKind.Integer, TypeKind.Bool, TypeKind.Integer], table.Columns.Select(c => c.Type.Kind));
        Assert.Equal("""{"id":1,"v":true,"w":1}""", (await asBool.AllAsync("t"))[0]);
        await foreach (var e in asBool.Source.ReadAsync(table, new ReadOptions(), new Split { Index = 0 }, null, null,
            new BatchBudget(100, 1 << 20), default))
        {
            using var batch = ((RowsEvent)e).Batch;
            Assert.Equal(new StrayCell(TypeKind.Integer, 2, null), batch.Columns[1].Stray(2));
        }
    }

    private static string Unescaped(string json) => System.Text.RegularExpressions.Regex.Unescape(json.Replace("\\\"", "\\\\\"")
        .Replace("\\/", "/").Replace("\\\\\\\"", "\\\\\""));
}
