using System.Globalization;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Positions of these connectors, <c>files.byte/1</c>. Behind a record: <c>offset:line:mark:identity:path</c>; the planned end of a file:
/// <c>end:size:marks:identity:path</c>. The path is relative to the endpoint, its control characters and percent signs percent-encoded.
/// Immutable.
/// </summary>
/// <param name="Path">Relative to the endpoint's folder.</param>
/// <param name="Identity">Of the file: <see cref="FileStat.Identity"/>.</param>
/// <param name="Offset">In bytes of the content (unpacked, where the file is gzip), at the border of a record; -1 = the file's end.</param>
/// <param name="Line">Line ends before the offset; 0 at the end.</param>
/// <param name="Size">Bytes of the file when it was planned; 0 behind a record.</param>
/// <param name="Mark">Hash of the last bytes before the offset, empty in a gzip; at the end those of both ends of the file.</param>
internal sealed record FilePosition(string Path, string Identity, long Offset, long Line, long Size, string Mark)
{
    public const string Codec = "files.byte/1";

    public bool IsEnd => Offset < 0;

    public Position Write() => new(Codec, IsEnd
        ? FormattableString.Invariant($"end:{Size}:{Mark}:{Identity}:{Escaped(Path)}")
        : FormattableString.Invariant($"{Offset}:{Line}:{Mark}:{Identity}:{Escaped(Path)}"));

    /// <exception cref="PawlException"><see cref="Codes.PositionUnreadable"/>.</exception>
    public static FilePosition Read(Position position)
    {
        var parts = position.Text.Split(':', 5);
        if (position.Codec != Codec || parts.Length < 5) throw Unreadable(position);
        if (parts[0] == "end")
        {
            return Number(parts[1]) is { } size ? new FilePosition(Plain(parts[4]), parts[3], -1, 0, size, parts[2])
                : throw Unreadable(position);
        }
        return Number(parts[0]) is { } offset && Number(parts[1]) is { } line
            ? new FilePosition(Plain(parts[4]), parts[3], offset, line, 0, parts[2]) : throw Unreadable(position);
    }

    /// <summary>The order in which a table is read: file by file in the order of their names, each from its beginning.</summary>
    public static PositionOrder Compare(FilePosition a, FilePosition b)
    {
        if (a.Identity != b.Identity || a.Path != b.Path)
        {
            return Order(string.CompareOrdinal(a.Path, b.Path)) is var order and not PositionOrder.Same ? order : PositionOrder.Unordered;
        }
        return Order((a.IsEnd ? long.MaxValue : a.Offset).CompareTo(b.IsEnd ? long.MaxValue : b.Offset));
    }

    private static PositionOrder Order(int sign) => sign < 0 ? PositionOrder.Before : sign > 0 ? PositionOrder.After : PositionOrder.Same;

    private static long? Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string Escaped(string path)
    {
        if (!path.Any(c => c == '%' || char.IsControl(c))) return path;
        var text = new StringBuilder();
        foreach (var c in path)
        {
            if (c == '%' || char.IsControl(c)) text.Append('%').Append(((int)c).ToString("X2", CultureInfo.InvariantCulture));
            else text.Append(c);
        }
        return text.ToString();
    }

    private static string Plain(string path)
    {
        var text = new StringBuilder(path.Length);
        for (var i = 0; i < path.Length; i++)
        {
            var isCode = path[i] == '%' && i + 2 < path.Length && char.IsAsciiHexDigit(path[i + 1]) && char.IsAsciiHexDigit(path[i + 2]);
            if (!isCode) text.Append(path[i]);
            else
            {
                text.Append((char)int.Parse(path.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 2;
            }
        }
        return text.ToString();
    }

    private static PawlException Unreadable(Position position) =>
        new(Fault.PositionLost, Codes.PositionUnreadable, ("codec", position.Codec), ("position", position.Text));
}
