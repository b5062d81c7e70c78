using Npgsql;
using Pawl.Contracts;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>
/// Thousands of values of every type, put in as SQL literals, copied by whole jobs, and compared by what the two servers say of them: their
/// text, and the bytes of the type's own send function.
/// </summary>
public sealed class PgTypeCopyTests
{
    private const int Rows = 70;

    private const string Definitions = """
        create type mood as enum ('sad', 'o''k', 'très ✓'); create type pair as (a int, b text); create type nest as (p pair, n int[]);
        create domain price as numeric(10,2) check (value >= 0); create domain price_of_price as price not null default 1;
        create extension citext; create extension hstore; create extension ltree; create extension cube; create table moods ()
        """;

    /// <summary>Types with a binary form of ours: they go over as binary COPY.</summary>
    private static readonly string[] Binary =
    [
        "boolean", "smallint", "integer", "bigint", "oid", "real", "double precision", "numeric", "numeric(12,3)", "numeric(5,-2)",
        "numeric(3,5)", "text", "character varying(7)", "character(6)", "name", "bytea", "date", "time without time zone",
        "time(2) without time zone", "timestamp without time zone", "timestamp(3) without time zone", "timestamp with time zone",
        "timestamp(0) with time zone", "interval", "uuid", "json", "jsonb", "public.price", "public.price_of_price", "public.citext",
        "public.mood",
    ];

    /// <summary>Types that travel as the server's text.</summary>
    private static readonly string[] Native =
    [
        "\"char\"", "time with time zone", "money", "inet", "cidr", "macaddr", "macaddr8", "bit(9)", "bit varying", "xml", "tsvector",
        "tsquery", "int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange", "int4multirange", "nummultirange",
        "datemultirange", "integer[]", "text[]", "numeric[]", "bytea[]", "timestamp with time zone[]", "public.mood[]", "public.pair",
        "public.nest", "public.hstore", "public.ltree", "public.cube", "point", "line", "lseg", "box", "path", "polygon", "circle",
        "pg_lsn", "pg_snapshot", "xid8", "tid", "jsonpath", "int2vector", "regclass", "regtype", "text", "bytea",
        "double precision", "real",
        "date", "timestamp with time zone", "interval", "numeric", "boolean", "uuid", "character(6)", "json",
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<string> Types => Binary.Concat(Native);

    [Theory]
    [InlineData(15, 18, 11, false)]
    [InlineData(18, 15, 12, true)]
    [InlineData(15, 15, 13, true)]
    public async Task Any_value_arrives_in_another_server_as_it_was(int from, int to, int seed, bool decoded)
    {
        // A constant column has to be put beside the others, so that rows do not go over as they came off the wire.
        var set = new Dictionary<string, object?>();
        if (decoded) set["extra"] = 1L;
        await using var source = await PgFixture.NewAsync(from);
        await using var target = await PgFixture.NewAsync(to);
        await source.RunAsync(Definitions);
        // What Pawl makes by itself is left to it; the rest has to be there.
        await target.RunAsync(Definitions);
        foreach (var (table, types) in Tables) await FillAsync(source, table, types, seed);
        await new CopyJob
        {
            From = source.Here(), To = target.Here(),
            Tables = [.. Tables.Select(t => CopyJob.Table($"public.{t.Name}") with { Set = set })], Verify = VerifyLevel.Digest, Rows = 50,
        }.DoneAsync();
        foreach (var (table, types) in Tables) await SameAsync(table, types, source, target);
    }

    [Fact]
    public async Task Any_value_that_sqlite_can_keep_comes_back_as_it_was()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync();
        await source.RunAsync(Definitions);
        await target.RunAsync(Definitions);
        foreach (var (table, types) in Tables) await FillAsync(source, table, types, 21);
        // SQLite has no NaN, and its -0.0 is 0.0: refused there, see Sqlite's own tests. ISO 8601 writes years before 1 and after 9999 with
        // a sign, which this server does not read; that they are right is for the digests to say.
        await source.RunAsync(Tables.SelectMany(t => t.Types.Select((type, i) => (t.Name, type, FormattableString.Invariant($"c{i}"))))
            .SelectMany(Unreadable).ToArray());
        var folder = Directory.CreateTempSubdirectory("pawl-types-");
        try
        {
            var file = CopyJob.File(Path.Combine(folder.FullName, "between.db"));
            CopyJob Job(Endpoint from, Endpoint to, string prefix, string back) => new()
            {
                From = from, To = to, Verify = VerifyLevel.Digest,
                Tables = [.. Tables.Select(t => CopyJob.Table($"{prefix}{t.Name}", $"{back}{t.Name}"))],
            };
            await Job(source.Here(), file, "public.", "").DoneAsync();
            await Job(file, target.Here(), "", "public.").DoneAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
        foreach (var (table, types) in Tables) await SameAsync(table, types, source, target, cast: true);
    }

    [Fact]
    public async Task Settings_of_database_and_role_on_both_sides_change_no_value()
    {
        await using var source = await PgFixture.NewAsync();
        await using var target = await PgFixture.NewAsync(18);
        await source.RunAsync(Definitions);
        await target.RunAsync(Definitions);
        foreach (var (table, types) in Tables) await FillAsync(source, table, types, 31);
        foreach (var (fixture, zone) in new[] { (source, "Asia/Shanghai"), (target, "America/St_Johns") })
        {
            await fixture.RunAsync($"create role odd_{fixture.Database} superuser login");
            string[] settings =
            [
                "datestyle = 'German, DMY'", "intervalstyle = 'sql_standard'", $"timezone = '{zone}'", "bytea_output = 'escape'",
                "extra_float_digits = -15", "lc_monetary = 'C.UTF-8'", "lc_numeric = 'C.UTF-8'", "search_path = 'nowhere'",
                "standard_conforming_strings = off", "backslash_quote = on", "client_encoding = 'LATIN1'", "xmloption = 'document'",
                "array_nulls = off", "statement_timeout = '7min'", "default_transaction_isolation = 'serializable'",
                "default_transaction_read_only = off", "row_security = on", "enable_seqscan = off", "synchronous_commit = off",
            ];
            foreach (var setting in settings)
            {
                await fixture.RunAsync($"alter role odd_{fixture.Database} set {setting}",
                    $"alter database {fixture.Database} set {setting}");
            }
        }
        await new CopyJob
        {
            From = source.Here() with { User = $"odd_{source.Database}" }, To = target.Here() with { User = $"odd_{target.Database}" },
            Tables = [.. Tables.Select(t => CopyJob.Table($"public.{t.Name}"))], Verify = VerifyLevel.Digest,
        }.DoneAsync();
        foreach (var (table, types) in Tables) await SameAsync(table, types, source, target);
        foreach (var fixture in new[] { source, target })
        {
            await fixture.RunAsync($"drop owned by odd_{fixture.Database}", $"drop role odd_{fixture.Database}");
        }
    }

    private static string[] Unreadable((string Table, string Type, string Column) c) => c.Type switch
    {
        "real" or "double precision" => [$"update {c.Table} set {c.Column} = null where {c.Column}::text in ('NaN', '-0')"],
        _ when c.Type.StartsWith("timestamp", StringComparison.Ordinal) && !c.Type.EndsWith(']') || c.Type == "date" =>
        [
            $"update {c.Table} set {c.Column} = null where isfinite({c.Column}) and {c.Column} not between '0001-01-02' and '9999-12-30'",
        ],
        _ => [],
    };

    private static readonly (string Name, string[] Types)[] Tables = [("b", Binary), ("n", Native)];

    private static async Task FillAsync(PgFixture fixture, string table, string[] types, int seed)
    {
        var columns = types.Select((t, i) => FormattableString.Invariant($"c{i} {t}"));
        await fixture.RunAsync($"create table {table} (id int primary key, {string.Join(", ", columns)})");
        var literals = types.Select((t, i) => new PgLiterals(seed * 1000 + i).Of(t).Take(Rows).ToArray()).ToArray();
        var rows = Enumerable.Range(0, Rows).Select(r => FormattableString.Invariant($"({r}, ") + string.Join(", ", types.Select((t, i) =>
            // Every ninth value is null, where the type allows it.
            (r * 7 + i) % 9 == 8 && t != "public.price_of_price" ? "null" : $"'{literals[i][r].Replace("'", "''")}'::{t}")) + ")");
        await fixture.RunAsync(rows.Chunk(5).Select(some => $"insert into {table} values {string.Join(", ", some)}").ToArray());
    }

    /// <summary>
    /// Of every value its text and a digest of the bytes its type's send function gives, where these name no oids; a column a row.
    /// </summary>
    private static string Said(string table, string[] types, bool cast = false)
    {
        var columns = types.Select((type, i) =>
        {
            var value = cast ? FormattableString.Invariant($"c{i}::text::{type}") : FormattableString.Invariant($"c{i}");
            var send = type switch
            {
                "real" => "float4send", "double precision" => "float8send", "numeric" => "numeric_send", "text" => "textsend",
                "bytea" => "byteasend", "json" => "json_send", "jsonb" => "jsonb_send", "interval" => "interval_send", "xml" => "xml_send",
                "tsvector" => "tsvectorsend", "integer[]" or "text[]" or "numeric[]" => "array_send", "point" => "point_send", _ => null,
            };
            var text = type == "numeric" ? $"md5(({value})::text)" : $"({value})::text";
            return send is null ? text : $"concat({text}, ' ', md5({send}({value})))";
        });
        return $"select id, {string.Join(", ", columns)} from public.{table} order by id";
    }

    private static async Task SameAsync(string table, string[] types, PgFixture source, PgFixture target, bool cast = false)
    {
        await using var there = await source.Server.ConnectAsync(source.Database);
        await using var here = await target.Server.ConnectAsync(target.Database);
        var (was, now) = (await CellsAsync(there, Said(table, types)), await CellsAsync(here, Said(table, types, cast)));
        Assert.Equal((Rows, Rows), (was.Count, now.Count));
        var wrong = from row in was.Zip(now)
                    from c in types.Select((type, i) => (type, row.First[i + 1], row.Second[i + 1]))
                    where c.Item2 != c.Item3
                    select $"{c.type}: {c.Item2} became {c.Item3}";
        Assert.True(!wrong.Any(), string.Join('\n', wrong.Take(20)));
    }

    private static async Task<List<string[]>> CellsAsync(NpgsqlConnection connection, string sql)
    {
        await using var plain = new NpgsqlCommand("set search_path = public; set standard_conforming_strings = on; set datestyle = 'ISO'; "
            + "set timezone = 'UTC'; set intervalstyle = 'postgres'; set bytea_output = 'hex'; set extra_float_digits = 3; "
            + "set client_encoding = 'UTF8'", connection);
        await plain.ExecuteNonQueryAsync();
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string[]>();
        while (await reader.ReadAsync())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "∅" : reader.GetString(i))]);
        }
        return rows;
    }
}
