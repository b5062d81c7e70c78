using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>Rows and the position of the last of them.</summary>
internal sealed record SqliteRead(RowBatch Batch, Position? Last);

/// <summary>
/// One read of one split: a connection of its own and one read transaction over all its statements, so that one attempt sees one state of
/// the table. Blocking; one caller at a time, <see cref="Interrupt"/> from anywhere.
/// </summary>
internal sealed class SqliteReader : IDisposable
{
    private readonly SqliteFile file;
    private readonly SqliteQuery query;
    private readonly TableSchema output;
    private readonly BatchBudget budget;
    private readonly Queue<(string Sql, IReadOnlyList<object?> Values)> ranges;
    private readonly SqliteCells[] cells;
    private readonly SqliteByteCells[] byteCells;
    /// <summary>Where each key column's cells are found.</summary>
    private readonly SqliteCells[] keyCells;
    /// <summary>Key columns that nobody asked for: kept beside the batch for the position alone.</summary>
    private readonly SqliteCells[] hiddenCells;
    private readonly ColumnSchema[] hiddenColumns;
    private readonly int endFlag;
    private SqliteStatement? statement;
    private bool waiting;

    private SqliteReader(SqliteFile file, TableSchema table, ReadOptions options, Position? after, Position? through, BatchBudget budget)
    {
        this.file = file;
        this.budget = budget;
        var shape = SqliteShape.Required(table);
        query = new SqliteQuery(shape, table.Name.ToString(), options.Where, options.Window);
        output = Chosen(table, options.Columns);
        var hidden = query.Key.Where(k => !output.Columns.Any(c => SqliteNames.Same(c.Name, k.Column))).ToArray();
        hiddenColumns = [.. hidden.Select(k => KeyColumn(table, k))];
        var selected = output.Columns.Concat(hiddenColumns).ToArray();
        var utf8 = file.Text("pragma encoding") == "UTF-8";
        var all = selected.Select((c, i) => SqliteCells.For(c, i, utf8)).ToArray();
        cells = all[..output.Columns.Count];
        hiddenCells = all[output.Columns.Count..];
        byteCells = [.. all.OfType<SqliteByteCells>()];
        keyCells = [.. query.Key.Select(k => all[Array.FindIndex(selected, c => SqliteNames.Same(c.Name, k.Column))])];
        endFlag = query.HasEndFlag(through is not null) ? selected.Length : -1;
        object[]? Tuple(Position? p) => p is null ? null : SqliteKeyCodec.Read(p, query.Key.Count);
        ranges = new(query.Ranges([.. selected.Select(c => c.Name)], Tuple(after), Tuple(through)));
    }

    /// <exception cref="PawlException">Also <see cref="Codes.TableRecreated"/> when it is not the table of the plan any more.</exception>
    public static SqliteReader Open(string path, TimeSpan busy, TableSchema table, ReadOptions options, Position? after, Position? through,
        BatchBudget budget)
    {
        var file = SqliteFile.Open(path, SqliteAccess.Read, busy);
        try
        {
            file.Execute("pragma cache_size = -4096");
            file.Execute("begin");
            CheckIdentity(file, table);
            var reader = new SqliteReader(file, table, options, after, through, budget);
            reader.MoveOn();
            return reader;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The next rows; null when there are no more.</summary>
    public SqliteRead? Next(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var batch = new RowBatch(output);
        var hidden = Array.ConvertAll(hiddenColumns, Column.Create);
        try
        {
            for (var i = 0; i < cells.Length; i++) cells[i].Target = batch.Columns[i];
            for (var i = 0; i < hiddenCells.Length; i++) hiddenCells[i].Target = hidden[i];
            var rows = Fill(ct);
            if (rows == 0)
            {
                batch.Dispose();
                return null;
            }
            batch.Rows = rows;
            return new SqliteRead(batch, query.Key.Count == 0 ? null : SqliteKeyCodec.Write(KeyOf(rows - 1)));
        }
        catch
        {
            batch.Dispose();
            throw;
        }
        finally
        {
            foreach (var column in hidden) column.Dispose();
        }
    }

    public void Interrupt() => file.Interrupt();

    public void Dispose() => file.Dispose();

    private int Fill(CancellationToken ct)
    {
        var rows = 0;
        long bytes = 0;
        var fixedBytes = 8 * cells.Length;
        while (statement is not null && rows < budget.Rows && bytes < budget.Bytes)
        {
            if (!waiting && !Step(ct)) continue;
            var handle = statement.Handle;
            long size = fixedBytes;
            foreach (var cell in byteCells) size += cell.Measure(handle);
            if (size > budget.RowBytes)
            {
                throw new PawlException(Fault.Data, Codes.ValueTooLarge, ("table", output.Name), ("bytes", size),
                    ("limit", budget.RowBytes));
            }
            // A row that would burst the batch waits; alone it always fits.
            waiting = rows > 0 && bytes + size > budget.Bytes;
            if (waiting) break;
            bytes += fixedBytes;
            foreach (var cell in cells) bytes += cell.Append(handle);
            foreach (var cell in hiddenCells) cell.Append(handle);
            rows++;
        }
        return rows;
    }

    /// <summary>False: this range has ended and the next one, if any, has begun.</summary>
    private bool Step(CancellationToken ct)
    {
        try
        {
            if (statement!.Step())
            {
                if (endFlag < 0 || statement.Int64(endFlag) != 0) return true;
                ranges.Clear();
            }
        }
        catch (PawlException e) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException("The read was interrupted.", e, ct);
        }
        MoveOn();
        return false;
    }

    private void MoveOn()
    {
        statement?.Dispose();
        statement = null;
        if (!ranges.TryDequeue(out var range)) return;
        statement = file.Prepare(range.Sql, kept: true).BindAll(range.Values);
    }

    private object[] KeyOf(int row)
    {
        var values = new object[keyCells.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var column = keyCells[i].Target;
            if (column.IsNull(row))
            {
                throw new PawlException(Fault.Schema, Codes.KeyNull, ("column", column.Schema.Name), ("table", output.Name));
            }
            values[i] = column.Strays is { } strays && strays.TryGetValue(row, out var stray) ? Value(stray) : Value(column, row);
        }
        return values;
    }

    private static object Value(StrayCell cell) => cell.Kind switch
    {
        TypeKind.Integer => cell.Number,
        TypeKind.Float64 => BitConverter.Int64BitsToDouble(cell.Number),
        TypeKind.Text => new Utf8(cell.Data!),
        _ => cell.Data!,
    };

    private static object Value(Column column, int row) => column switch
    {
        Int64Column whole => whole.Values[row],
        Float64Column real => real.Values[row],
        BytesColumn { Schema.Type.Kind: TypeKind.Bytes } bytes => bytes[row].ToArray(),
        _ => new Utf8(((BytesColumn)column)[row].ToArray()),
    };

    private static TableSchema Chosen(TableSchema table, IReadOnlyList<string>? columns)
    {
        if (columns is null) return table;
        var chosen = columns.Select(name => table.Columns.FirstOrDefault(c => SqliteNames.Same(c.Name, name))
            ?? throw new PawlException(Fault.Schema, Codes.ColumnMissing, ("table", table.Name), ("column", name))).ToArray();
        var key = table.Key.Columns.Select(k => Array.FindIndex(chosen, c => c.Name == table.Columns[k].Name)).ToArray();
        return table with
        {
            Columns = chosen,
            Key = key.Length > 0 && key.All(k => k >= 0) ? new KeySchema(key, table.Key.Kind) : new KeySchema([], KeyKind.None),
        };
    }

    private static ColumnSchema KeyColumn(TableSchema table, SqliteKeyPart part) =>
        table.Columns.FirstOrDefault(c => SqliteNames.Same(c.Name, part.Column))
        ?? new ColumnSchema { Name = part.Column, Type = LogicalType.Int64, Nullable = false };

    private static void CheckIdentity(SqliteFile file, TableSchema table)
    {
        var now = SqliteCatalog.Identity(file, table.Name.ToString());
        if (now == table.Identity) return;
        throw new PawlException(Fault.PositionLost, Codes.TableRecreated, ("table", table.Name), ("file", file.Path),
            ("was", table.Identity), ("now", now));
    }
}
