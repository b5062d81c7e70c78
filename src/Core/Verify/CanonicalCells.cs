using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Pawl.Model;

namespace Pawl.Verify;

/// <summary>How one cell looks in digest v1. Chosen once a column; each writes at the start of the span and says how many bytes.</summary>
internal interface ICanonical<TValue>
    where TValue : allows ref struct
{
    /// <summary>Most bytes beyond the value's own length that a cell can take.</summary>
    static abstract int Room { get; }

    static abstract int Write(Span<byte> at, TValue value);
}

/// <summary>The first byte of every cell: the number of the <see cref="TypeKind"/> whose class it is, 0 for null.</summary>
internal static class CanonicalTag
{
    public const byte Null = 0;
    public const byte Exact = (byte)TypeKind.Integer;
    public const byte Float = (byte)TypeKind.Float64;
    public const byte Decimal = (byte)TypeKind.Decimal;
    public const byte Text = (byte)TypeKind.Text;
    public const byte Bytes = (byte)TypeKind.Bytes;
}

/// <summary>Whole numbers and booleans.</summary>
internal readonly struct CanonicalWhole : ICanonical<long>
{
    public static int Room => 9;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> at, long value)
    {
        at[0] = CanonicalTag.Exact;
        BinaryPrimitives.WriteInt64LittleEndian(at[1..], value);
        return 9;
    }
}

/// <summary>Unsigned numbers: like signed ones as far as those reach, like decimals beyond.</summary>
internal readonly struct CanonicalUnsigned : ICanonical<long>
{
    public static int Room => CanonicalDecimal.Room + 20;

    public static int Write(Span<byte> at, long value)
    {
        if (value >= 0) return CanonicalWhole.Write(at, value);
        Span<byte> digits = stackalloc byte[20];
        System.Buffers.Text.Utf8Formatter.TryFormat((ulong)value, digits, out var length);
        return CanonicalDecimal.Write(at, digits[..length]);
    }
}

/// <summary>Floats by their bits; every NaN is one, the two zeros are two.</summary>
internal readonly struct CanonicalFloat : ICanonical<double>
{
    private const long OneNaN = 0x7FF8_0000_0000_0000;

    public static int Room => 9;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> at, double value)
    {
        at[0] = CanonicalTag.Float;
        BinaryPrimitives.WriteInt64LittleEndian(at[1..], double.IsNaN(value) ? OneNaN : BitConverter.DoubleToInt64Bits(value));
        return 9;
    }
}

/// <summary>Days since 1970-01-01.</summary>
internal readonly struct CanonicalDate : ICanonical<long>
{
    public static int Room => 9;

    public static int Write(Span<byte> at, long value)
    {
        at[0] = (byte)TypeKind.Date;
        BinaryPrimitives.WriteInt64LittleEndian(at[1..], value);
        return 9;
    }
}

internal readonly struct CanonicalTime : ICanonical<long>
{
    public static int Room => 13;
    public static int Write(Span<byte> at, long value) => CanonicalSeconds.Write(at, TypeKind.Time, value);
}

internal readonly struct CanonicalDateTime : ICanonical<long>
{
    public static int Room => 13;
    public static int Write(Span<byte> at, long value) => CanonicalSeconds.WriteEndless(at, TypeKind.DateTime, value);
}

internal readonly struct CanonicalInstant : ICanonical<long>
{
    public static int Room => 13;
    public static int Write(Span<byte> at, long value) => CanonicalSeconds.WriteEndless(at, TypeKind.Instant, value);
}

/// <summary>Seconds and nanoseconds, so that a carrier finer than microseconds will give the same bytes.</summary>
internal static class CanonicalSeconds
{
    /// <summary>No finite value has that many nanoseconds.</summary>
    private const uint Endless = uint.MaxValue;

    public static int Write(Span<byte> at, TypeKind tag, long microseconds)
    {
        at[0] = (byte)tag;
        return 1 + Write(at[1..], microseconds);
    }

    public static int WriteEndless(Span<byte> at, TypeKind tag, long microseconds)
    {
        if (microseconds is not (long.MinValue or long.MaxValue)) return Write(at, tag, microseconds);
        at[0] = (byte)tag;
        BinaryPrimitives.WriteInt64LittleEndian(at[1..], microseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(at[9..], Endless);
        return 13;
    }

    public static int Write(Span<byte> at, long microseconds)
    {
        var seconds = Math.DivRem(microseconds, 1_000_000, out var rest);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + 1_000_000);
        BinaryPrimitives.WriteInt64LittleEndian(at, seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(at[8..], (uint)rest * 1000);
        return 12;
    }
}

/// <summary>Months, days and the rest apart: a month is not a number of days.</summary>
internal readonly struct CanonicalInterval : ICanonical<UInt128>
{
    public static int Room => 21;

    public static int Write(Span<byte> at, UInt128 value)
    {
        at[0] = (byte)TypeKind.Interval;
        BinaryPrimitives.WriteUInt32LittleEndian(at[1..], (uint)(value >> 96));
        BinaryPrimitives.WriteUInt32LittleEndian(at[5..], (uint)(value >> 64));
        return 9 + CanonicalSeconds.Write(at[9..], (long)(ulong)value);
    }
}

/// <summary>The 16 bytes in network order.</summary>
internal readonly struct CanonicalUuid : ICanonical<UInt128>
{
    public static int Room => 17;

    public static int Write(Span<byte> at, UInt128 value)
    {
        at[0] = (byte)TypeKind.Uuid;
        BinaryPrimitives.WriteUInt128BigEndian(at[1..], value);
        return 17;
    }
}

internal readonly struct CanonicalText : ICanonical<ReadOnlySpan<byte>>
{
    public static int Room => CanonicalLength.Room;
    public static int Write(Span<byte> at, ReadOnlySpan<byte> value) => CanonicalLength.Write(at, CanonicalTag.Text, value);
}

internal readonly struct CanonicalBytes : ICanonical<ReadOnlySpan<byte>>
{
    public static int Room => CanonicalLength.Room;
    public static int Write(Span<byte> at, ReadOnlySpan<byte> value) => CanonicalLength.Write(at, CanonicalTag.Bytes, value);
}

/// <summary>JSON as the text it is: spaces and the order of fields count.</summary>
internal readonly struct CanonicalJson : ICanonical<ReadOnlySpan<byte>>
{
    public static int Room => CanonicalLength.Room;
    public static int Write(Span<byte> at, ReadOnlySpan<byte> value) => CanonicalLength.Write(at, (byte)TypeKind.Json, value);
}

internal readonly struct CanonicalNative : ICanonical<ReadOnlySpan<byte>>
{
    public static int Room => CanonicalLength.Room;
    public static int Write(Span<byte> at, ReadOnlySpan<byte> value) => CanonicalLength.Write(at, (byte)TypeKind.Native, value);
}

/// <summary>Tag, length, value.</summary>
internal static class CanonicalLength
{
    public const int Room = 6;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> at, byte tag, ReadOnlySpan<byte> value)
    {
        at[0] = tag;
        var length = 1 + Write(at[1..], value.Length);
        value.CopyTo(at[length..]);
        return length + value.Length;
    }

    /// <summary>A length in 7-bit groups, least first, the high bit set while more follow (LEB128); at most 5 bytes here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> at, int length)
    {
        var i = 0;
        for (var rest = (uint)length; ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                at[i++] = (byte)rest;
                return i;
            }
            at[i++] = (byte)(rest | 0x80);
        }
    }
}
