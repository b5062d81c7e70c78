using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Transform;

namespace Pawl.Connectors.Files;

/// <summary>Rows, records that are none, and the position behind the last of them.</summary>
internal sealed record FilesRead(RowBatch? Batch, IReadOnlyList<RejectedRow> Rejected, Position Last);

/// <summary>One read of one split, file by file, record by record. Blocking; one caller at a time.</summary>
internal sealed class FilesReader : IDisposable
{
    private const int Chunk = 1 << 18;

    private readonly FilesCatalog catalog;
    private readonly TableSchema table;
    private readonly TableSchema output;
    private readonly FileCell[] cells;
    private readonly BatchBudget budget;
    private readonly int most;
    private readonly Queue<FileRange> ranges;
    private readonly List<RejectedRow> rejected = [];
    private FileRange range = null!;
    private OpenedFile? file;
    private FileText text = null!;
    private FileLayout layout = null!;
    private RecordParser parser = null!;
    private int[] places = [];
    private long line;

    public FilesReader(FilesCatalog catalog, TableSchema table, ReadOptions options, IEnumerable<FileRange> ranges, BatchBudget budget)
    {
        this.catalog = catalog;
        this.table = table;
        this.budget = budget;
        this.ranges = new Queue<FileRange>(ranges);
        output = Projection.Schema(table, options.Columns);
        cells = [.. output.Columns.Select(c => FileCell.For(c.Type))];
        most = (int)Math.Min(budget.RowBytes, BytesColumn.MaxBytes);
    }

    /// <summary>What comes next; null when there is no more.</summary>
    public FilesRead? Next(CancellationToken ct)
    {
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            if (file is null && !MoveOn()) return null;
            try
            {
                if (Fill(ct) is { } read) return read;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw FilesFaults.Classify(e, file!.Path);
            }
            Close();
        }
    }

    public void Dispose() => Close();

    private void Close()
    {
        if (file is null) return;
        text?.Dispose();
        file.Dispose();
        file = null;
    }

    private bool MoveOn()
    {
        if (!ranges.TryDequeue(out var next)) return false;
        range = next;
        file = OpenedFile.Open(catalog, table.Name, range.File, range.End);
        layout = FileLayout.Of(file, catalog.OptionsFor(range.File), table.Name, sample: false);
        var columns = catalog.Options.IsJson ? [.. table.Columns.Select(c => c.Name)] : Matched(layout.Columns);
        places = [.. output.Columns.Select(c => Index(columns, c.Name))];
        parser = catalog.Options.IsJson
            ? new JsonlParser(columns, [.. table.Columns.Select(c => c.Type.Kind == TypeKind.Json)])
            : new CsvParser(catalog.Options, columns.Count);
        if (range.After is not null) file.CheckBefore(range.After);
        var start = range.After?.Offset ?? layout.Start;
        line = range.After?.Line ?? layout.Lines;
        text = new FileText(file.Read(start), layout.Encoding, start, Chunk, most);
        return true;
    }

    /// <summary>A file of another layout than its table's would be read into the wrong columns.</summary>
    private IReadOnlyList<string> Matched(IReadOnlyList<string> columns)
    {
        if (columns.Count == table.Columns.Count && columns.All(name => table.IndexOf(name) >= 0)) return columns;
        throw new PawlException(Fault.Schema, Codes.SchemaChanged, ("table", table.Name), ("file", file!.Path),
            ("change", $"{range.File.Path} has the columns {string.Join(", ", columns)}"));
    }

    private static int Index(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name) return i;
        }
        return -1;
    }

    /// <summary>Null when the file has no more.</summary>
    private FilesRead? Fill(CancellationToken ct)
    {
        var batch = new RowBatch(output);
        try
        {
            for (var i = 0; i < cells.Length; i++) cells[i].Target = batch.Columns[i];
            var lines = new List<long>();
            var rows = Rows(lines, ct);
            if (rows + rejected.Count == 0)
            {
                batch.Dispose();
                return null;
            }
            var read = new FilesRead(rows == 0 ? null : batch, [.. rejected], file!.At(text.Offset, line).Write());
            rejected.Clear();
            batch.Rows = rows;
            var name = range.File.Path;
            batch.Place = row => FormattableString.Invariant($"{name}:{lines[row]}");
            if (rows == 0) batch.Dispose();
            return read;
        }
        catch
        {
            batch.Dispose();
            throw;
        }
    }

    private int Rows(List<long> lines, CancellationToken ct)
    {
        var rows = 0;
        long bytes = 0;
        while (rows + rejected.Count < budget.Rows && bytes < budget.Bytes && text.Offset < range.Stop)
        {
            var window = text.Text;
            var kind = parser.Parse(window, text.AtEnd);
            if (kind == RecordKind.More)
            {
                if (text.AtEnd) break;
                ct.ThrowIfCancellationRequested();
                More();
                continue;
            }
            if (text.AtEnd && IsHalf(window, kind)) break;
            if (parser.Length > most) throw TooLarge(parser.Length);
            bytes += parser.Length + 8 * cells.Length;
            if (kind == RecordKind.Row)
            {
                Append(window);
                lines.Add(line + 1);
                rows++;
            }
            var (length, ends, from) = (parser.Length, parser.Lines, text.Offset);
            if (kind == RecordKind.Broken) Reject(window[..length], from);
            text.Take(length, ends);
            line += ends;
        }
        return rows;
    }

    private void Append(ReadOnlySpan<byte> record)
    {
        var fields = parser.Fields;
        for (var i = 0; i < cells.Length; i++)
        {
            var field = fields[places[i]];
            if (field.Form == FieldForm.Null) cells[i].AppendNull();
            else cells[i].Append(parser.Value(record, field));
        }
    }

    /// <summary>
    /// The planned end lies within a record, because somebody was writing it: it is left for the next pass. A last record without a line
    /// end is whole when nothing came behind it, or the line end did.
    /// </summary>
    private bool IsHalf(ReadOnlySpan<byte> window, RecordKind kind)
    {
        var isCut = parser.Length == window.Length && (parser.IsOpen || window[^1] != '\n');
        if (!isCut || !file!.HasGrown) return false;
        return parser.IsOpen || !file.GoesOnWithLineEnd(layout.Encoding);
    }

    private void More()
    {
        try
        {
            text.More();
            // What was read up to here was read from the file that was planned.
            if (text.AtEnd && range.End is not null) file!.CheckEnd(range.End);
        }
        catch (PawlException e) when (e.Code == Codes.ValueTooLarge)
        {
            throw TooLarge(text.Text.Length);
        }
    }

    private PawlException TooLarge(int bytes) => new(Fault.Data, Codes.ValueTooLarge, ("table", table.Name), ("bytes", bytes),
        ("limit", most), ("where", Where(line + 1)), ("cause", "one record; a quote may be opened and not closed"));

    private string Where(long number) => FormattableString.Invariant($"{range.File.Path}:{number}");

    private void Reject(ReadOnlySpan<byte> record, long offset) => rejected.Add(new RejectedRow
    {
        Lane = default,
        Table = table.Name,
        Row = Shown(record.TrimEnd("\r\n"u8), offset),
        Code = Codes.RecordBroken,
        Cause = parser.Problem,
        Where = Where(line + 1),
    });

    /// <summary>A record that is no row, as it stands in the file.</summary>
    private string Shown(ReadOnlySpan<byte> record, long offset)
    {
        const int longest = 1 << 20;
        var shown = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(shown,
            new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteNumber("$offset", offset);
            if (record.Length > longest)
            {
                json.WriteNumber("$length", record.Length);
                record = record[..longest];
            }
            if (Utf8.IsValid(record)) json.WriteString("$record", record);
            else json.WriteBase64String("$bytes", record);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(shown.WrittenSpan);
    }
}
