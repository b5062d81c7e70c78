using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Pawl.Core.Tests.Model;
using Pawl.Model;
using Pawl.Verify;
using Xunit;

namespace Pawl.Core.Tests.Verify;

public sealed class CanonicalRowsTests
{
    private static string Hex(TypeKind kind, object? cell) =>
        Convert.ToHexStringLower(CanonicalRows.Encode(Rows.Batch(Rows.Schema(("c", new LogicalType(kind))), [cell]), 0))[2..];

    [Theory]
    [InlineData(TypeKind.Integer, null, "00")]
    [InlineData(TypeKind.Integer, 1L, "020100000000000000")]
    [InlineData(TypeKind.Integer, -1L, "02ffffffffffffffff")]
    [InlineData(TypeKind.Bool, 1L, "020100000000000000")]
    [InlineData(TypeKind.UnsignedInteger, 1L, "020100000000000000")]
    [InlineData(TypeKind.UnsignedInteger, -1L, "06021400000000000000143138343436373434303733373039353531363135")]
    [InlineData(TypeKind.Decimal, "1.00", "020100000000000000")]
    [InlineData(TypeKind.Decimal, "18446744073709551615.0", "06021400000000000000143138343436373434303733373039353531363135")]
    [InlineData(TypeKind.Decimal, "-9223372036854775808", "020000000000000080")]
    [InlineData(TypeKind.Decimal, "-12.50", "0601020000000000000003313235")]
    [InlineData(TypeKind.Decimal, "0.001", "0602feffffffffffffff0131")]
    [InlineData(TypeKind.Decimal, "-0.00", "020000000000000000")]
    [InlineData(TypeKind.Decimal, "NaN", "0603")]
    [InlineData(TypeKind.Decimal, "Infinity", "0604")]
    [InlineData(TypeKind.Decimal, "-inf", "0605")]
    [InlineData(TypeKind.Decimal, "1e2", "026400000000000000")]
    [InlineData(TypeKind.Decimal, "1.2.3", "0705312e322e33")]
    [InlineData(TypeKind.Float64, 1.0, "05000000000000f03f")]
    [InlineData(TypeKind.Float32, 1.0, "05000000000000f03f")]
    [InlineData(TypeKind.Float64, -0.0, "050000000000000080")]
    [InlineData(TypeKind.Float64, double.NaN, "05000000000000f87f")]
    [InlineData(TypeKind.Text, "", "0700")]
    [InlineData(TypeKind.Text, "é", "0702c3a9")]
    [InlineData(TypeKind.Bytes, "é", "0802c3a9")]
    [InlineData(TypeKind.Json, "{}", "0f027b7d")]
    [InlineData(TypeKind.Native, "x", "100178")]
    [InlineData(TypeKind.Any, "x", "070178")]
    [InlineData(TypeKind.Date, -1L, "09ffffffffffffffff")]
    [InlineData(TypeKind.Time, 1_500_000L, "0a01000000000000000065cd1d")]
    [InlineData(TypeKind.DateTime, -1L, "0bffffffffffffffff18c69a3b")]
    [InlineData(TypeKind.Instant, 0L, "0c000000000000000000000000")]
    [InlineData(TypeKind.Instant, long.MaxValue, "0cffffffffffffff7fffffffff")]
    [InlineData(TypeKind.Instant, long.MinValue, "0c0000000000000080ffffffff")]
    public void A_cell_has_the_documented_bytes(TypeKind kind, object? cell, string expected) =>
        Assert.Equal(expected.Replace(" ", "", StringComparison.Ordinal), Hex(kind, cell));

    [Fact]
    public void Wide_cells_have_the_documented_bytes()
    {
        var uuid = UInt128.Parse("00112233445566778899AABBCCDDEEFF", NumberStyles.HexNumber, null);
        Assert.Equal("0e00112233445566778899aabbccddeeff", Hex(TypeKind.Uuid, uuid));
        var interval = new UInt128((1UL << 32) | 2, unchecked((ulong)-1_000_001L));
        Assert.Equal("0d0100000002000000feffffffffffffff18c69a3b", Hex(TypeKind.Interval, interval));
    }

    [Fact]
    public void Every_NaN_is_one()
    {
        var other = BitConverter.Int64BitsToDouble(unchecked((long)0xFFF8_0000_0000_0001));
        Assert.Equal(Hex(TypeKind.Float64, double.NaN), Hex(TypeKind.Float64, other));
        Assert.Equal(Hex(TypeKind.Float64, double.NaN), Hex(TypeKind.Text, Rows.Real(other)));
    }

    [Fact]
    public void A_stray_cell_counts_as_what_it_holds()
    {
        Assert.Equal(Hex(TypeKind.Integer, 5L), Hex(TypeKind.Text, Rows.Whole(5)));
        Assert.Equal(Hex(TypeKind.Text, "x"), Hex(TypeKind.Integer, Rows.Text("x")));
        Assert.Equal(Hex(TypeKind.Bytes, "x"), Hex(TypeKind.Any, Rows.Blob((byte)'x')));
        Assert.Equal(Hex(TypeKind.Float64, 2.0), Hex(TypeKind.Decimal, Rows.Real(2)));
    }

    [Fact]
    public void The_number_of_columns_is_part_of_the_row()
    {
        var schema = Rows.Schema(("a", LogicalType.Text), ("b", LogicalType.Text));
        var one = CanonicalRows.Encode(Rows.Batch(schema with { Columns = [schema.Columns[0]] }, new object?[] { null }), 0);
        var two = CanonicalRows.Encode(Rows.Batch(schema, new object?[] { null, null }), 0);
        Assert.Equal("0100", Convert.ToHexString(one));
        Assert.Equal("020000", Convert.ToHexString(two));
    }

    [Fact]
    public void Decimals_are_equal_exactly_when_their_values_are()
    {
        var digits = Gen.Elements("", "0", "00", "1", "10", "5", "05", "922337203685477580", "7", "8",
            new string('0', 21), "123456789");
        var exponent = Gen.Elements("", "e0", "E1", "e-1", "e+18", "e19", "e-30");
        var text = (from sign in Gen.Elements("", "-", "+")
                    from a in digits
                    from b in digits
                    from point in Gen.Elements("", ".")
                    from c in digits
                    from e in exponent
                    where a.Length + b.Length + c.Length > 0
                    select sign + a + b + point + c + e).Or(Gen.Elements("NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "+INF"));
        Prop.ForAll(text.ToArbitrary(), text.ToArbitrary(), (a, b) =>
            (Hex(TypeKind.Decimal, a) == Hex(TypeKind.Decimal, b)) == (DecimalModel.Meaning(a) == DecimalModel.Meaning(b))
            && Decode(Convert.FromHexString("01" + Hex(TypeKind.Decimal, a))) == DecimalModel.Meaning(a))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void A_row_can_be_read_back_from_its_bytes()
    {
        Prop.ForAll(CellGen.Rows.ToArbitrary(), row =>
        {
            using var batch = row.Batch();
            return Decode(CanonicalRows.Encode(batch, 0)) == row.Meaning;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(20_000));
    }

    [Fact]
    public void Two_rows_have_the_same_bytes_exactly_when_they_mean_the_same()
    {
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var equal = 0;
        Prop.ForAll(CellGen.Rows.ToArbitrary(), row =>
        {
            using var batch = row.Batch();
            var bytes = Convert.ToHexString(CanonicalRows.Encode(batch, 0));
            if (seen.TryGetValue(bytes, out var meaning)) equal++;
            else seen[bytes] = meaning = row.Meaning;
            return meaning == row.Meaning;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(30_000));
        Assert.True(equal > 100, "rows that mean the same hardly came up");
        Assert.Equal(seen.Count, seen.Values.Distinct(StringComparer.Ordinal).Count());
    }

    /// <summary>Reads the documented form, with a reader of its own.</summary>
    private static string Decode(byte[] bytes)
    {
        var read = new CanonicalReader(bytes);
        var cells = new string[read.Length()];
        for (var i = 0; i < cells.Length; i++) cells[i] = read.Cell();
        Assert.True(read.AtEnd, "bytes are left over");
        return string.Join('|', cells);
    }

    /// <summary>One cell after another from canonical bytes.</summary>
    private sealed class CanonicalReader(byte[] bytes)
    {
        private int at;

        public bool AtEnd => at == bytes.Length;

        public int Length()
        {
            var value = 0;
            for (var shift = 0; ; shift += 7)
            {
                var b = bytes[at++];
                value |= (b & 0x7F) << shift;
                if (b < 0x80) return value;
            }
        }

        public string Cell() => bytes[at++] switch
        {
            0 => "null",
            2 => "E:" + Whole(),
            5 => "F:" + Whole().ToString("x", CultureInfo.InvariantCulture),
            6 => Number(),
            7 => "T:" + Value(),
            8 => "B:" + Value(),
            9 => "date:" + Whole(),
            10 => "time:" + Seconds(),
            11 => "datetime:" + Seconds(),
            12 => "instant:" + Seconds(),
            13 => FormattableString.Invariant($"interval:{BitConverter.ToInt32(Take(4))},{BitConverter.ToInt32(Take(4))},{Seconds()}"),
            14 => "uuid:" + Convert.ToHexString(Take(16)),
            15 => "J:" + Value(),
            16 => "N:" + Value(),
            var tag => throw new InvalidDataException($"tag {tag}"),
        };

        private byte[] Take(int count) => bytes[at..(at += count)];
        private long Whole() => BitConverter.ToInt64(Take(8));
        private string Value() => Convert.ToHexString(Take(Length()));

        private string Seconds()
        {
            var (seconds, nanos) = (Whole(), BitConverter.ToUInt32(Take(4)));
            if (nanos == uint.MaxValue) return seconds > 0 ? "inf" : "-inf";
            Assert.True(nanos < 1_000_000_000);
            return ((Int128)seconds * 1_000_000_000 + nanos).ToString(CultureInfo.InvariantCulture);
        }

        private string Number()
        {
            var sign = bytes[at++];
            if (sign >= 3) return sign switch { 3 => "D:nan", 4 => "D:inf", _ => "D:-inf" };
            var power = Whole();
            var digits = Encoding.ASCII.GetString(Take(Length()));
            return FormattableString.Invariant($"D:{(sign == 1 ? "-" : "")}{digits}e{power - digits.Length}");
        }
    }
}
