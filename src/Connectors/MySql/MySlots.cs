using System.Collections.Concurrent;
using System.Globalization;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// The places of a runner's sessions. Each session holds the lock of its place, and the server says which session holds a lock: so a
/// successor finds all of them and meets no stranger, although a server tells nobody when a session began. Thread-safe.
/// </summary>
internal sealed class MySlots(string runner)
{
    /// <summary>Sessions of one runner at the same time; many times what a run has.</summary>
    public const int Most = 256;

    private readonly ConcurrentDictionary<int, bool> taken = new();

    public string Runner => runner;

    /// <summary>At most 64 characters, without regard to case.</summary>
    public static string Lock(string runner, int slot) => string.Create(CultureInfo.InvariantCulture, $"pawl_s_{runner}_{slot}");

    public async ValueTask<MyBackend> TakeAsync(MyConnection connection, CancellationToken ct)
    {
        for (var slot = 1; slot <= Most; slot++)
        {
            if (!taken.TryAdd(slot, true)) continue;
            try
            {
                // The session that had the place before may be closing still.
                var got = await connection.RowsAsync($"select get_lock({MyQuote.Text(Lock(runner, slot))}, 0)", ct).ConfigureAwait(false);
                if (got[0][0] == "1") return new MyBackend(slot, connection.Server.ConnectionId, runner);
                taken.TryRemove(slot, out _);
            }
            catch
            {
                taken.TryRemove(slot, out _);
                throw;
            }
        }
        throw new PawlException(Fault.Throttled, Codes.TooManyConnections, ("endpoint", connection.Options.Display),
            ("cause", $"more than {Most} sessions of one runner"));
    }

    public void Leave(MyBackend backend) => taken.TryRemove(backend.Slot, out _);
}

/// <summary>A session as its successor knows it.</summary>
/// <param name="Slot">Its place among the runner's sessions, whose lock it holds.</param>
/// <param name="Id">The server's number for it; rises until the server is restarted.</param>
/// <param name="Runner">Whose it is.</param>
internal sealed record MyBackend(int Slot, ulong Id, string Runner)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"slot {Slot} id {Id} runner {Runner}");

    /// <summary>Null when this is no such text.</summary>
    public static MyBackend? Parse(string text) =>
        text.Split(' ') is ["slot", var slot, "id", var id, "runner", var runner]
        && int.TryParse(slot, NumberStyles.None, CultureInfo.InvariantCulture, out var place) && place is > 0 and <= MySlots.Most
        && ulong.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && runner.All(char.IsAsciiHexDigit)
            ? new MyBackend(place, number, runner) : null;
}
