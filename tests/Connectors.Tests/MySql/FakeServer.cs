using System.Net;
using System.Net.Sockets;
using System.Text;
using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// Says to each client what a script says: for what real servers would not do. When the script is through, the client sees the end of the
/// stream.
/// </summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly Func<FakeWire, Task> script;
    private readonly Task accepting;
    private readonly List<Task> clients = [];

    /// <param name="script">What is said to each client.</param>
    /// <param name="everywhere">Whether it listens on every address of the machine, not on 127.0.0.1 alone.</param>
    public FakeServer(Func<FakeWire, Task> script, bool everywhere = false)
    {
        this.script = script;
        listener = new TcpListener(everywhere ? IPAddress.Any : IPAddress.Loopback, 0);
        listener.Start();
        accepting = AcceptAsync();
    }

    public MyOptions Options => new()
    {
        Host = "127.0.0.1", Port = ((IPEndPoint)listener.LocalEndpoint).Port, User = "fake", Password = "secret", Tls = MyTls.Off,
        ConnectTimeout = TimeSpan.FromSeconds(5), Display = "mysql://fake@127.0.0.1", AllowLoad = true,
    };

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await accepting;
        await Task.WhenAll(clients).WaitAsync(TimeSpan.FromSeconds(10));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) clients.Add(ServeAsync(await listener.AcceptTcpClientAsync()));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                var stream = client.GetStream();
                await script(new FakeWire(stream));
                client.Client.Shutdown(SocketShutdown.Send);
                // Closed with something unread it would be reset, and the client might not see what was said.
                var rest = new byte[4096];
                while (await stream.ReadAsync(rest) > 0) { }
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                // The client went first.
            }
        }
    }
}

/// <summary>The server's side of the protocol, written once more and without the client's code.</summary>
internal sealed class FakeWire(Stream stream)
{
    public const uint LocalFiles = 1 << 7, Protocol41 = 1 << 9, Tls = 1 << 11, Secure = 1 << 15, Plugins = 1 << 19, DeprecatesEof = 1 << 24;

    public const uint Usual = 1 | 1 << 2 | 1 << 3 | LocalFiles | Protocol41 | 1 << 13 | Secure | Plugins | 1 << 20 | 1 << 21
        | DeprecatesEof;

    public static readonly byte[] Ok = [0, 0, 0, 2, 0, 0, 0], End = [0xFE, 0, 0, 2, 0, 0, 0], OldEnd = [0xFE, 0, 0, 2, 0];

    public static readonly byte[] Nonce = [.. Enumerable.Range(33, 20).Select(i => (byte)i)];

    public Stream Stream { get; set; } = stream;

    public byte Sequence { get; set; }

    public async Task SendAsync(params byte[] payload)
    {
        await RawAsync([(byte)payload.Length, (byte)(payload.Length >> 8), (byte)(payload.Length >> 16), Sequence, .. payload]);
        Sequence++;
    }

    public async Task RawAsync(byte[] bytes) => await Stream.WriteAsync(bytes);

    public async Task<byte[]> ReceiveAsync()
    {
        var head = new byte[4];
        await Stream.ReadExactlyAsync(head);
        var payload = new byte[head[0] | head[1] << 8 | head[2] << 16];
        await Stream.ReadExactlyAsync(payload);
        Sequence = (byte)(head[3] + 1);
        return payload;
    }

    public Task GreetAsync(uint capabilities = Usual, string plugin = "mysql_native_password") => SendAsync(Greeting(capabilities, plugin));

    public static byte[] Greeting(uint capabilities, string plugin) =>
    [
        10, .. "9.9.9-fake\0"u8, 7, 0, 0, 0, .. Nonce[..8], 0, (byte)capabilities, (byte)(capabilities >> 8), 45, 2, 0,
        (byte)(capabilities >> 16), (byte)(capabilities >> 24), 21, .. new byte[10], .. Nonce[8..], 0,
        .. Encoding.ASCII.GetBytes(plugin), 0,
    ];

    /// <summary>Everything up to a session that is set up.</summary>
    public async Task LoginAsync(uint capabilities = Usual)
    {
        await GreetAsync(capabilities);
        await ReceiveAsync();
        await SendAsync(Ok);
        await SetUpAsync((capabilities & DeprecatesEof) != 0);
    }

    public async Task SetUpAsync(bool deprecatesEof = true)
    {
        await TellAsync(deprecatesEof);
        if (!Encoding.UTF8.GetString(await ReceiveAsync()).Contains("set names", StringComparison.Ordinal)) return;
        await SendAsync(Ok);
    }

    /// <summary>Answers what every client asks first: who the server is, and since when it runs.</summary>
    public async Task TellAsync(bool deprecatesEof = true, string place = "place", string started = "1000")
    {
        await ReceiveAsync();
        await RowsAsync(deprecatesEof, 17, Facts(place));
        await ReceiveAsync();
        await RowsAsync(deprecatesEof, 1, Row(started));
    }

    /// <summary>The one row of what a server tells of itself.</summary>
    public static byte[] Facts(string place) =>
        Row("7", "9.9.9", "fake", "utf8mb4", "utf8mb4_bin", "67108864", "60", "30", "28800", "", "SYSTEM", "1", "0", "0", "1", place,
            "fake@%");

    public async Task RowsAsync(bool deprecatesEof, int columns, params byte[][] rows)
    {
        await ColumnsAsync(deprecatesEof, columns);
        foreach (var row in rows) await SendAsync(row);
        await SendAsync(deprecatesEof ? End : OldEnd);
    }

    public async Task ColumnsAsync(bool deprecatesEof, int columns)
    {
        await SendAsync((byte)columns);
        for (var i = 0; i < columns; i++) await SendAsync(Column);
        if (!deprecatesEof) await SendAsync(OldEnd);
    }

    public static byte[] Column => [3, .. "def"u8, 0, 0, 0, 1, (byte)'c', 0, 12, 45, 0, 255, 0, 0, 0, 253, 0, 0, 0, 0, 0];

    public static byte[] Row(params string?[] cells) => [.. cells.SelectMany(c => c is null ? [(byte)0xFB]
        : (byte[])[(byte)Encoding.UTF8.GetByteCount(c), .. Encoding.UTF8.GetBytes(c)])];

    public static byte[] Error(int number, string text) => [0xFF, (byte)number, (byte)(number >> 8), .. Encoding.UTF8.GetBytes(text)];
}
