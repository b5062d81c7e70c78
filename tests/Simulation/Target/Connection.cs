namespace Pawl.Simulation;

/// <summary>One connection, as both ends see it; they may differ for a while.</summary>
internal sealed class Connection(SimProcess client, int id)
{
    public int Id => id;
    public SimProcess Client => client;
    public string Backend => FormattableString.Invariant($"b{id}");
    /// <summary>The server still holds it.</summary>
    public bool ServerSide { get; set; } = true;
    /// <summary>The client has been told that it is gone.</summary>
    public bool ClientKnows { get; set; }
    /// <summary>The network under it is cut: nothing arrives any more, in either direction.</summary>
    public bool Cut { get; set; }
    public Transaction? Open { get; set; }
    /// <summary>Session locks held by this connection.</summary>
    public List<string> Locks { get; } = [];
    /// <summary>When the last message sent on it arrives: messages of one connection do not overtake one another.</summary>
    public long LastArrival { get; set; }
    /// <summary>The statement that waits for a lock, if any.</summary>
    public Waiter? Waiting { get; set; }
    /// <summary>What becomes of that statement when the server lets go of the connection.</summary>
    public Action? OnDropped { get; set; }
}
