using System.Globalization;
using System.Text;
using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>What the beginning of a file says of the rest: its encoding, its columns, and where its first record is. Immutable.</summary>
/// <param name="Columns">In the file's order.</param>
/// <param name="Start">Offset of the first record, in the content.</param>
/// <param name="Lines">Line ends before it.</param>
/// <param name="RecordBytes">What a record takes on average, as far as was looked; 0 = there are none.</param>
internal sealed record FileLayout(FileEncoding Encoding, IReadOnlyList<string> Columns, long Start, int Lines, double RecordBytes)
{
    private const int Chunk = 1 << 16, MostHeader = 16 << 20, MostSample = 1 << 20, MostRecords = 1000;

    /// <exception cref="PawlException"><see cref="Codes.RecordBroken"/>, <see cref="Codes.ColumnClash"/>.</exception>
    public static FileLayout Of(OpenedFile file, FilesOptions options, TableName table, bool sample)
    {
        var start = Beginning(file);
        var (encoding, mark) = options.Encoding.Of(start);
        using var text = new FileText(file.Read(mark), encoding, mark, Chunk, MostHeader);
        var layout = new FileLayout(encoding, options.Columns ?? [], mark, 0, 0);
        if (options.IsJson)
        {
            return options.Columns is null || sample ? layout.Sampled(text, options, table, $"{file.File.Path}:1") : layout;
        }
        if (options.Columns is null) layout = layout.WithHeader(text, options, table, file);
        return sample ? layout.Measured(text, options) : layout;
    }

    private static byte[] Beginning(OpenedFile file)
    {
        using var bytes = file.Read(0);
        var start = new byte[3];
        var read = 0;
        while (read < start.Length && bytes.Read(start.AsSpan(read)) is > 0 and var more) read += more;
        return start[..read];
    }

    private FileLayout WithHeader(FileText text, FilesOptions options, TableName table, OpenedFile file)
    {
        var parser = new CsvParser(options, 0);
        RecordKind kind;
        while ((kind = parser.Parse(text.Text, text.AtEnd)) == RecordKind.More && !text.AtEnd) text.More();
        if (kind != RecordKind.Row)
        {
            throw new PawlException(Fault.Schema, Codes.RecordBroken, ("table", table), ("where", $"{file.File.Path}:1"),
                ("cause", kind == RecordKind.More ? "there is no first record to name the columns" : parser.Problem));
        }
        var names = new string[parser.Fields.Length];
        for (var i = 0; i < names.Length; i++)
        {
            var name = options.Header ? Encoding8.GetString(parser.Value(text.Text, parser.Fields[i])) : "";
            names[i] = name.Length > 0 ? name : string.Create(CultureInfo.InvariantCulture, $"c{i + 1}");
        }
        if (names.GroupBy(n => n).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new PawlException(Fault.Schema, Codes.ColumnClash, ("table", table), ("column", twice.Key));
        }
        if (!options.Header) return this with { Columns = names };
        var lines = parser.Lines;
        text.Take(parser.Length, lines);
        return this with { Columns = names, Start = text.Offset, Lines = lines };
    }

    private static UTF8Encoding Encoding8 { get; } = new(false);

    private FileLayout Measured(FileText text, FilesOptions options)
    {
        var parser = new CsvParser(options, Columns.Count);
        var (records, from) = (0, text.Offset);
        while (records < MostRecords && text.Offset - from < MostSample)
        {
            var kind = parser.Parse(text.Text, text.AtEnd);
            if (kind == RecordKind.More && text.AtEnd) break;
            if (kind == RecordKind.More) text.More();
            else
            {
                text.Take(parser.Length, parser.Lines);
                records++;
            }
        }
        return this with { RecordBytes = records == 0 ? 0 : (double)(text.Offset - from) / records };
    }

    /// <summary>The members of the first records are the columns; a record that is no object names none.</summary>
    private FileLayout Sampled(FileText text, FilesOptions options, TableName table, string where)
    {
        var names = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var parser = new JsonlParser([], []);
        var (records, from) = (0, text.Offset);
        while (records < MostRecords && text.Offset - from < MostSample)
        {
            var kind = parser.Parse(text.Text, text.AtEnd);
            if (kind == RecordKind.More && text.AtEnd) break;
            if (kind == RecordKind.More)
            {
                text.More();
                continue;
            }
            if (kind != RecordKind.Blank) names.AddRange(NamesOf(text.Text[..parser.Length]).Where(known.Add));
            text.Take(parser.Length, parser.Lines);
            records++;
        }
        // Of a file without records nothing is known but what was declared.
        if (names.Count == 0) names.AddRange(options.Types.Columns);
        if (names.Count == 0 && options.Columns is null)
        {
            throw new PawlException(Fault.Schema, Codes.RecordBroken, ("table", table), ("where", where),
                ("cause", "there is no object to name the columns"));
        }
        return this with
        {
            Columns = options.Columns ?? names, RecordBytes = records == 0 ? 0 : (double)(text.Offset - from) / records,
        };
    }

    private static List<string> NamesOf(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonlParser.NamesOf(line);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Such a record is told of when it is read.
            return [];
        }
    }
}
