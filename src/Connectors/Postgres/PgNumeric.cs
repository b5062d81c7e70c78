using System.Buffers.Binary;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// numeric's binary form as the text the server itself would write: groups of four decimal digits, a weight, a sign and the number of
/// digits shown after the point. (src/backend/utils/adt/numeric.c, numeric_send)
/// </summary>
internal static class PgNumeric
{
    private const ushort Negative = 0x4000, NaN = 0xC000, PlusInfinity = 0xD000, MinusInfinity = 0xF000;

    /// <param name="data">The field's bytes.</param>
    public static void Append(BytesColumn column, ReadOnlySpan<byte> data)
    {
        var (groups, weight, sign, scale) = Head(data);
        switch (sign)
        {
            case NaN: column.Append("NaN"u8); return;
            case PlusInfinity: column.Append("Infinity"u8); return;
            case MinusInfinity: column.Append("-Infinity"u8); return;
        }
        Write(data[8..], groups, weight, sign, scale, column.Reserve(Length(data, groups, weight, sign, scale)));
    }

    public static string Text(ReadOnlySpan<byte> data)
    {
        var (groups, weight, sign, scale) = Head(data);
        if (sign is NaN or PlusInfinity or MinusInfinity) return sign == NaN ? "NaN" : sign == PlusInfinity ? "Infinity" : "-Infinity";
        var text = new byte[Length(data, groups, weight, sign, scale)];
        Write(data[8..], groups, weight, sign, scale, text);
        return System.Text.Encoding.ASCII.GetString(text);
    }

    private static (int Groups, int Weight, ushort Sign, int Scale) Head(ReadOnlySpan<byte> data)
    {
        // Unsigned: the longest numbers have more groups than a signed count can say.
        var groups = BinaryPrimitives.ReadUInt16BigEndian(data);
        return (groups, BinaryPrimitives.ReadInt16BigEndian(data[2..]), BinaryPrimitives.ReadUInt16BigEndian(data[4..]),
            BinaryPrimitives.ReadInt16BigEndian(data[6..]));
    }

    private static int Length(ReadOnlySpan<byte> data, int groups, int weight, ushort sign, int scale)
    {
        var whole = weight < 0 ? 1 : 4 * weight + (groups == 0 ? 1 : Digits(BinaryPrimitives.ReadInt16BigEndian(data[8..])));
        return checked((sign == Negative ? 1 : 0) + whole + (scale > 0 ? 1 + scale : 0));
    }

    private static int Digits(int group) => group >= 1000 ? 4 : group >= 100 ? 3 : group >= 10 ? 2 : 1;

    private static void Write(ReadOnlySpan<byte> data, int groups, int weight, ushort sign, int scale, Span<byte> to)
    {
        var at = 0;
        if (sign == Negative) to[at++] = (byte)'-';
        if (weight < 0) to[at++] = (byte)'0';
        for (var i = 0; i <= weight; i++)
        {
            var group = Group(data, groups, i);
            var digits = i == 0 ? Digits(group) : 4;
            for (var d = digits - 1; d >= 0; d--, group /= 10) to[at + d] = (byte)('0' + group % 10);
            at += digits;
        }
        if (scale <= 0) return;
        to[at++] = (byte)'.';
        // The last group may say more digits than are shown: they are zeros.
        for (var i = weight + 1; at < to.Length; i++)
        {
            var group = i < 0 ? 0 : Group(data, groups, i);
            for (var power = 1000; power > 0 && at < to.Length; power /= 10) to[at++] = (byte)('0' + group / power % 10);
        }
    }

    private static int Group(ReadOnlySpan<byte> data, int groups, int index) =>
        index < groups ? BinaryPrimitives.ReadInt16BigEndian(data[(2 * index)..]) : 0;
}
