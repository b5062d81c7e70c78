using Microsoft.Win32.SafeHandles;

namespace Pawl.Connectors.Files;

/// <summary>The bytes of one file up to the size that was planned, in order; a gzip is unpacked. Blocking, one caller at a time.</summary>
internal abstract class FileBytes : IDisposable
{
    /// <param name="handle">Not disposed here.</param>
    /// <param name="size">Bytes of the file to read; what was added behind them is not looked at.</param>
    /// <param name="from">Where to begin, in bytes of the content.</param>
    public static FileBytes Open(SafeFileHandle handle, string path, bool isPacked, long size, long from)
    {
        if (!isPacked) return new PlainBytes(handle, size, from);
        var packed = new GzipBytes(handle, path, size);
        try
        {
            packed.Skip(from);
            return packed;
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    /// <summary>At least one byte, or 0 at the end.</summary>
    public abstract int Read(Span<byte> to);

    public virtual void Dispose() { }

    private void Skip(long count)
    {
        var waste = new byte[1 << 16];
        while (count > 0)
        {
            var read = Read(waste.AsSpan(0, (int)Math.Min(count, waste.Length)));
            if (read == 0) return;
            count -= read;
        }
    }

    private sealed class PlainBytes(SafeFileHandle handle, long size, long at) : FileBytes
    {
        public override int Read(Span<byte> to)
        {
            if (to.Length > size - at) to = to[..(int)Math.Max(0, size - at)];
            var read = to.Length == 0 ? 0 : RandomAccess.Read(handle, to, at);
            at += read;
            return read;
        }
    }
}
