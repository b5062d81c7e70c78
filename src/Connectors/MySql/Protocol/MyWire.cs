using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>
/// Packets over a stream: three bytes of length, one of sequence, the payload; 16 MB and more in several of them. Reads as much as has
/// arrived, so that most packets are taken without waiting. One caller at a time; <see cref="Cut"/> from any thread.
/// https://mariadb.com/kb/en/0-packet/
/// </summary>
internal sealed class MyWire(Socket socket, Stream stream) : IBufferWriter<byte>, IDisposable
{
    /// <summary>A packet of this length goes on in the next.</summary>
    public const int MostFragment = 0xFFFFFF;

    /// <summary>
    /// More than any packet has that is no row: a greeting, an answer, the definition of a column. Whoever is not logged in to may be
    /// anybody, and gets no more memory than this.
    /// </summary>
    public const int ShortBytes = 64 << 10;

    private const int HeadBytes = 4, InputBytes = 256 << 10, OutputBytes = 16 << 10, KeptBytes = 4 << 20;

    /// <summary>
    /// After this much of one answer, a read that brings less than <see cref="LittleBytes"/> is followed by a short pause that lets more
    /// gather: a server sends 16 KB at a time, and to be woken for each of them costs several times what is done with the rows.
    /// </summary>
    private const int WorthBytes = 1 << 20, LittleBytes = 64 << 10, PauseMicroseconds = 1_000;

    private Stream stream = stream;
    private MyCompressedStream? compressed;
    private byte[] input = GC.AllocateUninitializedArray<byte>(InputBytes);
    /// <summary>Bytes from <see cref="next"/> to <see cref="filled"/> have arrived and are not looked at yet.</summary>
    private int next, filled;
    private int start, length;
    private bool isPartial;
    private byte sequence;
    private byte[] output = new byte[OutputBytes];
    private int written = HeadBytes;
    private volatile bool isCut;
    private long began;
    private bool cameLittle;

    /// <summary>Longest packet that is accepted; <see cref="ShortBytes"/> again with every <see cref="Begin"/>.</summary>
    public int MostPacketBytes { get; set; } = ShortBytes;

    /// <summary>The packet taken last, within <see cref="Input"/>.</summary>
    public int Start => start;

    public int Length => length;

    /// <summary>Holds until the next call that waits.</summary>
    public ReadOnlySpan<byte> Packet => input.AsSpan(start, length);

    public byte[] Input => input;

    /// <summary>Bytes received since the beginning, as they came out of TLS and compression.</summary>
    public long Received { get; private set; }

    /// <summary>Bytes have arrived that no packet accounts for yet.</summary>
    public bool HasMore => filled > next;

    public bool IsCompressed => compressed is not null;

    /// <summary>The last packet was an error outside the conversation: the server says goodbye.</summary>
    public bool WasUnasked { get; private set; }

    public bool IsCut => isCut;

    /// <summary>What TLS is laid over. Nothing may have come through it that is not read.</summary>
    public Stream Below => HasMore ? throw new MyProtocolException("more than a greeting before the switch to encryption") : stream;

    /// <summary>From here on through another stream, as TLS needs.</summary>
    public void Replace(Stream by) => stream = by;

    public void Compress()
    {
        if (HasMore) throw new MyProtocolException("bytes that are not compressed after the switch to compression");
        stream = compressed = new MyCompressedStream(stream);
    }

    /// <summary>A new conversation: sequence numbers begin at 0, buffers that one huge packet has blown up are given back.</summary>
    public void Begin()
    {
        sequence = 0;
        MostPacketBytes = ShortBytes;
        (began, cameLittle) = (Received, false);
        compressed?.Begin();
        written = HeadBytes;
        if (output.Length > KeptBytes) output = new byte[OutputBytes];
        if (input.Length > KeptBytes && !HasMore)
        {
            input = GC.AllocateUninitializedArray<byte>(InputBytes);
            next = filled = start = length = 0;
        }
    }

    /// <summary>Takes the next packet if all of it has arrived.</summary>
    public bool TryTake()
    {
        while (true)
        {
            var left = filled - next;
            if (left < HeadBytes) return false;
            var head = BinaryPrimitives.ReadUInt32LittleEndian(input.AsSpan(next));
            var size = (int)(head & MostFragment);
            var number = (byte)(head >> 24);
            // What is no packet at all is found before its "length" is waited for.
            if (compressed is null && number != sequence && (number != 0 || isPartial)) throw Misplaced(number);
            if (size > MostPacketBytes - (isPartial ? length : 0)) throw new MyProtocolException("a packet beyond the limit");
            if (left - HeadBytes < size) return false;
            CheckSequence(number, size);
            if (!isPartial)
            {
                (start, length) = (next + HeadBytes, size);
            }
            else
            {
                // The head between two fragments is squeezed out: a packet lies in one piece.
                input.AsSpan(next + HeadBytes, size).CopyTo(input.AsSpan(start + length));
                length += size;
            }
            next += HeadBytes + size;
            isPartial = size == MostFragment;
            if (!isPartial) return true;
        }
    }

    /// <summary>Takes the next packet, and waits for it if need be.</summary>
    /// <exception cref="EndOfStreamException">The server closed the connection.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask TakeAsync(CancellationToken ct)
    {
        while (!TryTake())
        {
            MakeRoom();
            int read;
            try
            {
                // An error ends the pause, and so does nothing else. Through TLS every read is little.
                if (cameLittle && stream is NetworkStream) socket.Poll(PauseMicroseconds, SelectMode.SelectError);
                read = await stream.ReadAsync(input.AsMemory(filled), ct).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                throw new IOException("the connection was cut", e);
            }
            if (read == 0) throw new EndOfStreamException("the server closed the connection");
            filled += read;
            Received += read;
            cameLittle = read < LittleBytes && Received - began > WorthBytes;
        }
    }

    public void Advance(int count) => written += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return output.AsMemory(written);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return output.AsSpan(written);
    }

    /// <summary>Bytes waiting to be sent.</summary>
    public int Pending => written - HeadBytes;

    public void Put(byte value)
    {
        Reserve(1);
        output[written++] = value;
    }

    public void Put(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        written += bytes.Length;
    }

    public void PutText(string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        written += Encoding.UTF8.GetBytes(text, GetSpan(size));
    }

    public void PutTerminated(ReadOnlySpan<byte> bytes)
    {
        Put(bytes);
        Put((byte)0);
    }

    /// <summary>Bytes with their length in front, up to 65535.</summary>
    public void PutCounted(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 0xFB)
        {
            Put((byte)bytes.Length);
        }
        else
        {
            Put(0xFC);
            BinaryPrimitives.WriteUInt16LittleEndian(GetSpan(2), checked((ushort)bytes.Length));
            Advance(2);
        }
        Put(bytes);
    }

    public void PutUInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(GetSpan(4), value);
        Advance(4);
    }

    /// <summary>Forgets what was put and not sent.</summary>
    public void Drop() => written = HeadBytes;

    /// <summary>
    /// Sends what was put as one packet, in fragments where it is too long. An own packet for each <paramref name="most"/> bytes if that is
    /// given: data without an order of its own, as a load is.
    /// </summary>
    public async ValueTask SendAsync(CancellationToken ct, int most = MostFragment)
    {
        var (at, end) = (HeadBytes, written);
        int size;
        do
        {
            size = Math.Min(end - at, most);
            // Each head lies over the end of what was sent before.
            BinaryPrimitives.WriteUInt32LittleEndian(output.AsSpan(at - HeadBytes), (uint)size | (uint)sequence++ << 24);
            try
            {
                await stream.WriteAsync(output.AsMemory(at - HeadBytes, size + HeadBytes), ct).ConfigureAwait(false);
            }
            catch (ObjectDisposedException e)
            {
                throw new IOException("the connection was cut", e);
            }
            at += size;
        }
        while (at < end || size == MostFragment);
        written = HeadBytes;
    }

    public void Cut()
    {
        isCut = true;
        socket.Dispose();
    }

    public void Dispose()
    {
        Cut();
        try
        {
            stream.Dispose();
        }
        catch (IOException)
        {
            // TLS would like to say goodbye.
        }
    }

    private void CheckSequence(byte number, int size)
    {
        // Within compression the server renumbers at every flush, and only the outer numbers count.
        if (compressed is null ? number == sequence : !compressed.IsOutOfTurn)
        {
            sequence = (byte)(number + 1);
            return;
        }
        // A server that ends an idle session says why in a packet nobody asked for, which is found by the next command.
        if (isPartial || size == 0 || input[next + HeadBytes] != MyPackets.Error) throw Misplaced(number);
        WasUnasked = true;
    }

    private MyProtocolException Misplaced(byte number) => new($"packet {number} where {sequence} was expected");

    /// <summary>A buffer grows with what has arrived, never with what a length promises.</summary>
    private void MakeRoom()
    {
        var kept = isPartial ? start : next;
        if (kept > 0)
        {
            input.AsSpan(kept, filled - kept).CopyTo(input);
            start -= kept;
            next -= kept;
            filled -= kept;
        }
        if (filled < input.Length) return;
        var larger = GC.AllocateUninitializedArray<byte>((int)Math.Min(input.Length * 2L, Array.MaxLength));
        if (larger.Length == input.Length) throw new MyProtocolException("a packet beyond the limit");
        input.AsSpan(0, filled).CopyTo(larger);
        input = larger;
    }

    private void Reserve(int more)
    {
        if (output.Length - written >= more) return;
        var size = Math.Max((long)written + more, output.Length * 2L);
        Array.Resize(ref output, (int)Math.Min(size, Array.MaxLength));
    }
}
