using System.Globalization;
using System.Runtime.InteropServices;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Which file a path leads to. Inode and time of birth: a file that was replaced behind the same path is another one, a file that was moved
/// is the same. The device number is left out because it may change over a reboot.
/// </summary>
internal static unsafe partial class SqliteIdentity
{
    private const uint WantInode = 0x100, WantBirth = 0x800;
    private const int AtCurrentFolder = -100;

    /// <param name="path">Absolute, symbolic links resolved.</param>
    public static SourceIdentity Of(string path)
    {
        var text = Stat(path) is { } stat
            ? FormattableString.Invariant($"sqlite inode {stat.Inode}") + (stat.Birth is { } birth ? $" born {birth}" : "")
            : $"sqlite born {File.GetCreationTimeUtc(path).ToString("O", CultureInfo.InvariantCulture)}";
        return new SourceIdentity(text, path);
    }

    public static ulong? Inode(string path) => Stat(path)?.Inode;

    /// <summary>Absolute path with every symbolic link on the way resolved; a path that does not exist yet keeps its last part.</summary>
    /// <exception cref="PawlException"><see cref="Codes.FileMissing"/> for a path that can be no file's.</exception>
    public static string Resolve(string path)
    {
        if (path.Length == 0 || path.Contains('\0')) throw new PawlException(Fault.Configuration, Codes.FileMissing, ("file", path));
        var full = Path.GetFullPath(path);
        if (!OperatingSystem.IsWindows() && RealPath(full) is { } real) return real;
        var folder = Path.GetDirectoryName(full);
        return !OperatingSystem.IsWindows() && folder is not null && RealPath(folder) is { } parent
            ? Path.Combine(parent, Path.GetFileName(full))
            : full;
    }

    private static string? RealPath(string path)
    {
        var text = RealPath(path, 0);
        if (text == 0) return null;
        var resolved = Marshal.PtrToStringUTF8(text);
        Free(text);
        return resolved;
    }

    private static (ulong Inode, string? Birth)? Stat(string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        var buffer = new Statx();
        if (Call(AtCurrentFolder, path, 0, WantInode | WantBirth, &buffer) != 0) return null;
        var birth = (buffer.Mask & WantBirth) != 0
            ? FormattableString.Invariant($"{buffer.BirthSeconds}.{buffer.BirthNanoseconds:D9}")
            : null;
        return (buffer.Inode, birth);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Call(int folder, string path, int flags, uint mask, Statx* buffer);

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RealPath(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);

    /// <summary>struct statx of linux/stat.h: the fields that are read, at their fixed places.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(80)] public long BirthSeconds;
        [FieldOffset(88)] public uint BirthNanoseconds;
    }
}
