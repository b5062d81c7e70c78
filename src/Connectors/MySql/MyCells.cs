using System.Buffers.Text;
using System.Text.Unicode;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Takes one column's cells off the wire into a <see cref="Column"/>. Chosen once per column and read; a cell costs one call and no string.
/// What is not what its column declares is handed on as mistyped, exactly. Not thread-safe.
/// </summary>
internal abstract class MyCells
{
    /// <summary>Where cells go from now on.</summary>
    public abstract Column Target { get; set; }

    /// <summary>Takes a cell that is not NULL.</summary>
    /// <exception cref="PawlException"><see cref="Codes.ContractBroken"/> for what the server never writes;
    /// <see cref="Codes.ValueTooLarge"/>.</exception>
    public abstract void Append(ReadOnlySpan<byte> cell);

    /// <summary>Bytes that a cell takes beyond its column's fixed width, at most.</summary>
    public virtual long Measure(int length) => 0;

    public static MyCells For(MyForm wire, MyZeroDates zeros) => wire switch
    {
        MyForm.Whole => new MyWholeCells(),
        MyForm.Unsigned => new MyUnsignedCells(),
        MyForm.Bool => new MyBoolCells(),
        MyForm.Bit => new MyBitCells(),
        MyForm.Float32 => new MyFloatCells(isSingle: true),
        MyForm.Float64 => new MyFloatCells(isSingle: false),
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

    protected static StrayCell Text(ReadOnlySpan<byte> cell) => new(TypeKind.Text, 0, cell.ToArray());
}

internal abstract class MyLongCells : MyCells
{
    protected Int64Column Cells { get; private set; } = null!;

    public override Column Target { get => Cells; set => Cells = (Int64Column)value; }
}

internal sealed class MyWholeCells : MyLongCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (!Utf8Parser.TryParse(cell, out long value, out var used) || used != cell.Length) throw Broken(cell);
        Cells.Append(value);
    }
}

internal sealed class MyUnsignedCells : MyLongCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (!Utf8Parser.TryParse(cell, out ulong value, out var used) || used != cell.Length) throw Broken(cell);
        Cells.Append(unchecked((long)value));
    }
}

/// <summary>tinyint(1) holds −128 to 127, whatever its declaration suggests.</summary>
internal sealed class MyBoolCells : MyLongCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (!Utf8Parser.TryParse(cell, out long value, out var used) || used != cell.Length) throw Broken(cell);
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
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (isDate ? MyTimes.TryDate(cell, out var value) : MyTimes.TryDateTime(cell, out value)) Cells.Append(value);
        else if (zeros == MyZeroDates.Null) Cells.AppendNull();
        else Cells.AppendStray(Text(cell));
    }
}

internal sealed class MyTimeCells : MyLongCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (!MyTimes.TryTime(cell, out var value)) throw Broken(cell);
        Cells.Append(value);
    }
}

internal sealed class MyFloatCells(bool isSingle) : MyCells
{
    private Float64Column cells = null!;

    public override Column Target { get => cells; set => cells = (Float64Column)value; }

    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (!Utf8Parser.TryParse(cell, out double value, out var used) || used != cell.Length) throw Broken(cell);
        cells.Append(isSingle ? (float)value : value);
    }
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

internal sealed class MyByteCells(bool isText) : MyHeapCells
{
    public override void Append(ReadOnlySpan<byte> cell)
    {
        if (isText && !Utf8.IsValid(cell)) Cells.AppendStray(new StrayCell(TypeKind.Bytes, 0, cell.ToArray()));
        else Cells.Append(cell);
    }
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
