using System.Text;

namespace Pawl.Connectors.Files;

/// <summary>How the bytes of a file are read as text: strictly, an invalid byte is never replaced unseen. Immutable.</summary>
internal sealed class FileEncoding
{
    public static readonly FileEncoding Utf8 = new("utf-8", null, 1);
    private static readonly FileEncoding Utf16Little = new("utf-16le", Wide(bigEndian: false), 2);
    private static readonly FileEncoding Utf16Big = new("utf-16be", Wide(bigEndian: true), 2) { IsBigEndian = true };

    /// <summary>GBK is read as GB18030, which holds it whole and, unlike that code page, refuses what means nothing.</summary>
    private static readonly FileEncoding Gb18030 = new("gb18030", Page("gb18030"), 1);

    private static readonly Dictionary<string, FileEncoding> All = new()
    {
        ["utf-8"] = Utf8,
        ["utf-16"] = Utf16Little,
        ["utf-16le"] = Utf16Little,
        ["utf-16be"] = Utf16Big,
        ["gbk"] = Gb18030,
        ["gb18030"] = Gb18030,
        ["latin1"] = new FileEncoding("latin1", Encoding.Latin1, 1),
        ["windows-1252"] = new FileEncoding("windows-1252", Page("windows-1252"), 1),
    };

    private FileEncoding(string name, Encoding? decoder, int unit) => (Name, Decoder, Unit) = (name, decoder, unit);

    public static IReadOnlyList<string> Names { get; } = [.. All.Keys];

    public string Name { get; }
    /// <summary>Null for UTF-8, which needs no decoding. Throws at what it cannot read.</summary>
    public Encoding? Decoder { get; }
    /// <summary>Bytes of the smallest character: where a line end can begin.</summary>
    public int Unit { get; }
    public bool IsBigEndian { get; private init; }

    public static FileEncoding? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>What a byte order mark at the beginning says, and how long it is; the encoding itself and 0 without one.</summary>
    public (FileEncoding Encoding, int Mark) Of(ReadOnlySpan<byte> start) => start switch
    {
        [0xEF, 0xBB, 0xBF, ..] => (Utf8, 3),
        [0xFF, 0xFE, ..] => (Utf16Little, 2),
        [0xFE, 0xFF, ..] => (Utf16Big, 2),
        _ => (this, 0),
    };

    /// <summary>Length of the first line with its line end; 0 when it does not end here.</summary>
    /// <param name="bytes">From a character's border on.</param>
    public int Line(ReadOnlySpan<byte> bytes)
    {
        if (Unit == 1) return bytes.IndexOf((byte)'\n') + 1;
        var units = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes);
        return (units.IndexOf(LineEnd) + 1) * 2;
    }

    /// <summary>Length of all whole lines; 0 when none ends here.</summary>
    public int Lines(ReadOnlySpan<byte> bytes)
    {
        if (Unit == 1) return bytes.LastIndexOf((byte)'\n') + 1;
        var units = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ushort>(bytes);
        return (units.LastIndexOf(LineEnd) + 1) * 2;
    }

    private ushort LineEnd => IsBigEndian == BitConverter.IsLittleEndian ? (ushort)0x0A00 : (ushort)0x000A;

    private static UnicodeEncoding Wide(bool bigEndian) => new(bigEndian, byteOrderMark: false, throwOnInvalidBytes: true);

    private static Encoding Page(string name) => CodePagesEncodingProvider.Instance.GetEncoding(name, EncoderFallback.ExceptionFallback,
        DecoderFallback.ExceptionFallback)!;
}
