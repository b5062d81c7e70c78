using System.Text;
using System.Text.Unicode;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// A window of UTF-8 text over the bytes of a file, with the offset in the file at every border of a record. Bytes that mean nothing in the
/// file's encoding leave an invalid byte (0xFF) in the line they were in. Blocking, one caller at a time.
/// </summary>
/// <param name="bytes">Disposed here.</param>
/// <param name="offset">Of the first byte, in the content.</param>
/// <param name="chunk">How many bytes are asked for at a time.</param>
/// <param name="most">The longest record, in bytes of text.</param>
internal sealed class FileText(FileBytes bytes, FileEncoding encoding, long offset, int chunk, int most) : IDisposable
{
    private readonly Queue<long> lineEnds = new();
    private byte[] text = new byte[chunk];
    private int from, to;
    private byte[] raw = encoding.Decoder is null ? [] : new byte[chunk];
    private int rawCount;
    private long rawOffset = offset;
    private char[] letters = [];

    /// <summary>What is there of the text, from the border of a record on.</summary>
    public ReadOnlySpan<byte> Text => text.AsSpan(from, to - from);

    /// <summary>Nothing comes behind <see cref="Text"/>.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>Of the first byte of <see cref="Text"/>, in the content.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Goes on to the next border.</summary>
    /// <param name="length">Bytes of the record, with its line end if it has one.</param>
    /// <param name="lines">Line ends in it.</param>
    public void Take(int length, int lines)
    {
        from += length;
        if (encoding.Decoder is null) Offset += length;
        else if (AtEnd && from == to) Offset = rawOffset;
        else
        {
            for (; lines > 1; lines--) lineEnds.Dequeue();
            if (lines == 1) Offset = lineEnds.Dequeue();
        }
    }

    /// <summary>Makes <see cref="Text"/> longer, or finds that there is no more.</summary>
    /// <exception cref="PawlException"><see cref="Codes.ValueTooLarge"/> when the record is too long already.</exception>
    public void More()
    {
        if (encoding.Decoder is null)
        {
            Room(Math.Max(1, chunk / 2));
            var read = bytes.Read(text.AsSpan(to));
            to += read;
            AtEnd = read == 0;
        }
        else MoreLines();
    }

    public void Dispose() => bytes.Dispose();

    /// <summary>Decodes line by line, so that the offset of every line end is known.</summary>
    private void MoreLines()
    {
        while (true)
        {
            if (rawCount == raw.Length) Array.Resize(ref raw, Larger(raw.Length));
            var read = bytes.Read(raw.AsSpan(rawCount));
            rawCount += read;
            AtEnd = read == 0;
            var whole = AtEnd ? rawCount : encoding.Lines(raw.AsSpan(0, rawCount));
            if (whole == 0 && !AtEnd) continue;
            Decode(raw.AsSpan(0, whole));
            raw.AsSpan(whole, rawCount - whole).CopyTo(raw);
            rawCount -= whole;
            return;
        }
    }

    private void Decode(ReadOnlySpan<byte> lines)
    {
        var start = rawOffset;
        rawOffset += lines.Length;
        for (var at = 0; encoding.Line(lines[at..]) is > 0 and var line; at += line) lineEnds.Enqueue(start + at + line);
        if (TryDecode(lines)) return;
        while (lines.Length > 0)
        {
            var line = encoding.Line(lines) is > 0 and var whole ? whole : lines.Length;
            if (!TryDecode(lines[..line])) DecodeBroken(lines[..line]);
            lines = lines[line..];
        }
    }

    private bool TryDecode(ReadOnlySpan<byte> lines)
    {
        try
        {
            var count = encoding.Decoder!.GetMaxCharCount(lines.Length);
            if (letters.Length < count) letters = new char[count];
            Append(letters.AsSpan(0, encoding.Decoder.GetChars(lines, letters)));
            return true;
        }
        catch (DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>What can be read of the line, for people, and the byte that tells it is not all.</summary>
    private void DecodeBroken(ReadOnlySpan<byte> line)
    {
        var lenient = (Encoding)encoding.Decoder!.Clone();
        lenient.DecoderFallback = DecoderFallback.ReplacementFallback;
        var hasEnd = encoding.Line(line) > 0;
        Append(lenient.GetString(hasEnd ? line[..^encoding.Unit] : line));
        Room(2);
        text[to++] = 0xFF;
        if (hasEnd) text[to++] = (byte)'\n';
    }

    private void Append(ReadOnlySpan<char> decoded)
    {
        Room(decoded.Length * 3);
        Utf8.FromUtf16(decoded, text.AsSpan(to), out _, out var written);
        to += written;
    }

    private void Room(int wanted)
    {
        if (text.Length - to >= wanted) return;
        text.AsSpan(from, to - from).CopyTo(text);
        (from, to) = (0, to - from);
        while (text.Length - to < wanted) Array.Resize(ref text, Larger(text.Length));
    }

    private int Larger(int length)
    {
        if (to - from > most || rawCount > (long)most + chunk)
        {
            throw new PawlException(Fault.Data, Codes.ValueTooLarge, ("bytes", Math.Max(to - from, rawCount)), ("limit", most));
        }
        return (int)Math.Min(length * 2L, Array.MaxLength);
    }
}
