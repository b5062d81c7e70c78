using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Pawl.Core.Tests.Model;
using Pawl.Model;

namespace Pawl.Core.Tests.Verify;

/// <summary>A cell of some column, and what it means whichever column it lies in.</summary>
internal sealed record GeneratedCell(TypeKind Kind, object? Value, string Meaning);

internal sealed record GeneratedRow(IReadOnlyList<GeneratedCell> Cells)
{
    public string Meaning => string.Join('|', Cells.Select(c => c.Meaning));

    public RowBatch Batch()
    {
        var schema = Rows.Schema([.. Cells.Select((c, i) => ($"c{i}", new LogicalType(c.Kind)))]);
        return Rows.Batch(schema, [.. Cells.Select(c => c.Value)]);
    }
}

/// <summary>Cells of every type, from small ranges, so that equal ones come up often.</summary>
internal static class CellGen
{
    private static readonly Gen<long> Numbers = 
        Gen.Elements(0, 1, -1, 2, 255, 256, 1_000_000, -1_000_000, -999_999, long.MaxValue, long.MinValue);
    private static readonly Gen<double> Reals = 
        Gen.Elements(0, -0.0, 1, -1, 0.1, 0.1f, double.NaN, -double.NaN, double.PositiveInfinity, 5e-324);
    private static readonly Gen<string> Texts = Gen.Elements("", "0", "1", "\0", "a", "a ", "é", "\u0007\u0000",
        "\u0002\u0001\0\0\0\0\0\0\0",
        new string('x', 127), new string('x', 128), new string('x', 20_000));
    private static readonly Gen<string> Decimals = Gen.Elements("0", "-0.0", "1", "1.0", "1.5", "1.50", "-1",
        "255", "256.000", "NaN", "-Infinity",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e400", "0.1", "1" + new string('0', 40));
    private static readonly Gen<UInt128> Wides = Gen.Elements<UInt128>(0, 1, UInt128.MaxValue, new UInt128(1, ulong.MaxValue));

    private static string Float(double v) =>
        "F:" + (double.IsNaN(v) ? "7ff8000000000000" : BitConverter.DoubleToInt64Bits(v).ToString("x", null));
    private static string Interval(UInt128 v) =>
        FormattableString.Invariant($"interval:{(int)(uint)(v >> 96)},{(int)(uint)(v >> 64)},{Nanos((long)(ulong)v)}");
    private static string Hex(string tag, string v) => tag + ":" + Convert.ToHexString(Encoding.UTF8.GetBytes(v));
    private static string Nanos(long v) => ((Int128)v * 1000).ToString(CultureInfo.InvariantCulture);
    private static string Endless(long v) => v == long.MaxValue ? "inf" : v == long.MinValue ? "-inf" : Nanos(v);

    private static Gen<GeneratedCell> Of<T>(Gen<T> values, Func<T, string> meaning, params TypeKind[] kinds) =>
        from kind in Gen.Elements(kinds)
        from value in values
        select new GeneratedCell(kind, value, meaning(value));

    private static readonly Gen<TypeKind> AnyKind = Gen.Elements(Enum.GetValues<TypeKind>());

    public static readonly Gen<GeneratedCell> Cells = Gen.OneOf(
        Of(Numbers, v => "E:" + v, TypeKind.Integer, TypeKind.Bool),
        Of(Numbers, v => DecimalModel.Meaning(((ulong)v).ToString(CultureInfo.InvariantCulture)), TypeKind.UnsignedInteger),
        Of(Decimals, DecimalModel.Meaning, TypeKind.Decimal),
        Of(Reals, Float, TypeKind.Float32, TypeKind.Float64),
        Of(Texts, v => Hex("T", v), TypeKind.Text, TypeKind.Any),
        Of(Texts, v => Hex("B", v), TypeKind.Bytes),
        Of(Texts, v => Hex("J", v), TypeKind.Json),
        Of(Texts, v => Hex("N", v), TypeKind.Native),
        Of(Numbers, v => "date:" + v, TypeKind.Date),
        Of(Numbers, v => "time:" + Nanos(v), TypeKind.Time),
        Of(Numbers, v => "datetime:" + Endless(v), TypeKind.DateTime),
        Of(Numbers, v => "instant:" + Endless(v), TypeKind.Instant),
        Of(Wides, Interval, TypeKind.Interval),
        Of(Wides, v => "uuid:" + v.ToString("X32", CultureInfo.InvariantCulture), TypeKind.Uuid),
        from kind in AnyKind select new GeneratedCell(kind, null, "null"),
        from kind in AnyKind from v in Numbers select new GeneratedCell(kind, Model.Rows.Whole(v), "E:" + v),
        from kind in AnyKind from v in Reals select new GeneratedCell(kind, Model.Rows.Real(v), Float(v)),
        from kind in AnyKind from v in Texts select new GeneratedCell(kind, Model.Rows.Text(v), Hex("T", v)),
        from kind in AnyKind from v in Texts select new GeneratedCell(kind, Model.Rows.Blob(Encoding.UTF8.GetBytes(v)), Hex("B", v)));

    public static readonly Gen<GeneratedRow> Rows =
        from count in Gen.Choose(1, 3)
        from cells in Cells.ListOf(count)
        select new GeneratedRow([.. cells]);
}
