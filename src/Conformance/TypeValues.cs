using Pawl.Model;

namespace Pawl.Conformance;

/// <summary>The values of every logical type at which systems break.</summary>
public static class TypeValues
{
    private static readonly string Long = string.Concat(Enumerable.Repeat("棘爪 pawl ", 8_000));

    public static IReadOnlyList<object?> Of(LogicalType type) => type.Kind switch
    {
        TypeKind.Bool => [0L, 1L, null],
        TypeKind.Integer => Integers(type.Length == 0 ? 8 : type.Length),
        TypeKind.UnsignedInteger => [0L, 1L, long.MaxValue, long.MinValue, -1L, null],
        TypeKind.Float32 => [0.0, -0.0, 1.5, (double)float.MaxValue, (double)float.Epsilon, (double)float.MinValue, (double)0.1f, null],
        TypeKind.Float64 =>
        [
            0.0, -0.0, 1.0, 1.5, 0.1, 1e15, 9007199254740993.0, 1e300, double.MaxValue, double.MinValue, double.Epsilon, -double.Epsilon,
            double.PositiveInfinity, double.NegativeInfinity, double.NaN, null,
        ],
        TypeKind.Decimal => ["0", "-0.01", "12.50", "99999999999999999999999999999999999999.99", new string('9', 60), "NaN", null],
        TypeKind.Text or TypeKind.Native => ["", " ", "a", "a ", "A", "é", "e\u0301", "\0", "a\0b", "棘爪", "🦀", "'", "\"", "\\", "\r\n",
            "123", "1e5", "0x10", "null", Long, null],
        TypeKind.Bytes => [Array.Empty<byte>(), new byte[] { 0 }, AllBytes(), new byte[200_000], "text"u8.ToArray(), null],
        TypeKind.Date => [0L, -1L, 18_262L, -719_162L, 2_932_896L, null],
        TypeKind.Time => [0L, 1L, 86_399_999_999L, null],
        TypeKind.DateTime => [0L, -1L, 1L, 1_577_836_800_123_456L, -62_135_596_800_000_000L, 253_402_300_799_999_999L, null],
        TypeKind.Instant => [0L, -1L, 1_577_836_800_123_456L, long.MinValue, long.MaxValue, null],
        TypeKind.Interval or TypeKind.Uuid =>
            [UInt128.Zero, UInt128.One, UInt128.MaxValue, new UInt128(0x0102030405060708, 0x090a0b0c0d0e0f10), null],
        TypeKind.Json => ["{}", "null", """{"b": 1, "a": [1.10, "棘"]}""", null],
        TypeKind.Any => [0L, long.MinValue, 1.5, -0.0, "", "12", "text", AllBytes(), Array.Empty<byte>(), null],
        _ => throw new NotSupportedException(type.ToString()),
    };

    private static IReadOnlyList<object?> Integers(int bytes)
    {
        var max = bytes == 8 ? long.MaxValue : (1L << (8 * bytes - 1)) - 1;
        return [0L, 1L, -1L, max, -max - 1, max - 1, null];
    }

    private static byte[] AllBytes() => [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
}
