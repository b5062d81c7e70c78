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
