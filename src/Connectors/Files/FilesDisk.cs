using System.Runtime.InteropServices;

namespace Pawl.Connectors.Files;

/// <summary>What makes a file and its name durable. Blocking.</summary>
internal static partial class FilesDisk
{
    private const int ReadOnly = 0, Directory = 0x10000, CloseOnExec = 0x80000, MayWrite = 2;

    /// <summary>Names that were made, changed or removed in the folder are on the disk.</summary>
    /// <exception cref="IOException">They may not be.</exception>
    public static void SyncFolder(string folder)
    {
        // Elsewhere a folder cannot be opened for it, or the file system keeps names by itself.
        if (!OperatingSystem.IsLinux()) return;
        var handle = Open(folder, ReadOnly | Directory | CloseOnExec);
        if (handle < 0) throw Failed("open", folder);
        try
        {
            if (Sync(handle) < 0) throw Failed("fsync", folder);
        }
        finally
        {
            _ = Close(handle);
        }
    }

    /// <summary>A whole file under its name, or nothing of it.</summary>
    public static void WriteWhole(string path, ReadOnlySpan<byte> content)
    {
        var fresh = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.tmp");
        using (var file = File.OpenHandle(fresh, FileMode.Create, FileAccess.Write))
        {
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }
        File.Move(fresh, path, overwrite: true);
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>The system is asked; nothing is opened for writing.</summary>
    public static bool IsWritable(string path) => OperatingSystem.IsWindows() || Access(path, MayWrite) == 0;

    private static IOException Failed(string call, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(errno)}: {path}", errno);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int file);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
