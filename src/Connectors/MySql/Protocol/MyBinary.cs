using System.Buffers.Binary;
using System.Globalization;

namespace Pawl.Connectors.MySql.Protocol;

/// <summary>A date, a time of day, or both, as the binary form has them; nothing says that a calendar knows them.</summary>
/// <param name="Hour">Of a time: up to 838.</param>
internal readonly record struct MyParts(int Year, int Month, int Day, int Hour, int Minute, int Second, int Microsecond, bool IsNegative);

/// <summary>
/// Values of the binary form: numbers of a fixed width with the lowest byte first, dates and times by their parts, all else as in text
/// form. Pure. https://mariadb.com/kb/en/resultset-row/#binary-resultset-row
/// </summary>
internal static class MyBinary
{
    /// <summary>Bytes of a value; 0 = each says it itself.</summary>
    public static int Width(MyType type) => type switch
    {
        MyType.TinyInt => 1,
        MyType.SmallInt or MyType.Year => 2,
        MyType.Int or MyType.MediumInt or MyType.Float => 4,
        MyType.BigInt or MyType.Double => 8,
        _ => 0,
    };

    public static bool IsWhole(MyType type) =>
        type is MyType.TinyInt or MyType.SmallInt or MyType.Year or MyType.Int or MyType.MediumInt or MyType.BigInt;

    public static bool IsCalendar(MyType type) => type is MyType.Date or MyType.DateTime or MyType.Timestamp or MyType.Time;

    /// <summary>1, 2, 4 or 8 bytes; of an unsigned one of 8 the bits.</summary>
    public static long Whole(ReadOnlySpan<byte> cell, bool isUnsigned) => (cell.Length, isUnsigned) switch
    {
        (4, false) => BinaryPrimitives.ReadInt32LittleEndian(cell),
        (8, _) => BinaryPrimitives.ReadInt64LittleEndian(cell),
        (1, false) => (sbyte)cell[0],
        (1, true) => cell[0],
        (2, false) => BinaryPrimitives.ReadInt16LittleEndian(cell),
        (2, true) => BinaryPrimitives.ReadUInt16LittleEndian(cell),
        (4, true) => BinaryPrimitives.ReadUInt32LittleEndian(cell),
        _ => throw Misfit(),
    };

    /// <summary>4 or 8 bytes.</summary>
    public static double Float(ReadOnlySpan<byte> cell) => cell.Length switch
    {
        8 => BinaryPrimitives.ReadDoubleLittleEndian(cell),
        4 => BinaryPrimitives.ReadSingleLittleEndian(cell),
        _ => throw Misfit(),
    };

    /// <summary>Year, month, day, with the clock behind them, with microseconds behind that; what is not there is zero.</summary>
    public static MyParts Date(ReadOnlySpan<byte> cell)
    {
        if (cell.Length is not (0 or 4 or 7 or 11)) throw Misfit();
        if (cell.Length == 0) return default;
        return new MyParts(BinaryPrimitives.ReadUInt16LittleEndian(cell), cell[2], cell[3], cell.Length > 4 ? cell[4] : 0,
            cell.Length > 4 ? cell[5] : 0, cell.Length > 4 ? cell[6] : 0, cell.Length > 7 ? Micro(cell[7..]) : 0, false);
    }

    /// <summary>Sign, days, hour, minute, second, with microseconds behind them; the days are in the hours here.</summary>
    public static MyParts Time(ReadOnlySpan<byte> cell)
    {
        if (cell.Length is not (0 or 8 or 12)) throw Misfit();
        if (cell.Length == 0) return default;
        var days = BinaryPrimitives.ReadUInt32LittleEndian(cell[1..]);
        if (days > 366) throw Misfit();
        return new MyParts(0, 0, 0, (int)days * 24 + cell[5], cell[6], cell[7], cell.Length > 8 ? Micro(cell[8..]) : 0, cell[0] != 0);
    }

    /// <summary>The text that the server would have written.</summary>
    public static string Text(MyColumn column, ReadOnlySpan<byte> cell)
    {
        if (IsWhole(column.Type))
        {
            var value = Whole(cell, column.IsUnsigned);
            return column.IsUnsigned ? ((ulong)value).ToString(CultureInfo.InvariantCulture) : value.ToString(CultureInfo.InvariantCulture);
        }
        if (column.Type is MyType.Double or MyType.Float) return Float(cell).ToString("R", CultureInfo.InvariantCulture);
        if (!IsCalendar(column.Type)) return System.Text.Encoding.UTF8.GetString(cell);
        var at = column.Type == MyType.Time ? Time(cell) : Date(cell);
        var day = string.Create(CultureInfo.InvariantCulture, $"{at.Year:0000}-{at.Month:00}-{at.Day:00}");
        if (column.Type == MyType.Date) return day;
        var digits = at.Microsecond.ToString("000000", CultureInfo.InvariantCulture);
        var fraction = column.Decimals is > 0 and <= 6 ? "." + digits[..column.Decimals] : "";
        var clock = string.Create(CultureInfo.InvariantCulture, $"{at.Hour:00}:{at.Minute:00}:{at.Second:00}{fraction}");
        return column.Type == MyType.Time ? (at.IsNegative ? "-" : "") + clock : $"{day} {clock}";
    }

    private static int Micro(ReadOnlySpan<byte> at)
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(at);
        return value < 1_000_000 ? (int)value : throw Misfit();
    }

    private static MyProtocolException Misfit() => new("a value does not have the form of its type");
}
