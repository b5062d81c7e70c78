using System.Buffers.Text;
using System.Text;
using System.Text.Unicode;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Takes one column's cells off the wire, in binary form, into a <see cref="Column"/>. Chosen once per column and read; a cell costs one
/// call and no string. What is not what its column declares is handed on as mistyped, exactly. Not thread-safe.
/// </summary>
internal abstract class MyCells
{
    /// <summary>Where cells go from now on.</summary>
    public abstract Column Target { get; set; }

    /// <summary>The column of the result, before the first cell.</summary>
    /// <exception cref="PawlException"><see cref="Codes.ContractBroken"/>: its cells do not come in the form that was expected.</exception>
    public void Bind(MyColumn to)
    {
        Source = to;
        if (Takes(to)) return;
        throw new PawlException(Fault.Bug, Codes.ContractBroken, ("column", to.Name), ("type", to.Type),
            ("what", "the server sends the column as another type than its catalogue names"));
    }

    protected MyColumn Source { get; private set; } = null!;

    /// <summary>Whether cells of the column have the form that this reads: most types come as bytes with a length.</summary>
    protected virtual bool Takes(MyColumn from) => MyBinary.Width(from.Type) == 0 && !MyBinary.IsCalendar(from.Type);

    /// <summary>Takes a cell that is not NULL.</summary>
    /// <exception cref="PawlException"><see cref="Codes.ContractBroken"/> for what the server never writes;
    /// <see cref="Codes.ValueTooLarge"/>.</exception>
    public abstract void Append(ReadOnlySpan<byte> cell);

    /// <summary>Bytes that a cell takes beyond its column's fixed width, at most.</summary>
    public virtual long Measure(int length) => 0;

    public static MyCells For(MyForm wire, MyZeroDates zeros) => wire switch
    {
        MyForm.Whole or MyForm.Unsigned => new MyWholeCells(wire == MyForm.Unsigned),
        MyForm.Bool => new MyBoolCells(),
        MyForm.Bit => new MyBitCells(),
        MyForm.Float32 or MyForm.Float64 => new MyFloatCells(),
        MyForm.Decimal => new MyDecimalCells(),
        MyForm.Latin1 => new MyLatin1Cells(),
        MyForm.Converted => new MyConvertedCells(),
        MyForm.Bytes => new MyByteCells(isText: false),
        MyForm.Date or MyForm.DateTime or MyForm.Instant => new MyDateCells(wire == MyForm.Date, zeros),
        MyForm.Time => new MyTimeCells(),
        MyForm.Uuid => new MyUuidCells(),
        _ => new MyByteCells(isText: true),
    };

    protected PawlException Broken(ReadOnlySpan<byte> cell) => new(Fault.Bug, Codes.ContractBroken, ("column", Target.Schema.Name),
        ("value", Convert.ToHexStringLower(cell[..Math.Min(cell.Length, 64)])), ("type", Target.Schema.NativeType));
}

internal abstract class MyLongCells : MyCells
{
    protected Int64Column Cells { get; private set; } = null!;

    public override Column Target { get => Cells; set => Cells = (Int64Column)value; }
}

/// <summary>Of 64 unsigned bits the bits: catalogue and result have to agree that they are such. What is shorter fits either way.</summary>
internal sealed class MyWholeCells(bool isUnsigned) : MyLongCells
{
    protected override bool Takes(MyColumn from) =>
        MyBinary.IsWhole(from.Type) && (from.Type != MyType.BigInt || from.IsUnsigned == isUnsigned);

    public override void Append(ReadOnlySpan<byte> cell) => Cells.Append(MyBinary.Whole(cell, Source.IsUnsigned));
}

/// <summary>tinyint(1) holds −128 to 127, whatever its declaration suggests.</summary>
internal sealed class MyBoolCells : MyLongCells
{
    protected override bool Takes(MyColumn from) => MyBinary.IsWhole(from.Type);

    public override void Append(ReadOnlySpan<byte> cell)
    {
        var value = MyBinary.Whole(cell, Source.IsUnsigned);
        if (value is 0 or 1) Cells.Append(value);
        else Cells.AppendStray(new StrayCell(TypeKind.Integer, value, null));
    }
}

internal sealed class MyBitCells : MyLongCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (cell.Length > 8) throw Broken(cell);
        Cells.Append(unchecked((long)Number(cell)));
    }

    public static ulong Number(ReadOnlySpan<byte> cell)
    {
        var value = 0UL;
        foreach (var part in cell) value = value << 8 | part;
        return value;
    }
}

internal sealed class MyDateCells(bool isDate, MyZeroDates zeros) : MyLongCells
{
    protected override bool Takes(MyColumn from) => MyBinary.IsCalendar(from.Type) && from.Type != MyType.Time;

    public override void Append(ReadOnlySpan<byte> cell)
    {
        var parts = MyBinary.Date(cell);
        if (isDate ? MyTimes.TryDate(parts, out var value) : MyTimes.TryDateTime(parts, out value)) Cells.Append(value);
        else if (zeros == MyZeroDates.Null) Cells.AppendNull();
        else Cells.AppendStray(new StrayCell(TypeKind.Text, 0, Encoding.UTF8.GetBytes(MyBinary.Text(Source, cell))));
    }
}

internal sealed class MyTimeCells : MyLongCells
{
    protected override bool Takes(MyColumn from) => from.Type == MyType.Time;

    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (!MyTimes.TryTime(MyBinary.Time(cell), out var value)) throw Broken(cell);
        Cells.Append(value);
    }
}

internal sealed class MyFloatCells : MyCells
{
    private Float64Column cells = null!;

    public override Column Target { get => cells; set => cells = (Float64Column)value; }

    protected override bool Takes(MyColumn from) => from.Type is MyType.Float or MyType.Double;

    public override void Append(ReadOnlySpan<byte> cell) => cells.Append(MyBinary.Float(cell));
}

internal abstract class MyHeapCells : MyCells
{
    protected BytesColumn Cells { get; private set; } = null!;

    public override Column Target { get => Cells; set => Cells = (BytesColumn)value; }

    public override long Measure(int length) => length;
}

/// <summary>Digits; the zeros that ZEROFILL puts in front are no part of the number.</summary>
internal sealed class MyDecimalCells : MyHeapCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        var zeros = 0;
        while (zeros + 1 < cell.Length && cell[zeros] == '0' && cell[zeros + 1] != '.') zeros++;
        Cells.Append(cell[zeros..]);
    }
}

/// <summary>Bytes as they are; what comes as a number or by the parts of a date is spelled out.</summary>
internal sealed class MyByteCells(bool isText) : MyHeapCells
{
    /// <summary>Longest number, date or time.</summary>
    private const int MostSpelled = 40;

    private bool isSpelled;

    protected override bool Takes(MyColumn from)
    {
        isSpelled = !base.Takes(from);
        return true;
    }

    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (isSpelled) Cells.Append(Encoding.UTF8.GetBytes(MyBinary.Text(Source, cell)));
        else if (isText && !Utf8.IsValid(cell)) Cells.AppendStray(new StrayCell(TypeKind.Bytes, 0, cell.ToArray()));
        else Cells.Append(cell);
    }

    public override long Measure(int length) => isSpelled ? MostSpelled : length;
}

/// <summary>Text that the server converted, or the cell itself behind <see cref="MySelection.Unconverted"/>.</summary>
internal sealed class MyConvertedCells : MyHeapCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (cell is [MySelection.Unsaid]) throw TooLong();
        if (cell.Length > 0 && cell[0] == MySelection.Unconverted) Cells.AppendStray(new StrayCell(TypeKind.Bytes, 0, cell[1..].ToArray()));
        else if (!Utf8.IsValid(cell)) throw Broken(cell);
        else Cells.Append(cell);
    }

    private PawlException TooLong() => new(Fault.Data, Codes.ValueTooLarge, ("column", Target.Schema.Name),
        ("cause", "the server converts no text that is longer than its max_allowed_packet"), ("raise", MyFaults.Raise(1 << 29)));
}

/// <summary>https://mariadb.com/kb/en/supported-character-sets-and-collations/: the server's latin1 is Windows-1252.</summary>
internal sealed class MyLatin1Cells : MyHeapCells
{
    /// <summary>0x80 – 0x9F.</summary>
    private static ReadOnlySpan<char> High =>
        "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160\u2039\u0152\u008D\u017D\u008F"
        + "\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153\u009D\u017E\u0178";

    public override void Append(ReadOnlySpan<byte> cell)
    {
        var plain = System.Text.Ascii.IsValid(cell);
        if (plain)
        {
            Cells.Append(cell);
            return;
        }
        var length = 0;
        foreach (var one in cell) length += one < 0x80 ? 1 : one is >= 0x80 and < 0xA0 && High[one - 0x80] >= 0x800 ? 3 : 2;
        var to = Cells.Reserve(length);
        var at = 0;
        foreach (var one in cell)
        {
            var letter = one is >= 0x80 and < 0xA0 ? High[one - 0x80] : (char)one;
            if (letter < 0x80) to[at++] = (byte)letter;
            else if (letter < 0x800)
            {
                to[at++] = (byte)(0xC0 | letter >> 6);
                to[at++] = (byte)(0x80 | letter & 0x3F);
            }
            else
            {
                to[at++] = (byte)(0xE0 | letter >> 12);
                to[at++] = (byte)(0x80 | letter >> 6 & 0x3F);
                to[at++] = (byte)(0x80 | letter & 0x3F);
            }
        }
    }

    /// <summary>No letter takes more than three bytes.</summary>
    public override long Measure(int length) => length * 3L;
}

internal sealed class MyUuidCells : MyCells
{
    private Fixed16Column cells = null!;

    public override Column Target { get => cells; set => cells = (Fixed16Column)value; }

    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (!Utf8Parser.TryParse(cell, out Guid value, out var used) || used != cell.Length) throw Broken(cell);
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        cells.Append(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }
}
