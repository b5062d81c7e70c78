using System.Runtime.InteropServices;

namespace Pawl.Cli.Hosting;

/// <summary>
/// Small files that must be whole after a power cut: written beside, synced, renamed, and the folder synced too, so that either the old
/// one is there or the new one. Readable by their owner alone.
/// </summary>
internal static partial class DurableFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="IOException">It could not be written; the old file is as it was.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var fresh = Beside(path);
        try
        {
            using (var stream = new FileStream(fresh, Options(FileMode.CreateNew, FileShare.None)))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }
            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>As <see cref="Replace"/>, for content that is made bit by bit.</summary>
    /// <param name="path">Absolute.</param>
    /// <exception cref="IOException">It could not be written; the old file is as it was.</exception>
    public static async Task ReplaceAsync(string path, Func<Stream, Task> write)
    {
        var fresh = Beside(path);
        try
        {
            await using (var stream = new FileStream(fresh, Options(FileMode.CreateNew, FileShare.None)))
            {
                await write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(fresh, path, overwrite: true);
        }
        catch
        {
            File.Delete(fresh);
            throw;
        }
        SyncFolder(Path.GetDirectoryName(path)!);
    }

    private static string Beside(string path) =>
        $"{path}.{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6))}.tmp";

    /// <summary>A file that only one process can hold open; null while another does.</summary>
    public static FileStream? TryHold(string path)
    {
        try
        {
            return new FileStream(path, Options(FileMode.OpenOrCreate, FileShare.None));
        }
        catch (IOException e) when (File.Exists(path) && e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return null;
        }
    }

    /// <summary>A folder for secrets; one that is there stays as it is.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Others than the owner may read or write it.</summary>
    public static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0;

    private static FileStreamOptions Options(FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        return options;
    }

    /// <summary>A rename is durable when its folder is. https://man7.org/linux/man-pages/man2/fsync.2.html</summary>
    private static void SyncFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        var handle = Open(folder, 0);
        if (handle < 0) throw new IOException($"{folder} cannot be opened (error {Marshal.GetLastPInvokeError()})");
        try
        {
            if (Fsync(handle) != 0) throw new IOException($"{folder} cannot be synced (error {Marshal.GetLastPInvokeError()})");
        }
        finally
        {
            _ = Close(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int handle);
}
