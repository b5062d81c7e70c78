using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Values in the text form that PostgreSQL reads under DateStyle ISO and IntervalStyle postgres, escaped for COPY.</summary>
internal static class PgText
{
    private static readonly SearchValues<byte> Special = SearchValues.Create("\\\t\n\r"u8);

    public static void Whole(PgCopyBuffer to, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out var length);
        to.Raw(digits[..length]);
    }

    public static void Float(PgCopyBuffer to, double value) => Ascii(to, Float(value));

    public static string Float(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture)
        : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";

    public static void Ascii(PgCopyBuffer to, string text) => Encoding.ASCII.GetBytes(text, to.Take(text.Length));

    public static void Hex(PgCopyBuffer to, ReadOnlySpan<byte> value)
    {
        var slot = to.Take(checked(value.Length * 2));
        for (var i = 0; i < value.Length; i++)
        {
            slot[2 * i] = "0123456789abcdef"u8[value[i] >> 4];
            slot[2 * i + 1] = "0123456789abcdef"u8[value[i] & 15];
        }
    }

    /// <summary>https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".</summary>
    public static void Escaped(PgCopyBuffer to, ReadOnlySpan<byte> value)
    {
        while (true)
        {
            var at = value.IndexOfAny(Special);
            if (at < 0)
            {
                to.Raw(value);
                return;
            }
            to.Raw(value[..at]);
            to.Raw(value[at] switch { (byte)'\t' => "\\t"u8, (byte)'\n' => "\\n"u8, (byte)'\r' => "\\r"u8, _ => "\\\\"u8 });
            value = value[(at + 1)..];
        }
    }

    /// <param name="days">Since 1970-01-01; the ends of the range are the infinities.</param>
    public static string Date(long days)
    {
        if (days == long.MaxValue) return "infinity";
        if (days == long.MinValue) return "-infinity";
        var (date, era) = Split(days);
        return date + era;
    }

    /// <param name="microseconds">Since 1970-01-01 00:00; the ends of the range are the infinities.</param>
    /// <param name="zone"><c>+00</c>, or nothing.</param>
    public static string DateTime(long microseconds, string zone)
    {
        if (microseconds == long.MaxValue) return "infinity";
        if (microseconds == long.MinValue) return "-infinity";
        var days = Math.DivRem(microseconds, PgTimes.DayMicroseconds, out var rest);
        if (rest < 0) (days, rest) = (days - 1, rest + PgTimes.DayMicroseconds);
        var (date, era) = Split(days);
        return $"{date} {CalendarText.Time(rest)}{zone}{era}";
    }

    public static string Interval(int months, int days, long microseconds)
    {
        if ((months, days, microseconds) == (int.MaxValue, int.MaxValue, long.MaxValue)) return "infinity";
        if ((months, days, microseconds) == (int.MinValue, int.MinValue, long.MinValue)) return "-infinity";
        var seconds = Math.DivRem(microseconds, 1_000_000, out var rest);
        var sign = microseconds < 0 ? "-" : "";
        return string.Create(CultureInfo.InvariantCulture,
            $"{months} mons {days} days {sign}{Int128.Abs(seconds)}.{Math.Abs(rest):000000} secs");
    }

    /// <summary>The server counts years before 1 from 1 BC and writes years over 9999 without a sign.</summary>
    private static (string Date, string Era) Split(long days)
    {
        var text = CalendarText.Date(days);
        if (text[0] == '+') return (text[1..], "");
        var end = text.Length - 6;
        var year = long.Parse(text.AsSpan(0, end), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (year > 0) return (text, "");
        return (string.Create(CultureInfo.InvariantCulture, $"{1 - year:0000}{text.AsSpan(end)}"), " BC");
    }
}
