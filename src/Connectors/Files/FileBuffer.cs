using System.Buffers;
using System.Runtime.CompilerServices;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>Bytes on their way into a file, in a pooled array that grows with the longest record. Not thread-safe.</summary>
internal sealed class FileBuffer : IDisposable
{
    private const int Usual = 1 << 18;
    private byte[] data = ArrayPool<byte>.Shared.Rent(Usual);

    public int Used { get; private set; }

    public ReadOnlySpan<byte> Written => data.AsSpan(0, Used);

    /// <summary>Enough to be worth handing on.</summary>
    public bool IsFull => Used >= Usual / 2;

    /// <summary>Room for at least that many bytes; taken by <see cref="Take"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Room(int bytes)
    {
        if (data.Length - Used < bytes) Grow(bytes);
        return data.AsSpan(Used);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(int bytes) => Used += bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(byte value)
    {
        Room(1)[0] = value;
        Used++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Room(value.Length));
        Used += value.Length;
    }

    /// <summary>Back to an earlier <see cref="Used"/>.</summary>
    public void Cut(int used) => Used = used;

    public void Dispose()
    {
        if (data.Length > 0) ArrayPool<byte>.Shared.Return(data);
        (data, Used) = ([], 0);
    }

    private void Grow(int bytes)
    {
        if ((long)Used + bytes > BytesColumn.MaxBytes)
        {
            throw new PawlException(Fault.Data, Codes.ValueTooLarge, ("bytes", (long)Used + bytes), ("limit", BytesColumn.MaxBytes));
        }
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(Math.Min(2L * data.Length, BytesColumn.MaxBytes), (long)Used + bytes));
        Written.CopyTo(larger);
        if (data.Length > 0) ArrayPool<byte>.Shared.Return(data);
        data = larger;
    }
}
