using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Bytes of rows on their way into COPY. Grows for a row that is larger than it and shrinks when it is cleared. Not thread-safe.
/// </summary>
internal sealed class PgCopyBuffer : IDisposable
{
    /// <summary>Large enough that the driver hands it to the socket as one piece; two of them are in use at once.</summary>
    public const int Size = 384 << 10;

    /// <summary>A pooled array is a power of two; what is above <see cref="Size"/> takes the last row.</summary>
    private const int Room = 512 << 10;

    private byte[] bytes = ArrayPool<byte>.Shared.Rent(Room);

    public int Length { get; private set; }

    public bool IsFull => Length >= Size;

    public ReadOnlyMemory<byte> Written => bytes.AsMemory(0, Length);

    /// <summary>The next <paramref name="count"/> bytes, for the caller to fill.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Take(int count)
    {
        if (count > bytes.Length - Length) Grow(count);
        var slot = bytes.AsSpan(Length, count);
        Length += count;
        return slot;
    }

    /// <summary>Forgets what was written since the length was this: a row that turned out to be unfit.</summary>
    public void CutTo(int length) => Length = length;

    public void Clear()
    {
        Length = 0;
        if (bytes.Length <= Room * 4) return;
        bytes = ArrayPool<byte>.Shared.Rent(Room);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Int16(int value) => BinaryPrimitives.WriteInt16BigEndian(Take(2), (short)value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(4), value);

    /// <summary>A field of four bytes with its length before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Field32(int value)
    {
        var slot = Take(8);
        BinaryPrimitives.WriteInt32BigEndian(slot, 4);
        BinaryPrimitives.WriteInt32BigEndian(slot[4..], value);
    }

    /// <summary>A field of eight bytes with its length before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Field64(long value)
    {
        var slot = Take(12);
        BinaryPrimitives.WriteInt32BigEndian(slot, 8);
        BinaryPrimitives.WriteInt64BigEndian(slot[4..], value);
    }

    /// <summary>A field of some bytes with its length before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Field(ReadOnlySpan<byte> value)
    {
        var slot = Take(checked(value.Length + 4));
        BinaryPrimitives.WriteInt32BigEndian(slot, value.Length);
        value.CopyTo(slot[4..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Raw(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    private void Grow(int count)
    {
        var wanted = (long)Length + count;
        if (wanted > Array.MaxLength)
        {
            throw new PawlException(Fault.Data, Codes.ValueTooLarge, ("bytes", wanted), ("limit", Array.MaxLength),
                ("cause", "the row does not fit into one message"));
        }
        var size = (int)Math.Min(Array.MaxLength, Math.Max(wanted, bytes.Length + bytes.Length / 2L));
        var grown = size <= Room * 4 ? ArrayPool<byte>.Shared.Rent(size) : GC.AllocateUninitializedArray<byte>(size);
        bytes.AsSpan(0, Length).CopyTo(grown);
        Return();
        bytes = grown;
    }

    private void Return()
    {
        if (bytes.Length is > 0 and <= Room * 4) ArrayPool<byte>.Shared.Return(bytes);
        bytes = [];
    }

    public void Dispose()
    {
        Return();
        Length = 0;
    }
}
