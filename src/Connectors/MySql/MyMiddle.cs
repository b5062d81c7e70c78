using System.Globalization;
using System.Net;
using System.Text;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// A value about half-way between two key values, as a guess of where the middle of the rows is. Only the server knows the order: what
/// comes out of here is compared by it before it means anything. Pure.
/// </summary>
internal static class MyMiddle
{
    private const string Alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

    /// <summary>The likeliest first; empty where nothing lies between, or nothing can be guessed.</summary>
    /// <param name="low">As positions write it (<see cref="MyKeyCodec"/>).</param>
    public static IEnumerable<string> Of(MyKeyPart part, string low, string high) =>
        new[] { One(part, low, high), part is { Kind: MyKeyKind.Cast, Type: "uuid" } ? Uuid(low, high, isTurned: false) : null }
            .OfType<string>();

    /// <summary>Of two texts as they are read.</summary>
    public static string? OfTexts(MyKeyPart part, string low, string high) =>
        Text(low, high, part.Collation?.EndsWith("_bin", StringComparison.Ordinal) == true)?[1..];

    private static string? One(MyKeyPart part, string low, string high) => part.Kind switch
    {
        MyKeyKind.Number => Number(low, high),
        MyKeyKind.Bytes => Bytes(Convert.FromHexString(low.AsSpan(2)), Convert.FromHexString(high.AsSpan(2))),
        MyKeyKind.Text when low[0] == '\'' && high[0] == '\'' => Text(low[1..], high[1..],
            part.Collation?.EndsWith("_bin", StringComparison.Ordinal) == true),
        MyKeyKind.Date or MyKeyKind.DateTime => Moment(low, high, part.Kind == MyKeyKind.Date),
        MyKeyKind.Time => Time(low, high),
        MyKeyKind.Cast when part.Type == "uuid" => Uuid(low, high, isTurned: true),
        MyKeyKind.Cast => Address(low, high),
        _ => null,
    };

    private static string? Number(string low, string high)
    {
        // What stands after the point decides nothing about halves.
        if (!Whole(low, out var a) || !Whole(high, out var b)) return null;
        var (least, most) = a <= b ? (a, b) : (b, a);
        if (most - least < 2) return null;
        return (least + (most - least) / 2).ToString(CultureInfo.InvariantCulture);
    }

    private static bool Whole(string text, out Int128 value) =>
        Int128.TryParse(text.Split('.')[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static string? Moment(string low, string high, bool isDate)
    {
        if (!Ticks(low, out var a) || !Ticks(high, out var b)) return null;
        var middle = new DateTime(Math.Min(a, b) + Math.Abs(b - a) / 2);
        var text = middle.ToString(isDate ? "yyyy-MM-dd" : "yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        return text == low || text == high ? null : text;
    }

    private static bool Ticks(string text, out long ticks)
    {
        var isTime = DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time);
        ticks = time.Ticks;
        return isTime;
    }

    /// <summary>
    /// The first letter in which they differ, moved half-way; a letter more where they are neighbours. Collations that know languages take
    /// A and a for the same and put digits before them: there half-way is between those, not between the letters' numbers.
    /// </summary>
    private static string? Text(string low, string high, bool isBinary)
    {
        var (a, b) = (low.EnumerateRunes().ToArray(), high.EnumerateRunes().ToArray());
        var same = 0;
        while (same < a.Length && same < b.Length && Place(a[same], isBinary) == Place(b[same], isBinary)) same++;
        var from = same < a.Length ? Place(a[same], isBinary) : 0;
        var to = same < b.Length ? Place(b[same], isBinary) : 0;
        var head = string.Concat(a[..same].Select(r => r.ToString()));
        var (least, most) = (Math.Min(from, to), Math.Max(from, to));
        if (most - least >= 2) return Letter(head, least + (most - least) / 2, isBinary);
        // Neighbours: what begins like the lower one and goes on half-way to the last letter.
        var next = same + 1 < a.Length ? Place(a[same + 1], isBinary) : 0;
        var last = isBinary ? 0x7E : Alphabet.Length - 1;
        return same < a.Length && next < last ? Letter(head + a[same], (next + last + 1) / 2, isBinary) : null;
    }

    /// <summary>Letters and digits by their place in the alphabet, everything else behind them by its number.</summary>
    private static int Place(Rune letter, bool isBinary)
    {
        if (isBinary || !letter.IsAscii) return isBinary ? letter.Value : letter.Value + Alphabet.Length;
        var at = Alphabet.IndexOf(char.ToLowerInvariant((char)letter.Value), StringComparison.Ordinal);
        return at >= 0 ? at : letter.Value + Alphabet.Length;
    }

    private static string? Letter(string head, int place, bool isBinary)
    {
        if (!isBinary && place < Alphabet.Length) return $"'{head}{Alphabet[place]}";
        var value = isBinary ? place : place - Alphabet.Length;
        return Rune.IsValid(value) ? $"'{head}{new Rune(value)}" : null;
    }

    private static string? Bytes(byte[] low, byte[] high)
    {
        // As fractions of 256, as many places as tell them apart and one more.
        var same = 0;
        while (same < low.Length && same < high.Length && low[same] == high[same]) same++;
        int At(byte[] bytes, int place) => place < bytes.Length ? bytes[place] : 0;
        var (a, b) = (At(low, same) * 256 + At(low, same + 1), At(high, same) * 256 + At(high, same + 1));
        var middle = Math.Min(a, b) + Math.Abs(b - a) / 2;
        return Math.Abs(b - a) < 2 ? null : $"0x{Convert.ToHexStringLower([.. low[..same], (byte)(middle >> 8), (byte)middle])}";
    }

    private static string? Time(string low, string high)
    {
        if (!MyTimes.TryTime(Encoding.ASCII.GetBytes(low), out var a) || !MyTimes.TryTime(Encoding.ASCII.GetBytes(high), out var b)
            || Math.Abs(b - a) < 2) return null;
        return CalendarText.Time(a + (b - a) / 2);
    }

    /// <summary>
    /// MariaDB sorts uuids by the node first, then back to the beginning, so that those of one machine lie together; those of newer kinds,
    /// which begin with the time, it sorts as they are written. https://mariadb.com/kb/en/uuid-data-type/
    /// </summary>
    private static string? Uuid(string low, string high, bool isTurned)
    {
        if (!Guid.TryParseExact(low, "D", out var a) || !Guid.TryParseExact(high, "D", out var b)) return null;
        byte[] Turned(byte[] x) => isTurned ? [.. x[10..], .. x[8..10], .. x[6..8], .. x[4..6], .. x[..4]] : x;
        byte[] Back(byte[] x) => isTurned ? [.. x[12..], .. x[10..12], .. x[8..10], .. x[6..8], .. x[..6]] : x;
        var (first, last) = (a.ToByteArray(bigEndian: true), b.ToByteArray(bigEndian: true));
        if (Whole(Turned(first), Turned(last)) is not { } middle) return null;
        var uuid = Back(middle);
        // Of the first one's kind: by it the server sorts, and it takes no kind that there is not.
        uuid[6] = (byte)(first[6] & 0xF0 | uuid[6] & 0x0F);
        uuid[8] = (byte)(first[8] & 0xC0 | uuid[8] & 0x3F);
        return new Guid(uuid, bigEndian: true).ToString("D");
    }

    /// <summary>Of four bytes or sixteen.</summary>
    private static string? Address(string low, string high)
    {
        if (!IPAddress.TryParse(low, out var a) || !IPAddress.TryParse(high, out var b) || a.AddressFamily != b.AddressFamily) return null;
        if (Whole(a.GetAddressBytes(), b.GetAddressBytes()) is not { } middle) return null;
        return middle.Length == 4 ? string.Join('.', middle.Select(x => x.ToString(CultureInfo.InvariantCulture)))
            : string.Join(':', middle.Chunk(2).Select(Convert.ToHexStringLower));
    }

    /// <summary>As many bytes as there are.</summary>
    private static byte[]? Whole(byte[] low, byte[] high)
    {
        if (Bytes(low, high) is not { } middle) return null;
        var bytes = Convert.FromHexString(middle.AsSpan(2));
        var whole = new byte[low.Length];
        bytes.AsSpan(0, Math.Min(bytes.Length, whole.Length)).CopyTo(whole);
        return whole;
    }
}
