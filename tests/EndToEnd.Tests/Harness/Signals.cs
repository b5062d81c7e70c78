using System.Globalization;
using System.Runtime.InteropServices;

namespace Pawl.EndToEnd.Tests.Harness;

internal enum Signal { Interrupt = 2, Kill = 9, Terminate = 15, Continue = 18, Stop = 19 }

/// <summary>Signals as the kernel knows them, and whether they have struck. Linux.</summary>
internal static partial class Signals
{
    /// <summary>Sends; a process that is gone already is fine.</summary>
    public static void Send(int process, Signal signal) => _ = Kill(process, (int)signal);

    /// <summary>
    /// SIGSTOP, then waits until every thread stands still. False when the process ended instead.
    /// </summary>
    public static async Task<bool> FreezeAsync(PawlProcess process)
    {
        process.Send(Signal.Stop);
        while (!process.HasExited)
        {
            if (AllStopped(process.Id)) return true;
            await Task.Delay(1);
        }
        return false;
    }

    private static bool AllStopped(int process)
    {
        try
        {
            foreach (var task in Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task")))
            {
                // "4711 (name with ) in it) T …"
                var stat = File.ReadAllText(Path.Combine(task, "stat"));
                if (stat[stat.LastIndexOf(')') + 2] is not ('T' or 't')) return false;
            }
            return true;
        }
        catch (IOException)
        {
            return false; // a thread went away while we looked: look again
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
