using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Pawl.Connectors.Files;

/// <summary>
/// Which file a path leads to: inode and time of birth, so that a file put in the place of another is another one, and a moved file is the
/// same. The device number is left out because it may change over a reboot.
/// </summary>
/// <param name="Identity">The same text is the same file.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Kind">What lies there.</param>
internal sealed unsafe partial record FileStat(string Identity, long Size, FileKind Kind)
{
    private const uint WantBasic = 0x7FF, WantBirth = 0x800;
    private const int AtCurrentFolder = -100, NoFollow = 0x100, EmptyPath = 0x1000;

    /// <param name="follow">Whether a symbolic link is looked through.</param>
    /// <returns>Null when there is nothing, or nothing that may be looked at.</returns>
    public static FileStat? Of(string path, bool follow = true) => OperatingSystem.IsLinux()
        ? Linux(AtCurrentFolder, path, follow ? 0 : NoFollow) : Other(path);

    /// <summary>Of the file that is open, whatever lies at its path by now.</summary>
    public static FileStat? Of(SafeFileHandle file, string path) => OperatingSystem.IsLinux()
        ? Linux((int)file.DangerousGetHandle(), "", EmptyPath) : Other(path);

    private static FileStat? Linux(int folder, string path, int flags)
    {
        var buffer = new Statx();
        if (Call(folder, path, flags, WantBasic | WantBirth, &buffer) != 0) return null;
        var born = (buffer.Mask & WantBirth) != 0
            ? FormattableString.Invariant($"-{buffer.BirthSeconds}.{buffer.BirthNanoseconds:D9}") : "";
        var kind = (buffer.Mode & 0xF000) switch { 0x8000 => FileKind.File, 0x4000 => FileKind.Folder, _ => FileKind.Other };
        return new FileStat(buffer.Inode.ToString(CultureInfo.InvariantCulture) + born, (long)buffer.Size, kind);
    }

    private static FileStat? Other(string path)
    {
        var isFile = File.Exists(path);
        if (!isFile && !Directory.Exists(path)) return null;
        var born = File.GetCreationTimeUtc(path).Ticks.ToString(CultureInfo.InvariantCulture);
        return new FileStat(born, isFile ? new FileInfo(path).Length : 0, isFile ? FileKind.File : FileKind.Folder);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Call(int folder, string path, int flags, uint mask, Statx* buffer);

    /// <summary>struct statx of linux/stat.h: the fields that are read, at their fixed places.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(0)] public uint Mask;
        [FieldOffset(28)] public ushort Mode;
        [FieldOffset(32)] public ulong Inode;
        [FieldOffset(40)] public ulong Size;
        [FieldOffset(80)] public long BirthSeconds;
        [FieldOffset(88)] public uint BirthNanoseconds;
    }
}

internal enum FileKind
{
    File,
    Folder,
    /// <summary>A symbolic link that was not followed, a pipe, a device.</summary>
    Other,
}
