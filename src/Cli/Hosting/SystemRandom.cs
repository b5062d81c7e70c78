using System.Security.Cryptography;

namespace Pawl.Cli.Hosting;

/// <summary>
/// The operating system's randomness behind the engine's one source of chance: holders and runs must never repeat. Thread-safe.
/// </summary>
internal sealed class SystemRandom() : Random(0)
{
    public override void NextBytes(Span<byte> buffer) => RandomNumberGenerator.Fill(buffer);

    public override void NextBytes(byte[] buffer) => RandomNumberGenerator.Fill(buffer);

    public override int Next() => RandomNumberGenerator.GetInt32(int.MaxValue);

    public override int Next(int maxValue) => maxValue <= 1 ? 0 : RandomNumberGenerator.GetInt32(maxValue);

    public override int Next(int minValue, int maxValue) =>
        maxValue <= minValue ? minValue : RandomNumberGenerator.GetInt32(minValue, maxValue);

    public override double NextDouble() => Sample();

    protected override double Sample()
    {
        Span<byte> bytes = stackalloc byte[8];
        NextBytes(bytes);
        return (BitConverter.ToUInt64(bytes) >> 11) * (1.0 / (1UL << 53));
    }
}
