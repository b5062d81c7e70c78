using Pawl.Model;
using static Pawl.Connectors.Sqlite.SqliteNative;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Reads one column of a running statement into a <see cref="Column"/>. Made once per column and statement; what is left to do per cell
/// is SQLite's own cell type. Not thread-safe.
/// </summary>
internal abstract class SqliteCells(int index)
{
    protected int Index { get; } = index;

    /// <summary>0-based place of the column in the statement's result.</summary>
    public int Place => Index;

    /// <summary>Where cells go from now on.</summary>
    public abstract Column Target { get; set; }

    /// <summary>Takes the next cell. Returns bytes beyond the column's fixed width.</summary>
    public abstract int Append(nint statement);

    public static SqliteCells For(ColumnSchema schema, int index, bool utf8) => schema.Type.Storage switch
    {
        Storage.Int64 => new SqliteWholeCells(index),
        Storage.Float64 => new SqliteFloatCells(index),
        _ => new SqliteByteCells(index, schema.Type.Kind == TypeKind.Bytes ? TypeBlob : TypeText, utf8),
    };

    /// <summary>A null, or a cell of another type than the column's.</summary>
    protected static int AppendOther(Column target, nint statement, int index, int type, bool utf8)
    {
        switch (type)
        {
            case TypeNull: target.AppendNull(); return 0;
            case TypeInteger: target.AppendStray(new StrayCell(TypeKind.Integer, ColumnInt64(statement, index), null)); return 24;
            case TypeFloat:
                target.AppendStray(new StrayCell(TypeKind.Float64, BitConverter.DoubleToInt64Bits(ColumnDouble(statement, index)), null));
                return 24;
            default:
                var data = Copy(statement, index, type, utf8);
                target.AppendStray(new StrayCell(type == TypeText ? TypeKind.Text : TypeKind.Bytes, 0, data));
                return data.Length + 48;
        }
    }

    private static unsafe byte[] Copy(nint statement, int index, int type, bool utf8)
    {
        var at = type == TypeText && !utf8 ? ColumnText(statement, index) : ColumnBlob(statement, index);
        return at is null ? [] : new ReadOnlySpan<byte>(at, ColumnBytes(statement, index)).ToArray();
    }
}

internal sealed class SqliteWholeCells(int index) : SqliteCells(index)
{
    private Int64Column target = null!;

    public override Column Target { get => target; set => target = (Int64Column)value; }

    public override int Append(nint statement)
    {
        var value = ColumnValue(statement, Index);
        var type = ValueType(value);
        if (type != TypeInteger) return AppendOther(target, statement, Index, type, utf8: false);
        target.Append(ValueInt64(value));
        return 0;
    }
}

internal sealed class SqliteFloatCells(int index) : SqliteCells(index)
{
    private Float64Column target = null!;

    public override Column Target { get => target; set => target = (Float64Column)value; }

    public override int Append(nint statement)
    {
        var value = ColumnValue(statement, Index);
        var type = ValueType(value);
        if (type != TypeFloat) return AppendOther(target, statement, Index, type, utf8: false);
        target.Append(ValueDouble(value));
        return 0;
    }
}

/// <summary>Text or bytes. <see cref="Measure"/> comes first, so that a row that does not fit can wait for the next batch.</summary>
internal sealed unsafe class SqliteByteCells(int index, int own, bool utf8) : SqliteCells(index)
{
    private BytesColumn target = null!;
    private int type;
    private byte* at;
    private int length;

    public override Column Target { get => target; set => target = (BytesColumn)value; }

    /// <summary>Bytes of the current row's cell. The cell stays where it is until the statement moves on.</summary>
    public int Measure(nint statement)
    {
        var value = ColumnValue(statement, Index);
        type = ValueType(value);
        if (type < TypeText || type == TypeNull) return length = 0;
        if (type == TypeText && !utf8)
        {
            at = ColumnText(statement, Index);
            return length = ColumnBytes(statement, Index);
        }
        at = ValueBlob(value);
        return length = ValueBytes(value);
    }

    public override int Append(nint statement)
    {
        if (type != own) return AppendOther(target, statement, Index, type, utf8);
        new ReadOnlySpan<byte>(at, length).CopyTo(target.Reserve(length));
        return length;
    }
}
