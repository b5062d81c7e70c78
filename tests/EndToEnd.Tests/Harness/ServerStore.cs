namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>A database of a server, reached through a port that something may stand before.</summary>
internal abstract class ServerStore : TestStore
{
    /// <summary>Further options of the address, <c>name=value&amp;…</c>; null = none.</summary>
    public string? Options { get; set; }

    /// <summary>Where the job finds the server; the server's own port, unless something stands in between.</summary>
    public int? Port { get; set; }

    /// <summary>The server's own.</summary>
    public abstract int ServerPort { get; }

    /// <summary>A way to the server that loses answers; not yet in the address.</summary>
    public abstract WireProxy Proxy(IReadOnlyList<PlannedFault> faults, bool onlyRows);

    /// <summary>A session in this database waits for a lock.</summary>
    public abstract Task<bool> IsWaitedForAsync();

    /// <summary>The server is inside a load of rows and waits for the client.</summary>
    public abstract Task<bool> IsInLoadAsync();

    /// <summary>Milliseconds by the server's clock since the job's last sign of life.</summary>
    public abstract Task<long> HeartbeatAgeAsync();

    protected string Query => Options is null ? "" : "?" + Options;
}
