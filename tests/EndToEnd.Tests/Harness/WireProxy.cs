using System.Net;
using System.Net.Sockets;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>What becomes of one COMMIT and its answer.</summary>
public enum CommitFault
{
    /// <summary>It never gets to the server: both connections are cut.</summary>
    CutBefore,
    /// <summary>Its first bytes get there, then both connections are cut. The server may or may not have enough of it.</summary>
    CutInRequest,
    /// <summary>The server does it and answers; the answer is swallowed and the client's connection cut.</summary>
    Swallow,
    /// <summary>The server does it; the client gets the first bytes of the answer.</summary>
    CutInReply,
    /// <summary>The client is cut off; the server gets the COMMIT only when somebody waits for a lock of that transaction.</summary>
    DeliverLate,
    /// <summary>The client is cut off; the server keeps the transaction open and never gets to hear of the COMMIT.</summary>
    HoldOpen,
}

/// <param name="Number">Which COMMIT, counted over all connections, 1-based.</param>
/// <param name="Byte">Where to cut, as a share of the request or reply.</param>
internal sealed record PlannedFault(CommitFault Fault, int Number, double Byte);

/// <summary>
/// Stands between a client and a server, without TLS, and knows so much of their protocol as to tell a COMMIT and its answer. All other
/// messages pass through.
/// </summary>
internal abstract class WireProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private readonly List<Task> open = [];
    private readonly int server;
    private readonly Func<Task<bool>> isWaitedFor;
    private readonly bool onlyRows;
    private readonly IReadOnlyList<PlannedFault> faults;
    private readonly List<CommitFault> struck = [];
    private readonly Task accepting;
    private int commits;

    /// <param name="server">Its port on 127.0.0.1.</param>
    /// <param name="onlyRows">COMMITs of transactions without a load of rows pass, and are not counted.</param>
    /// <param name="isWaitedFor">Whether a session waits for a lock, for <see cref="CommitFault.DeliverLate"/>.</param>
    protected WireProxy(int server, IReadOnlyList<PlannedFault> faults, bool onlyRows, Func<Task<bool>> isWaitedFor)
    {
        (this.server, this.faults, this.onlyRows, this.isWaitedFor) = (server, faults, onlyRows, isWaitedFor);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>COMMITs that came by.</summary>
    public int Commits { get { lock (gate) return commits; } }

    /// <summary>Faults that were done.</summary>
    public IReadOnlyList<CommitFault> Struck { get { lock (gate) return [.. struck]; } }

    /// <summary>Messages before those of <see cref="FrameAsync"/>'s kind, from the client.</summary>
    protected virtual Task PassStartupAsync(NetworkStream client, NetworkStream server, CancellationToken ct) => Task.CompletedTask;

    /// <summary>A whole message; null at the end of the stream.</summary>
    protected abstract Task<byte[]?> FrameAsync(NetworkStream from, CancellationToken ct);

    /// <summary>What one client's messages are; asked in their order.</summary>
    protected abstract IRequestReader Requests();

    /// <summary>This message of the server's is the last of an answer to COMMIT.</summary>
    protected abstract bool EndsAnswer(byte[] frame);

    protected interface IRequestReader
    {
        /// <summary>The message loads rows, or is part of that.</summary>
        bool IsOfRows(byte[] frame);

        bool IsCommit(byte[] frame);

        /// <summary>The server answers after this one; what was before belongs to the same request.</summary>
        bool EndsRequest(byte[] frame);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(ending.Token);
                lock (gate) open.Add(ServeAsync(client));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed: nobody else is let in.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var toServer = new TcpClient { NoDelay = true };
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await toServer.ConnectAsync(IPAddress.Loopback, server, ending.Token);
                using var cut = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
                var link = new Link(client.GetStream(), toServer.GetStream(), cut);
                await Task.WhenAll(RequestsAsync(link), RepliesAsync(link));
            }
            catch (Exception e) when (IsCut(e))
            {
                // One of the two is gone, or was cut off: closing both is all there is to do.
            }
        }
    }

    private sealed class Link(NetworkStream client, NetworkStream server, CancellationTokenSource cut)
    {
        public NetworkStream Client => client;
        public NetworkStream Server => server;
        public CancellationToken Token => cut.Token;
        /// <summary>Replies are kept from now on, up to the end of the answer; null = they pass.</summary>
        public TaskCompletionSource<byte[]>? Keep { get; set; }
        public void Cut() => cut.Cancel();
    }

    private async Task RequestsAsync(Link link)
    {
        try
        {
            await PassStartupAsync(link.Client, link.Server, link.Token);
            var rows = false;
            var reader = Requests();
            while (await FrameAsync(link.Client, link.Token) is { } frame)
            {
                rows |= reader.IsOfRows(frame);
                var isCommit = reader.IsCommit(frame);
                if (!isCommit || Next(rows) is not { } fault)
                {
                    if (isCommit) rows = false; // the next transaction begins behind it
                    await link.Server.WriteAsync(frame, link.Token);
                    continue;
                }
                rows = false;
                await StrikeAsync(link, fault, await RequestAsync(link, reader, frame));
                return;
            }
        }
        finally
        {
            link.Cut();
        }
    }

    /// <summary>What is planned for the COMMIT that comes by now.</summary>
    private PlannedFault? Next(bool rows)
    {
        lock (gate)
        {
            if (onlyRows && !rows) return null;
            commits++;
            var planned = faults.FirstOrDefault(f => f.Number == commits);
            if (planned is not null) struck.Add(planned.Fault);
            return planned;
        }
    }

    /// <summary>The COMMIT with everything up to the end of its request.</summary>
    private async Task<byte[]> RequestAsync(Link link, IRequestReader reader, byte[] first)
    {
        var all = new List<byte>(first);
        for (var frame = first; !reader.EndsRequest(frame);)
        {
            frame = await FrameAsync(link.Client, link.Token) ?? throw new EndOfStreamException();
            all.AddRange(frame);
        }
        return [.. all];
    }

    private async Task StrikeAsync(Link link, PlannedFault fault, byte[] request)
    {
        var reply = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        switch (fault.Fault)
        {
            case CommitFault.CutBefore:
                break;
            case CommitFault.CutInRequest:
                await link.Server.WriteAsync(request.AsMemory(0, Part(request)), link.Token);
                break;
            case CommitFault.Swallow or CommitFault.CutInReply:
                link.Keep = reply;
                await link.Server.WriteAsync(request, link.Token);
                var answer = await reply.Task.WaitAsync(link.Token);
                if (fault.Fault == CommitFault.CutInReply) await link.Client.WriteAsync(answer.AsMemory(0, Part(answer)), link.Token);
                break;
            case CommitFault.DeliverLate:
                link.Keep = reply;
                link.Client.Socket.Close();
                while (!await isWaitedFor()) await Task.Delay(5, link.Token);
                await link.Server.WriteAsync(request, link.Token);
                await reply.Task.WaitAsync(link.Token);
                break;
            default:
                link.Keep = reply;
                link.Client.Socket.Close();
                await reply.Task.WaitAsync(link.Token); // until whoever takes over has the server end it
                break;
        }

        int Part(byte[] all) => 1 + (int)((all.Length - 1) * fault.Byte);
    }

    private async Task RepliesAsync(Link link)
    {
        try
        {
            var kept = new List<byte>();
            while (await FrameAsync(link.Server, link.Token) is { } frame)
            {
                if (link.Keep is not { } keep)
                {
                    await link.Client.WriteAsync(frame, link.Token);
                    continue;
                }
                kept.AddRange(frame);
                if (EndsAnswer(frame)) keep.TrySetResult([.. kept]);
            }
        }
        finally
        {
            link.Cut();
        }
    }

    private static bool IsCut(Exception e) => e is OperationCanceledException or IOException or SocketException or ObjectDisposedException;

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        listener.Stop();
        await accepting;
        Task[] all;
        lock (gate) all = [.. open];
        await Task.WhenAll(all);
        ending.Dispose();
        GC.SuppressFinalize(this);
    }
}
