using System.Text;
using Pawl.Connectors.Tests.Files;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <inheritdoc cref="MyGuestTripTests"/>
public abstract class MyGuestTrips
{
    private readonly MyServer server;

    private protected MyGuestTrips(MyServer server) => this.server = server;

    private Endpoint At(string database, params (string Name, string Value)[] options) => new()
    {
        Scheme = "mysql", Host = "127.0.0.1", Port = server.Port, Path = database, User = "root",
        Display = FormattableString.Invariant($"mysql://root@127.0.0.1:{server.Port}/{database}"),
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };

    private static async Task CopyAsync(Endpoint from, Endpoint to, string table, string target, long rows)
    {
        var job = new CopyJob { From = from, To = to, Tables = [CopyJob.Table(table, target)], Verify = VerifyLevel.Digest, Rows = 3 };
        await job.DoneAsync();
        Assert.All(await job.VerifyAsync(), v => Assert.True(v.Equal && v.Conclusive && v.SourceRows == rows, v.ToString()));
    }

    [Fact]
    public async Task Every_type_of_PostgreSQL_goes_there_and_comes_back()
    {
        await using var pg = await PgFixture.NewAsync();
        var database = await server.CreateDatabaseAsync();
        await pg.RunAsync("create type mood as enum ('sad', 'glad')", """
            create table s (id bigint primary key, b bool, i2 smallint, i4 int, i8 bigint, f4 real, f8 float8, n numeric(20,4),
                nn numeric(65,30), free numeric, t text, v varchar(20), by bytea, d date, tm time(6), ts timestamp, tz timestamptz, u uuid,
                j json, jb jsonb, iv interval, arr int[], words text[], e mood, ip inet, bits bit(3), ttz timetz)
            """, """
            insert into s values (1, true, -32768, -2147483648, -9223372036854775808, 0.1, 5e-324, -9999999999999999.9999,
                -99999999999999999999999999999999999.999999999999999999999999999999,
                12345678901234567890123456789012345.123456789012345678901234567891,
                E'棘爪 🦀 \\N \\ "q" ''s''\r\n\tx', 'ab  ', '\x00ff5c270a',
                '0001-01-01', '00:00:00', '0001-01-01 00:00:00.000001', '1970-01-01 00:00:01.000001+00',
                '123e4567-e89b-12d3-a456-426655440000', '{"b" : 1,"a":[1.10]}', '{"b": 1, "a": [1.10]}',
                '-1 year -2 mons +3 days -04:05:06.000007', '{1,NULL,-3}', array['a,b', 'c"d', null, ''], 'glad', '10.0.0.0/8', B'101',
                '12:00+01')
            """, "insert into s (id) values (2)", """
            insert into s (id, b, i8, f4, f8, t, v, by, d, tm, ts, tz, j, iv, arr) values (3, false, 9223372036854775807, 3.4028235e38,
                -1.7976931348623157e308, '', '', '', '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999',
                '2038-01-19 03:14:07.999999+00', 'null', '0', '{}'), (4, true, 0, 0, 0, '  x ', ' ', '\x', '2026-03-29', '24:00:00',
                '2026-03-29 02:30:00', '2026-03-29 00:59:59.999999+00', '[]', '178000000 years', null),
                (5, true, 0, 0, 0, E'\\N', '\x', '\x5c', '2026-10-25', '12:00:00.5', '2026-10-25 02:30:00',
                '2026-10-25 00:30:00.5+00', '""',
                '1 day -1 us', null), (6, true, 0, 0, 0, E'\n', E'\t', '\x00', '2026-10-25', '00:00:00.000001', '2026-10-25 02:30:00',
                '2026-10-25 01:30:00.5+00', '1', '1 mon', null)
            """);
        await CopyAsync(pg.Here(), At(database), "public.s", $"{database}.m", 6);
        await CopyAsync(At(database, ("tinyint1", "bool")), pg.Here(), $"{database}.m", "public.back", 6);
        foreach (var column in new[]
        {
            "b", "i2", "i4", "i8", "f4", "f8", "n", "nn", "trim_scale(free)", "t", "v", "by", "d", "tm", "ts", "tz", "u", "j::text",
            "jb::text",
            "iv::text::interval", "arr::text", "words::text", "e", "ip::text", "bits::text", "ttz::text",
        })
        {
            Assert.Equal(await pg.RowsAsync($"select id || ' {column} ' || coalesce({column}::text, '∅') from s order by id"),
                await pg.RowsAsync($"select id || ' {column} ' || coalesce({column}::text, '∅') from back order by id"));
        }
        await server.DropAsync(database);
    }

    [Fact]
    public async Task Every_type_of_SQLite_goes_there_and_comes_back()
    {
        using var scratch = new Scratch();
        var database = await server.CreateDatabaseAsync();
        scratch.Run(scratch.Source, "create table s(id integer primary key, i integer, r real, t text, b blob, vc varchar(20))", """
            insert into s values (1, -9223372036854775808, 5e-324, '棘爪 🦀 \N \ "q" ''s''' || char(13, 10, 9), x'00ff5c270a', 'ab  '),
                (2, null, null, null, null, null), (3, 9223372036854775807, -1.7976931348623157e308, '', x'', ''),
                (4, 0, 0.1, '  x ', zeroblob(70000), '\'), (5, 1, 1e16, 'a' || char(0) || 'b', x'00', char(10))
            """, "create table loose(id integer primary key, n numeric, w)",
            "insert into loose values (1, 12.5, 'any'), (2, null, null), (3, -9007199254740993, 5), (4, 1e300, 2.5), (5, 0, '5')");
        await CopyAsync(CopyJob.File(scratch.Source), At(database), "s", $"{database}.m", 5);
        await CopyAsync(At(database), CopyJob.File(scratch.Target), $"{database}.m", "s", 5);
        // Cells without a type become the text they look like: 5 and '5' are one there, and a digest tells them apart.
        foreach (var (from, to, table, target) in new[]
        {
            (CopyJob.File(scratch.Source), At(database), "loose", $"{database}.loose"),
            (At(database), CopyJob.File(scratch.Target), $"{database}.loose", "loose"),
        })
        {
            await new CopyJob { From = from, To = to, Tables = [CopyJob.Table(table, target)], Verify = VerifyLevel.Count }.DoneAsync();
        }
        foreach (var (table, column) in new[]
        {
            ("s", "i"), ("s", "r"), ("s", "hex(t)"), ("s", "hex(b)"), ("s", "hex(vc)"), ("loose", "n + 0"),
            ("loose", "cast(w as text)"),
        })
        {
            Assert.Equal(Scratch.Rows(scratch.Source, $"select id, {column} from {table} order by id"),
                Scratch.Rows(scratch.Target, $"select id, {column} from {table} order by id"));
        }
        await server.DropAsync(database);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    public async Task Every_type_of_a_file_goes_there_and_comes_back(string scheme)
    {
        using var folder = new FilesFolder();
        var database = await server.CreateDatabaseAsync();
        var lines = scheme == "csv" ? Csv : Json;
        folder.Write($"in/s.{scheme}", string.Join('\n', scheme == "csv" ? [Header, .. lines] : lines) + "\n");
        const string Types = "id:bigint,i2:smallint,i4:int,n:decimal(65,30),f:real,r:double,b:bool,d:date,ti:time,ts:timestamp,"
            + "tz:timestamptz,u:uuid,j:json,by:bytes,v:text(9)";
        var source = FilesFolder.At(Path.Combine(folder.Root, $"in/s.{scheme}"), scheme, ("types", Types), ("key", "id"));
        var target = FilesFolder.At(Path.Combine(folder.Root, "out"), scheme);
        await CopyAsync(source, At(database), "s", $"{database}.m", lines.Length);
        await CopyAsync(At(database, ("tinyint1", "bool")), target, $"{database}.m", "back", lines.Length);
        var back = Directory.GetFiles(Path.Combine(folder.Root, "out/back"), "part-*").Order(StringComparer.Ordinal)
            .SelectMany(f => File.ReadAllText(f, Encoding.UTF8).TrimEnd('\n').Split('\n').Where(l => l != Header));
        // JSON of another system is a text there, word for word.
        Assert.Equal(scheme == "csv" ? lines : lines.Select(l => l.Replace("\"j\":{\"b\" : 1,\"a\":[1.10]}",
            @"""j"":""{\""b\"" : 1,\""a\"":[1.10]}""", StringComparison.Ordinal).Replace("\"j\":\"\"", @"""j"":""\""\""""",
            StringComparison.Ordinal)), back);
        await server.DropAsync(database);
    }

    private const string Header = "id,i2,i4,n,f,r,b,d,ti,ts,tz,u,j,by,v,t";

    /// <summary>As Pawl writes them, so that what comes back can be the same.</summary>
    private static readonly string[] Csv =
    [
        "1,-32768,-2147483648,-99999999999999999999999999999999999.999999999999999999999999999999,0.1,5E-324,true,0001-01-01,"
            + "-838:59:58.999999,0001-01-01T00:00:00.000001,1970-01-01T00:00:01.000001Z,123e4567-e89b-12d3-a456-426655440000,"
            + "\"{\"\"b\"\" : 1,\"\"a\"\":[1.10]}\",\\x00ff5c270a,ab  ,棘爪 🦀 \\N \\ 's'",
        "2,,,,,,,,,,,,,,,",
        "3,32767,2147483647,0.000000000000000000000000000001,-3.4028235E+38,-1.7976931348623157E+308,false,9999-12-31,23:59:59.999999,"
            + "9999-12-31T23:59:59.999999,2038-01-19T03:14:07.999999Z,00000000-0000-0000-0000-000000000000,\"\"\"\"\"\",\\x,\"\",\"\"",
        "4,0,0,0.500000000000000000000000000000,0,0,true,2026-03-29,12:00:00.5,2026-03-29T02:30:00,2026-03-29T00:59:59.999999Z,"
            + "ffffffff-ffff-ffff-ffff-ffffffffffff,null,\\x00,NULL,\"a,b\"",
        "5,0,0,1.000000000000000000000000000000,1,1,true,2026-10-25,00:00:00,2026-10-25T02:30:00,2026-10-25T00:30:00.5Z,"
            + "00000000-0000-0000-0000-000000000001,[],\\x0a,\\x,\"say \"\"x\"\"\"",
        "6,0,0,1.000000000000000000000000000000,1,1,true,2026-10-25,838:59:58,2026-10-25T02:30:00,2026-10-25T01:30:00.5Z,"
            + "00000000-0000-0000-0000-000000000002,{},\\x0d0a, x ,\\\\x00",
    ];

    private static readonly string[] Json =
    [
        """
        {"id":1,"i2":-32768,"i4":-2147483648,"n":-99999999999999999999999999999999999.999999999999999999999999999999,"f":0.1,
        "r":5E-324,"b":true,"d":"0001-01-01","ti":"-838:59:58.999999","ts":"0001-01-01T00:00:00.000001","tz":"1970-01-01T00:00:01.000001Z",
        "u":"123e4567-e89b-12d3-a456-426655440000","j":{"b" : 1,"a":[1.10]},"by":"\\x00ff5c270a","v":"ab  ",
        "t":"棘爪 🦀 \\N \\ \"q\" 's'\r\n\tx\u0000"}
        """.ReplaceLineEndings(""),
        """
        {"id":2,"i2":null,"i4":null,"n":null,"f":null,"r":null,"b":null,"d":null,"ti":null,"ts":null,"tz":null,"u":null,"j":null,"by":null,
        "v":null,"t":null}
        """.ReplaceLineEndings(""),
        """
        {"id":3,"i2":32767,"i4":2147483647,"n":0.000000000000000000000000000001,"f":-3.4028235E+38,"r":-1.7976931348623157E+308,
        "b":false,"d":"9999-12-31","ti":"838:59:58","ts":"9999-12-31T23:59:59.999999","tz":"2038-01-19T03:14:07.999999Z",
        "u":"00000000-0000-0000-0000-000000000000","j":"","by":"\\x","v":"","t":""}
        """.ReplaceLineEndings(""),
    ];
}
