using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Pawl.Connectors.Files;

/// <summary>
/// An unpacked gzip of any number of members. <see cref="GZipStream"/> takes a file that was cut off, or that ends with something else, for
/// a whole one; so a last member of our own is read behind the file's, and only if it comes out as it went in was everything read.
/// </summary>
internal sealed class GzipBytes : FileBytes
{
    private static readonly byte[] Seal = [.. "\u0011pawl seal: no text ends with this\u0012"u8];
    private static readonly byte[] SealMember = Packed(Seal);

    private readonly string path;
    private readonly GZipStream unpacked;
    private readonly byte[] held = new byte[(1 << 16) + Seal.Length];
    private int from, to;
    private bool ended;

    public GzipBytes(SafeFileHandle handle, string path, long size)
    {
        this.path = path;
        unpacked = new GZipStream(new SealedFile(handle, size), CompressionMode.Decompress);
    }

    /// <exception cref="Pawl.Model.PawlException"><see cref="Pawl.Model.Codes.FileDamaged"/>.</exception>
    public override int Read(Span<byte> destination)
    {
        // What could be the seal is held back until more has come.
        while (!ended && to - from <= Seal.Length) Fill();
        var count = Math.Min(destination.Length, to - from - (ended ? 0 : Seal.Length));
        held.AsSpan(from, count).CopyTo(destination);
        from += count;
        return count;
    }

    public override void Dispose() => unpacked.Dispose();

    private void Fill()
    {
        held.AsSpan(from, to - from).CopyTo(held);
        (from, to) = (0, to - from);
        int read;
        try
        {
            read = unpacked.Read(held, to, held.Length - to);
        }
        catch (InvalidDataException e)
        {
            throw FilesFaults.Damaged(path, e.Message);
        }
        to += read;
        if (read > 0) return;
        if (!held.AsSpan(from, to - from).EndsWith(Seal))
        {
            throw FilesFaults.Damaged(path, "the gzip is cut off, or something else follows it");
        }
        to -= Seal.Length;
        ended = true;
    }

    private static byte[] Packed(byte[] content)
    {
        var member = new MemoryStream();
        using (var pack = new GZipStream(member, CompressionLevel.Fastest, leaveOpen: true)) pack.Write(content);
        return member.ToArray();
    }

    /// <summary>The file's bytes up to its planned size, and then the seal.</summary>
    private sealed class SealedFile(SafeFileHandle handle, long size) : Stream
    {
        private long at;

        public override int Read(Span<byte> buffer)
        {
            var left = size - at;
            int read;
            if (left > 0)
            {
                read = RandomAccess.Read(handle, buffer[..(int)Math.Min(left, buffer.Length)], at);
                if (read == 0) throw new InvalidDataException("it is shorter than it was");
            }
            else
            {
                var rest = SealMember.AsSpan((int)Math.Min(at - size, SealMember.Length));
                read = Math.Min(rest.Length, buffer.Length);
                rest[..read].CopyTo(buffer);
            }
            at += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => at; set => throw new NotSupportedException(); }
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
