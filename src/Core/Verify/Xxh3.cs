using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Pawl.Verify;

/// <summary>
/// XXH3, the 128-bit variant with seed 0 and the default secret, as specified at
/// https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Not cryptographic: it finds accidents, not forgeries. Thread-safe.
/// </summary>
public static class Xxh3
{
    private const uint Prime32A = 0x9E3779B1, Prime32B = 0x85EBCA77, Prime32C = 0xC2B2AE3D;
    private const ulong PrimeA = 0x9E3779B185EBCA87, PrimeB = 0xC2B2AE3D27D4EB4F, PrimeC = 0x165667B19E3779F9;
    private const ulong PrimeD = 0x85EBCA77C2B2AE63, PrimeE = 0x27D4EB2F165667C5;
    private const ulong MixA = 0x165667919E3779F9, MixB = 0x9FB21C651E98DF25;
    private const int Stripe = 64, StripesPerBlock = 16, Block = Stripe * StripesPerBlock;

    private static ReadOnlySpan<byte> Secret =>
    [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c,
        0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb, 0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f,
        0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c,
        0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb, 0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3,
        0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d,
        0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31, 0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64,
        0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e,
        0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc, 0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce,
        0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ];

    /// <summary>The hash; its upper half is what xxhsum prints first.</summary>
    public static UInt128 Hash128(ReadOnlySpan<byte> data)
    {
        ref var input = ref MemoryMarshal.GetReference(data);
        ref var secret = ref MemoryMarshal.GetReference(Secret);
        return data.Length switch
        {
            > 240 => Long(data, ref secret),
            > 128 => Upto240(ref input, data.Length, ref secret),
            > 16 => Upto128(ref input, data.Length, ref secret),
            _ => Upto16(ref input, data.Length, ref secret),
        };
    }

    private static UInt128 Upto16(ref byte input, int length, ref byte secret)
    {
        if (length > 8)
        {
            var flipLow = Read(ref secret, 32) ^ Read(ref secret, 40);
            var flipHigh = Read(ref secret, 48) ^ Read(ref secret, 56);
            var first = Read(ref input, 0);
            var last = Read(ref input, length - 8);
            var high = Math.BigMul(first ^ last ^ flipLow, PrimeA, out var low);
            low += (ulong)(length - 1) << 54;
            last ^= flipHigh;
            high += last + (ulong)(uint)last * (Prime32B - 1);
            low ^= BinaryPrimitives.ReverseEndianness(high);
            var top = Math.BigMul(low, PrimeB, out var bottom) + high * PrimeB;
            return new UInt128(Avalanche(top), Avalanche(bottom));
        }
        if (length > 3)
        {
            var both = Read32(ref input, 0) + ((ulong)Read32(ref input, length - 4) << 32);
            var high = Math.BigMul(both ^ Read(ref secret, 16) ^ Read(ref secret, 24), PrimeA + ((ulong)length << 2), out var low);
            high += low << 1;
            low ^= high >> 3;
            low = (low ^ (low >> 35)) * MixB;
            return new UInt128(Avalanche(high), low ^ (low >> 28));
        }
        if (length > 0)
        {
            uint a = input, b = Unsafe.Add(ref input, length >> 1), c = Unsafe.Add(ref input, length - 1);
            var low = (a << 16) | (b << 24) | c | ((uint)length << 8);
            var high = uint.RotateLeft(BinaryPrimitives.ReverseEndianness(low), 13);
            return new UInt128(AvalancheOld(high ^ (ulong)(Read32(ref secret, 8) ^ Read32(ref secret, 12))),
                AvalancheOld(low ^ (ulong)(Read32(ref secret, 0) ^ Read32(ref secret, 4))));
        }
        return new UInt128(AvalancheOld(Read(ref secret, 80) ^ Read(ref secret, 88)),
            AvalancheOld(Read(ref secret, 64) ^ Read(ref secret, 72)));
    }

    private static UInt128 Upto128(ref byte input, int length, ref byte secret)
    {
        ulong low = (ulong)length * PrimeA, high = 0;
        if (length > 32)
        {
            if (length > 64)
            {
                if (length > 96) Mix(ref low, ref high, ref input, 48, length - 64, ref secret, 96);
                Mix(ref low, ref high, ref input, 32, length - 48, ref secret, 64);
            }
            Mix(ref low, ref high, ref input, 16, length - 32, ref secret, 32);
        }
        Mix(ref low, ref high, ref input, 0, length - 16, ref secret, 0);
        return Finish(low, high, length);
    }

    private static UInt128 Upto240(ref byte input, int length, ref byte secret)
    {
        ulong low = (ulong)length * PrimeA, high = 0;
        for (var i = 0; i < 128; i += 32) Mix(ref low, ref high, ref input, i, i + 16, ref secret, i);
        (low, high) = (Avalanche(low), Avalanche(high));
        for (var i = 128; i + 32 <= length; i += 32) Mix(ref low, ref high, ref input, i, i + 16, ref secret, i - 125);
        Mix(ref low, ref high, ref input, length - 16, length - 32, ref secret, 103);
        return Finish(low, high, length);
    }

    private static UInt128 Finish(ulong low, ulong high, int length) =>
        new(0 - Avalanche(low * PrimeA + high * PrimeD + (ulong)length * PrimeB), Avalanche(low + high));

    private static UInt128 Long(ReadOnlySpan<byte> data, ref byte secret)
    {
        ref var input = ref MemoryMarshal.GetReference(data);
        Span<ulong> lanes = [Prime32C, PrimeA, PrimeB, PrimeC, PrimeD, Prime32B, PrimeE, Prime32A];
        ref var sums = ref MemoryMarshal.GetReference(lanes);
        var blocks = (data.Length - 1) / Block;
        for (var block = 0; block < blocks; block++)
        {
            Accumulate(ref sums, ref Unsafe.Add(ref input, block * Block), ref secret, StripesPerBlock);
            Scramble(ref sums, ref Unsafe.Add(ref secret, 128));
        }
        var rest = (data.Length - 1 - blocks * Block) / Stripe;
        Accumulate(ref sums, ref Unsafe.Add(ref input, blocks * Block), ref secret, rest);
        Accumulate(ref sums, ref Unsafe.Add(ref input, data.Length - Stripe), ref Unsafe.Add(ref secret, 121), 1);
        var length = (ulong)data.Length;
        return new UInt128(Merge(ref sums, ref Unsafe.Add(ref secret, 117), ~(length * PrimeB)),
            Merge(ref sums, ref Unsafe.Add(ref secret, 11), length * PrimeA));
    }

    /// <summary>Takes in stripes of 64 bytes; the secret moves on by 8 bytes with each.</summary>
    internal static void Accumulate(ref ulong sums, ref byte input, ref byte secret, int stripes)
    {
        if (Avx2.IsSupported)
        {
            var first = Vector256.LoadUnsafe(ref sums, 0);
            var second = Vector256.LoadUnsafe(ref sums, 4);
            for (var n = 0; n < stripes; n++)
            {
                first = Absorb(first, Vector256.LoadUnsafe(ref input, (nuint)(n * Stripe)),
                    Vector256.LoadUnsafe(ref secret, (nuint)(n * 8)));
                second = Absorb(second, Vector256.LoadUnsafe(ref input, (nuint)(n * Stripe + 32)),
                    Vector256.LoadUnsafe(ref secret, (nuint)(n * 8 + 32)));
            }
            first.StoreUnsafe(ref sums, 0);
            second.StoreUnsafe(ref sums, 4);
            return;
        }
        AccumulatePlain(ref sums, ref input, ref secret, stripes);
    }

    /// <summary>The same without vector instructions.</summary>
    internal static void AccumulatePlain(ref ulong sums, ref byte input, ref byte secret, int stripes)
    {
        for (var n = 0; n < stripes; n++)
        {
            for (var i = 0; i < 8; i++)
            {
                var value = Read(ref input, n * Stripe + i * 8);
                var key = value ^ Read(ref secret, n * 8 + i * 8);
                Unsafe.Add(ref sums, i ^ 1) += value;
                Unsafe.Add(ref sums, i) += (ulong)(uint)key * (key >> 32);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Absorb(Vector256<ulong> sums, Vector256<byte> input, Vector256<byte> secret)
    {
        var key = (input ^ secret).AsUInt32();
        var product = Avx2.Multiply(key, Avx2.Shuffle(key, 0b10_11_00_01));
        return sums + product + Avx2.Shuffle(input.AsUInt32(), 0b01_00_11_10).AsUInt64();
    }

    private static void Scramble(ref ulong sums, ref byte secret)
    {
        for (var i = 0; i < 8; i++)
        {
            ref var sum = ref Unsafe.Add(ref sums, i);
            sum = (sum ^ (sum >> 47) ^ Read(ref secret, i * 8)) * Prime32A;
        }
    }

    private static ulong Merge(ref ulong sums, ref byte secret, ulong result)
    {
        for (var i = 0; i < 8; i += 2)
        {
            result += Fold(Unsafe.Add(ref sums, i) ^ Read(ref secret, i * 8), Unsafe.Add(ref sums, i + 1) ^ Read(ref secret, i * 8 + 8));
        }
        return Avalanche(result);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ref ulong low, ref ulong high, ref byte input, int first, int second, ref byte secret, int at)
    {
        ulong a = Read(ref input, first), b = Read(ref input, first + 8), c = Read(ref input, second), d = Read(ref input, second + 8);
        low = (low + Fold(a ^ Read(ref secret, at), b ^ Read(ref secret, at + 8))) ^ (c + d);
        high = (high + Fold(c ^ Read(ref secret, at + 16), d ^ Read(ref secret, at + 24))) ^ (a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b) => Math.BigMul(a, b, out var low) ^ low;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Avalanche(ulong h)
    {
        h = (h ^ (h >> 37)) * MixA;
        return h ^ (h >> 32);
    }

    private static ulong AvalancheOld(ulong h)
    {
        h = (h ^ (h >> 33)) * PrimeB;
        h = (h ^ (h >> 29)) * PrimeC;
        return h ^ (h >> 32);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read(ref byte at, int offset)
    {
        var value = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, offset));
        return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Read32(ref byte at, int offset)
    {
        var value = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, offset));
        return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
    }
}
