using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// One file opened to be read up to a size. Whether it is the file of a stored position is told by inode, time of birth, size and the bytes
/// at both ends of what was planned and before the place to go on from. Blocking, one caller at a time.
/// </summary>
internal sealed class OpenedFile : IDisposable
{
    /// <summary>How many bytes a mark is made of, at most.</summary>
    private const int MarkBytes = 4096;

    private readonly SafeFileHandle handle;
    private readonly string table;

    private OpenedFile(SafeFileHandle handle, string table, string path, TableFile file, long size)
    {
        this.handle = handle;
        this.table = table;
        Path = path;
        File = file;
        Size = size;
    }

    /// <summary>Absolute.</summary>
    public string Path { get; }
    public TableFile File { get; }

    /// <summary>Bytes of the file that are read; it may have more by now.</summary>
    public long Size { get; private init; }

    /// <param name="planned">The planned end; null = where the file ends now.</param>
    /// <exception cref="PawlException"><see cref="Codes.FileReplaced"/>, or it cannot be opened.</exception>
    public static OpenedFile Open(FilesCatalog catalog, TableName table, TableFile file, FilePosition? planned)
    {
        var path = catalog.Absolute(file);
        SafeFileHandle? handle = null;
        try
        {
            handle = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
                FileOptions.SequentialScan);
            var stat = FileStat.Of(handle, path);
            var opened = new OpenedFile(handle, table.ToString(), path, file, planned?.Size ?? stat?.Size ?? 0);
            if (stat?.Identity != file.Stat.Identity) throw opened.Replaced("another file lies in its place");
            if (planned is not null) opened.CheckEnd(planned);
            return opened;
        }
        catch (Exception e)
        {
            handle?.Dispose();
            throw FilesFaults.Classify(e, path);
        }
    }

    /// <summary>The end to be planned: the size now, and what lies at both ends.</summary>
    public FilePosition End() => new(File.Path, File.Stat.Identity, -1, 0, Size, Mark(Math.Min(Size, MarkBytes)) + "-" + Mark(Size));

    /// <summary>The place behind a record.</summary>
    public FilePosition At(long offset, long line) =>
        new(File.Path, File.Stat.Identity, offset, line, 0, File.IsPacked ? "" : Mark(offset));

    /// <exception cref="PawlException"><see cref="Codes.FileReplaced"/>.</exception>
    public void CheckEnd(FilePosition planned)
    {
        var size = RandomAccess.GetLength(handle);
        if (size < planned.Size) throw Replaced($"it has {size} bytes and had {planned.Size}");
        if (End() with { Path = planned.Path, Size = planned.Size } != planned) throw Replaced("its bytes are not those that were there");
    }

    /// <exception cref="PawlException"><see cref="Codes.FileReplaced"/>.</exception>
    public void CheckBefore(FilePosition position)
    {
        if (!File.IsPacked && (position.Offset > Size || Mark(position.Offset) != position.Mark))
        {
            throw Replaced($"the bytes before {position.Offset} are not those that were read");
        }
    }

    /// <summary>More bytes lie behind what is read.</summary>
    public bool HasGrown => RandomAccess.GetLength(handle) > Size;

    /// <summary>What was added behind what is read begins with a line end: the last record was whole.</summary>
    public bool GoesOnWithLineEnd(FileEncoding encoding)
    {
        Span<byte> next = stackalloc byte[encoding.Unit * 2];
        next = next[..RandomAccess.Read(handle, next, Size)];
        if (File.IsPacked || next.Length < encoding.Unit) return false;
        return encoding.Line(next) is var line && (line == encoding.Unit || (line == next.Length && next.Contains((byte)'\r')));
    }

    public FileBytes Read(long from) => FileBytes.Open(handle, Path, File.IsPacked, Size, from);

    /// <summary>A few bytes as they lie in the file.</summary>
    public byte[] Raw(long from, int count)
    {
        var bytes = new byte[count];
        return bytes[..RandomAccess.Read(handle, bytes, from)];
    }

    public void Dispose() => handle.Dispose();

    private string Mark(long before)
    {
        var from = Math.Max(0, before - MarkBytes);
        Span<byte> bytes = stackalloc byte[(int)(before - from)];
        var read = 0;
        while (read < bytes.Length)
        {
            var more = RandomAccess.Read(handle, bytes[read..], from + read);
            if (more == 0) throw Replaced($"it ends before {before}");
            read += more;
        }
        return Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 8));
    }

    private PawlException Replaced(string cause) => FilesFaults.Replaced(table, Path, cause);
}
