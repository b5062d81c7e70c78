using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>One address in front of several servers, as a proxy or an address that moves is: who connects is led to one of them.</summary>
internal sealed class Switchboard : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<Task> lines = [];
    private readonly CancellationTokenSource end = new();
    private readonly Task taking;
    private readonly Func<int, MyServer> choose;

    /// <param name="choose">The server of the connection with this number, from 0.</param>
    public Switchboard(Func<int, MyServer> choose)
    {
        this.choose = choose;
        listener.Start();
        taking = TakeAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Stop();
        await taking;
        await Task.WhenAll(lines);
        end.Dispose();
    }

    private async Task TakeAsync()
    {
        try
        {
            for (var number = 0; ; number++)
            {
                var caller = await listener.AcceptTcpClientAsync(end.Token);
                lines.Add(JoinAsync(caller, choose(number).Port));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // It is over.
        }
    }

    private async Task JoinAsync(TcpClient caller, int port)
    {
        using (caller)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, port, end.Token);
                var there = caller.GetStream().CopyToAsync(server.GetStream(), end.Token);
                var back = server.GetStream().CopyToAsync(caller.GetStream(), end.Token);
                await await Task.WhenAny(there, back);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
            {
                // One side hung up.
            }
        }
    }
}
