using System.Text;
using System.Text.Unicode;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>How long a text may be.</summary>
internal enum PgTextLimit
{
    None,
    /// <summary>varchar(n): at most n characters.</summary>
    Characters,
    /// <summary>char(n): exactly n characters, because the server would pad a shorter one.</summary>
    ExactCharacters,
    /// <summary>name, "char": at most n bytes, because the server would cut a longer one.</summary>
    Bytes,
}

/// <summary>
/// Text, JSON and everything else that travels as text. PostgreSQL takes neither a NUL nor bytes that are not UTF-8: such a cell is
/// refused.
/// The bytes of a batch are judged at once, so that an ordinary cell costs a copy.
/// </summary>
internal sealed class PgTextCell(PgTextLimit limit = PgTextLimit.None, int length = 0, bool isJsonb = false) : PgCell
{
    private BytesColumn cells = null!;
    private bool clean;

    public override void Attach(Column column)
    {
        cells = (BytesColumn)column;
        clean = !cells.Data.Contains((byte)0) && Utf8.IsValid(cells.Data);
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row) => Binary(to, cells[row], clean);

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        var value = cells[row];
        if (Check(value, clean) is { } refusal) return refusal;
        PgText.Escaped(to, value);
        return null;
    }

    /// <summary>A number in a column of any type is written in its text form; bytes are no text.</summary>
    protected override PgRefusal? Stray(PgCopyBuffer to, StrayCell cell, bool isText)
    {
        if (cells.Schema.Type.Kind != TypeKind.Any || cell.Kind == TypeKind.Bytes) return base.Stray(to, cell, isText);
        var value = cell.Kind switch
        {
            TypeKind.Integer => Encoding.ASCII.GetBytes(cell.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            TypeKind.Float64 => Encoding.ASCII.GetBytes(PgText.Float(BitConverter.Int64BitsToDouble(cell.Number))),
            _ => cell.Data!,
        };
        if (!isText) return Binary(to, value, isClean: false);
        if (Check(value, isClean: false) is { } refusal) return refusal;
        PgText.Escaped(to, value);
        return null;
    }

    private PgRefusal? Binary(PgCopyBuffer to, ReadOnlySpan<byte> value, bool isClean)
    {
        if (Check(value, isClean) is { } refusal) return refusal;
        if (!isJsonb)
        {
            to.Field(value);
            return null;
        }
        // jsonb's binary form is the version of its text form, then the text.
        to.Int32(value.Length + 1);
        to.Raw([1]);
        to.Raw(value);
        return null;
    }

    private PgRefusal? Check(ReadOnlySpan<byte> value, bool isClean)
    {
        if (value.Length > MaxBytes) return PgRefusal.TooLarge(value.Length, MaxBytes);
        // In a heap that is valid as a whole a cell is valid too, unless it begins in the middle of a character.
        if (!isClean || (value.Length > 0 && (value[0] & 0xC0) == 0x80))
        {
            if (value.Contains((byte)0)) return PgRefusal.Unfit("text with a NUL in it, which PostgreSQL cannot store");
            if (!Utf8.IsValid(value)) return PgRefusal.Unfit("text that is not UTF-8");
        }
        return limit == PgTextLimit.None ? null : CheckLength(value);
    }

    private PgRefusal? CheckLength(ReadOnlySpan<byte> value)
    {
        if (limit == PgTextLimit.Bytes)
        {
            return value.Length <= length ? null : PgRefusal.Beyond($"{value.Length} bytes, at most {length}");
        }
        if (limit == PgTextLimit.Characters && value.Length <= length) return null;
        var characters = 0;
        foreach (var b in value)
        {
            if ((b & 0xC0) != 0x80) characters++;
        }
        if (limit == PgTextLimit.Characters ? characters <= length : characters == length) return null;
        return PgRefusal.Beyond(limit == PgTextLimit.Characters ? $"{characters} characters, at most {length}"
            : $"{characters} characters; char({length}) would change it to {length}");
    }
}

/// <summary>Bytes.</summary>
internal sealed class PgBytesCell : PgCell
{
    private BytesColumn cells = null!;

    public override void Attach(Column column)
    {
        cells = (BytesColumn)column;
        base.Attach(column);
    }

    protected override PgRefusal? BinaryValue(PgCopyBuffer to, int row)
    {
        if (cells.Schema.Type.Kind == TypeKind.Any) return PgRefusal.Mistyped("text in a column of bytes");
        return Write(to, cells[row], isText: false);
    }

    protected override PgRefusal? TextValue(PgCopyBuffer to, int row)
    {
        if (cells.Schema.Type.Kind == TypeKind.Any) return PgRefusal.Mistyped("text in a column of bytes");
        return Write(to, cells[row], isText: true);
    }

    protected override PgRefusal? Stray(PgCopyBuffer to, StrayCell cell, bool isText) =>
        cells.Schema.Type.Kind == TypeKind.Any && cell.Kind == TypeKind.Bytes ? Write(to, cell.Data, isText) : base.Stray(to, cell, isText);

    private static PgRefusal? Write(PgCopyBuffer to, ReadOnlySpan<byte> value, bool isText)
    {
        if (value.Length > MaxBytes) return PgRefusal.TooLarge(value.Length, MaxBytes);
        if (!isText)
        {
            to.Field(value);
            return null;
        }
        if (value.Length > MaxBytes / 2) return PgRefusal.TooLarge(value.Length, MaxBytes / 2);
        to.Raw("\\\\x"u8);
        PgText.Hex(to, value);
        return null;
    }
}
