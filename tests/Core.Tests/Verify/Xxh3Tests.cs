using System.Globalization;
using Pawl.Verify;
using Xunit;

namespace Pawl.Core.Tests.Verify;

public sealed class Xxh3Tests
{
    private static byte[] SanityBuffer(int length)
    {
        var bytes = new byte[length];
        ulong state = 0x9E3779B1;
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)(state >> 56);
            state *= 0x9E3779B185EBCA87;
        }
        return bytes;
    }

    [Fact]
    public void Every_published_vector_is_met()
    {
        var vectors = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Verify", "xxh3-128.txt")).Where(l => !l.StartsWith('#'))
            .Select(l => l.Split(' ')).Select(p => (Length: int.Parse(p[0], null), Hash: p[1])).ToList();
        Assert.True(vectors.Count > 1_100, "the table of vectors is cut short");
        var data = SanityBuffer(vectors.Max(v => v.Length));
        foreach (var (length, hash) in vectors)
        {
            Assert.Equal((length, hash), (length, Xxh3.Hash128(data.AsSpan(0, length)).ToString("x32", CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public void The_place_in_memory_does_not_matter()
    {
        var data = SanityBuffer(2_000);
        var moved = new byte[2_100];
        for (var shift = 0; shift < 33; shift++)
        {
            data.CopyTo(moved, shift);
            foreach (var length in (int[])[3, 8, 16, 100, 200, 241, 1_025, 2_000])
            {
                Assert.Equal(Xxh3.Hash128(data.AsSpan(0, length)), Xxh3.Hash128(moved.AsSpan(shift, length)));
            }
        }
    }

    [Fact]
    public void The_plain_way_agrees_with_the_vector_way()
    {
        var data = SanityBuffer(1_100);
        var secret = SanityBuffer(192);
        for (var stripes = 0; stripes <= 16; stripes++)
        {
            ulong[] plain = [1, 2, 3, 4, 5, 6, 7, 8], chosen = [.. plain];
            Xxh3.AccumulatePlain(ref plain[0], ref data[0], ref secret[0], stripes);
            Xxh3.Accumulate(ref chosen[0], ref data[0], ref secret[0], stripes);
            Assert.Equal(plain, chosen);
        }
    }
}
