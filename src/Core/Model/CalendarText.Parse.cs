using System.Text;

namespace Pawl.Model;

/// <summary>The way back: only what <see cref="Date"/>, <see cref="Time"/> and <see cref="DateTime"/> write is read.</summary>
public static partial class CalendarText
{
    /// <summary>False when the text is not what <see cref="Date"/> writes for some day.</summary>
    public static bool TryDate(ReadOnlySpan<byte> text, out long days) =>
        Infinite(text, out days) || (Day(text, out var day) & Fits(day, out days) && Is(text, Date(days)));

    /// <summary>False when the text is not what <see cref="Time"/> writes for some number of microseconds.</summary>
    public static bool TryTime(ReadOnlySpan<byte> text, out long microseconds) =>
        Clock(text, out var time) & Fits(time, out microseconds) && Is(text, Time(microseconds));

    /// <summary>False when the text is not what <see cref="DateTime"/> writes for some moment.</summary>
    public static bool TryDateTime(ReadOnlySpan<byte> text, out long microseconds)
    {
        if (Infinite(text, out microseconds)) return true;
        var at = text.IndexOf((byte)'T');
        if (at < 0 || !Day(text[..at], out var day) || !Clock(text[(at + 1)..], out var time)) return false;
        return Fits(day * DayMicroseconds + time, out microseconds) && Is(text, DateTime(microseconds));
    }

    private static bool Infinite(ReadOnlySpan<byte> text, out long value)
    {
        value = text.SequenceEqual("infinity"u8) ? long.MaxValue : long.MinValue;
        return value == long.MaxValue || text.SequenceEqual("-infinity"u8);
    }

    /// <summary>Days since 1970-01-01 of <c>[+-]YYYY-MM-DD</c>; whether the day exists shows when it is written again.</summary>
    private static bool Day(ReadOnlySpan<byte> text, out Int128 days)
    {
        days = 0;
        var isNegative = text.Length > 0 && text[0] == '-';
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+') text = text[1..];
        if (text.Length < 10 || text.Length > 24 || text[^3] != '-' || text[^6] != '-') return false;
        if (!Number(text[..^6], out var year) || !Number(text[^5..^3], out var month) || !Number(text[^2..], out var day)) return false;
        if (isNegative) year = -year;
        // Years begin in March, so that a leap day is the last; eras of 400 years.
        var shifted = year - (month <= 2 ? 1 : 0);
        var era = (shifted >= 0 ? shifted : shifted - 399) / 400;
        var yearOfEra = shifted - era * 400;
        var dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
        days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468;
        return true;
    }

    /// <summary>Microseconds of <c>[-]HH:MM:SS[.ffffff]</c>.</summary>
    private static bool Clock(ReadOnlySpan<byte> text, out Int128 microseconds)
    {
        microseconds = 0;
        var isNegative = text.Length > 0 && text[0] == '-';
        if (isNegative) text = text[1..];
        Int128 fraction = 0;
        var point = text.IndexOf((byte)'.');
        if (point >= 0)
        {
            var digits = text[(point + 1)..];
            if (digits.Length is 0 or > 6 || !Number(digits, out fraction)) return false;
            for (var i = digits.Length; i < 6; i++) fraction *= 10;
            text = text[..point];
        }
        if (text.Length < 8 || text.Length > 24 || text[^3] != ':' || text[^6] != ':') return false;
        if (!Number(text[..^6], out var hours) || !Number(text[^5..^3], out var minutes)) return false;
        if (!Number(text[^2..], out var seconds)) return false;
        microseconds = ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction;
        if (isNegative) microseconds = -microseconds;
        return true;
    }

    private static bool Number(ReadOnlySpan<byte> digits, out Int128 number)
    {
        number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            number = number * 10 + (digit - '0');
        }
        return digits.Length > 0;
    }

    private static bool Fits(Int128 wide, out long value)
    {
        value = (long)Int128.Clamp(wide, long.MinValue, long.MaxValue);
        return value == wide;
    }

    private static bool Is(ReadOnlySpan<byte> text, string written)
    {
        Span<byte> bytes = stackalloc byte[64];
        return Encoding.ASCII.TryGetBytes(written, bytes, out var length) && text.SequenceEqual(bytes[..length]);
    }
}
