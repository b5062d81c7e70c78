using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>From nothing to a session that is logged in: socket, greeting, TLS, proof of the password, compression.</summary>
internal sealed class MyLogin
{
    /// <summary>No login takes more turns; MariaDB may go through several accounts' plugins.</summary>
    private const int MostTurns = 16;

    /// <summary>Answers and questions of caching_sha2_password.</summary>
    private const byte AskForKey = 2, FastIsThrough = 3, FullIsNeeded = 4;

    private const int KeepAliveSeconds = 30, KeepAliveRetries = 4, MostPluginName = 64;

    private readonly MyOptions options;
    private readonly MyWire wire;
    private readonly MyGreeting greeting;
    private readonly MyCapabilities capabilities;
    private bool isEncrypted, hasAskedForKey;

    private MyLogin(MyOptions options, MyWire wire, MyGreeting greeting, MyCapabilities capabilities) =>
        (this.options, this.wire, this.greeting, this.capabilities) = (options, wire, greeting, capabilities);

    public MyGreeting Greeting => greeting;

    public MyWire Wire => wire;

    public bool DeprecatesEof => capabilities.HasFlag(MyCapabilities.DeprecatesEof);

    public bool TakesBulk => capabilities.HasFlag(MyCapabilities.Bulk);

    /// <summary>TLS version, or null.</summary>
    public string? TlsVersion { get; private set; }

    /// <inheritdoc cref="MyConnection.OpenAsync"/>
    public static async ValueTask<MyLogin> ConnectAsync(MyOptions options, CancellationToken ct)
    {
        if (options.User.Contains('\0') || options.Database?.Contains('\0') == true)
        {
            throw new MyRefusedException(MyRefusal.Login, "a zero in the name of the user or the database");
        }
        var socket = await ReachAsync(options, ct).ConfigureAwait(false);
        var wire = new MyWire(socket, new NetworkStream(socket, ownsSocket: true));
        try
        {
            await wire.TakeAsync(ct).ConfigureAwait(false);
            if (wire.Length > 0 && wire.Packet[0] == MyPackets.Error) throw MyPackets.ParseError(wire.Packet);
            var greeting = MyGreeting.Parse(wire.Packet);
            var mode = options.EffectiveTls;
            var login = new MyLogin(options, wire, greeting, greeting.Answer(options, mode != MyTls.Off));
            if (mode != MyTls.Off) await login.EncryptAsync(mode, ct).ConfigureAwait(false);
            await login.ProveAsync(ct).ConfigureAwait(false);
            if (login.capabilities.HasFlag(MyCapabilities.Compress)) wire.Compress();
            return login;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>A plugin's name as the server gives it, made fit to be shown.</summary>
    public static string PluginName(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MostPluginName) throw new MyProtocolException("the name of a login plugin beyond all measure");
        foreach (var letter in bytes)
        {
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'_' or (byte)'-' or (byte)'.'))
            {
                throw new MyProtocolException("the name of a login plugin holds other things than letters");
            }
        }
        return bytes.Length == 0 ? MyScrambles.Native : Encoding.ASCII.GetString(bytes);
    }

    private static async ValueTask<Socket> ReachAsync(MyOptions options, CancellationToken ct)
    {
        var socket = options.Socket is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            if (options.Socket is { } path)
            {
                await socket.ConnectAsync(EndPointOf(path), ct).ConfigureAwait(false);
                return socket;
            }
            await socket.ConnectAsync(options.Host, options.Port, ct).ConfigureAwait(false);
            // A host that is gone says nothing: only asking finds out.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveSeconds / 3);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveRetries);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static UnixDomainSocketEndPoint EndPointOf(string path)
    {
        try
        {
            return new UnixDomainSocketEndPoint(path);
        }
        catch (ArgumentException e)
        {
            throw new IOException($"{path}: no path of a socket ({e.Message})", e);
        }
    }

    private async ValueTask EncryptAsync(MyTls mode, CancellationToken ct)
    {
        // A server that has no TLS, or somebody in the middle who took the word out: the same from here.
        if (!greeting.Has(MyCapabilities.Tls)) throw new MyRefusedException(MyRefusal.Tls, "the server offers no TLS");
        MyGreeting.PutHead(wire, capabilities);
        await wire.SendAsync(ct).ConfigureAwait(false);
        var tls = new SslStream(wire.Below, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsClientAsync(MyCertificates.For(options, mode), ct).ConfigureAwait(false);
        wire.Replace(tls);
        isEncrypted = true;
        TlsVersion = tls.SslProtocol.ToString();
    }

    private async ValueTask ProveAsync(CancellationToken ct)
    {
        var (plugin, nonce) = (greeting.Plugin, greeting.Nonce);
        // The greeting names the server's default; the account may have another, which it then asks for.
        if (plugin is not (MyScrambles.Native or MyScrambles.CachingSha2)) plugin = MyScrambles.Native;
        greeting.PutLogin(wire, options, capabilities, plugin, Proof(plugin, nonce));
        await wire.SendAsync(ct).ConfigureAwait(false);
        for (var turn = 0; turn < MostTurns; turn++)
        {
            await wire.TakeAsync(ct).ConfigureAwait(false);
            switch (new MyReader(wire.Packet).Peek)
            {
                case MyPackets.Ok:
                    MyPackets.ParseOk(wire.Packet);
                    return;
                case MyPackets.Error:
                    throw MyPackets.ParseError(wire.Packet);
                case MyPackets.End:
                    (plugin, nonce) = Switch(wire.Packet);
                    wire.Put(Proof(plugin, nonce));
                    await wire.SendAsync(ct).ConfigureAwait(false);
                    break;
                case MyPackets.More when plugin == MyScrambles.CachingSha2:
                    if (!Answer(nonce)) break;
                    await wire.SendAsync(ct).ConfigureAwait(false);
                    break;
                case var other:
                    throw new MyProtocolException($"0x{other:X2} during the login");
            }
        }
        throw new MyProtocolException("a login without end");
    }

    /// <summary>Another plugin than the one that was tried; in front of MySQL 4.1 a single byte, for a form that proves nothing.</summary>
    private static (string Plugin, byte[] Nonce) Switch(ReadOnlySpan<byte> packet)
    {
        if (packet.Length == 1) throw Unknown("mysql_old_password");
        var reader = new MyReader(packet);
        reader.Skip(1);
        var plugin = PluginName(reader.Terminated());
        if (plugin is not (MyScrambles.Native or MyScrambles.CachingSha2)) throw Unknown(plugin);
        return (plugin, reader.Take(MyScrambles.NonceBytes).ToArray());
    }

    private byte[] Proof(string plugin, byte[] nonce) => plugin == MyScrambles.CachingSha2
        ? MyScrambles.ForCachingSha2(options.Password, nonce) : MyScrambles.ForNative(options.Password, nonce);

    /// <summary>
    /// The next step of caching_sha2_password: the whole password is needed when the server has not seen it since its start.
    /// </summary>
    /// <returns>There is something to send.</returns>
    private bool Answer(byte[] nonce)
    {
        var reader = new MyReader(wire.Packet);
        reader.Skip(1);
        switch (reader.Peek)
        {
            case FastIsThrough when reader.Left == 1:
                return false;
            case FullIsNeeded when reader.Left == 1 && (isEncrypted || options.Socket is not null):
                wire.Put(MyScrambles.Clear(options.Password));
                return true;
            case FullIsNeeded when reader.Left == 1 && options.ServerKeyFile is { } file:
                wire.Put(UnderKey(file, nonce));
                return true;
            case FullIsNeeded when reader.Left == 1 && !options.IsLocal:
                // Whoever sits in between would name a key of theirs, and read the password.
                throw new MyRefusedException(MyRefusal.Tls,
                    "the server wants the password under a key that nobody vouches for: use tls=verify, or server_key=FILE");
            case FullIsNeeded when reader.Left == 1:
                wire.Put(AskForKey);
                hasAskedForKey = true;
                return true;
            case (byte)'-' when hasAskedForKey:
                hasAskedForKey = false;
                wire.Put(MyScrambles.ForKey(options.Password, nonce, reader.Rest()));
                return true;
            case var other:
                throw new MyProtocolException($"0x{other:X2} within {MyScrambles.CachingSha2}");
        }
    }

    private byte[] UnderKey(string file, byte[] nonce)
    {
        try
        {
            return MyScrambles.ForKey(options.Password, nonce, MyCertificates.Bytes(file));
        }
        catch (MyProtocolException e)
        {
            throw new MyRefusedException(MyRefusal.Tls, $"{file}: no public key in it", e);
        }
    }

    private static MyRefusedException Unknown(string plugin) => new(MyRefusal.Login,
        $"the account uses {plugin}; known are {MyScrambles.CachingSha2} and {MyScrambles.Native}");
}
