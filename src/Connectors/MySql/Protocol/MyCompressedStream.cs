using System.Buffers.Binary;
using System.IO.Compression;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>
/// The zlib form of the protocol: blocks of three bytes length, one sequence number, three bytes length before compression (0 = the block
/// is not compressed). https://mariadb.com/kb/en/0-packet/#compressed-packet
/// </summary>
internal sealed class MyCompressedStream(Stream inner) : Stream
{
    private const int HeadBytes = 7, WorthBytes = 50, BlockBytes = 1 << 20, InputBytes = 64 << 10, MostLength = 0xFFFFFF;

    private byte[] input = new byte[InputBytes];
    private int at, filled;
    private byte[] plain = [];
    private int plainAt, plainEnd;
    private readonly MemoryStream block = new();
    private byte sequence;

    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The last block began a conversation of its own: allowed for a goodbye alone.</summary>
    public bool IsOutOfTurn { get; private set; }

    public void Begin() => sequence = 0;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (plainAt == plainEnd)
        {
            if (!await HaveAsync(HeadBytes, cancellationToken).ConfigureAwait(false)) return 0;
            var head = BinaryPrimitives.ReadUInt64LittleEndian([.. input.AsSpan(at, HeadBytes), 0]);
            var size = (int)(head & MostLength);
            var number = (byte)(head >> 24);
            var plainSize = (int)(head >> 32) & MostLength;
            if (number != sequence && number != 0)
            {
                throw new MyProtocolException($"compressed block {number} where {sequence} was expected");
            }
            IsOutOfTurn = number != sequence;
            sequence = (byte)(number + 1);
            at += HeadBytes;
            if (!await HaveAsync(size, cancellationToken).ConfigureAwait(false)) throw Ended();
            Open(size, plainSize);
            at += size;
        }
        var count = Math.Min(buffer.Length, plainEnd - plainAt);
        plain.AsMemory(plainAt, count).CopyTo(buffer);
        plainAt += count;
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            var part = buffer[..Math.Min(buffer.Length, BlockBytes)];
            buffer = buffer[part.Length..];
            Pack(part.Span);
            await inner.WriteAsync(block.GetBuffer().AsMemory(0, (int)block.Length), cancellationToken).ConfigureAwait(false);
        }
    }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private static EndOfStreamException Ended() => new("the server closed the connection");

    private void Pack(ReadOnlySpan<byte> part)
    {
        Span<byte> head = stackalloc byte[8];
        block.SetLength(0);
        block.Write(head[..HeadBytes]);
        var isPacked = part.Length >= WorthBytes;
        if (isPacked)
        {
            using (var zlib = new ZLibStream(block, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(part);
            isPacked = block.Length - HeadBytes < part.Length;
        }
        if (!isPacked)
        {
            block.SetLength(HeadBytes);
            block.Position = HeadBytes;
            block.Write(part);
        }
        var size = (ulong)(block.Length - HeadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(head, size | (ulong)sequence++ << 24 | (isPacked ? (ulong)part.Length << 32 : 0));
        head[..HeadBytes].CopyTo(block.GetBuffer());
    }

    private void Open(int size, int plainSize)
    {
        (plainAt, plainEnd) = (0, plainSize == 0 ? size : plainSize);
        if (plain.Length < plainEnd) plain = GC.AllocateUninitializedArray<byte>(plainEnd);
        if (plainSize == 0)
        {
            input.AsSpan(at, size).CopyTo(plain);
            return;
        }
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(input, at, size), CompressionMode.Decompress);
            zlib.ReadExactly(plain, 0, plainSize);
            if (zlib.ReadByte() >= 0) throw new MyProtocolException("a compressed block is longer than it says");
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new MyProtocolException("a compressed block cannot be read", e);
        }
    }

    /// <returns>False: the stream ended.</returns>
    private async ValueTask<bool> HaveAsync(int bytes, CancellationToken ct)
    {
        while (filled - at < bytes)
        {
            if (at > 0)
            {
                input.AsSpan(at, filled - at).CopyTo(input);
                (at, filled) = (0, filled - at);
            }
            if (filled == input.Length) Array.Resize(ref input, Math.Min(input.Length * 2, HeadBytes + MostLength + InputBytes));
            var read = await inner.ReadAsync(input.AsMemory(filled), ct).ConfigureAwait(false);
            if (read == 0) return filled - at == 0 ? false : throw Ended();
            filled += read;
        }
        return true;
    }
}
