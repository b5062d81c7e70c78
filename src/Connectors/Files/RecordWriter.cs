using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Rows of batches as records of a file. A row that the format cannot hold is set aside whole where the plan allows that, else thrown.
/// Not thread-safe.
/// </summary>
internal sealed class RecordWriter
{
    private readonly TablePlan plan;
    private readonly FilesOptions options;
    private readonly FileCellWriter[] cells;
    private readonly bool[] areAny;
    /// <summary>What stands before each cell.</summary>
    private readonly byte[][] leads;
    private readonly byte[] nothing, end;
    private readonly CsvText? csv;
    private readonly IFileText text;

    public RecordWriter(TablePlan plan, FilesOptions options)
    {
        this.plan = plan;
        this.options = options;
        var columns = plan.TargetSchema.Columns;
        csv = options.IsJson ? null : new CsvText(options);
        text = (IFileText?)csv ?? JsonText.Instance;
        cells = [.. columns.Select(c => For(c.Type))];
        areAny = [.. columns.Select(c => c.Type.Kind == TypeKind.Any)];
        nothing = options.IsJson ? "null"u8.ToArray() : options.Null;
        var line = options.HasReturns ? "\r\n"u8.ToArray() : "\n"u8.ToArray();
        end = options.IsJson ? [(byte)'}', .. line] : line;
        leads = [.. columns.Select((c, i) => options.IsJson ? Member(c.Name, i) : i == 0 ? [] : new[] { options.Delimiter })];
    }

    /// <summary>The record that names the columns, where a file begins with one.</summary>
    /// <exception cref="PawlException">A name cannot be written.</exception>
    public void Header(FileBuffer to)
    {
        if (csv is null || !options.Header) return;
        for (var i = 0; i < leads.Length; i++)
        {
            to.Write(leads[i]);
            var name = plan.TargetSchema.Columns[i].Name;
            if (csv.TryWrite(Encoding.UTF8.GetBytes(name), TypeKind.Text, to)) continue;
            throw new PawlException(Fault.Schema, Codes.TextUnfit, ("table", plan.Target), ("column", name),
                ("cause", Cause(TypeKind.Text)));
        }
        to.Write(end);
    }

    /// <summary>Writes a batch, handing the buffer on whenever it is full.</summary>
    /// <returns>Rows written.</returns>
    public long Write(LaneId lane, RowBatch batch, FileBuffer to, List<RejectedRow> rejected, Action<FileBuffer> full)
    {
        var columns = batch.Columns;
        for (var i = 0; i < cells.Length; i++) cells[i].Attach(columns[i]);
        long written = 0;
        for (var row = 0; row < batch.Rows; row++)
        {
            var start = to.Used;
            var refused = Row(columns, row, to);
            if (refused < 0)
            {
                to.Write(end);
                written++;
            }
            else
            {
                to.Cut(start);
                Refuse(lane, batch, row, refused, rejected);
            }
            if (to.IsFull) full(to);
        }
        return written;
    }

    /// <summary>The place of the column whose cell is refused; negative when the row is written.</summary>
    private int Row(Column[] columns, int row, FileBuffer to)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            to.Write(leads[i]);
            var column = columns[i];
            if (column.IsNull(row)) to.Write(nothing);
            else if (column.Strays is not null && column.Stray(row) is { } stray)
            {
                if (!areAny[i] || !TryWrite(stray, to)) return i;
            }
            else
            {
                var from = to.Used;
                if (!cells[i].TryWrite(row, to)) return i;
                if (csv is not null && nothing.Length > 0 && !TryKeepFromNull(columns[i], from, to)) return i;
            }
        }
        return -1;
    }

    /// <summary>A number or a date may look like the text that means NULL.</summary>
    private bool TryKeepFromNull(Column column, int from, FileBuffer to)
    {
        if (column is BytesColumn || !csv!.IsNothing(to.Written[from..])) return true;
        if (options.Quote == 0) return false;
        var value = to.Written[from..].ToArray();
        to.Cut(from);
        csv.Quoted(value, to);
        return true;
    }

    private bool TryWrite(StrayCell cell, FileBuffer to)
    {
        switch (cell.Kind)
        {
            case TypeKind.Integer:
                System.Buffers.Text.Utf8Formatter.TryFormat(cell.Number, to.Room(24), out var length);
                to.Take(length);
                return true;
            case TypeKind.Float64:
                FileFloatWriter.Write(BitConverter.Int64BitsToDouble(cell.Number), false, options.IsJson ? (byte)'"' : (byte)0, to);
                return true;
            case TypeKind.Bytes:
                return text.TryWrite(FileHexWriter.Hex(cell.Data, new byte[2 + 2 * cell.Data!.Length]), TypeKind.Bytes, to);
            default: return System.Text.Unicode.Utf8.IsValid(cell.Data) && text.TryWrite(cell.Data, TypeKind.Text, to);
        }
    }

    private FileCellWriter For(LogicalType type)
    {
        var quote = options.IsJson ? (byte)'"' : (byte)0;
        return type.Kind switch
        {
            TypeKind.Float32 or TypeKind.Float64 => new FileFloatWriter(type.Kind == TypeKind.Float32, quote),
            TypeKind.Uuid or TypeKind.Interval => new FileWideWriter(type.Kind, quote),
            TypeKind.Bytes => new FileHexWriter(text),
            _ when type.Storage == Storage.Int64 => new FileLongWriter(type.Kind, quote),
            _ => new FileTextWriter(type.Kind, text),
        };
    }

    private static byte[] Member(string name, int place)
    {
        using var member = new FileBuffer();
        member.Write(place == 0 ? (byte)'{' : (byte)',');
        JsonText.String(Encoding.UTF8.GetBytes(name), member);
        member.Write((byte)':');
        return member.Written.ToArray();
    }

    private void Refuse(LaneId lane, RowBatch batch, int row, int place, List<RejectedRow> rejected)
    {
        var column = batch.Columns[place];
        var key = plan.TargetSchema.Key.Columns;
        var where = batch.Place?.Invoke(row) ?? (key.Count == 0 ? null : RowJson.Write(batch, row, key));
        var stray = column.Stray(row);
        var code = stray is not null && !areAny[place] ? Codes.TypeMismatch : Codes.TextUnfit;
        var cause = code == Codes.TypeMismatch ? stray!.Value.Kind.ToString().ToLowerInvariant() : Cause(column.Schema.Type.Kind);
        if (!plan.SetsAside)
        {
            throw new PawlException(Fault.Data, code, ("table", plan.Target), ("column", column.Schema.Name), ("where", where),
                (code == Codes.TypeMismatch ? "found" : "cause", cause));
        }
        rejected.Add(new RejectedRow
        {
            Lane = lane, Table = plan.Source, Row = RowJson.Write(batch, row), Column = column.Schema.Name, Code = code, Cause = cause,
            Where = where,
        });
    }

    private string Cause(TypeKind kind) => (csv, kind) switch
    {
        (null, TypeKind.Json) => "JSON that is the word null, takes several lines, or has blanks around it",
        (null, _) => "bytes that are not UTF-8",
        _ when options.Quote == 0 => "without quotes it would be read as something else",
        _ => "a NUL character, or bytes that are not UTF-8",
    };
}
