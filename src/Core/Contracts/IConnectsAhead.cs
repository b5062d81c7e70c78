namespace Pawl.Contracts;

/// <summary>
/// Role of a source or a sink that logs in to a server: opens sessions before they are asked for, beside other work. Thread-safe.
/// </summary>
public interface IConnectsAhead
{
    /// <summary>
    /// Begins to open sessions that will certainly be asked for soon, and returns at once. What fails is told to whoever asks next.
    /// </summary>
    /// <param name="sessions">Number of sessions, 1 or more. Of a sink: those of ledger stores and groups. Of a source: those of reads.
    /// </param>
    void ConnectAhead(int sessions);
}
