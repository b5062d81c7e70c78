using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Cli.Hosting;

/// <summary>
/// For tests and drills: <c>PAWL_KILL_AT=point[:n]</c> ends this process with SIGKILL when the named point of the commit path is reached
/// for
/// the n-th time (default 1). Nothing is flushed, closed or said: that is the point. Thread-safe.
/// </summary>
internal sealed class KillSwitch(string point, long times) : ICrashPoints
{
    public const string Variable = "PAWL_KILL_AT";
    private const int Sigkill = 9;
    private static readonly string[] Points = [.. CrashPoint.All, .. CrashPoint.OfReplace, .. CrashPoint.OfRename,
        .. CrashPoint.OfFiles];
    private long left = times;

    /// <summary>Nobody listens when the variable is not set.</summary>
    /// <exception cref="PawlException"><see cref="Codes.Usage"/> for an unknown point or a number below 1.</exception>
    public static ICrashPoints FromEnvironment()
    {
        var text = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(text)) return NoCrashPoints.Instance;
        var parts = text.Split(':');
        var times = 1L;
        var good = parts.Length <= 2 && Points.Contains(parts[0])
            && (parts.Length == 1 || (long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out times) && times > 0));
        return good ? new KillSwitch(parts[0], times)
            : throw new PawlException(Fault.Configuration, Codes.Usage,
                ("cause", Both($"{Variable}={text} is not point[:n]; the points are {string.Join(", ", Points)}.",
                    $"{Variable}={text} 不是 点[:n]；可用的点有 {string.Join(", ", Points)}。")));
    }

    public void Reached(string reached)
    {
        if (reached != point || Interlocked.Decrement(ref left) != 0) return;
        if (OperatingSystem.IsWindows())
        {
            using var self = Process.GetCurrentProcess();
            self.Kill();
        }
        else if (Kill(Environment.ProcessId, Sigkill) != 0)
        {
            Environment.FailFast("kill failed");
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
