using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>Why a value does not go into its column.</summary>
internal sealed record MyUnfit(string Code, string Cause, long Bytes = 0, long Limit = 0);

/// <summary>How rows are written down.</summary>
internal enum MyRowForm
{
    /// <summary>For LOAD DATA: cells apart by tabs, rows by line feeds, a backslash before what could be taken for one of them.</summary>
    Load,
    /// <summary>Literals for INSERT, which hold under any sql_mode.</summary>
    Insert,
    /// <summary>
    /// For a prepared INSERT of many rows: before each cell 0, or 1 for NULL; then the value as <see cref="MyTargetCell.Wire"/> says.
    /// </summary>
    Bulk,
}

/// <summary>
/// Writes the cells of one column. What the server would change without a word, or with a warning that is easily lost, is refused here.
/// One caller at a time.
/// </summary>
internal abstract class MyTargetCell
{
    /// <summary>
    /// LOAD DATA comes in pieces, and knows no longest value: max_allowed_packet is about statements. A row of an answer has at most so
    /// many bytes (<see cref="Protocol.MyOptions.MostPacketBytes"/>).
    /// </summary>
    public const long MostLoaded = (1 << 30) - 4096;

    public const string BeyondLoad = "longer than 1 GB";

    private static readonly SearchValues<byte> Special = SearchValues.Create("\\\t\n\0"u8);

    private Column? column;

    public required MyTargetColumn Target { get; init; }
    /// <summary>Place in the plan's batches.</summary>
    public required int Place { get; init; }
    /// <summary>Longest value of an INSERT, bytes: a statement holds no more.</summary>
    public required long MostBytes { get; init; }

    /// <summary>The type of the value in <see cref="MyRowForm.Bulk"/>: the same for every cell of the column.</summary>
    public abstract MyType Wire { get; }

    /// <summary>Of <see cref="Wire"/>: it is a whole number without a sign.</summary>
    public virtual bool IsWireUnsigned => false;

    /// <summary>How LOAD DATA makes the column of what the field says; null = it is what the field says.</summary>
    public virtual string? Setter(string field) => null;

    public void Attach(Column of)
    {
        column = of;
        Take(of);
    }

    public void Detach() => column = null;

    /// <returns>Null when it was written.</returns>
    public MyUnfit? Put(MyRowBuffer to, int row, MyRowForm form)
    {
        if (column!.IsNull(row))
        {
            // LOAD DATA would write a default instead.
            if (Target.NotNull) return new MyUnfit(Codes.NullRefused, "a null, and the column takes none");
            to.Put(form switch { MyRowForm.Load => "\\N"u8, MyRowForm.Insert => "null"u8, _ => [1] });
            return null;
        }
        if (form == MyRowForm.Bulk) to.Put((byte)0);
        return column.Strays is not null && column.Stray(row) is { } stray ? PutStray(to, stray, form) : PutValue(to, row, form);
    }

    protected abstract void Take(Column of);

    protected abstract MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form);

    protected virtual MyUnfit? PutStray(MyRowBuffer to, StrayCell stray, MyRowForm form) =>
        new(Codes.TypeMismatch, $"a cell of another type ({stray.Kind.ToString().ToLowerInvariant()})");

    protected static void PutWhole(MyRowBuffer to, long value, MyRowForm form)
    {
        if (form == MyRowForm.Bulk)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to.Room(8), value);
            to.Advance(8);
            return;
        }
        Utf8Formatter.TryFormat(value, to.Room(20), out var length);
        to.Advance(length);
    }

    /// <summary>Bytes with their length in front.</summary>
    protected static void PutCounted(MyRowBuffer to, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 0xFB)
        {
            to.Put((byte)bytes.Length);
        }
        else if (bytes.Length <= ushort.MaxValue)
        {
            var room = to.Room(3);
            room[0] = 0xFC;
            BinaryPrimitives.WriteUInt16LittleEndian(room[1..], (ushort)bytes.Length);
            to.Advance(3);
        }
        else
        {
            var room = to.Room(9);
            room[0] = 0xFE;
            BinaryPrimitives.WriteUInt64LittleEndian(room[1..], (ulong)bytes.Length);
            to.Advance(9);
        }
        to.Put(bytes);
    }

    /// <summary>Text that is of digits and letters alone.</summary>
    protected static void PutPlain(MyRowBuffer to, ReadOnlySpan<byte> text, MyRowForm form)
    {
        if (form == MyRowForm.Bulk)
        {
            PutCounted(to, text);
            return;
        }
        if (form == MyRowForm.Insert) to.Put((byte)'\'');
        to.Put(text);
        if (form == MyRowForm.Insert) to.Put((byte)'\'');
    }

    protected MyUnfit? PutText(MyRowBuffer to, ReadOnlySpan<byte> text, MyRowForm form)
    {
        if (text.Length > Most(form)) return TooLarge(text.Length, Most(form), form);
        if (!Utf8.IsValid(text)) return new MyUnfit(Codes.TextUnfit, "text that is not UTF-8");
        if (form != MyRowForm.Load)
        {
            if (form == MyRowForm.Insert) PutLiteral(to, text);
            else PutCounted(to, text);
            return null;
        }
        PutEscaped(to, text);
        return null;
    }

    /// <summary>As LOAD DATA reads it.</summary>
    public static void PutEscaped(MyRowBuffer to, ReadOnlySpan<byte> text)
    {
        while (text.IndexOfAny(Special) is >= 0 and var at)
        {
            to.Put(text[..at]);
            to.Put((byte)'\\');
            to.Put(text[at] switch { (byte)'\t' => (byte)'t', (byte)'\n' => (byte)'n', 0 => (byte)'0', var same => same });
            text = text[(at + 1)..];
        }
        to.Put(text);
    }

    /// <summary>Bytes that a value may take on its way.</summary>
    protected long Most(MyRowForm form) => form == MyRowForm.Load ? MostLoaded : MostBytes;

    protected static MyUnfit TooLarge(long bytes, long most, MyRowForm form) =>
        new(Codes.ValueTooLarge, form == MyRowForm.Load ? BeyondLoad : "longer than max_allowed_packet of the server", bytes, most);

    protected static void PutHex(MyRowBuffer to, ReadOnlySpan<byte> bytes)
    {
        var room = to.Room(checked(bytes.Length * 2));
        Convert.TryToHexStringLower(bytes, room, out var length);
        to.Advance(length);
    }

    /// <summary>Between quotes where no byte of it means anything to any sql_mode, else in hexadecimal.</summary>
    private static void PutLiteral(MyRowBuffer to, ReadOnlySpan<byte> text)
    {
        if (text.IndexOfAny("'\\\0"u8) < 0)
        {
            to.Put((byte)'\'');
            to.Put(text);
            to.Put((byte)'\'');
            return;
        }
        to.Put("_utf8mb4 x'"u8);
        PutHex(to, text);
        to.Put((byte)'\'');
    }
}

/// <summary>Whole numbers and booleans, into whole numbers, decimals, bits and years.</summary>
internal sealed class MyTargetWholeCell(bool isUnsigned, decimal least, decimal most) : MyTargetCell
{
    /// <summary>Of a YEAR, which holds 0 too, and makes years of this century and the last of all between.</summary>
    private const int FirstYear = 1901;

    private static readonly MyUnfit Beyond = new(Codes.ValueBeyond, "beyond the range of the column");

    /// <summary>The bounds as far as they are met by what is signed: to compare decimals costs ten times as much.</summary>
    private readonly long leastWhole = (long)Math.Max(least, long.MinValue), mostWhole = (long)Math.Min(most, long.MaxValue);
    private Int64Column? values;

    public override MyType Wire => MyType.BigInt;

    public override bool IsWireUnsigned => isUnsigned;

    public override string? Setter(string field) => Target.Base == "bit" ? $"cast({field} as unsigned)" : null;

    protected override void Take(Column of) => values = of as Int64Column;

    protected override MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form) =>
        values is null ? new MyUnfit(Codes.TypeMismatch, "text in a column of whole numbers") : PutChecked(to, values.Values[row], form);

    protected override MyUnfit? PutStray(MyRowBuffer to, StrayCell stray, MyRowForm form) =>
        values is null && stray.Kind == TypeKind.Integer ? PutChecked(to, stray.Number, form) : base.PutStray(to, stray, form);

    private MyUnfit? PutChecked(MyRowBuffer to, long value, MyRowForm form)
    {
        if (Target.Base == "year" && value is >= 0 and < FirstYear)
        {
            if (value > 0) return Beyond;
            // A text of one zero would be the year 2000.
            if (form == MyRowForm.Bulk) PutWhole(to, 0, form);
            else to.Put("0000"u8);
            return null;
        }
        if (!isUnsigned || value >= 0)
        {
            if (value < leastWhole || value > mostWhole) return Beyond;
            PutWhole(to, value, form);
            return null;
        }
        if ((ulong)value > most) return Beyond;
        if (form == MyRowForm.Bulk)
        {
            PutWhole(to, value, form);
            return null;
        }
        Utf8Formatter.TryFormat((ulong)value, to.Room(20), out var length);
        to.Advance(length);
        return null;
    }
}

/// <summary>Floats, as the shortest text that is the same number again.</summary>
/// <param name="losesSign">MariaDB makes 0 of -0.</param>
internal sealed class MyTargetFloatCell(bool isSingle, bool losesSign) : MyTargetCell
{
    private Float64Column? values;

    public override MyType Wire => MyType.Double;

    protected override void Take(Column of) => values = of as Float64Column;

    protected override MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form) =>
        values is null ? new MyUnfit(Codes.TypeMismatch, "text in a column of numbers") : PutChecked(to, values.Values[row], form);

    protected override MyUnfit? PutStray(MyRowBuffer to, StrayCell stray, MyRowForm form) =>
        values is null && stray.Kind == TypeKind.Float64
        ? PutChecked(to, BitConverter.Int64BitsToDouble(stray.Number), form) : base.PutStray(to, stray, form);

    private MyUnfit? PutChecked(MyRowBuffer to, double value, MyRowForm form)
    {
        if (!double.IsFinite(value)) return new MyUnfit(Codes.TypeMismatch, "one MySQL cannot hold (NaN or an infinity)");
        if (losesSign && value == 0 && double.IsNegative(value)) return new MyUnfit(Codes.TypeMismatch, "one MariaDB cannot hold (-0.0)");
        if (isSingle && (float)value != value) return new MyUnfit(Codes.ValueBeyond, "it holds four bytes");
        if (form == MyRowForm.Bulk)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(to.Room(8), value);
            to.Advance(8);
            return null;
        }
        // Also of a float the double's text: the shortest one of the largest float lies beyond the range of a float.
        Span<byte> text = stackalloc byte[40];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        PutPlain(to, text[..length], form);
        return null;
    }
}

/// <summary>Text of any kind, cells of no fixed type as their text.</summary>
/// <param name="characters">Most; 0 = no limit but the type's own.</param>
/// <param name="cutsBlanks">CHAR gives blanks at the end not back.</param>
internal sealed class MyTargetTextCell(long characters, bool cutsBlanks) : MyTargetCell
{
    private BytesColumn? values;

    public override MyType Wire => MyType.Char;

    protected override void Take(Column of) => values = (BytesColumn)of;

    protected override MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form) => PutChecked(to, values![row], form);

    protected override MyUnfit? PutStray(MyRowBuffer to, StrayCell stray, MyRowForm form) => stray.Kind switch
    {
        TypeKind.Text => PutChecked(to, stray.Data, form),
        TypeKind.Integer when IsAny => PutChecked(to, Encoding.ASCII.GetBytes(stray.Number.ToString(CultureInfo.InvariantCulture)), form),
        TypeKind.Float64 when IsAny => PutChecked(to,
            Encoding.ASCII.GetBytes(BitConverter.Int64BitsToDouble(stray.Number).ToString("R", CultureInfo.InvariantCulture)), form),
        _ => base.PutStray(to, stray, form),
    };

    private bool IsAny => values!.Schema.Type.Kind == TypeKind.Any;

    private MyUnfit? PutChecked(MyRowBuffer to, ReadOnlySpan<byte> text, MyRowForm form)
    {
        if (cutsBlanks && text is [.., (byte)' ']) return new MyUnfit(Codes.ValueBeyond, "blanks at its end, which CHAR does not keep");
        if (characters > 0 && text.Length > characters && Count(text) > characters)
        {
            return new MyUnfit(Codes.ValueBeyond, "more characters than the column holds");
        }
        return PutText(to, text, form);
    }

    /// <summary>Code points: bytes that begin one.</summary>
    private static long Count(ReadOnlySpan<byte> text)
    {
        long count = 0;
        foreach (var one in text)
        {
            if ((one & 0xC0) != 0x80) count++;
        }
        return count;
    }
}

/// <summary>Bytes. LOAD DATA takes text of one charset, so they go in hexadecimal.</summary>
/// <param name="most">Bytes; 0 = no limit but the type's own.</param>
/// <param name="isPadded">BINARY fills what is shorter with zeros.</param>
internal sealed class MyTargetBytesCell(long most, bool isPadded) : MyTargetCell
{
    private BytesColumn? values;

    public override MyType Wire => MyType.Blob;

    public override string? Setter(string field) => $"unhex({field})";

    protected override void Take(Column of) => values = (BytesColumn)of;

    protected override MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form) =>
        IsAny ? new MyUnfit(Codes.TypeMismatch, "text in a column of bytes") : PutChecked(to, values![row], form);

    protected override MyUnfit? PutStray(MyRowBuffer to, StrayCell stray, MyRowForm form) =>
        IsAny && stray.Kind == TypeKind.Bytes ? PutChecked(to, stray.Data, form) : base.PutStray(to, stray, form);

    private bool IsAny => values!.Schema.Type.Kind == TypeKind.Any;

    private MyUnfit? PutChecked(MyRowBuffer to, ReadOnlySpan<byte> bytes, MyRowForm form)
    {
        // In hexadecimal it is twice as long on its way.
        var longest = form == MyRowForm.Bulk ? Most(form) : Most(form) / 2;
        if (bytes.Length > longest) return TooLarge(bytes.Length, longest, form);
        if (most > 0 && bytes.Length > most) return new MyUnfit(Codes.ValueBeyond, "more bytes than the column holds");
        if (isPadded && bytes.Length < most) return new MyUnfit(Codes.ValueBeyond, "it pads what is shorter");
        if (form == MyRowForm.Bulk)
        {
            PutCounted(to, bytes);
            return null;
        }
        if (form == MyRowForm.Insert) to.Put("x'"u8);
        PutHex(to, bytes);
        if (form == MyRowForm.Insert) to.Put((byte)'\'');
        return null;
    }
}

/// <summary>Dates and times; a fraction that would be rounded, and what lies beyond the type's range, is refused.</summary>
/// <param name="fraction">Digits after the second the column holds.</param>
/// <param name="lastSecond">Last second of a TIMESTAMP.</param>
internal sealed class MyTargetCalendarCell(TypeKind kind, int fraction, long lastSecond) : MyTargetCell
{
    private const long Second = 1_000_000, Day = 86_400 * Second;
    /// <summary>0000-01-01 and 9999-12-31, days; 838:59:59, seconds.</summary>
    private const long FirstDay = -719_528, LastDay = 2_932_896, LongestTime = (838 * 60 + 59) * 60 + 59;

    /// <summary>What a value has to be whole in, microseconds; dates are days.</summary>
    private readonly long unit = kind == TypeKind.Date ? 1 : Unit(fraction);
    private Int64Column? values;

    public override MyType Wire => kind switch
    {
        TypeKind.Date => MyType.Date,
        TypeKind.Time => MyType.Time,
        _ => MyType.DateTime,
    };

    protected override void Take(Column of) => values = (Int64Column)of;

    protected override MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form)
    {
        var value = values!.Values[row];
        if (!IsWithin(value)) return new MyUnfit(Codes.ValueBeyond, "beyond the range of the column");
        if (unit > 1 && value % unit != 0) return new MyUnfit(Codes.ValueBeyond,
            $"it holds {fraction} digits after the second");
        if (form == MyRowForm.Bulk)
        {
            to.Advance(kind == TypeKind.Time ? MyTimes.PutTime(to.Room(MyTimes.MostBytes), value)
                : MyTimes.PutDate(to.Room(MyTimes.MostBytes), value, isDate: kind == TypeKind.Date));
            return null;
        }
        Span<byte> text = stackalloc byte[CalendarText.MostBytes];
        var length = kind switch
        {
            TypeKind.Date => CalendarText.Date(value, text),
            TypeKind.Time => CalendarText.Time(value, text),
            _ => CalendarText.DateTime(value, text),
        };
        if (kind is TypeKind.DateTime or TypeKind.Instant) text[10] = (byte)' ';
        PutPlain(to, text[..length], form);
        return null;
    }

    private bool IsWithin(long value) => kind switch
    {
        TypeKind.Date => value is >= FirstDay and <= LastDay,
        TypeKind.Time => value is >= -(LongestTime * Second + Second - 1) and <= LongestTime * Second + Second - 1,
        TypeKind.DateTime => value is >= FirstDay * Day and < (LastDay + 1) * Day,
        _ => value >= Second && value < (lastSecond + 1) * Second,
    };

    private static long Unit(int fraction)
    {
        long unit = 1;
        for (var i = fraction; i < 6; i++) unit *= 10;
        return unit;
    }
}

/// <summary>128-bit identifiers, and intervals, as the one text that comparisons know.</summary>
internal sealed class MyTargetWideCell : MyTargetCell
{
    private Fixed16Column? values;

    public override MyType Wire => MyType.Char;

    protected override void Take(Column of) => values = (Fixed16Column)of;

    protected override MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form)
    {
        var bits = values!.Values[row];
        if (values.Schema.Type.Kind == TypeKind.Uuid)
        {
            PutUuid(to, bits, form);
            return null;
        }
        var text = string.Create(CultureInfo.InvariantCulture,
            $"{(int)(uint)(bits >> 96)} months {(int)(uint)(bits >> 64)} days {(long)(ulong)bits} microseconds");
        PutPlain(to, Encoding.ASCII.GetBytes(text), form);
        return null;
    }

    private static void PutUuid(MyRowBuffer to, UInt128 value, MyRowForm form)
    {
        Span<byte> bytes = stackalloc byte[16], text = stackalloc byte[36];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        new Guid(bytes, bigEndian: true).TryFormat(text, out _);
        PutPlain(to, text, form);
    }
}
