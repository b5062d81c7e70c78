using System.Globalization;
using System.Text;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Values of every type as SQL literals: the edges first, then drawn at random. One seed gives one series.</summary>
internal sealed class PgLiterals(int seed)
{
    private const string Wide = "abcXYZ019 _-'\"\\/\t\n\r\b\u0001\u007f{}(),;:$%&<>|äßé棘爪😀\u0301\uFFFD\uFFFF\u2028";
    private static readonly string[] Runes = [.. Wide.EnumerateRunes().Select(r => r.ToString())];
    private readonly Random random = new(seed);

    /// <summary>A type's literals without the quotes; the reason why the order is fixed is that a failure names its row.</summary>
    public IEnumerable<string> Of(string type)
    {
        foreach (var edge in Edges(type)) yield return edge;
        while (true) yield return One(type);
    }

    private string[] Edges(string type) => type switch
    {
        "boolean" => ["t", "f"],
        "smallint" => ["-32768", "32767", "0"],
        "integer" => ["-2147483648", "2147483647", "0"],
        "bigint" => ["-9223372036854775808", "9223372036854775807", "0"],
        "oid" => ["0", "4294967295"],
        "real" => ["NaN", "Infinity", "-Infinity", "-0", "1e-45", "3.4028235e38"],
        "double precision" => ["NaN", "Infinity", "-Infinity", "-0", "5e-324", "1.7976931348623157e308"],
        "numeric" => ["NaN", "Infinity", "-Infinity", "0", "-0.00", "0.0000", new('9', 131_072),
            $"-{new string('7', 131_072)}.{new string('3', 16_383)}", $"0.{new string('0', 16_382)}1"],
        "numeric(12,3)" => ["NaN", "-999999999.999", "0"],
        "numeric(5,-2)" => ["9999900", "-100"],
        "numeric(3,5)" => ["0.00999", "-0.00001"],
        "text" or "character varying(7)" or "public.citext" => ["", " ", "\\N", "\\.", "null"],
        "character(6)" => ["", "a", "      "],
        "name" => ["", new('n', 63)],
        "\"char\"" => ["", "a", "\\"],
        "bytea" => ["", "\\x00", "\\x5c4e"],
        "date" => ["infinity", "-infinity", "4714-11-24 BC", "5874897-12-31", "0001-12-31 BC"],
        "time without time zone" => ["00:00:00", "24:00:00", "23:59:59.999999"],
        "time with time zone" => ["24:00:00-15:59:59", "00:00:00+15:59:59"],
        "timestamp without time zone" => ["infinity", "-infinity", "4714-11-24 00:00:00 BC", "294246-12-31 23:59:59.999999"],
        "timestamp with time zone" => ["infinity", "-infinity", "4714-11-24 00:00:00+00 BC", "294246-12-31 23:59:59.999999+00"],
        "interval" => ["0", "-178000000 years", "178956970 years 7 months", "2147483647 days", "-2147483648 days"],
        "money" => ["-92233720368547758.08", "92233720368547758.07", "0"],
        "integer[]" => ["{}", "[0:1]={5,6}", "[-5:-5][3:4]={{1,NULL}}", "{{{1},{2}}}", "{NULL}"],
        "text[]" => ["{}", "{\"NULL\",NULL,\"\",\"a\\\"b\\\\c\",\"{}\"}"],
        "json" => ["null", " { \"a\" : 1 , \"a\" : 2 } ", "\"\\u0000\"", "1e400", "[]"],
        "jsonb" => ["null", "{}", "1e100", "\"\\u00e9\"", "[[],{}]"],
        "xml" => ["", "<a/>", "text &amp; <b c=\"d\">e</b>", "<?xml version=\"1.0\"?><r/>"],
        "int4range" or "numrange" or "daterange" or "tstzrange" or "int8range" or "tsrange" => ["empty", "(,)"],
        "int4multirange" or "datemultirange" or "nummultirange" => ["{}", "{(,)}"],
        "public.hstore" => ["", "a=>NULL", "\"\"=>\"\""],
        "xid8" => ["0", "18446744073709551615"],
        "inet" => ["::", "0.0.0.0/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/1"],
        "bit varying" => [""],
        _ => [],
    };

    private string One(string type) => type switch
    {
        "boolean" => Any("t", "f"),
        "smallint" => Text((short)Whole(16)),
        "integer" => Text((int)Whole(32)),
        "bigint" => Text(Whole(64)),
        "oid" => Text((uint)Whole(32)),
        "real" => Real(),
        "double precision" => Double(),
        "numeric" => Number(random.Next(1, 60), random.Next(0, 50)),
        "numeric(12,3)" => Number(9, 3),
        "numeric(5,-2)" => Number(7, 0)[..^2] + "00",
        "numeric(3,5)" => $"0.00{Digits(3)}",
        "text" or "public.citext" => Words(random.Next(0, 40)),
        "character varying(7)" => Words(random.Next(0, 8)),
        "character(6)" => Words(random.Next(0, 7)),
        "name" => Words(random.Next(0, 12)),
        "\"char\"" => Text((char)random.Next(1, 127)),
        "bytea" => $"\\x{Hex(random.Next(0, 60))}",
        "date" => Date(5_800_000),
        "time without time zone" => Time(6),
        "time(2) without time zone" => Time(2),
        "time with time zone" => Time(6) + Any("+", "-") + $"{random.Next(16):00}:{random.Next(60):00}:{random.Next(60):00}",
        "timestamp without time zone" => Moment(6),
        "timestamp(3) without time zone" => Moment(3),
        "timestamp with time zone" or "timestamp(0) with time zone" =>
            Moment(type.Contains('0') ? 0 : 6).Replace(" BC", "", StringComparison.Ordinal) + "+00",
        "interval" => $"{random.Next(-99_999, 99_999)} mons {random.Next(-99_999, 99_999)} days {random.NextInt64(-1L << 60, 1L << 60)} us",
        "uuid" => new Guid(Bytes(16)).ToString(),
        "money" => $"{Whole(64) / 100}.{random.Next(100):00}",
        "json" or "jsonb" => Json(3, type == "jsonb"),
        "xml" => $"<e a=\"{random.Next()}\">{random.Next()}<!-- x --> é</e>",
        "integer[]" => Array(() => Text((int)Whole(32)), false),
        "text[]" => Array(() => Words(random.Next(0, 8)), true),
        "numeric[]" => Array(() => Number(random.Next(1, 30), random.Next(0, 9)), false),
        "bytea[]" => Array(() => $"\\x{Hex(random.Next(0, 9))}", true),
        "timestamp with time zone[]" => Array(() => One("timestamp with time zone"), true),
        "public.mood" => Any("sad", "o'k", "très ✓"),
        "public.mood[]" => Array(() => One("public.mood"), true),
        "public.price" or "public.price_of_price" => Number(7, 2).TrimStart('-'),
        "public.pair" => Record(Text((int)Whole(32)), Words(random.Next(0, 6))),
        "public.nest" => Record(One("public.pair"), One("integer[]")),
        "public.hstore" => string.Join(',', Enumerable.Range(0, random.Next(4)).Select(i => Quoted($"k{i}{Words(2)}") + "=>"
            + Any("NULL", Quoted(Words(5))))),
        "public.ltree" => string.Join('.', Enumerable.Range(0, random.Next(1, 5)).Select(_ => $"n{random.Next(999)}")),
        "public.cube" => $"({random.Next(-99, 99)},{Double()[..1].Replace("-", "1").Replace("N", "2").Replace("I", "3")}.5)",
        _ => Other(type),
    };

    private string Other(string type) => type switch
    {
        "inet" => random.Next(2) == 0 ? $"{V4()}/{random.Next(33)}" : $"{V6()}/{random.Next(129)}",
        "cidr" => random.Next(2) == 0 ? $"{V4()}/32" : "fe80::/10",
        "macaddr" => Mac(6),
        "macaddr8" => Mac(8),
        "bit(9)" => Bits(9),
        "bit varying" => Bits(random.Next(0, 70)),
        "tsvector" => string.Join(' ', Enumerable.Range(0, random.Next(5)).Select(i => $"w{random.Next(99)}:{i + 1}{Any("A", "B", "")}")),
        "tsquery" => $"a{random.Next(9)} & ( !b | c:*{Any("A", "")} ) <-> d",
        "int4range" => Range(() => random.Next(-999, 0), () => random.Next(1, 999)),
        "int8range" => Range(() => random.NextInt64(long.MinValue / 2, 0), () => random.NextInt64(1, long.MaxValue / 2)),
        "numrange" => Range(() => "-" + Number(9, 3).TrimStart('-'), () => Number(9, 3).TrimStart('-')),
        "daterange" => Range(() => $"1{random.Next(100, 999)}-02-28", () => $"2{random.Next(100, 999)}-03-01"),
        "tsrange" => Range(() => $"1{random.Next(100, 999)}-02-28 {Time(6)}", () => $"2{random.Next(100, 999)}-03-01 {Time(3)}"),
        "tstzrange" => Range(() => $"1{random.Next(100, 999)}-02-28 {Time(6)}+00", () => $"2{random.Next(100, 999)}-03-01 {Time(3)}+00"),
        "int4multirange" => $"{{[{random.Next(-99, 0)},1),[{random.Next(5, 9)},10]}}",
        "nummultirange" => $"{{[-{Digits(4)}.5,0],({random.Next(1, 9)},{random.Next(10, 99)}.25)}}",
        "datemultirange" => $"{{[2000-01-0{random.Next(1, 9)},2001-01-01),[2010-01-01,infinity)}}",
        "point" => $"({Double(true)},{Double(true)})",
        "line" => $"{{{random.Next(1, 99)},{random.Next(-99, 99)},{Double(true)}}}",
        "lseg" => $"[(0,{Double(true)}),({random.Next()},1)]",
        "box" => $"({random.Next()},{random.Next()}),({-random.Next()},{-random.Next()})",
        "path" => Any($"[(0,0),(1,{Double(true)})]", $"((0,0),(1,{random.Next()}),(2,0))"),
        "polygon" => $"((0,0),({random.Next()},1),(2,{Double(true)}))",
        "circle" => $"<({Double(true)},0),{random.Next()}>",
        "pg_lsn" => $"{random.Next():X}/{random.Next():X}",
        "pg_snapshot" => $"{random.Next(10, 20)}:{random.Next(20, 30)}:{random.Next(20, 21)}".Replace(":20:20", ":21:20"),
        "xid8" => Text((ulong)Whole(64)),
        "tid" => $"({(uint)Whole(32)},{random.Next(65536)})",
        "jsonpath" => $"$.a[{random.Next(9)}] ? (@ > {random.Next(9)})",
        "int2vector" => $"{random.Next(99)} {random.Next(99)}",
        "regclass" => Any("pg_class", "public.moods"),
        "regtype" => Any("integer", "timestamp with time zone", "public.mood"),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no generator"),
    };

    private static string Text<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture)!;

    private string Any(params string[] choices) => choices[random.Next(choices.Length)];

    /// <summary>As many small numbers as large ones.</summary>
    private long Whole(int bits)
    {
        var value = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64 - bits, 63);
        return value;
    }

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }

    private string Hex(int count) => Convert.ToHexStringLower(Bytes(count));

    private string Digits(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => (char)('0' + random.Next(10))));

    private string Number(int whole, int fraction) =>
        Any("", "-") + Digits(whole) + (fraction == 0 ? "" : "." + Digits(fraction / 2) + Any(Digits(fraction - fraction / 2),
            new string('0', fraction - fraction / 2)));

    private string Real()
    {
        var value = BitConverter.Int32BitsToSingle((int)Whole(32));
        return float.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "NaN";
    }

    private string Double(bool small = false)
    {
        if (small) return ((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 9))).ToString("R", CultureInfo.InvariantCulture);
        var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
        return double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "NaN";
    }

    private string Words(int length)
    {
        var text = new StringBuilder();
        for (var i = 0; i < length; i++) text.Append(Runes[random.Next(Runes.Length)]);
        return text.ToString();
    }

    private string Date(int years)
    {
        var year = random.Next(3) == 0 ? random.Next(1, years) : random.Next(1, 9999);
        return $"{year:0000}-{random.Next(1, 13):00}-{random.Next(1, 29):00}" + (year < 4700 && random.Next(4) == 0 ? " BC" : "");
    }

    private string Time(int digits) => $"{random.Next(24):00}:{random.Next(60):00}:{random.Next(60):00}"
        + (digits == 0 ? "" : "." + Digits(random.Next(1, digits + 1)));

    private string Moment(int digits)
    {
        var date = Date(294_000);
        return date.EndsWith(" BC", StringComparison.Ordinal) ? $"{date[..^3]} {Time(digits)} BC" : $"{date} {Time(digits)}";
    }

    private string Json(int depth, bool binary) => random.Next(depth == 0 ? 4 : 6) switch
    {
        0 => Number(random.Next(1, 20), random.Next(0, 9)).TrimStart('-').TrimStart('0') is { Length: > 0 } n && n[0] != '.' ? n : "0",
        1 => Any("true", "false", "null"),
        2 or 3 => $"\"{Words(random.Next(0, 9)).Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\t", "\\t").Replace("\n", "\\n")
            .Replace("\r", "\\r").Replace("\b", "\\b").Replace("\u0001", "\\u0001")}\"",
        4 => $"[{string.Join(Any(",", " , "), Enumerable.Range(0, random.Next(4)).Select(_ => Json(depth - 1, binary)))}]",
        _ => $"{{{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(i => $"\"k{i % 2}\":{Any("", " ")}{Json(depth - 1, binary)}"))}}}",
    };

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"";

    private string Array(Func<string> one, bool quoted)
    {
        var (rows, columns) = (random.Next(1, 4), random.Next(1, 4));
        string Cell() => random.Next(5) == 0 ? "NULL" : quoted ? Quoted(one()) : one();
        string Row() => $"{{{string.Join(',', Enumerable.Range(0, columns).Select(_ => Cell()))}}}";
        var lower = random.Next(4) == 0;
        return random.Next(2) == 0
            ? (lower ? $"[{-1}:{columns - 2}]=" : "") + Row()
            : (lower ? $"[2:{rows + 1}][0:{columns - 1}]=" : "") + $"{{{string.Join(',', Enumerable.Range(0, rows).Select(_ => Row()))}}}";
    }

    private string Record(string a, string b) =>
        $"({Any("", $"\"{a.Replace("\\", "\\\\").Replace("\"", "\"\"")}\"")},\"{b.Replace("\\", "\\\\").Replace("\"", "\"\"")}\")";

    private string Range<T>(Func<T> from, Func<T> to) => Any("[", "(") + Any("", Text(from())) + "," + Any("", Text(to())) + Any("]", ")");

    private string V4() => string.Join('.', Bytes(4));

    private string V6() => string.Join(':', Enumerable.Range(0, 8).Select(_ => random.Next(65536).ToString("x", CultureInfo.InvariantCulture)));

    private string Mac(int bytes) => string.Join(':', Bytes(bytes).Select(b => b.ToString("x2", CultureInfo.InvariantCulture)));

    private string Bits(int count) => string.Concat(Enumerable.Range(0, count).Select(_ => random.Next(2)));
}
