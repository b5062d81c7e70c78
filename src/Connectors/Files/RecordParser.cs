using System.Text.Unicode;

namespace Pawl.Connectors.Files;

/// <summary>What the beginning of a text is.</summary>
internal enum RecordKind
{
    /// <summary>Its end is not there yet.</summary>
    More,
    Row,
    /// <summary>An empty line, which is no record.</summary>
    Blank,
    Broken,
}

/// <summary>Where a field's value lies in its record, and in which form.</summary>
internal readonly record struct FieldSlot(int Start, int Length, FieldForm Form);

internal enum FieldForm : byte
{
    Null,
    Plain,
    /// <summary>It holds doubled quotes or escapes.</summary>
    Escaped,
}

/// <summary>Finds records and their fields. Holds what it found until the next record. Not thread-safe.</summary>
internal abstract class RecordParser
{
    private byte[] scratch = [];

    /// <summary>Of the last record, in bytes, with its line end if it has one.</summary>
    public int Length { get; protected set; }

    /// <summary>Line ends in the last record.</summary>
    public int Lines { get; protected set; }

    /// <summary>The last record ends only because the text does: a quote was opened and not closed.</summary>
    public bool IsOpen { get; protected set; }

    /// <summary>Why the last record is no row.</summary>
    public string Problem { get; protected set; } = "";

    /// <summary>One a column of the file.</summary>
    public abstract ReadOnlySpan<FieldSlot> Fields { get; }

    /// <summary>Looks at the beginning of a text.</summary>
    /// <param name="atEnd">Nothing comes behind it.</param>
    public abstract RecordKind Parse(ReadOnlySpan<byte> text, bool atEnd);

    /// <summary>The value of a field of the last record.</summary>
    public ReadOnlySpan<byte> Value(ReadOnlySpan<byte> text, FieldSlot field) => field.Form == FieldForm.Plain
        ? text.Slice(field.Start, field.Length) : Unescaped(text.Slice(field.Start, field.Length));

    protected abstract int Unescape(ReadOnlySpan<byte> value, Span<byte> to);

    protected RecordKind Broken(string problem)
    {
        Problem = problem;
        return RecordKind.Broken;
    }

    /// <summary>Null when the bytes of a record are text.</summary>
    protected static string? Unreadable(ReadOnlySpan<byte> record) =>
        !Utf8.IsValid(record) ? "bytes that are no text in the encoding of the file"
        : record.Contains((byte)0) ? "a NUL character" : null;

    private ReadOnlySpan<byte> Unescaped(ReadOnlySpan<byte> value)
    {
        if (scratch.Length < value.Length) scratch = new byte[Math.Max(value.Length, 256)];
        return scratch.AsSpan(0, Unescape(value, scratch));
    }
}
