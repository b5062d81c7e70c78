using System.Globalization;

namespace Pawl.Connectors.Files;

/// <summary>
/// Records of delimited text, RFC 4180 with options. A record ends with LF or CR LF; a quote counts only at the beginning of a field, and
/// within quotes delimiters and line ends are values.
/// </summary>
/// <param name="columns">Fields that a record has to have; 0 = any number (a header).</param>
internal sealed class CsvParser(FilesOptions options, int columns) : RecordParser
{
    private readonly byte delimiter = options.Delimiter, quote = options.Quote, escape = options.Escape;
    private readonly byte[] nothing = options.Null;
    private FieldSlot[] slots = new FieldSlot[Math.Max(columns, 16)];
    private int count;
    private bool isQuoted;

    public override ReadOnlySpan<FieldSlot> Fields => slots.AsSpan(0, count);

    public override RecordKind Parse(ReadOnlySpan<byte> text, bool atEnd)
    {
        if (text.Length == 0) return RecordKind.More;
        (count, isQuoted, IsOpen, Lines) = (0, false, false, 1);
        for (var at = 0; ;)
        {
            int next;
            if (quote != 0 && at < text.Length && text[at] == quote)
            {
                next = Quoted(text, at + 1, atEnd);
                if (next == Unfinished) return RecordKind.More;
                if (next < 0) return Judge(text[..Length], RecordKind.Broken);
            }
            else
            {
                var length = text[at..].IndexOfAny(delimiter, (byte)'\n');
                if (length < 0 && !atEnd) return RecordKind.More;
                next = length < 0 ? text.Length : at + length;
                Unquoted(text, at, next);
            }
            if (next < text.Length && text[next] == delimiter)
            {
                at = next + 1;
                continue;
            }
            var hasEnd = next < text.Length;
            Length = hasEnd ? next + 1 : text.Length;
            if (isQuoted) Lines = text[..Length].Count((byte)'\n');
            else if (!hasEnd) Lines = 0;
            return Judge(text[..Length], RecordKind.Row);
        }
    }

    /// <summary>The end of a field cannot be told yet.</summary>
    private const int Unfinished = int.MinValue;

    /// <summary>Where the field that is quoted ends; negative when it does not end, or not as it should.</summary>
    private int Quoted(ReadOnlySpan<byte> text, int start, bool atEnd)
    {
        isQuoted = true;
        var form = FieldForm.Plain;
        for (var at = start; ;)
        {
            var found = escape == 0 ? text[at..].IndexOf(quote) : text[at..].IndexOfAny(quote, escape);
            if (found < 0)
            {
                if (!atEnd) return Unfinished;
                return Open(text);
            }
            at += found;
            if (at + 1 >= text.Length && !atEnd) return Unfinished;
            var isEscape = escape != 0 && text[at] == escape;
            if (at + 1 < text.Length && (isEscape || text[at + 1] == quote))
            {
                form = FieldForm.Escaped;
                at += 2;
                continue;
            }
            if (isEscape) return Open(text);
            Add(new FieldSlot(start, at - start, form));
            var end = at + 1;
            if (end < text.Length && text[end] == '\r')
            {
                if (end + 1 >= text.Length && !atEnd) return Unfinished;
                if (end + 1 >= text.Length || text[end + 1] == '\n') end++;
            }
            if (end >= text.Length || text[end] == delimiter || text[end] == '\n') return end;
            var line = text[end..].IndexOf((byte)'\n');
            if (line < 0 && !atEnd) return Unfinished;
            return Stop(text, line < 0 ? text.Length : end + line + 1, "something stands between a closing quote and the next delimiter");
        }
    }

    private void Unquoted(ReadOnlySpan<byte> text, int start, int end)
    {
        var isLast = end >= text.Length || text[end] == '\n';
        if (isLast && end > start && text[end - 1] == '\r') end--;
        var value = text[start..end];
        Add(new FieldSlot(start, value.Length, value.SequenceEqual(nothing) ? FieldForm.Null : FieldForm.Plain));
    }

    private void Add(FieldSlot field)
    {
        if (count == slots.Length) Array.Resize(ref slots, count * 2);
        slots[count++] = field;
    }

    private int Open(ReadOnlySpan<byte> text)
    {
        IsOpen = true;
        return Stop(text, text.Length, "a quote is opened and not closed");
    }

    private int Stop(ReadOnlySpan<byte> text, int length, string problem)
    {
        Length = length;
        Lines = text[..length].Count((byte)'\n');
        Problem = problem;
        return -1;
    }

    private RecordKind Judge(ReadOnlySpan<byte> record, RecordKind kind)
    {
        if (Unreadable(record) is { } unreadable) return Broken(unreadable);
        if (kind == RecordKind.Broken || columns == 0) return kind;
        if (count == columns) return RecordKind.Row;
        // With one column an empty line is a record whose one field is empty.
        if (count == 1 && !isQuoted && slots[0].Length == 0) return RecordKind.Blank;
        return Broken(string.Create(CultureInfo.InvariantCulture, $"{count} fields where the table has {columns} columns"));
    }

    protected override int Unescape(ReadOnlySpan<byte> value, Span<byte> to)
    {
        var written = 0;
        for (var at = 0; at < value.Length; at++)
        {
            var isMark = value[at] == quote || (escape != 0 && value[at] == escape);
            if (isMark && at + 1 < value.Length) at++;
            to[written++] = value[at];
        }
        return written;
    }
}
