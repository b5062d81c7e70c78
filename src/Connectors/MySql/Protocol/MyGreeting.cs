using System.Buffers.Binary;
using System.Text;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>The server's first packet, version 10.</summary>
internal sealed record MyGreeting(string Version, uint ConnectionId, ulong Capabilities, byte Collation, byte[] Nonce, string Plugin)
{
    private const byte ProtocolVersion = 10;
    private const int FirstNonceBytes = 8, ReservedBytes = 6, MostVersion = 256;

    public bool Has(MyCapabilities capability) => ((MyCapabilities)Capabilities & capability) == capability;

    public bool IsMariaDb => !Has(MyCapabilities.MySql) || Version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);

    public static MyGreeting Parse(ReadOnlySpan<byte> packet)
    {
        var reader = new MyReader(packet);
        if (reader.Byte() != ProtocolVersion) throw new MyProtocolException($"the server speaks protocol {packet[0]}, not 10");
        var version = reader.Terminated();
        if (version.Length > MostVersion) throw new MyProtocolException("a version beyond all measure");
        var id = reader.UInt32();
        var nonce = new List<byte>(MyScrambles.NonceBytes);
        nonce.AddRange(reader.Take(FirstNonceBytes));
        reader.Skip(1);
        ulong capabilities = reader.UInt16();
        var collation = reader.Byte();
        reader.Skip(2);
        capabilities |= (ulong)reader.UInt16() << 16;
        var nonceBytes = reader.Byte();
        reader.Skip(ReservedBytes);
        // Where MySQL has zeros MariaDB has more capabilities.
        var more = reader.UInt32();
        if (((MyCapabilities)capabilities & MyCapabilities.MySql) == 0) capabilities |= (ulong)more << 32;
        const MyCapabilities Needed = MyCapabilities.Protocol41 | MyCapabilities.SecureConnection;
        if (((MyCapabilities)capabilities & Needed) != Needed)
        {
            throw new MyProtocolException("the server is too old: it lacks protocol 4.1");
        }
        // At least 13 bytes, the last of them zero.
        var rest = reader.Take(Math.Max(13, nonceBytes - FirstNonceBytes));
        nonce.AddRange(rest[..(MyScrambles.NonceBytes - FirstNonceBytes)]);
        var plugin = MyScrambles.Native;
        if (((MyCapabilities)capabilities & MyCapabilities.PluginAuth) != 0) plugin = MyLogin.PluginName(TillZero(reader.Rest()));
        return new MyGreeting(Encoding.UTF8.GetString(version), id, capabilities, collation, [.. nonce], plugin);
    }

    /// <summary>Some old servers forget the zero at the end.</summary>
    private static ReadOnlySpan<byte> TillZero(ReadOnlySpan<byte> bytes) =>
        bytes.IndexOf((byte)0) is >= 0 and var end ? bytes[..end] : bytes;

    /// <summary>What this side sets, given what the server has.</summary>
    public MyCapabilities Answer(MyOptions options, bool tls)
    {
        var wanted = MyCapabilities.LongFlag | MyCapabilities.Protocol41 | MyCapabilities.Transactions | MyCapabilities.SecureConnection
            | MyCapabilities.PluginAuth | MyCapabilities.ConnectAttributes | MyCapabilities.CountedAuthData | MyCapabilities.DeprecatesEof
            | MyCapabilities.Bulk;
        if (!IsMariaDb) wanted |= MyCapabilities.MySql;
        if (options.Database is not null) wanted |= MyCapabilities.ConnectWithDatabase;
        if (options.Compress) wanted |= MyCapabilities.Compress;
        if (options.AllowLoad) wanted |= MyCapabilities.LocalFiles;
        if (tls) wanted |= MyCapabilities.Tls;
        return wanted & (MyCapabilities)Capabilities;
    }

    /// <summary>The part of the login that TLS begins with, and that is repeated within it.</summary>
    public static void PutHead(MyWire wire, MyCapabilities capabilities)
    {
        const uint MostPacket = 1 << 30;
        // utf8mb4_general_ci: both kinds of servers know it by this number.
        const byte Collation = 45;
        Span<byte> head = stackalloc byte[32];
        head.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(head, (uint)capabilities);
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], MostPacket);
        head[8] = Collation;
        BinaryPrimitives.WriteUInt32LittleEndian(head[28..], (uint)((ulong)capabilities >> 32));
        wire.Put(head);
    }

    public void PutLogin(MyWire wire, MyOptions options, MyCapabilities capabilities, string plugin, byte[] proof)
    {
        PutHead(wire, capabilities);
        wire.PutTerminated(Encoding.UTF8.GetBytes(options.User));
        // No proof is longer than 32 bytes here, so the one byte of length means the same in both forms.
        wire.PutCounted(proof);
        if (capabilities.HasFlag(MyCapabilities.ConnectWithDatabase)) wire.PutTerminated(Encoding.UTF8.GetBytes(options.Database!));
        if (capabilities.HasFlag(MyCapabilities.PluginAuth)) wire.PutTerminated(Encoding.UTF8.GetBytes(plugin));
        if (capabilities.HasFlag(MyCapabilities.ConnectAttributes)) wire.PutCounted("\x0Cprogram_name\x04pawl"u8);
    }
}
