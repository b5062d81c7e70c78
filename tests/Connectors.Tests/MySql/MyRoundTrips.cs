using System.Globalization;
using Pawl.Connectors.Tests.Files;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <inheritdoc cref="MyRoundTripTests"/>
public abstract class MyRoundTrips
{
    private readonly MyServer server;

    private protected MyRoundTrips(MyServer server, bool isMaria) => (this.server, IsMaria) = (server, isMaria);

    private bool IsMaria { get; }

    /// <summary>Column, its type, and how SQL writes its value so that it is the same whatever type it came back as.</summary>
    private static readonly (string Name, string Type, string Text)[] Columns =
    [
        ("i1", "tinyint", ""), ("u1", "tinyint unsigned", ""), ("i2", "smallint", ""), ("u2", "smallint unsigned", ""),
        ("i3", "mediumint", ""), ("u3", "mediumint unsigned zerofill", "u3 + 0"), ("i4", "int", ""), ("u4", "int unsigned", ""),
        ("i8", "bigint", ""), ("u8", "bigint unsigned", ""), ("bo", "tinyint(1)", ""), ("b1", "bit(1)", "b1 + 0"),
        ("b64", "bit(64)", "b64 + 0"), ("y", "year", "y + 0"), ("d", "decimal(65,30)", ""), ("d0", "decimal(65,0)", ""),
        ("du", "decimal(20,2) unsigned", ""), ("f", "float", "f * 1e0"), ("r", "double", ""), ("c", "char(20)", ""),
        ("v", "varchar(400)", ""), ("t1", "tinytext", ""), ("t2", "text", ""), ("t3", "mediumtext", ""), ("t4", "longtext", ""),
        ("latin", "varchar(300) character set latin1", ""), ("chinese", "varchar(50) character set gbk", ""),
        ("japanese", "varchar(50) character set sjis", ""), ("three", "varchar(50) character set utf8mb3", ""),
        ("wide", "varchar(50) character set utf16", ""), ("e", "enum('a','é','x,y','')", ""), ("s", "set('x','y','z w')", ""),
        ("bi", "binary(4)", "#"), ("vb", "varbinary(300)", "#"), ("bl1", "tinyblob", "#"), ("bl4", "longblob", "#"), ("g", "geometry", "#"),
        ("dt", "date", ""), ("dm", "datetime(6)", "@"), ("dm0", "datetime", "@"), ("ts", "timestamp(6) null", "@"),
        ("ti", "time(6)",
            "if(locate('.', ti), trim(trailing '.' from trim(trailing '0' from ti)), cast(ti as char))"),
        ("j", "json", ""), ("inv", "int invisible", ""),
    ];

    /// <summary>What only MariaDB has.</summary>
    private static readonly (string Name, string Type, string Text)[] Own = [("u", "uuid", ""), ("ip", "inet6", "")];

    private static readonly string Every = "convert(x'" + string.Concat(Enumerable.Range(1, 255).Select(b => b.ToString("x2",
        CultureInfo.InvariantCulture))) + "' using latin1)";

    /// <summary>id, and the columns that are not null.</summary>
    private static string[] Rows(bool maria) =>
    [
        $"""
        insert into s (id, i1, u1, i2, u2, i3, u3, i4, u4, i8, u8, bo, b1, b64, y, d, d0, du, f, r, c, v, t1, t2, t3, t4, latin, chinese,
            japanese, three, wide, e, s, bi, vb, bl1, bl4, g, dt, dm, dm0, ts, ti, j, inv{(maria ? ", u, ip" : "")})
        values (1, -128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, -1,
            b'1', x'ffffffffffffffff', 2155, -99999999999999999999999999999999999.999999999999999999999999999999,
            {new string('9', 65)}, 999999999999999999.99, 0.1, 2.2250738585072014e-308, 'ab', '棘爪 🦀 \\N \\ "q" ''s''\r\n\tx', 't,1',
            ';', '|', repeat('é', 70000), {Every}, '中文?', 'テスト', 'ü☃', 'å🦀', 'x,y', 'z w,x', x'00ff5c27', x'000a0d09225c2c00', x'00',
            repeat(x'00ff', 40000), st_geomfromtext('polygon((0 0,0 2,2 2,0 0))', 4326), '0001-01-01', '9999-12-31 23:59:59.999999',
            '1000-01-01', '1970-01-01 00:00:01.000001', '-838:59:59', '{"{"}"b": 1,"a":[1.10]{"}"}', 7
            {(maria ? ", '123e4567-e89b-12d3-a456-426655440000', '2001:db8::ff00:42:8329'" : "")})
        """,
        "insert into s (id) values (2)",
        """
        insert into s (id, i1, u1, i8, u8, b1, b64, y, d, du, f, r, c, v, t1, t2, t4, latin, e, s, bi, vb, bl1, bl4, dt, dm, dm0, ts, ti, j)
        values (3, 127, 0, 9223372036854775807, 9223372036854775808, b'0', 0, 0, 0.000000000000000000000000000001, 0.01, -3.4028234e38,
            -1.7976931348623157e308, '', ' ', '', '  x ', ' ', '', '', '', '', '', '', '', '9999-12-31', '0001-01-01 00:00:00.000001',
            '9999-12-31 23:59:59', '2038-01-19 03:14:07.999999', '838:59:58.999999', 'null')
        """,
        // Both sides of the hours that a server in Berlin has not and has twice.
        "insert into s (id, dm, ts, ti) values (4, '2026-03-29 02:30:00', '2026-03-29 00:59:59.999999', '00:00:00.000001')",
        "insert into s (id, dm, ts, ti) values (5, '2026-10-25 02:30:00', '2026-03-29 01:00:00', '-00:00:00.000001')",
        "insert into s (id, ts, v) values (6, '2026-10-25 00:30:00.5', 'trailing  '), (7, '2026-10-25 01:30:00.5', '\\r\\n'),"
            + " (8, '2026-10-25 00:59:59.999999', 'NULL'), (9, '2026-10-25 01:00:00', '\\\\x00')",
    ];

    private (string Name, string Type, string Text)[] All => IsMaria ? [.. Columns, .. Own] : Columns;

    private async Task FillAsync(string database, string types)
    {
        await using var session = await server.ConnectAsync(database);
        await session.ExecuteAsync("set time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES'", default);
        await session.ExecuteAsync($"create table s (id int primary key, {types}, gen int as (i4 + 0) stored) character set utf8mb4 "
            + $"collate {(IsMaria ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin")}", default);
        foreach (var row in Rows(IsMaria)) await session.ExecuteAsync(row, default);
    }

    /// <summary>Each column, all rows of it.</summary>
    private async Task<List<string>> ColumnsAsync(string database, string table)
    {
        await using var session = await server.ConnectAsync(database);
        await session.ExecuteAsync("set time_zone = '+00:00'", default);
        var all = new List<string>();
        foreach (var (name, _, text) in All.Append(("gen", "", "")))
        {
            var sql = text switch
            {
                "" => $"hex(cast({name} as char character set utf8mb4))",
                "#" => $"hex({name})",
                "@" => $"date_format(replace(replace(cast({name} as char), 'T', ' '), 'Z', ''), '%Y-%m-%d %H:%i:%s.%f')",
                _ => text,
            };
            all.AddRange((await MyServer.RowsAsync(session, $"select id, {sql} from {table} order by id")).Select(r => $"{name} {r}"));
        }
        return all;
    }

    private static async Task CopyAsync(Endpoint from, Endpoint to, string table, string target,
        IEnumerable<string> columns)
    {
        var job = new CopyJob { From = from, To = to, Tables = [CopyJob.Table(table, target)], Verify = VerifyLevel.Digest, Rows = 3 };
        await job.DoneAsync();
        var verdict = Assert.Single(await job.VerifyAsync());
        Assert.True(verdict is { Conclusive: true, SourceRows: 9, TargetRows: 9 }, verdict.ToString());
        if (verdict.Equal) return;
        var differing = new List<string>();
        foreach (var column in columns)
        {
            var rule = CopyJob.Table(table, $"{target}_{column}") with { Select = ["id", column] };
            var one = new CopyJob { From = from, To = to, Tables = [rule] };
            await one.RunAsync();
            if (!Assert.Single(await one.VerifyAsync()).Equal) differing.Add(column);
        }
        Assert.Fail($"these columns differ: {string.Join(", ", differing)}");
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("sqlite")]
    [InlineData("csv")]
    [InlineData("jsonl")]
    public async Task Every_type_and_value_goes_there_and_comes_back(string there)
    {
        var (from, to) = (await server.CreateDatabaseAsync(), await server.CreateDatabaseAsync());
        await FillAsync(from, string.Join(", ", All.Select(c => $"{c.Name} {c.Type}")));
        // What the other system cannot hold is refused there, with its code, and is not what this is about.
        if (there == "sqlite")
        {
            await server.ExecuteAsync(from, "update s set u8 = 9223372036854775807 where u8 > 9223372036854775807",
                "update s set b64 = 9223372036854775807 where id = 1");
        }
        if (there == "postgres") await server.ExecuteAsync(from, "update s set ti = '23:59:59.999999' where id in (1, 3, 5)");
        if (there == "jsonl") await server.ExecuteAsync(from, "update s set j = '[null]' where id = 3");
        using var scratch = new Scratch();
        using var folder = new FilesFolder();
        await using var pg = there == "postgres" ? await PgFixture.NewAsync() : null;
        var (middle, table) = there switch
        {
            "postgres" => (pg!.Here(), "public.m"),
            "sqlite" => (CopyJob.File(scratch.Target), "m"),
            _ => (FilesFolder.At(Path.Combine(folder.Root, "out"), there), "m"),
        };
        await ThereAndBackAsync(from, middle, table, to);
    }

    [Fact]
    public async Task Every_type_and_value_goes_to_MariaDB_and_comes_back() => await ByWayOfAsync(await MariaDbServer.SharedAsync());

    internal async Task ByWayOfAsync(MyServer other)
    {
        var (from, to) = (await server.CreateDatabaseAsync(), await server.CreateDatabaseAsync());
        var database = await other.CreateDatabaseAsync();
        await FillAsync(from, string.Join(", ", All.Select(c => $"{c.Name} {c.Type}")));
        await ThereAndBackAsync(from, At(other, database), $"{database}.m", to);
        await other.DropAsync(database);
    }

    private async Task ThereAndBackAsync(string from, Endpoint there, string table, string to)
    {
        string[] columns = [.. All.Select(c => c.Name), "gen"];
        await CopyAsync(At(server, from), there, $"{from}.s", table, columns);
        await CopyAsync(there, At(server, to), table, $"{to}.back", columns);
        Assert.Equal(await ColumnsAsync(from, "s"), await ColumnsAsync(to, "back"));
        await server.DropAsync(from);
        await server.DropAsync(to);
    }

    private static Endpoint At(MyServer server, string database) => new()
    {
        Scheme = "mysql", Host = "127.0.0.1", Port = server.Port, Path = database, User = "root",
        Display = FormattableString.Invariant($"mysql://root@127.0.0.1:{server.Port}/{database}"),
        Options = new Dictionary<string, string>(),
    };
}
