using System.Net.Sockets;
using System.Text;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>The protocol of MySQL and MariaDB, without compression. https://mariadb.com/kb/en/0-packet/</summary>
internal sealed class MyWireProxy(int server, IReadOnlyList<PlannedFault> faults, bool onlyRows, Func<Task<bool>> isWaitedFor)
    : WireProxy(server, faults, onlyRows, isWaitedFor)
{
    private const int Head = 4;
    private const byte Query = 3, Bulk = 0xFA;

    /// <summary>With its length and number.</summary>
    protected override async Task<byte[]?> FrameAsync(NetworkStream from, CancellationToken ct)
    {
        var head = new byte[Head];
        var read = await from.ReadAtLeastAsync(head, Head, throwOnEndOfStream: false, ct);
        if (read < Head) return null;
        var frame = new byte[Head + head[0] + (head[1] << 8) + (head[2] << 16)];
        head.CopyTo(frame, 0);
        await from.ReadExactlyAsync(frame.AsMemory(Head), ct);
        return frame;
    }

    protected override IRequestReader Requests() => new Reader();

    /// <summary>OK or an error: one packet either way.</summary>
    protected override bool EndsAnswer(byte[] frame) => true;

    private sealed class Reader : IRequestReader
    {
        /// <summary>A statement of many rows, a load, or an INSERT into a table that is none of Pawl's own.</summary>
        public bool IsOfRows(byte[] frame) => frame.Length > Head && frame[3] == 0 && frame[Head] == Bulk || Says(frame, "load data")
            || Says(frame, "insert into") && frame.AsSpan(Head, Math.Min(frame.Length - Head, 100)).IndexOf("`pawl_"u8) < 0;

        public bool IsCommit(byte[] frame) => Says(frame, "commit") && frame.Length == Head + 1 + "commit".Length;

        public bool EndsRequest(byte[] frame) => true;

        /// <summary>Number 0 begins a request; rows of a load that are numbered so begin otherwise.</summary>
        private static bool Says(byte[] frame, string words) => frame.Length > Head + words.Length && frame[3] == 0 && frame[Head] == Query
            && Encoding.ASCII.GetString(frame, Head + 1, words.Length).Equals(words, StringComparison.OrdinalIgnoreCase);
    }
}
