using System.Buffers.Binary;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Appends a column's cells from their binary form; chosen once per column. The forms are those of the types' send functions, in network
/// order. https://www.postgresql.org/docs/current/sql-copy.html
/// </summary>
internal abstract class PgCells(ColumnSchema schema)
{
    private PgWire wire;

    protected ColumnSchema Schema { get; } = schema;

    /// <summary>The type has a binary form that is read here; of any other type the server's text is.</summary>
    public bool IsDecoded => wire != PgWire.Native;

    public string Name => Schema.Name;

    /// <summary>The column of the batch being filled.</summary>
    public abstract Column Target { get; set; }

    /// <param name="data">The field's bytes, not null.</param>
    public abstract void Append(ReadOnlySpan<byte> data);

    /// <summary>The same for another column.</summary>
    public PgCells Another() => For(Schema, wire);

    public Column NewColumn() => Column.Create(Schema);

    public static PgCells For(ColumnSchema schema, PgWire wire)
    {
        var cells = Make(schema, wire);
        cells.wire = wire;
        return cells;
    }

    private static PgCells Make(ColumnSchema schema, PgWire wire) => wire switch
    {
        PgWire.Bool => new PgBoolCells(schema),
        PgWire.Int2 => new PgInt2Cells(schema),
        PgWire.Int4 => new PgInt4Cells(schema),
        PgWire.Oid => new PgOidCells(schema),
        PgWire.Int8 or PgWire.Time => new PgInt8Cells(schema),
        PgWire.Float4 => new PgFloat4Cells(schema),
        PgWire.Float8 => new PgFloat8Cells(schema),
        PgWire.Date => new PgDateCells(schema),
        PgWire.Timestamp or PgWire.Timestamptz => new PgTimestampCells(schema),
        PgWire.Uuid => new PgUuidCells(schema),
        PgWire.Interval => new PgIntervalCells(schema),
        PgWire.Numeric => new PgNumericCells(schema),
        PgWire.Jsonb => new PgJsonbCells(schema),
        _ => new PgBytesCells(schema),
    };

    protected PawlException Malformed(ReadOnlySpan<byte> data) => new(Fault.Bug, Codes.ContractBroken, ("column", Schema.Name),
        ("cause", FormattableString.Invariant($"{data.Length} bytes are no {Schema.NativeType}")));
}

internal abstract class PgInt64Cells(ColumnSchema schema) : PgCells(schema)
{
    protected Int64Column Column { get; private set; } = null!;

    public override Column Target { get => Column; set => Column = (Int64Column)value; }
}

internal sealed class PgBoolCells(ColumnSchema schema) : PgInt64Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 1) throw Malformed(data);
        Column.Append(data[0]);
    }
}

internal sealed class PgInt2Cells(ColumnSchema schema) : PgInt64Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 2) throw Malformed(data);
        Column.Append(BinaryPrimitives.ReadInt16BigEndian(data));
    }
}

internal sealed class PgInt4Cells(ColumnSchema schema) : PgInt64Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 4) throw Malformed(data);
        Column.Append(BinaryPrimitives.ReadInt32BigEndian(data));
    }
}

internal sealed class PgOidCells(ColumnSchema schema) : PgInt64Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 4) throw Malformed(data);
        Column.Append(BinaryPrimitives.ReadUInt32BigEndian(data));
    }
}

internal sealed class PgInt8Cells(ColumnSchema schema) : PgInt64Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 8) throw Malformed(data);
        Column.Append(BinaryPrimitives.ReadInt64BigEndian(data));
    }
}

internal sealed class PgDateCells(ColumnSchema schema) : PgInt64Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 4) throw Malformed(data);
        var days = BinaryPrimitives.ReadInt32BigEndian(data);
        Column.Append(days switch
        {
            int.MaxValue => long.MaxValue,
            int.MinValue => long.MinValue,
            _ => days + PgTypes.EpochDays,
        });
    }
}

internal sealed class PgTimestampCells(ColumnSchema schema) : PgInt64Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 8) throw Malformed(data);
        var at = BinaryPrimitives.ReadInt64BigEndian(data);
        if (at is not (long.MaxValue or long.MinValue))
        {
            // The server counts from 2000: its last weeks, in the year 294276, are not to be counted from 1970 in 64 bits.
            if (at >= long.MaxValue - PgTypes.EpochMicroseconds)
            {
                throw new PawlException(Fault.Data, Codes.TypeMismatch, ("column", Schema.Name), ("type", Schema.NativeType),
                    ("cause", "a time after the year 294246"));
            }
            at += PgTypes.EpochMicroseconds;
        }
        Column.Append(at);
    }
}

internal abstract class PgFloatCells(ColumnSchema schema) : PgCells(schema)
{
    protected Float64Column Column { get; private set; } = null!;

    public override Column Target { get => Column; set => Column = (Float64Column)value; }
}

internal sealed class PgFloat4Cells(ColumnSchema schema) : PgFloatCells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 4) throw Malformed(data);
        Column.Append(BinaryPrimitives.ReadSingleBigEndian(data));
    }
}

internal sealed class PgFloat8Cells(ColumnSchema schema) : PgFloatCells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 8) throw Malformed(data);
        Column.Append(BinaryPrimitives.ReadDoubleBigEndian(data));
    }
}

internal abstract class PgFixed16Cells(ColumnSchema schema) : PgCells(schema)
{
    protected Fixed16Column Column { get; private set; } = null!;

    public override Column Target { get => Column; set => Column = (Fixed16Column)value; }
}

internal sealed class PgUuidCells(ColumnSchema schema) : PgFixed16Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 16) throw Malformed(data);
        Column.Append(BinaryPrimitives.ReadUInt128BigEndian(data));
    }
}

/// <summary>The server's order is microseconds, days, months; ours is the reverse.</summary>
internal sealed class PgIntervalCells(ColumnSchema schema) : PgFixed16Cells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length != 16) throw Malformed(data);
        var microseconds = BinaryPrimitives.ReadUInt64BigEndian(data);
        var days = BinaryPrimitives.ReadUInt32BigEndian(data[8..]);
        var months = BinaryPrimitives.ReadUInt32BigEndian(data[12..]);
        Column.Append(new UInt128(((ulong)months << 32) | days, microseconds));
    }
}

/// <summary>Text, bytes, JSON and native text: the bytes as they are.</summary>
internal class PgBytesCells(ColumnSchema schema) : PgCells(schema)
{
    protected BytesColumn Column { get; private set; } = null!;

    public override Column Target { get => Column; set => Column = (BytesColumn)value; }

    public override void Append(ReadOnlySpan<byte> data) => Column.Append(data);
}

internal sealed class PgNumericCells(ColumnSchema schema) : PgBytesCells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length < 8) throw Malformed(data);
        PgNumeric.Append(Column, data);
    }
}

/// <summary>One byte of version, 1, then text.</summary>
internal sealed class PgJsonbCells(ColumnSchema schema) : PgBytesCells(schema)
{
    public override void Append(ReadOnlySpan<byte> data)
    {
        if (data.Length < 1 || data[0] != 1) throw Malformed(data);
        Column.Append(data[1..]);
    }
}
