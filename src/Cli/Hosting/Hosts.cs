using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Telemetry;

namespace Pawl.Cli.Hosting;

/// <summary>What this process lends to the engine.</summary>
internal static class Hosts
{
    public static IdSource NewIds() => new(new SystemRandom());

    public static JobHost Create(IConnectors connectors, IRunEvents events, TimeProvider time) => new()
    {
        Time = time,
        Random = new SystemRandom(),
        Ids = NewIds(),
        Connectors = connectors,
        Events = events,
        Points = KillSwitch.FromEnvironment(),
        Runner = $"{Environment.UserName}@{Environment.MachineName} pid {Environment.ProcessId}",
    };
}

/// <summary>For work that tells nobody.</summary>
internal sealed class NoEvents : IRunEvents
{
    public void Emit(RunEvent e) { }
}
