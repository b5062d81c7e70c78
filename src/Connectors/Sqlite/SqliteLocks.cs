using System.Globalization;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Names who holds a lock on a database file, for people. SQLite's locks are POSIX record locks on the file (rollback journal) or on its
/// <c>-shm</c> (write-ahead log); Linux lists them in <c>/proc/locks</c> by process and inode. Elsewhere nobody is named.
/// https://www.sqlite.org/walformat.html#wal_locks
/// </summary>
internal static class SqliteLocks
{
    /// <summary>First byte of the eight lock bytes of a <c>-shm</c> file: the writer's.</summary>
    private const long WalWriteByte = 120;

    /// <summary>Process id and command line of the holder, or null when it cannot be told.</summary>
    public static string? Holder(string path)
    {
        try
        {
            if (!File.Exists("/proc/locks")) return null;
            var lines = File.ReadAllLines("/proc/locks");
            return Holders(lines, path + "-shm", WalWriteByte) ?? Holders(lines, path, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Naming is a courtesy: the error that is being built says what happened in any case.
            return null;
        }
    }

    private static string? Holders(string[] lines, string path, long? mustCover)
    {
        if (!File.Exists(path) || SqliteIdentity.Inode(path) is not { } inode) return null;
        var holders = new SortedSet<int>();
        foreach (var line in lines)
        {
            // "1: POSIX  ADVISORY  WRITE 4711 08:01:131117 1073741824 1073741824"; waiters carry "->" and hold nothing.
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length < 8 || parts[1] == "->" || parts[1] is not ("POSIX" or "OFDLCK")) continue;
            if (!parts[5].EndsWith($":{inode.ToString(CultureInfo.InvariantCulture)}", StringComparison.Ordinal)) continue;
            if (mustCover is { } at && (parts[3] != "WRITE" || !Covers(parts[6], parts[7], at))) continue;
            if (int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0) holders.Add(pid);
        }
        return holders.Count == 0 ? null : string.Join("; ", holders.Select(Describe));
    }

    private static bool Covers(string from, string to, long at) =>
        long.TryParse(from, NumberStyles.None, CultureInfo.InvariantCulture, out var first) && first <= at
        && (to == "EOF" || (long.TryParse(to, NumberStyles.None, CultureInfo.InvariantCulture, out var last) && last >= at));

    private static string Describe(int pid)
    {
        var name = pid == Environment.ProcessId ? "this process" : CommandLine(pid);
        return FormattableString.Invariant($"pid {pid}{(name.Length > 0 ? $" ({name})" : "")}");
    }

    /// <summary>Program and first words; arguments may hold secrets, so no more than the program is told.</summary>
    private static string CommandLine(int pid)
    {
        var file = FormattableString.Invariant($"/proc/{pid}/cmdline");
        if (!File.Exists(file)) return "";
        var words = File.ReadAllText(file).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 0 ? "" : Path.GetFileName(words[0]);
    }
}
