using System.Globalization;

namespace Pawl.Model;

/// <summary>Dates and times as ISO 8601 text, for any value a column carries, years below 1 and over 9999 too. Thread-safe.</summary>
public static partial class CalendarText
{
    private const long DayMicroseconds = 86_400_000_000;

    /// <param name="days">Since 1970-01-01, proleptic Gregorian; the ends of the range are the infinities.</param>
    public static string Date(long days)
    {
        if (days == long.MaxValue) return "infinity";
        if (days == long.MinValue) return "-infinity";
        // Days counted from 0000-03-01 in 128 bits, so that the ends of the range do not wrap; eras of 400 years.
        var shifted = (Int128)days + 719_468;
        var era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097;
        var dayOfEra = (long)(shifted - era * 146_097);
        var yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var monthFromMarch = (5 * dayOfYear + 2) / 153;
        var day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
        var month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        var year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        var digits = Int128.Abs(year).ToString("0000", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{(year < 0 ? "-" : year > 9999 ? "+" : "")}{digits}-{month:00}-{day:00}");
    }

    /// <param name="microseconds">Since midnight; may be negative or beyond a day.</param>
    public static string Time(long microseconds)
    {
        var all = UInt128.CreateChecked(Int128.Abs(microseconds));
        var (seconds, rest) = ((ulong)(all / 1_000_000), (ulong)(all % 1_000_000));
        var fraction = rest == 0 ? "" : "." + rest.ToString("000000", CultureInfo.InvariantCulture).TrimEnd('0');
        return string.Create(CultureInfo.InvariantCulture,
            $"{(microseconds < 0 ? "-" : "")}{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}{fraction}");
    }

    /// <param name="microseconds">Since 1970-01-01 00:00; the ends of the range are the infinities.</param>
    public static string DateTime(long microseconds)
    {
        if (microseconds == long.MaxValue) return "infinity";
        if (microseconds == long.MinValue) return "-infinity";
        var days = Math.DivRem(microseconds, DayMicroseconds, out var rest);
        if (rest < 0) (days, rest) = (days - 1, rest + DayMicroseconds);
        return $"{Date(days)}T{Time(rest)}";
    }
}
