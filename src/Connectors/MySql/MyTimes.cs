namespace Pawl.Connectors.MySql;

/// <summary>
/// Dates and times as the server writes them: <c>2024-01-31</c>, <c>2024-01-31 12:00:00.123456</c>, <c>-838:59:59</c>. Pure.
/// </summary>
internal static class MyTimes
{
    public const long DayMicroseconds = 86_400_000_000;

    /// <summary>False for what no calendar has: a month or day of 0, the 31st of February.</summary>
    /// <param name="days">Since 1970-01-01, proleptic Gregorian.</param>
    public static bool TryDate(ReadOnlySpan<byte> text, out long days)
    {
        days = 0;
        if (text.Length != 10 || text[4] != '-' || text[7] != '-' || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7],
            out var month)
            || !TryDigits(text[8..], out var day)) return false;
        if (month is < 1 or > 12 || day < 1 || day > DaysIn(year, month)) return false;
        days = Days(year, month, day);
        return true;
    }

    /// <param name="microseconds">Since 1970-01-01 00:00.</param>
    /// <inheritdoc cref="TryDate"/>
    public static bool TryDateTime(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        if (text.Length < 19 || text[10] != ' ' || !TryDate(text[..10], out var days) || !TryClock(text[11..], out var rest)) return false;
        microseconds = days * DayMicroseconds + rest;
        return true;
    }

    /// <param name="microseconds">Since midnight; may be negative or beyond a day.</param>
    public static bool TryTime(ReadOnlySpan<byte> text, out long microseconds)
    {
        var isNegative = text.Length > 0 && text[0] == '-';
        if (!TryClock(isNegative ? text[1..] : text, out microseconds)) return false;
        if (isNegative) microseconds = -microseconds;
        return true;
    }

    /// <summary>Hours of two digits or three, minutes, seconds, up to six digits after them.</summary>
    private static bool TryClock(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        var colon = text.IndexOf((byte)':');
        if (colon is < 1 or > 3 || text.Length < colon + 6 || text[colon + 3] != ':') return false;
        if (!TryDigits(text[..colon], out var hours) || !TryDigits(text.Slice(colon + 1, 2), out var minutes)
            || !TryDigits(text.Slice(colon + 4, 2), out var seconds) || minutes > 59 || seconds > 59) return false;
        var fraction = text[(colon + 6)..];
        var digits = 0;
        if (fraction.Length > 0)
        {
            if (fraction[0] != '.' || fraction.Length is < 2 or > 7 || !TryDigits(fraction[1..], out digits)) return false;
            for (var i = fraction.Length; i < 7; i++) digits *= 10;
        }
        microseconds = ((hours * 60L + minutes) * 60 + seconds) * 1_000_000 + digits;
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var c in text)
        {
            if (c is < (byte)'0' or > (byte)'9') return false;
            number = number * 10 + c - '0';
        }
        return true;
    }

    private static int DaysIn(int year, int month) => month switch
    {
        2 => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28,
        4 or 6 or 9 or 11 => 30,
        _ => 31,
    };

    /// <summary>Years counted from March, in eras of 400.</summary>
    private static long Days(int year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var era = (y >= 0 ? y : y - 399) / 400;
        var yearOfEra = y - era * 400;
        var dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        var dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        return era * 146_097L + dayOfEra - 719_468;
    }
}
