using System.Buffers;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Texts as fields of CSV: quoted where the field would be read as something else – a delimiter or line end in it, empty, the text that
/// means NULL, a beginning that looks like a byte order mark. Thread-safe.
/// </summary>
internal sealed class CsvText : IFileText
{
    private readonly byte quote, escape;
    private readonly byte[] nothing;
    private readonly SearchValues<byte> special, doubled;

    public CsvText(FilesOptions options)
    {
        (quote, escape, nothing) = (options.Quote, options.Escape, options.Null);
        byte[] marks = [.. quote == 0 ? [] : new[] { quote }, .. escape == 0 ? [] : new[] { escape }];
        special = SearchValues.Create([options.Delimiter, (byte)'\r', (byte)'\n', 0, .. marks]);
        doubled = SearchValues.Create(marks);
    }

    public bool TryWrite(ReadOnlySpan<byte> value, TypeKind kind, FileBuffer to)
    {
        var isOdd = value.Length == 0 || value.ContainsAny(special) || IsNothing(value) || value.StartsWith("\uFEFF"u8);
        if (!isOdd)
        {
            to.Write(value);
            return true;
        }
        if (quote == 0 || value.Contains((byte)0)) return false;
        Quoted(value, to);
        return true;
    }

    /// <summary>A field that was written as it stands and happens to be the text that means NULL.</summary>
    public bool IsNothing(ReadOnlySpan<byte> field) => field.SequenceEqual(nothing);

    public void Quoted(ReadOnlySpan<byte> value, FileBuffer to)
    {
        to.Write(quote);
        while (value.IndexOfAny(doubled) is >= 0 and var at)
        {
            to.Write(value[..(at + 1)]);
            to.Write(value[at]);
            value = value[(at + 1)..];
        }
        to.Write(value);
        to.Write(quote);
    }
}
