using System.Text.Json;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Model;

public sealed class RowJsonTests
{
    private static string One(TypeKind kind, object? cell) =>
        RowJson.Write(Rows.Batch(Rows.Schema(("c", new LogicalType(kind, kind == TypeKind.Integer ? 8 : 0))), [cell]), 0)[5..^1];

    [Theory]
    [InlineData(TypeKind.Integer, long.MinValue, "-9223372036854775808")]
    [InlineData(TypeKind.UnsignedInteger, -1L, "18446744073709551615")]
    [InlineData(TypeKind.Bool, 1L, "true")]
    [InlineData(TypeKind.Bool, 0L, "false")]
    [InlineData(TypeKind.Bool, 7L, "7")]
    [InlineData(TypeKind.Float64, 0.1, "0.1")]
    [InlineData(TypeKind.Float64, double.NaN, "\"NaN\"")]
    [InlineData(TypeKind.Float64, double.NegativeInfinity, "\"-Infinity\"")]
    [InlineData(TypeKind.Float32, 0.10000000149011612, "0.10000000149011612")]
    [InlineData(TypeKind.Decimal, "-12.50", "\"-12.50\"")]
    [InlineData(TypeKind.Text, "a\"b\\\n\0€😀", "\"a\\\"b\\\\\\n\\u0000€\\uD83D\\uDE00\"")]
    [InlineData(TypeKind.Date, 19_782L, "\"2024-02-29\"")]
    [InlineData(TypeKind.Date, -719_529L, "\"-0001-12-31\"")]
    [InlineData(TypeKind.Date, 2_932_897L, "\"+10000-01-01\"")]
    [InlineData(TypeKind.Time, -3_601_000_001L, "\"-01:00:01.000001\"")]
    [InlineData(TypeKind.Time, 86_400_000_000L, "\"24:00:00\"")]
    [InlineData(TypeKind.DateTime, -1L, "\"1969-12-31T23:59:59.999999\"")]
    [InlineData(TypeKind.Instant, 0L, "\"1970-01-01T00:00:00Z\"")]
    [InlineData(TypeKind.Instant, long.MaxValue, "\"infinity\"")]
    [InlineData(TypeKind.Instant, long.MinValue, "\"-infinity\"")]
    public void A_cell_is_written_without_loss(TypeKind kind, object cell, string expected) => Assert.Equal(expected, One(kind, cell));

    [Fact]
    public void Bytes_identifiers_and_intervals_have_their_forms()
    {
        Assert.Equal("\"AP/+\"", One(TypeKind.Bytes, new byte[] { 0, 255, 254 }));
        Assert.Equal("\"00112233-4455-6677-8899-aabbccddeeff\"", One(TypeKind.Uuid, UInt128.Parse("00112233445566778899AABBCCDDEEFF",
            System.Globalization.NumberStyles.HexNumber, null)));
        var interval = new UInt128(((ulong)uint.MaxValue << 32) | 2, ulong.MaxValue);
        Assert.Equal("""{"months":-1,"days":2,"microseconds":-1}""", One(TypeKind.Interval, interval));
    }

    [Fact]
    public void Text_that_is_not_utf8_is_kept_as_base64() => Assert.Equal("""{"$utf8":"/w=="}""", One(TypeKind.Text, new byte[] { 255 }));

    [Fact]
    public void A_cell_of_another_type_shows_what_it_is()
    {
        Assert.Equal("\"x\"", One(TypeKind.Integer, Rows.Text("x")));
        Assert.Equal("1.0", One(TypeKind.Integer, Rows.Real(1)));
        Assert.Equal("-0.0", One(TypeKind.Integer, Rows.Real(-0.0)));
        Assert.Equal("1", One(TypeKind.Text, Rows.Whole(1)));
        Assert.Equal("""{"$text":"2024-01-01"}""", One(TypeKind.Date, Rows.Text("2024-01-01")));
        Assert.Equal("""{"$blob":"QQ=="}""", One(TypeKind.Text, Rows.Blob(65)));
        Assert.Equal("""{"$float":"NaN"}""", One(TypeKind.Text, Rows.Real(double.NaN)));
        Assert.Equal("\"x\"", One(TypeKind.Any, "x"));
    }

    [Fact]
    public void A_row_is_one_object_with_nulls_and_without_absent_cells()
    {
        var schema = Rows.Schema(("a\"b", LogicalType.Int64), ("n", LogicalType.Text), ("gone", LogicalType.Text));
        using var filled = Rows.Batch(schema, [1, null, "x"], [2, "y", "z"]);
        using var batch = new RowBatch(schema, filled.Columns, 2) { Absent = [null, null, [false, true]] };
        Assert.Equal("""{"a\"b":1,"n":null,"gone":"x"}""", RowJson.Write(batch, 0));
        Assert.Equal("""{"a\"b":2,"n":"y"}""", RowJson.Write(batch, 1));
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(RowJson.Write(batch, 1)).RootElement.ValueKind);
    }

    [Fact]
    public void Dates_agree_with_the_calendar_of_the_runtime()
    {
        for (var days = -719_162L; days < 2_932_896; days += 311)
        {
            Assert.Equal(DateOnly.FromDayNumber((int)(days + 719_162)).ToString("yyyy-MM-dd", null), CalendarText.Date(days));
        }
    }

    [Fact]
    public void The_ends_of_the_range_have_text()
    {
        Assert.Equal(("-infinity", "infinity"), (CalendarText.Date(long.MinValue), CalendarText.Date(long.MaxValue)));
        Assert.StartsWith("-25252734927", CalendarText.Date(long.MinValue + 1), StringComparison.Ordinal);
        Assert.StartsWith("+25252734927", CalendarText.Date(long.MaxValue - 1), StringComparison.Ordinal);
        Assert.Equal("-2562047788:00:54.775808", CalendarText.Time(long.MinValue));
    }
}
