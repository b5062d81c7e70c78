using System.Buffers.Binary;
using System.IO.Compression;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What only shows within compression: numbers of blocks, and words that nobody asked for.</summary>
public sealed class ProtocolCompressionTests
{
    private const uint Compress = 1 << 5;

    /// <summary>The server's side of compressed blocks: each write is one, each read takes one apart.</summary>
    private sealed class Blocks(Stream inner) : Stream
    {
        private MemoryStream plain = new();

        /// <summary>Of the next block.</summary>
        public byte Sequence { get; set; }

        /// <summary>Blocks that were written since the client's last one.</summary>
        public int Written { get; private set; }

        public override bool CanRead => true;
        public override bool CanWrite => true;
        public override bool CanSeek => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (plain.Position == plain.Length) await TakeAsync(cancellationToken);
            return plain.Read(buffer.Span);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var block = new byte[7 + buffer.Length];
            // Zero bytes before compression: it is not compressed.
            BinaryPrimitives.WriteInt32LittleEndian(block, buffer.Length);
            block[3] = Sequence++;
            buffer.CopyTo(block.AsMemory(7));
            await inner.WriteAsync(block, cancellationToken);
            Written++;
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        private async Task TakeAsync(CancellationToken ct)
        {
            var head = new byte[7];
            await inner.ReadExactlyAsync(head, ct);
            var block = new byte[head[0] | head[1] << 8 | head[2] << 16];
            await inner.ReadExactlyAsync(block, ct);
            plain = new MemoryStream();
            if ((head[4] | head[5] | head[6]) == 0)
            {
                await plain.WriteAsync(block, ct);
            }
            else
            {
                await using var zlib = new ZLibStream(new MemoryStream(block), CompressionMode.Decompress);
                await zlib.CopyToAsync(plain, ct);
            }
            plain.Position = 0;
            (Sequence, Written) = ((byte)(head[3] + 1), 0);
        }
    }

    private static async Task<Blocks> LoginAsync(FakeWire wire)
    {
        await wire.GreetAsync(FakeWire.Usual | Compress);
        await wire.ReceiveAsync();
        await wire.SendAsync(FakeWire.Ok);
        var blocks = new Blocks(wire.Stream);
        wire.Stream = blocks;
        await wire.SetUpAsync();
        return blocks;
    }

    private static async Task<MyConnection> OpenAsync(FakeServer server)
    {
        var connection = await MyConnection.OpenAsync(server.Options with { Compress = true }, default);
        Assert.True(connection.Server.IsCompressed);
        return connection;
    }

    /// <summary>Idle for too long (MySQL), killed (MariaDB), shut down: said unasked, and the connection closed.</summary>
    [Theory]
    [InlineData(4031, "The client was disconnected by the server because of inactivity.", false)]
    [InlineData(1927, "Connection was killed", false)]
    [InlineData(1053, "Server shutdown in progress", false)]
    [InlineData(1927, "Connection was killed", true)]
    public async Task A_goodbye_that_nobody_asked_for_is_heard(int number, string text, bool isInTheMiddle)
    {
        await using var server = new FakeServer(async wire =>
        {
            var blocks = await LoginAsync(wire);
            if (isInTheMiddle)
            {
                await wire.ReceiveAsync();
                await wire.ColumnsAsync(true, 1);
                await wire.SendAsync(FakeWire.Row("a"));
            }
            blocks.Sequence = wire.Sequence = 0;
            await wire.SendAsync(FakeWire.Error(number, text));
        });
        await using var connection = await OpenAsync(server);
        var said = await Assert.ThrowsAsync<MyServerException>(async () => await connection.RowsAsync("select 1", default));
        Assert.Equal((number, text), (said.Number, said.Message));
        Assert.True(connection.IsBroken);
        var fault = MyFaults.Classify(said, connection.Options, "select");
        Assert.Equal((Fault.Transient, Codes.Unreachable), (fault.Fault, fault.Code));
    }

    /// <summary>An error in its turn ends a statement, not the session.</summary>
    [Fact]
    public async Task An_error_in_its_turn_leaves_the_session()
    {
        await using var server = new FakeServer(async wire =>
        {
            await LoginAsync(wire);
            await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Error(1064, "no"));
            await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Ok);
            await wire.ReceiveAsync();
        });
        await using var connection = await OpenAsync(server);
        await Assert.ThrowsAsync<MyServerException>(async () => await connection.ExecuteAsync("nonsense", default));
        Assert.False(connection.IsBroken);
        await connection.PingAsync(default);
    }

    /// <summary>One byte numbers the blocks: behind 255 comes 0, which begins nothing anew.</summary>
    [Theory]
    [InlineData(200)]
    [InlineData(255)]
    [InlineData(1_000)]
    public async Task Blocks_are_counted_round(int rows)
    {
        var written = 0;
        await using var server = new FakeServer(async wire =>
        {
            var blocks = await LoginAsync(wire);
            await wire.ReceiveAsync();
            await wire.ColumnsAsync(true, 1);
            for (var i = 0; i < rows; i++) await wire.SendAsync(FakeWire.Row($"{i}"));
            await wire.SendAsync(FakeWire.End);
            written = blocks.Written;
            await wire.ReceiveAsync();
            await wire.SendAsync(FakeWire.Ok);
            await wire.ReceiveAsync();
        });
        await using var connection = await OpenAsync(server);
        var read = await connection.RowsAsync("select n", default);
        Assert.Equal(Enumerable.Range(0, rows).Select(i => $"{i}"), read.Select(r => r[0]));
        Assert.Equal(rows + 3, written);
        await connection.PingAsync(default);
    }

    /// <summary>A number that is not the next one, and rows where only a goodbye may begin anew.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public async Task Blocks_out_of_turn_are_found(byte number)
    {
        await using var server = new FakeServer(async wire =>
        {
            var blocks = await LoginAsync(wire);
            await wire.ReceiveAsync();
            await wire.ColumnsAsync(true, 1);
            // Beyond the first round.
            for (var i = 0; i < 300; i++) await wire.SendAsync(FakeWire.Row($"{i}"));
            blocks.Sequence = number;
            await wire.SendAsync(FakeWire.Row("again"));
            await wire.SendAsync(FakeWire.End);
        });
        await using var connection = await OpenAsync(server);
        await Assert.ThrowsAsync<MyProtocolException>(async () => await connection.RowsAsync("select n", default));
        Assert.True(connection.IsBroken);
    }
}
