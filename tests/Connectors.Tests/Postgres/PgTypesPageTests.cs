using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;
using static Pawl.Connectors.Tests.Postgres.PgWriting;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>TYPES.md says what is so: every row of its tables is tried on a server.</summary>
public sealed class PgTypesPageTests
{
    /// <summary>What the page's general words stand for.</summary>
    private static readonly Dictionary<string, string[]> Samples = new()
    {
        ["numeric(p,s)"] = ["numeric(12,3)"], ["varchar(n)"] = ["varchar(7)"], ["char(n)"] = ["char(5)"], ["citext"] = ["public.citext"],
        ["a domain"] = ["public.price"], ["bit"] = ["bit(9)"], ["varbit"] = ["bit varying"],
        ["ranges"] = ["int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"],
        ["multiranges"] = ["int4multirange", "nummultirange", "datemultirange"],
        ["arrays"] = ["integer[]", "text[]", "numeric[]", "bytea[]", "timestamptz[]", "public.mood[]"], ["enums"] = ["public.mood"],
        ["composites"] = ["public.pair"], ["geometric types"] = ["point", "line", "lseg", "box", "path", "polygon", "circle"],
        ["hstore"] = ["public.hstore"], ["any extension's type"] = ["public.ltree", "public.cube"],
    };

    private static readonly (string Name, LogicalType Type)[] Logical =
    [
        ("bool", LogicalType.Bool), ("integer(2)", new(TypeKind.Integer, 2)), ("integer(4)", new(TypeKind.Integer, 4)),
        ("integer(8)", LogicalType.Int64), ("unsigned integer", new(TypeKind.UnsignedInteger)), ("float32", new(TypeKind.Float32)),
        ("float64", LogicalType.Float64), ("decimal", new(TypeKind.Decimal)), ("decimal(12,3)", new(TypeKind.Decimal, 0, 12, 3)),
        ("text", LogicalType.Text), ("text(20)", new(TypeKind.Text, 20)), ("bytes", LogicalType.Bytes), ("date", new(TypeKind.Date)),
        ("time(6)", new(TypeKind.Time, 0, 6)), ("datetime(6)", new(TypeKind.DateTime, 0, 6)), ("instant(6)", new(TypeKind.Instant, 0, 6)),
        ("interval", new(TypeKind.Interval)), ("uuid", new(TypeKind.Uuid)), ("json", new(TypeKind.Json)), ("native", new(TypeKind.Native)),
        ("any", LogicalType.Any),
    ];

    private static readonly string[] Columns =
    [
        "boolean", "smallint", "integer", "bigint", "oid", "real", "double precision", "numeric", "numeric(12,3)", "text", "varchar(20)",
        "char(20)", "name", "bytea", "date", "time", "time(3)", "timestamp", "timestamptz", "interval", "uuid", "json", "jsonb", "inet",
    ];

    [Fact]
    public async Task The_types_of_the_reading_table_are_read_as_it_says()
    {
        await using var fixture = await PgFixture.NewAsync();
        await fixture.RunAsync("create type mood as enum ('sad')", "create type pair as (a int, b text)",
            "create type nest as (p pair, n int[])", "create table moods ()",
            "create domain price as numeric(12,3)", "create domain price_of_price as price",
            "create extension citext", "create extension hstore", "create extension ltree",
            "create extension cube");
        var stated = new List<(string Type, string Logical, string Way)>();
        foreach (var row in Rows("Reading"))
        {
            var types = Words(row[0].Replace("everything else: ", "", StringComparison.Ordinal));
            var logical = Words(row[1]);
            for (var i = 0; i < types.Count; i++)
            {
                foreach (var type in Samples.GetValueOrDefault(types[i], [types[i]]))
                {
                    stated.Add((type, logical.Count == types.Count ? logical[i] : logical[^1], row[2]));
                }
            }
        }
        Assert.True(stated.Count > 60, string.Join('\n', stated));
        var columns = stated.Select((s, i) => FormattableString.Invariant($"c{i} {s.Type}"));
        await fixture.RunAsync($"create table t ({string.Join(", ", columns)})");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var shape = PgShape.Required(table);
        var wrong = new List<string>();
        foreach (var (row, i) in stated.Select((s, i) => (s, i)))
        {
            var column = table.Columns[i];
            var logical = row.Logical switch
            {
                "decimal(p,s)" or "as its base type" => "decimal(12,3)",
                "text(n)" => column.Type.Length > 0 ? FormattableString.Invariant($"text({(row.Type == "char(5)" ? 5 : 7)})") : "text",
                "time(p)" or "datetime(p)" or "instant(p)" => row.Logical.Replace("p", "6", StringComparison.Ordinal),
                _ => row.Logical,
            };
            if (column.Type.ToString() != logical) wrong.Add($"{row.Type} is read as {column.Type}, the page says {row.Logical}");
            var asText = shape.Columns[i].Wire == PgWire.Native;
            if (asText == row.Way.StartsWith("the server's own text", StringComparison.Ordinal)) continue;
            wrong.Add($"{row.Type} does not travel as {row.Way}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        // Each of them is among the values that PgTypeCopyTests copies.
        var copied = await fixture.RowsAsync("select string_agg(distinct x::regtype::text, ',') from unnest(string_to_array('"
            + string.Join('|', PgTypeCopyTests.Types).Replace("'", "''") + "', '|')) x");
        var mentioned = await fixture.RowsAsync("select distinct atttypid::regtype::text from pg_attribute where attrelid = 't'::regclass "
            + "and attnum > 0");
        Assert.Empty(mentioned.Except(copied[0].Split(',')));
    }

    [Fact]
    public async Task The_writing_table_declares_and_accepts_as_it_says()
    {
        await using var fixture = await PgSinkFixture.OpenAsync();
        var columns = Columns.Select(c => $"\"{c}\" {c}");
        await fixture.RunAsync($"create table there ({string.Join(", ", columns)})");
        await using var database = new PgDatabase(fixture.Options, Conformance.SinkRunner.Context());
        await database.Tables.CreateControlTablesAsync(default);
        await using var session = await database.OpenAsync(PgRole.Write, default);
        var there = (await PgTarget.FindAsync(session, fixture.Name("there"), default))!;
        await database.Tables.PrepareAsync(fixture.Plan("made", [.. Logical.Select(l => Column(l.Name, l.Type))], keys: 0),
            (_, _) => ValueTask.CompletedTask, default);
        var declared = (await fixture.QueryAsync("select attname, format_type(atttypid, atttypmod) from pg_attribute "
            + "where attrelid = 'made'::regclass and attnum > 0")).ToDictionary(r => r.Split('|')[0], r => r.Split('|')[1]);
        var real = Logical.Select(l => $"| {l.Name} | {declared[l.Name]} | {string.Join(", ", Columns.Where(c => Takes(l.Type, c)))} |");
        var page = Rows("Writing").Select(r => $"| {string.Join(" | ", r)} |");
        Assert.True(real.SequenceEqual(page), $"the page should say\n{string.Join('\n', real)}");

        bool Takes(LogicalType type, string column)
        {
            try
            {
                PgColumns.Match(there, fixture.Plan("there", [Column(column, type)], keys: 0));
                return true;
            }
            catch (PawlException e) when (e.Code == Codes.TargetTypeUnfit)
            {
                return false;
            }
        }
    }

    private static List<string[]> Rows(string heading)
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "test.sh"))) at = Path.GetDirectoryName(at) ?? throw new DirectoryNotFoundException(at);
        return
        [
            .. File.ReadLines(Path.Combine(at, "src", "Connectors", "Postgres", "TYPES.md")).SkipWhile(l => l != $"## {heading}").Skip(1)
                .TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal)).Where(l => l.StartsWith('|')).Skip(2)
                .Select(l => l.Split('|')[1..^1].Select(c => c.Trim()).ToArray()),
        ];
    }

    /// <summary>A list's words; a comma in parentheses divides nothing.</summary>
    private static List<string> Words(string list)
    {
        var words = new List<string> { "" };
        var depth = 0;
        foreach (var c in list)
        {
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && depth == 0) words.Add("");
            else words[^1] += c;
        }
        return [.. words.Select(w => w.Trim())];
    }
}
