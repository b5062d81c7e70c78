using System.Buffers.Binary;
using Pawl.Connectors.MySql.Protocol;

namespace Pawl.Connectors.MySql;

/// <summary>Dates and times as the server has them, by their parts. Pure.</summary>
internal static class MyTimes
{
    public const long DayMicroseconds = 86_400_000_000;

    /// <summary>False for what no calendar has: a month or day of 0, the 31st of February.</summary>
    /// <param name="days">Since 1970-01-01, proleptic Gregorian.</param>
    public static bool TryDate(in MyParts at, out long days)
    {
        days = 0;
        if (at.Month is < 1 or > 12 || at.Day < 1 || at.Day > DaysIn(at.Year, at.Month) || at.Year > 9999) return false;
        days = Days(at.Year, at.Month, at.Day);
        return true;
    }

    /// <param name="microseconds">Since 1970-01-01 00:00.</param>
    /// <inheritdoc cref="TryDate"/>
    public static bool TryDateTime(in MyParts at, out long microseconds)
    {
        microseconds = 0;
        if (!TryDate(at, out var days) || at.Hour > 23 || !TryTime(at, out var rest)) return false;
        microseconds = days * DayMicroseconds + rest;
        return true;
    }

    /// <param name="microseconds">Since midnight; may be negative or beyond a day.</param>
    public static bool TryTime(in MyParts at, out long microseconds)
    {
        microseconds = ((at.Hour * 60L + at.Minute) * 60 + at.Second) * 1_000_000 + at.Microsecond;
        if (at.IsNegative) microseconds = -microseconds;
        return at.Minute < 60 && at.Second < 60;
    }

    /// <summary>A time as the server writes it: <c>-838:59:59.999999</c>.</summary>
    /// <param name="microseconds">Since midnight; may be negative or beyond a day.</param>
    public static bool TryTime(ReadOnlySpan<byte> text, out long microseconds)
    {
        microseconds = 0;
        var isNegative = text.Length > 0 && text[0] == '-';
        if (isNegative) text = text[1..];
        var colon = text.IndexOf((byte)':');
        if (colon is < 1 or > 3 || text.Length < colon + 6 || text[colon + 3] != ':') return false;
        if (!TryDigits(text[..colon], out var hours) || !TryDigits(text.Slice(colon + 1, 2), out var minutes)
            || !TryDigits(text.Slice(colon + 4, 2), out var seconds)) return false;
        var fraction = text[(colon + 6)..];
        var digits = 0;
        if (fraction.Length > 0)
        {
            if (fraction[0] != '.' || fraction.Length is < 2 or > 7 || !TryDigits(fraction[1..], out digits)) return false;
            for (var i = fraction.Length; i < 7; i++) digits *= 10;
        }
        return TryTime(new MyParts(0, 0, 0, hours, minutes, seconds, digits, isNegative), out microseconds);
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

    /// <summary>Room that is enough for any value in binary form, its length included.</summary>
    public const int MostBytes = 13;

    /// <summary>A date, or a date and time, in binary form with its length in front.</summary>
    /// <param name="value">Days or microseconds since 1970-01-01, of the years 0 to 9999.</param>
    /// <returns>Bytes written.</returns>
    public static int PutDate(Span<byte> to, long value, bool isDate)
    {
        var (days, rest) = (value, 0L);
        if (!isDate)
        {
            days = Math.DivRem(value, DayMicroseconds, out rest);
            if (rest < 0) (days, rest) = (days - 1, rest + DayMicroseconds);
        }
        var (year, month, day) = Calendar((int)days);
        BinaryPrimitives.WriteUInt16LittleEndian(to[1..], (ushort)year);
        (to[3], to[4]) = ((byte)month, (byte)day);
        if (rest == 0)
        {
            to[0] = 4;
            return 5;
        }
        PutClock(to[5..], rest);
        to[0] = (byte)(rest % 1_000_000 == 0 ? 7 : 11);
        return to[0] + 1;
    }

    /// <summary>A time in binary form with its length in front.</summary>
    /// <param name="value">Microseconds, up to 838:59:59.999999 either way.</param>
    /// <inheritdoc cref="PutDate"/>
    public static int PutTime(Span<byte> to, long value)
    {
        var days = Math.DivRem(Math.Abs(value), DayMicroseconds, out var rest);
        to[1] = value < 0 ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(to[2..], (uint)days);
        PutClock(to[6..], rest);
        to[0] = 12;
        return 13;
    }

    /// <summary>Hour, minute, second, microseconds: seven bytes.</summary>
    private static void PutClock(Span<byte> to, long microseconds)
    {
        var seconds = (int)Math.DivRem(microseconds, 1_000_000, out var fraction);
        (to[0], to[1], to[2]) = ((byte)(seconds / 3600), (byte)(seconds / 60 % 60), (byte)(seconds % 60));
        BinaryPrimitives.WriteUInt32LittleEndian(to[3..], (uint)fraction);
    }

    /// <summary>The other way round than <see cref="Days"/>.</summary>
    private static (int Year, int Month, int Day) Calendar(int days)
    {
        var shifted = days + 719_468;
        var era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
        var dayOfEra = shifted - era * 146_097;
        var yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var fromMarch = (5 * dayOfYear + 2) / 153;
        var month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1);
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
