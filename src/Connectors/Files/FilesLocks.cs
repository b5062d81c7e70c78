using System.Globalization;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Session locks of a target folder: a file each in its <c>.pawl</c>, held open under an advisory lock that ends with its process. A file
/// whose process died stays behind unlocked and is removed by whoever asks for it next.
/// </summary>
internal sealed class FilesLocks : IAsyncDisposable
{
    private const string Ending = ".held";
    private readonly FileStream stream;

    private FilesLocks(FileStream stream) => this.stream = stream;

    /// <returns>Null when somebody else holds it.</returns>
    public static FilesLocks? TryTake(string folder, string name)
    {
        var path = PathOf(folder, name);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (Open(path, FileMode.OpenOrCreate) is not { } stream) continue;
            if (File.Exists(path))
            {
                Sweep(folder, path);
                return new FilesLocks(stream);
            }
            // Somebody took the new file for a left-over one between our opening and our locking it.
            stream.Dispose();
        }
        return null;
    }

    public static bool IsHeld(string folder, string name)
    {
        var path = PathOf(folder, name);
        if (!File.Exists(path)) return false;
        if (Open(path, FileMode.Open) is not { } stream) return File.Exists(path);
        File.Delete(path);
        stream.Dispose();
        return false;
    }

    public ValueTask DisposeAsync()
    {
        // Removed first: once it is unlocked, somebody else may have it.
        if (Directory.Exists(Path.GetDirectoryName(stream.Name))) File.Delete(stream.Name);
        return stream.DisposeAsync();
    }

    /// <summary>Who holds an advisory lock on the file, for people; null where the system does not tell.</summary>
    public static string? Holder(string path)
    {
        try
        {
            if (!File.Exists("/proc/locks") || FileStat.Of(path) is not { } stat) return null;
            var inode = ":" + stat.Identity.Split('-')[0];
            foreach (var line in File.ReadAllLines("/proc/locks"))
            {
                // "1: FLOCK  ADVISORY  WRITE 4711 08:01:131117 0 EOF"; waiters carry "->" and hold nothing.
                var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (parts.Length >= 8 && parts[1] == "FLOCK" && parts[5].EndsWith(inode, StringComparison.Ordinal)
                    && int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 0)
                {
                    return FormattableString.Invariant($"pid {pid}");
                }
            }
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Naming is a courtesy: the error that is being built says what happened in any case.
            return null;
        }
    }

    /// <summary>What dead processes left behind: a lock whose name was never written down is asked for by nobody.</summary>
    private static void Sweep(string folder, string own)
    {
        try
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*" + Ending).Where(p => p != own))
            {
                using var stream = Open(path, FileMode.Open);
                if (stream is not null) File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PawlException)
        {
            // Tidying is a courtesy: somebody else's file, or one that has just gone, is no reason to stop.
            return;
        }
    }

    private static string PathOf(string folder, string name) => Path.Combine(folder,
        string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '_')) + Ending);

    /// <summary>Null when it is locked by somebody else, or gone.</summary>
    private static FileStream? Open(string path, FileMode mode)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.ReadWrite, FileShare.None, 0);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            throw FilesFaults.Classify(e, path);
        }
        catch (IOException)
        {
            // The share violation, as in FilesGate.
            return null;
        }
    }
}
