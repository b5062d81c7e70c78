using System.Diagnostics;
using System.Globalization;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>The kernel's list of file locks, to say what a process held at an instant. Linux.</summary>
internal static class LockTable
{
    /// <summary>
    /// SQLite's write lock of a database in WAL mode: one byte of its <c>-shm</c> file (sqlite.org/walformat.html, 2.3.1).
    /// </summary>
    private const long WriteLockByte = 120;

    /// <summary>Whether the process holds the database's write lock: a transaction that may write is open.</summary>
    public static async Task<bool> HoldsWriteLockAsync(int process, string database)
    {
        if (!File.Exists(database + "-shm")) return false;
        var inode = await InodeAsync(database + "-shm");
        // "1: POSIX  ADVISORY  WRITE 4711 08:01:131117 120 120"; waiters carry "->".
        foreach (var line in await File.ReadAllLinesAsync("/proc/locks"))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 8 || words[1] == "->" || words[3] != "WRITE") continue;
            if (words[4] != process.ToString(CultureInfo.InvariantCulture)
                || !words[5].EndsWith(":" + inode, StringComparison.Ordinal)) continue;
            var from = long.Parse(words[6], CultureInfo.InvariantCulture);
            var to = words[7] == "EOF" ? long.MaxValue : long.Parse(words[7], CultureInfo.InvariantCulture);
            if (from <= WriteLockByte && WriteLockByte <= to) return true;
        }
        return false;
    }

    private static async Task<string> InodeAsync(string file)
    {
        var info = new ProcessStartInfo("stat") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in new[] { "-c", "%i", file }) info.ArgumentList.Add(word);
        using var stat = Process.Start(info)!;
        var inode = await stat.StandardOutput.ReadToEndAsync();
        await stat.WaitForExitAsync();
        return inode.Trim();
    }
}
