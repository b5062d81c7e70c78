using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Cli.Hosting;

/// <summary>
/// Pawl's own folder: <c>PAWL_HOME</c>, else <c>~/.pawl</c>. It holds <c>history.db</c>, a mirror of what runs said; the truth about
/// progress is in the targets.
/// </summary>
internal static class Home
{
    public static string Folder => Environment.GetEnvironmentVariable("PAWL_HOME") is { Length: > 0 } set ? Path.GetFullPath(set)
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".pawl");

    public static string HistoryFile => Path.Combine(Folder, "history.db");

    /// <summary>Opens the history, making its folder if need be.</summary>
    public static ValueTask<IRunHistory> OpenHistoryAsync(IConnectors connectors, TimeProvider time, CancellationToken ct)
    {
        var keeper = connectors.All.FirstOrDefault(c => c is IKeepsHistory)
            ?? throw new PawlException(Fault.Bug, Codes.ContractBroken, ("cause", Both("no connector keeps history", "没有连接器能保存运行历史")));
        Directory.CreateDirectory(Folder);
        var at = new Endpoint { Scheme = keeper.Spec.Schemes[0], Path = HistoryFile, Display = $"{keeper.Spec.Schemes[0]}:{HistoryFile}" };
        return ((IKeepsHistory)keeper).OpenHistoryAsync(at, new OpenContext(time, Hosts.NewIds(), NoCrashPoints.Instance), ct);
    }
}
