using System.Runtime.CompilerServices;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Why a cell cannot be stored as it is.</summary>
/// <param name="Code">One of <see cref="Codes"/>.</param>
/// <param name="Cause">In words, with the limit that was met.</param>
/// <param name="Bytes">Length of a value that is too long; else 0.</param>
/// <param name="Limit">The longest there may be; else 0.</param>
internal sealed record PgRefusal(string Code, string Cause, long Bytes = 0, long Limit = 0)
{
    public static PgRefusal Mistyped(string cause) => new(Codes.TypeMismatch, cause);
    public static PgRefusal Unfit(string cause) => new(Codes.TextUnfit, cause);
    public static PgRefusal Beyond(string cause) => new(Codes.ValueBeyond, cause);
    public static PgRefusal TooLarge(long bytes, long limit) =>
        new(Codes.ValueTooLarge, FormattableString.Invariant($"{bytes} bytes, at most {limit}"), bytes, limit);
}

/// <summary>
/// Writes the cells of one column in PostgreSQL's binary form, or in the text form of COPY. Made once per column and table,
/// <see cref="Attach"/> per batch. A value either goes over exactly or is refused: the server rounds, pads and cuts to a column's type
/// modifier without a word, so what it would change is found here. Not thread-safe.
/// </summary>
internal abstract class PgCell
{
    private bool plain;
    private Column column = null!;

    /// <summary>The longest value the server takes: 1 GiB less its own header.</summary>
    protected const int MaxBytes = (1 << 30) - 8;

    protected static ReadOnlySpan<byte> NullText => "\\N"u8;

    public virtual void Attach(Column cells)
    {
        column = cells;
        plain = !cells.HasNulls && cells.Strays is null;
    }

    public virtual void Detach() => column = null!;

    /// <summary>Null when it is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PgRefusal? Binary(PgCopyBuffer to, int row) => plain ? BinaryValue(to, row) : BinaryAny(to, row);

    /// <summary>Null when it is written.</summary>
    public PgRefusal? Text(PgCopyBuffer to, int row)
    {
        if (column.IsNull(row))
        {
            to.Raw(NullText);
            return null;
        }
        return column.Stray(row) is { } stray ? Stray(to, stray, isText: true) : TextValue(to, row);
    }

    protected abstract PgRefusal? BinaryValue(PgCopyBuffer to, int row);

    protected abstract PgRefusal? TextValue(PgCopyBuffer to, int row);

    /// <summary>A cell of another type than its column's.</summary>
    protected virtual PgRefusal? Stray(PgCopyBuffer to, StrayCell cell, bool isText) =>
        PgRefusal.Mistyped($"{cell.Kind.ToString().ToLowerInvariant()} in a column of {column.Schema.Type}");

    private PgRefusal? BinaryAny(PgCopyBuffer to, int row)
    {
        if (column.IsNull(row))
        {
            to.Int32(-1);
            return null;
        }
        return column.Stray(row) is { } stray ? Stray(to, stray, isText: false) : BinaryValue(to, row);
    }
}

/// <summary>true and false.</summary>
internal sealed class PgBoolCell : PgCell
{
    private Int64Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Int64Column)column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row)
    {
        to.Field(cells.Values[row] == 0 ? [0] : [1]);
        return null;
    }

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        to.Raw(cells.Values[row] == 0 ? "f"u8 : "t"u8);
        return null;
    }
}

/// <summary>Whole numbers of two, four or eight bytes, and oids (four, unsigned).</summary>
internal sealed class PgWholeCell(int bytes, bool isOid = false) : PgCell
{
    private readonly long least = isOid ? 0 : bytes switch { 2 => short.MinValue, 4 => int.MinValue, _ => long.MinValue };
    private readonly long most = isOid ? uint.MaxValue : bytes switch { 2 => short.MaxValue, 4 => int.MaxValue, _ => long.MaxValue };
    private Int64Column? cells;

    public override void Attach(Column column)
    {
        cells = column as Int64Column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row) =>
        cells is null ? PgRefusal.Mistyped("text in a column of whole numbers") : Binary(to, cells.Values[row]);

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row) =>
        cells is null ? PgRefusal.Mistyped("text in a column of whole numbers") : Text(to, cells.Values[row]);

    protected override PgRefusal? Stray(PgCopyBuffer to, StrayCell cell, bool isText)
    {
        if (cells is not null || cell.Kind != TypeKind.Integer) return base.Stray(to, cell, isText);
        return isText ? Text(to, cell.Number) : Binary(to, cell.Number);
    }

    private PgRefusal? Binary(PgCopyBuffer to, long value)
    {
        if (value < least || value > most) return Beyond();
        if (bytes == 8) to.Field64(value);
        else if (bytes == 4) to.Field32((int)value);
        else
        {
            to.Int32(2);
            to.Int16((int)value);
        }
        return null;
    }

    private PgRefusal? Text(PgCopyBuffer to, long value)
    {
        if (value < least || value > most) return Beyond();
        PgText.Whole(to, value);
        return null;
    }

    private PgRefusal Beyond() => PgRefusal.Beyond(FormattableString.Invariant($"a whole number outside {least} … {most}"));
}

/// <summary>Floating point numbers of four or eight bytes.</summary>
internal sealed class PgFloatCell(int bytes) : PgCell
{
    private Float64Column? cells;

    public override void Attach(Column column)
    {
        cells = column as Float64Column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row) =>
        cells is null ? PgRefusal.Mistyped("text in a column of numbers") : Write(to, cells.Values[row], isText: false);

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row) =>
        cells is null ? PgRefusal.Mistyped("text in a column of numbers") : Write(to, cells.Values[row], isText: true);

    protected override PgRefusal? Stray(PgCopyBuffer to, StrayCell cell, bool isText) =>
        cells is null && cell.Kind == TypeKind.Float64 ? Write(to, BitConverter.Int64BitsToDouble(cell.Number), isText)
        : base.Stray(to, cell, isText);

    private PgRefusal? Write(PgCopyBuffer to, double value, bool isText)
    {
        if (bytes == 4 && (double)(float)value != value && !double.IsNaN(value))
        {
            return PgRefusal.Beyond("a number that four bytes cannot hold exactly");
        }
        if (isText) PgText.Float(to, value);
        else if (bytes == 4) to.Field32(BitConverter.SingleToInt32Bits((float)value));
        else to.Field64(BitConverter.DoubleToInt64Bits(value));
        return null;
    }
}

/// <summary>Identifiers of 16 bytes.</summary>
internal sealed class PgUuidCell : PgCell
{
    private Fixed16Column cells = null!;

    public override void Attach(Column column)
    {
        cells = (Fixed16Column)column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row)
    {
        to.Int32(16);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(to.Take(16), cells.Values[row]);
        return null;
    }

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        Span<byte> value = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(value, cells.Values[row]);
        PgText.Hex(to, value);
        return null;
    }
}
