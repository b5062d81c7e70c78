using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>PostgreSQL's protocol. postgresql.org/docs/current/protocol-message-formats.html</summary>
internal sealed class PgWireProxy(int server, IReadOnlyList<PlannedFault> faults, bool onlyRows, Func<Task<bool>> isWaitedFor)
    : WireProxy(server, faults, onlyRows, isWaitedFor)
{
    private const int SslRequest = 80_877_103, GssRequest = 80_877_104;

    /// <summary>The startup message has no type byte; requests to encrypt are denied in the server's place.</summary>
    protected override async Task PassStartupAsync(NetworkStream client, NetworkStream server, CancellationToken ct)
    {
        while (true)
        {
            var head = new byte[8];
            await client.ReadExactlyAsync(head, ct);
            if (BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)) is SslRequest or GssRequest)
            {
                await client.WriteAsync("N"u8.ToArray(), ct);
                continue;
            }
            var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(head) - 8];
            await client.ReadExactlyAsync(rest, ct);
            await server.WriteAsync((byte[])[.. head, .. rest], ct);
            return;
        }
    }

    /// <summary>With its type byte.</summary>
    protected override async Task<byte[]?> FrameAsync(NetworkStream from, CancellationToken ct)
    {
        var head = new byte[5];
        var read = await from.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false, ct);
        if (read < 5) return null;
        var frame = new byte[1 + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        head.CopyTo(frame, 0);
        await from.ReadExactlyAsync(frame.AsMemory(5), ct);
        return frame;
    }

    protected override IRequestReader Requests() => new Reader();

    /// <summary>ReadyForQuery.</summary>
    protected override bool EndsAnswer(byte[] frame) => frame[0] == 'Z';

    private sealed class Reader : IRequestReader
    {
        private readonly HashSet<string> prepared = new(StringComparer.Ordinal);

        /// <summary>CopyDone.</summary>
        public bool IsOfRows(byte[] frame) => frame[0] == 'c';

        /// <summary>A simple query, an unnamed statement, or the Bind of one that was prepared under a name before.</summary>
        public bool IsCommit(byte[] frame)
        {
            if (frame[0] is not ((byte)'P' or (byte)'Q' or (byte)'B') || frame.Length > 200) return false;
            var first = Text(frame.AsSpan(5), out var rest);
            if (frame[0] == 'B') return prepared.Contains(Text(rest, out _));
            var statement = frame[0] == 'P' ? Text(rest, out _) : first;
            if (!statement.Trim().Equals("commit", StringComparison.OrdinalIgnoreCase)) return false;
            if (frame[0] == 'Q' || first.Length == 0) return true;
            prepared.Add(first);
            return false;
        }

        /// <summary>The Sync that ends the batch.</summary>
        public bool EndsRequest(byte[] frame) => frame[0] is (byte)'S' or (byte)'Q';

        private static string Text(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> rest)
        {
            var end = bytes.IndexOf((byte)0);
            rest = bytes[(end + 1)..];
            return Encoding.UTF8.GetString(bytes[..end]);
        }
    }
}
