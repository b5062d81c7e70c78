using System.Net;
using System.Net.Sockets;
using Pawl.Connectors.MySql.Protocol;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Real answers, broken at random: the client ends with an exception of its own, soon, and without much memory.</summary>
public sealed class ProtocolFuzzTests
{
    private const int Mutations = 1_500, Noises = 500;
    private const long MostBytesEach = 2 << 20;

    /// <summary>The same calls that were recorded.</summary>
    private static async Task TalkAsync(MyOptions options)
    {
        await using var connection = await MyConnection.OpenAsync(options, default);
        await connection.RowsAsync("select 1, null, 'é', repeat('x', 300), 1.5 union all select 2, 'a', '', 'b', 2", default);
        await connection.ExecuteAsync("do 1", default);
        await SpellAsync(connection);
        try
        {
            await connection.ExecuteAsync("select * from nowhere.t", default);
        }
        catch (MyServerException) when (!connection.IsBroken)
        {
            // As it should be.
        }
        await connection.PingAsync(default);
    }

    /// <summary>Rows in binary form, every cell of them read.</summary>
    private static async Task SpellAsync(MyConnection connection)
    {
        var statement = await connection.PrepareAsync("""
            select 1, cast(2 as unsigned), 1.5e0, null, 'é', repeat('x', 300), date '2024-02-03', time '-25:00:00.5',
              timestamp '2024-02-03 04:05:06.000007', 1.25
            union all select -1, 7, -0.5e0, 'n', '', 'y', date '0000-01-01', time '00:00:00', timestamp '2024-02-03 00:00:00', 2
            """, default);
        await using (var rows = await connection.QueryAsync(statement, default))
        {
            while (await rows.ReadAsync(default))
            {
                for (var i = 0; i < rows.Columns.Count; i++)
                {
                    if (!rows.IsNull(i)) MyBinary.Text(rows.Columns[i], rows.Bytes(i));
                }
            }
        }
        connection.Forget(statement);
    }

    /// <summary>Everything that a real server says during the talk.</summary>
    private static async Task<byte[]> RecordAsync(bool compress)
    {
        var server = await MariaDbServer.SharedAsync();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var recorded = new MemoryStream();
        var proxy = Task.Run(async () =>
        {
            using var client = await listener.AcceptTcpClientAsync();
            using var upstream = new TcpClient();
            await upstream.ConnectAsync(IPAddress.Loopback, server.Port);
            var up = client.GetStream().CopyToAsync(upstream.GetStream());
            var buffer = new byte[4096];
            for (int read; (read = await upstream.GetStream().ReadAsync(buffer)) > 0;)
            {
                recorded.Write(buffer, 0, read);
                await client.GetStream().WriteAsync(buffer.AsMemory(0, read));
            }
        });
        await TalkAsync(server.Options() with { Port = ((IPEndPoint)listener.LocalEndpoint).Port, Compress = compress });
        try
        {
            await proxy.WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (IOException)
        {
            // The client went first.
        }
        return recorded.ToArray();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Recorded_answers_are_played_and_broken(bool compress)
    {
        var real = await RecordAsync(compress);
        Assert.True(real.Length > 500);
        var play = real;
        await using var server = new FakeServer(wire => wire.RawAsync(play));
        if (!compress)
        {
            // Untouched it plays to its end: the mutations below break something that works.
            await TalkAsync(server.Options);
        }
        var ends = new Dictionary<string, int>();
        var before = GC.GetTotalAllocatedBytes();
        for (var seed = 0; seed < Mutations; seed++)
        {
            play = Broken(real, new Random(seed));
            var name = await EndAsync(server.Options with { Compress = compress }, $"compress {compress}, seed {seed}");
            ends[name] = ends.GetValueOrDefault(name) + 1;
        }
        Assert.True((GC.GetTotalAllocatedBytes() - before) / Mutations < MostBytesEach);
        Assert.True(ends.GetValueOrDefault(nameof(MyProtocolException)) > Mutations / 10, string.Join(", ", ends));
    }

    [Fact]
    public async Task Noise_in_place_of_an_answer()
    {
        var seed = 0;
        await using var server = new FakeServer(async wire =>
        {
            await wire.LoginAsync();
            await wire.ReceiveAsync();
            var random = new Random(seed);
            var noise = new byte[random.Next(1, 3_000)];
            random.NextBytes(noise);
            // Half of them look like the beginning of something.
            if (seed % 2 == 0) await wire.SendAsync((byte)random.Next(1, 4));
            for (var at = 0; at < noise.Length;)
            {
                var size = Math.Min(random.Next(0, 60), noise.Length - at);
                await wire.SendAsync(noise[at..(at + size)]);
                at += Math.Max(size, 1);
            }
        });
        for (; seed < Noises; seed++) await EndAsync(server.Options, $"noise, seed {seed}");
    }

    private static async Task<string> EndAsync(MyOptions options, string which)
    {
        try
        {
            await TalkAsync(options).WaitAsync(TimeSpan.FromSeconds(20));
            return "none";
        }
        catch (Exception e)
        {
            // An OK where rows were asked for looks like a mistake of the caller's.
            Assert.True(e is MyProtocolException or MyServerException or MyRefusedException or IOException or InvalidOperationException,
                $"{which}: {e}");
            return e.GetType().Name;
        }
    }

    private static byte[] Broken(byte[] real, Random random)
    {
        var bytes = real.ToList();
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 40), bytes.Count - at));
                    break;
                case 3:
                    bytes.Insert(at, new[] { (byte)0xFB, (byte)0xFC, (byte)0xFD, (byte)0xFE, (byte)0xFF, (byte)0 }[random.Next(6)]);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 80), bytes.Count - at)));
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
            if (bytes.Count == 0) bytes.Add(0);
        }
        return [.. bytes];
    }
}
