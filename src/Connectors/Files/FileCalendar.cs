using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Dates and times as files have them: <c>2026-01-31</c>, <c>23:59:59.123456</c>, both with a blank or a T between them, and a zone (Z,
/// +08, +08:00, +0800) where an instant is meant. Beyond the years 1 to 9999 as <see cref="CalendarText"/> writes them; nothing is guessed.
/// </summary>
internal static class FileCalendar
{
    private const long DayMicroseconds = 86_400_000_000;
    private static readonly int FirstDay = new DateOnly(1970, 1, 1).DayNumber;

    public static bool TryDate(ReadOnlySpan<byte> text, out long days) => UsualDate(text, out days) || CalendarText.TryDate(text, out days);

    public static bool TryTime(ReadOnlySpan<byte> text, out long microseconds) =>
        UsualTime(text, out microseconds) || CalendarText.TryTime(text, out microseconds);

    public static bool TryMoment(ReadOnlySpan<byte> text, out long microseconds) =>
        UsualMoment(text, out microseconds) || CalendarText.TryDateTime(text, out microseconds);

    public static bool TryInstant(ReadOnlySpan<byte> text, out long microseconds)
    {
        if (UsualInstant(text, out microseconds)) return true;
        var isZoned = text.EndsWith("Z"u8);
        return CalendarText.TryDateTime(isZoned ? text[..^1] : text, out microseconds)
            && isZoned == (microseconds is not (long.MinValue or long.MaxValue));
    }

    private static bool UsualDate(ReadOnlySpan<byte> text, out long days)
    {
        days = 0;
        if (text.Length != 10 || text[4] != '-' || text[7] != '-') return false;
        if (!Number(text[..4], out var year) || !Number(text[5..7], out var month) || !Number(text[8..], out var day)) return false;
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        days = new DateOnly(year, month, day).DayNumber - FirstDay;
        return true;
    }

    private static bool UsualTime(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text.Length < 5 || text[2] != ':' || !Number(text[..2], out var hour) || !Number(text[3..5], out var minute)) return false;
        var (second, fraction) = (0, 0);
        if (text.Length > 5 && (text.Length < 8 || text[5] != ':' || !Number(text[6..8], out second))) return false;
        if (text.Length > 8 && (text[8] != '.' || !Fraction(text[9..], out fraction))) return false;
        if (hour > 23 || minute > 59 || second > 59) return false;
        microseconds = ((hour * 60L + minute) * 60 + second) * 1_000_000 + fraction;
        return true;
    }

    private static bool UsualMoment(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text.Length < 10 || !UsualDate(text[..10], out var days)) return false;
        long time = 0;
        if (text.Length > 10 && (text[10] is not ((byte)' ' or (byte)'T') || !UsualTime(text[11..], out time))) return false;
        microseconds = days * DayMicroseconds + time;
        return true;
    }

    private static bool UsualInstant(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text.Length < 12) return false;
        var zone = text[11..].LastIndexOfAny("Zz+-"u8);
        if (zone < 0 || !UsualMoment(text[..(zone + 11)].TrimEnd((byte)' '), out var moment)) return false;
        if (!Offset(text[(zone + 11)..], out var offset)) return false;
        microseconds = moment - offset;
        return true;
    }

    private static bool Offset(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text[0] is (byte)'Z' or (byte)'z') return text.Length == 1;
        var digits = text[1..];
        var minute = 0;
        if (digits.Length < 2 || !Number(digits[..2], out var hour)) return false;
        var rest = digits[2..];
        if (rest.Length > 0 && rest[0] == ':') rest = rest[1..];
        if (rest.Length > 0 && (rest.Length != 2 || !Number(rest, out minute))) return false;
        if (digits.Length == 3 || hour > 15 || minute > 59) return false;
        microseconds = (hour * 60L + minute) * 60_000_000 * (text[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool Fraction(ReadOnlySpan<byte> digits, out int microseconds)
    {
        var kept = digits.TrimEnd((byte)'0');
        microseconds = 0;
        if (digits.Length == 0 || kept.Length > 6 || (kept.Length > 0 && !Number(kept, out microseconds))) return false;
        for (var i = kept.Length; i < 6; i++) microseconds *= 10;
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            number = number * 10 + (digit - '0');
        }
        return true;
    }
}
