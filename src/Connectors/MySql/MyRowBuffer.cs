using System.Buffers;

namespace Pawl.Connectors.MySql;

/// <summary>Bytes that grow: rows on their way to the server. Not thread-safe.</summary>
internal sealed class MyRowBuffer : IDisposable
{
    private byte[] data = ArrayPool<byte>.Shared.Rent(64 << 10);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => data.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Takes back what was written since.</summary>
    public void BackTo(int length) => Length = length;

    public Span<byte> Room(int bytes)
    {
        if (data.Length - Length < bytes) Grow(bytes);
        return data.AsSpan(Length);
    }

    public void Advance(int bytes) => Length += bytes;

    public void Put(byte one)
    {
        if (Length == data.Length) Grow(1);
        data[Length++] = one;
    }

    public void Put(ReadOnlySpan<byte> some)
    {
        some.CopyTo(Room(some.Length));
        Length += some.Length;
    }

    private void Grow(int bytes)
    {
        var wanted = Math.Max((long)data.Length * 2, (long)Length + bytes);
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(wanted, Array.MaxLength));
        data.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(data);
        data = larger;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(data);
        data = [];
        Length = 0;
    }
}
