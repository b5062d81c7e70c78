namespace Pawl.Simulation;

/// <summary>The seeded randomness of one simulation (SplitMix64). Not thread-safe.</summary>
internal sealed class Rng(ulong seed)
{
    private ulong state = seed;

    public ulong Bits()
    {
        state += 0x9E3779B97F4A7C15UL;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    /// <summary>0 … <paramref name="bound"/> − 1.</summary>
    public int Below(int bound) => (int)((UInt128)Bits() * (ulong)bound >> 64);

    /// <summary>Both ends included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    public long Ticks(long low, long high) => low + (long)((UInt128)Bits() * (ulong)(high - low + 1) >> 64);

    public bool Chance(double probability) => (Bits() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> from) => from[Below(from.Count)];

    /// <summary>A stream of its own, so that more draws in one place do not shift another.</summary>
    public Rng Fork() => new(Bits() ^ 0xD1B54A32D192ED03UL);
}
