using System.Buffers.Binary;
using System.Globalization;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// The server counts days and microseconds from 2000-01-01. https://www.postgresql.org/docs/current/datatype-datetime.html
/// </summary>
internal static class PgTimes
{
    public const long DayMicroseconds = 86_400_000_000;
    public const long EpochDays = 10_957;
    public const long EpochMicroseconds = EpochDays * DayMicroseconds;

    /// <summary>4714-11-24 BC, and the day after 5874897-12-31, from 2000-01-01.</summary>
    public const long FirstDay = -2_451_545, EndDay = 2_145_031_949;

    /// <summary>4714-11-24 00:00 BC, and the moment after 294276-12-31 24:00, from 2000-01-01.</summary>
    public const long FirstMoment = -211_813_488_000_000_000, EndMoment = 9_223_371_331_200_000_000;

    /// <summary>Microseconds in the smallest step a type modifier leaves; 1 without one.</summary>
    public static long Step(int precision) => precision is < 0 or >= 6 ? 1 : (long)Math.Pow(10, 6 - precision);

    public static PgRefusal Beyond(string type) => PgRefusal.Beyond($"a value outside the range of {type}");

    public static PgRefusal TooFine(int precision) =>
        PgRefusal.Beyond(string.Create(CultureInfo.InvariantCulture, $"more than {precision} digits after the second"));
}

/// <summary>Days.</summary>
internal sealed class PgDateCell : PgCell
{
    private Int64Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Int64Column)column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row)
    {
        var value = cells.Values[row];
        if (value == long.MaxValue) to.Field32(int.MaxValue);
        else if (value == long.MinValue) to.Field32(int.MinValue);
        else if (IsBeyond(value)) return PgTimes.Beyond("date");
        else to.Field32((int)(value - PgTimes.EpochDays));
        return null;
    }

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        var value = cells.Values[row];
        if (value is not (long.MinValue or long.MaxValue) && IsBeyond(value)) return PgTimes.Beyond("date");
        PgText.Ascii(to, PgText.Date(value));
        return null;
    }

    private static bool IsBeyond(long value) =>
        value < PgTimes.FirstDay + PgTimes.EpochDays || value >= PgTimes.EndDay + PgTimes.EpochDays;
}

/// <summary>Times of a day, 24:00 included.</summary>
/// <param name="precision">Digits after the second; -1 = the server's six.</param>
internal sealed class PgTimeCell(int precision) : PgCell
{
    private readonly long step = PgTimes.Step(precision);
    private Int64Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Int64Column)column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row)
    {
        if (Check(cells.Values[row]) is { } refusal) return refusal;
        to.Field64(cells.Values[row]);
        return null;
    }

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        if (Check(cells.Values[row]) is { } refusal) return refusal;
        PgText.Ascii(to, CalendarText.Time(cells.Values[row]));
        return null;
    }

    private PgRefusal? Check(long value)
    {
        if (value is < 0 or > PgTimes.DayMicroseconds) return PgTimes.Beyond("time");
        return step > 1 && value % step != 0 ? PgTimes.TooFine(precision) : null;
    }
}

/// <summary>timestamp and timestamptz: microseconds, and two infinities.</summary>
/// <param name="precision">Digits after the second; -1 = the server's six.</param>
/// <param name="isZoned">The value is an instant.</param>
internal sealed class PgMomentCell(int precision, bool isZoned) : PgCell
{
    private readonly long step = PgTimes.Step(precision);
    private Int64Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Int64Column)column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row)
    {
        var value = cells.Values[row];
        if (value is long.MaxValue or long.MinValue)
        {
            to.Field64(value);
            return null;
        }
        if (Check(value) is { } refusal) return refusal;
        to.Field64(value - PgTimes.EpochMicroseconds);
        return null;
    }

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        var value = cells.Values[row];
        if (value is not (long.MaxValue or long.MinValue) && Check(value) is { } refusal) return refusal;
        PgText.Ascii(to, PgText.DateTime(value, isZoned ? "+00" : ""));
        return null;
    }

    /// <summary>The server's last moment lies beyond what microseconds since 1970 can say, so only the first needs a look.</summary>
    private PgRefusal? Check(long value)
    {
        if (value < PgTimes.FirstMoment + PgTimes.EpochMicroseconds) return PgTimes.Beyond(isZoned ? "timestamptz" : "timestamp");
        return step > 1 && value % step != 0 ? PgTimes.TooFine(precision) : null;
    }
}

/// <summary>Months, days and microseconds, each as it is.</summary>
internal sealed class PgIntervalCell : PgCell
{
    private Fixed16Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Fixed16Column)column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row)
    {
        var value = cells.Values[row];
        var slot = to.Take(20);
        BinaryPrimitives.WriteInt32BigEndian(slot, 16);
        BinaryPrimitives.WriteInt64BigEndian(slot[4..], (long)(ulong)value);
        BinaryPrimitives.WriteInt32BigEndian(slot[12..], (int)(uint)(value >> 64));
        BinaryPrimitives.WriteInt32BigEndian(slot[16..], (int)(uint)(value >> 96));
        return null;
    }

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        var value = cells.Values[row];
        PgText.Ascii(to, PgText.Interval((int)(uint)(value >> 96), (int)(uint)(value >> 64), (long)(ulong)value));
        return null;
    }
}
