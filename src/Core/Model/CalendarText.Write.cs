using System.Runtime.CompilerServices;
using System.Text;

namespace Pawl.Model;

/// <summary>The same texts as UTF-8 into a caller's buffer, for the hot path: nothing is allocated for the years 0 to 9999.</summary>
public static partial class CalendarText
{
    /// <summary>Room that is enough for any of the texts, in bytes.</summary>
    public const int MostBytes = 64;

    private const long FirstDay = -719_528, LastDay = 2_932_896;

    /// <param name="to">At least <see cref="MostBytes"/>.</param>
    /// <returns>Bytes written; the text is that of <see cref="Date(long)"/>.</returns>
    public static int Date(long days, Span<byte> to) =>
        days is >= FirstDay and <= LastDay ? Usual((int)days, to) : Encoding.ASCII.GetBytes(Date(days), to);

    /// <inheritdoc cref="Date(long, Span{byte})"/>
    public static int Time(long microseconds, Span<byte> to) =>
        (ulong)microseconds < 100 * 3_600_000_000UL ? Usual((ulong)microseconds, to) : Encoding.ASCII.GetBytes(Time(microseconds), to);

    /// <inheritdoc cref="Date(long, Span{byte})"/>
    public static int DateTime(long microseconds, Span<byte> to)
    {
        var days = Math.DivRem(microseconds, DayMicroseconds, out var rest);
        if (rest < 0) (days, rest) = (days - 1, rest + DayMicroseconds);
        if (days is < FirstDay or > LastDay) return Encoding.ASCII.GetBytes(DateTime(microseconds), to);
        var length = Usual((int)days, to);
        to[length++] = (byte)'T';
        return length + Usual((ulong)rest, to[length..]);
    }

    /// <summary>A moment in UTC: as <see cref="DateTime(long, Span{byte})"/>, with a Z behind it where it is not infinite.</summary>
    public static int Instant(long microseconds, Span<byte> to)
    {
        var length = DateTime(microseconds, to);
        if (microseconds is not (long.MinValue or long.MaxValue)) to[length++] = (byte)'Z';
        return length;
    }

    private static int Usual(int days, Span<byte> to)
    {
        // Years from March on, so that the leap day is the last of one; counted from 0000-03-01, at most 306 days before it.
        var shifted = days + 719_468 + 146_097;
        var era = shifted / 146_097;
        var dayOfEra = shifted - era * 146_097;
        var yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        var dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        var monthFromMarch = (5 * dayOfYear + 2) / 153;
        var month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
        var year = yearOfEra + (era - 1) * 400 + (month <= 2 ? 1 : 0);
        to = to[..10];
        Pair(to, 0, year / 100);
        Pair(to, 2, year % 100);
        to[4] = (byte)'-';
        Pair(to, 5, month);
        to[7] = (byte)'-';
        Pair(to, 8, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1);
        return 10;
    }

    private static int Usual(ulong microseconds, Span<byte> to)
    {
        var seconds = (int)(microseconds / 1_000_000);
        var fraction = (int)(microseconds % 1_000_000);
        to = to[..15];
        Pair(to, 0, seconds / 3600);
        to[2] = (byte)':';
        Pair(to, 3, seconds / 60 % 60);
        to[5] = (byte)':';
        Pair(to, 6, seconds % 60);
        if (fraction == 0) return 8;
        to[8] = (byte)'.';
        Pair(to, 9, fraction / 10_000);
        Pair(to, 11, fraction / 100 % 100);
        Pair(to, 13, fraction % 100);
        var length = 15;
        while (to[length - 1] == (byte)'0') length--;
        return length;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pair(Span<byte> to, int at, int number)
    {
        to[at] = (byte)('0' + number / 10);
        to[at + 1] = (byte)('0' + number % 10);
    }
}
