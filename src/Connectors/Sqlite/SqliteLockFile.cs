using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// A lock that ends with its process: a file beside the target, held open under an exclusive advisory lock and removed on release. A file
/// whose process died stays behind unlocked and is removed by whoever asks for it next.
/// </summary>
internal sealed class SqliteLockFile : IAsyncDisposable
{
    private const int Attempts = 3;
    private const string Mark = ".pawl-", Ending = ".lock";

    private readonly FileStream stream;
    private readonly string path;

    private SqliteLockFile(FileStream stream, string path)
    {
        this.stream = stream;
        this.path = path;
    }

    /// <returns>Null when somebody else holds it.</returns>
    /// <exception cref="PawlException">The folder cannot be written.</exception>
    public static SqliteLockFile? TryTake(string target, string name)
    {
        var path = PathOf(target, name);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            if (Open(path, FileMode.OpenOrCreate, target) is not { } stream) continue;
            // Somebody who took the new file for a left-over one may have removed it between our opening and our locking it.
            if (File.Exists(path))
            {
                Sweep(target, path);
                return new SqliteLockFile(stream, path);
            }
            stream.Dispose();
        }
        return null;
    }

    /// <summary>
    /// Removes what dead processes left behind: one that died before it wrote its lock's name anywhere would never be asked for by name.
    /// </summary>
    private static void Sweep(string target, string own)
    {
        try
        {
            foreach (var path in Directory.EnumerateFiles(Path.GetDirectoryName(target)!))
            {
                if (path == own || !path.StartsWith(target + Mark, StringComparison.Ordinal)
                    || !path.EndsWith(Ending, StringComparison.Ordinal)) continue;
                using var stream = Open(path, FileMode.Open, target);
                if (stream is not null) File.Delete(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PawlException)
        {
            // Tidying is a courtesy: somebody else's file, or one that has just gone, is no reason to stop.
            return;
        }
    }

    public static bool IsHeld(string target, string name)
    {
        var path = PathOf(target, name);
        if (!File.Exists(path)) return false;
        if (Open(path, FileMode.Open, target) is not { } stream) return File.Exists(path);
        File.Delete(path);
        stream.Dispose();
        return false;
    }

    public ValueTask DisposeAsync()
    {
        // Removed first: once it is unlocked, somebody else may have it.
        File.Delete(path);
        return stream.DisposeAsync();
    }

    private static string PathOf(string target, string name) =>
        $"{target}{Mark}{string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_'))}{Ending}";

    /// <summary>Null when it is locked by somebody else, or gone.</summary>
    private static FileStream? Open(string path, FileMode mode, string target)
    {
        try
        {
            return new FileStream(path, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new PawlException(Fault.Permission, Codes.AccessDenied, e, ("file", path), ("cause", e.Message));
        }
        catch (DirectoryNotFoundException e)
        {
            throw new PawlException(Fault.Configuration, Codes.FileMissing, e, ("file", Path.GetDirectoryName(target)));
        }
        catch (IOException)
        {
            // The share violation, which .NET does not tell apart from other causes by type: either way it is not ours.
            return null;
        }
    }
}
