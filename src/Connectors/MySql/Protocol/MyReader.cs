using System.Buffers.Binary;
using System.Text;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>Reads a packet's fields in order. Whatever would pass its end is a <see cref="MyProtocolException"/>.</summary>
internal ref struct MyReader(ReadOnlySpan<byte> packet)
{
    private ReadOnlySpan<byte> rest = packet;

    public readonly int Left => rest.Length;

    public readonly byte Peek => rest.Length > 0 ? rest[0] : throw Short();

    public byte Byte() => Take(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public void Skip(int bytes) => Take(bytes);

    /// <summary>A number with its own length in front: 1, 3, 4 or 9 bytes.</summary>
    public ulong Number()
    {
        var first = Byte();
        if (first < 0xFB) return first;
        switch (first)
        {
            case 0xFC:
                return UInt16();
            case 0xFD:
                var three = Take(3);
                return (uint)(three[0] | three[1] << 8 | three[2] << 16);
            case 0xFE:
                return BinaryPrimitives.ReadUInt64LittleEndian(Take(8));
            default:
                throw new MyProtocolException($"0x{first:X2} where a number begins");
        }
    }

    /// <summary>Bytes with their length in front.</summary>
    public ReadOnlySpan<byte> Counted()
    {
        var length = Number();
        return length <= (ulong)rest.Length ? Take((int)length) : throw Short();
    }

    /// <summary>Bytes up to a zero, which is passed.</summary>
    public ReadOnlySpan<byte> Terminated()
    {
        var end = rest.IndexOf((byte)0);
        if (end < 0) throw Short();
        var found = rest[..end];
        rest = rest[(end + 1)..];
        return found;
    }

    public ReadOnlySpan<byte> Take(int bytes)
    {
        if ((uint)bytes > (uint)rest.Length) throw Short();
        var found = rest[..bytes];
        rest = rest[bytes..];
        return found;
    }

    public ReadOnlySpan<byte> Rest() => Take(rest.Length);

    public string CountedText() => Encoding.UTF8.GetString(Counted());

    private static MyProtocolException Short() => new("a packet is shorter than what it says it holds");
}
