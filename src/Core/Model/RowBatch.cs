namespace Pawl.Model;

/// <summary>What a row does. A batch without <see cref="RowBatch.Ops"/> holds rows of a table, all <see cref="Insert"/>.</summary>
public enum Op : byte { Insert, Update, Delete }

/// <summary>
/// Columnar rows of one table; the unit of transfer, transform and write. One owner at a time: whoever is handed a batch disposes it
/// or hands it on. Not thread-safe.
/// </summary>
public sealed class RowBatch : IDisposable
{
    public RowBatch(TableSchema schema)
    {
        Schema = schema;
        Columns = new Column[schema.Columns.Count];
        for (var i = 0; i < Columns.Length; i++) Columns[i] = Column.Create(schema.Columns[i]);
    }

    /// <summary>A batch made of columns that are already filled (transforms). Takes over the columns.</summary>
    public RowBatch(TableSchema schema, Column[] columns, int rows)
    {
        Schema = schema;
        Columns = columns;
        Rows = rows;
    }

    public TableSchema Schema { get; }

    /// <summary>In the order of <see cref="TableSchema.Columns"/>, all of <see cref="Rows"/> cells.</summary>
    public Column[] Columns { get; }

    /// <summary>Set by whoever fills the columns.</summary>
    public int Rows { get; set; }

    /// <summary>For changes: one per row. Null: all rows are inserts.</summary>
    public Op[]? Ops { get; init; }

    /// <summary>
    /// For changes: true where the log did not carry the cell (unchanged TOAST, key-only deletes), [column][row]. Null: all carried.
    /// </summary>
    public bool[]?[]? Absent { get; init; }

    /// <summary>For changes: the key columns as they were before, same row count. Null: keys did not change.</summary>
    public RowBatch? Before { get; init; }

    /// <summary>
    /// The rows in a system's own bulk format, if the source had them so. A sink that does not know the format ignores it.
    /// </summary>
    public WireImage? Wire { get; init; }

    /// <summary>Payload in bytes.</summary>
    public long Bytes
    {
        get
        {
            long sum = Wire?.Data.Length ?? 0;
            foreach (var column in Columns) sum += column.Bytes;
            return sum + (Before?.Bytes ?? 0);
        }
    }

    public bool HasStrays
    {
        get
        {
            foreach (var column in Columns)
            {
                if (column.Strays is not null) return true;
            }
            return false;
        }
    }

    /// <summary>Gives the arrays back. Twice does nothing.</summary>
    public void Dispose()
    {
        foreach (var column in Columns) column.Dispose();
        Before?.Dispose();
    }
}

/// <summary>Rows as they came off the wire.</summary>
/// <param name="Format">Format and version, e.g. <c>pgcopy/1</c>.</param>
/// <param name="Data">The tuples, without header and trailer.</param>
public sealed record WireImage(string Format, ReadOnlyMemory<byte> Data);
