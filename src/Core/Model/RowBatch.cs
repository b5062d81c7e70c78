namespace Pawl.Model;

/// <summary>What a row does. A batch without <see cref="RowBatch.Ops"/> holds rows of a table, all <see cref="Insert"/>.</summary>
public enum Op : byte { Insert, Update, Delete }

/// <summary>
/// Columnar rows of one table; the unit of transfer, transform and write. One owner at a time: whoever is handed a batch disposes it
/// or hands it on. Not thread-safe.
/// </summary>
public sealed class RowBatch : IDisposable
{
    private Column[]? columns;

    public RowBatch(TableSchema schema)
    {
        Schema = schema;
        columns = new Column[schema.Columns.Count];
        for (var i = 0; i < columns.Length; i++) columns[i] = Column.Create(schema.Columns[i]);
    }

    /// <summary>A batch made of columns that are already filled (transforms). Takes over the columns.</summary>
    public RowBatch(TableSchema schema, Column[] columns, int rows)
    {
        Schema = schema;
        this.columns = columns;
        Rows = rows;
    }

    /// <summary>A batch whose rows stay as they came off the wire until somebody asks for a column. Takes over the image.</summary>
    public RowBatch(TableSchema schema, WireImage wire, int rows)
    {
        Schema = schema;
        Wire = wire;
        Rows = rows;
    }

    public TableSchema Schema { get; }

    /// <summary>
    /// In the order of <see cref="TableSchema.Columns"/>, all of <see cref="Rows"/> cells. The first look decodes a batch that came as a
    /// wire image.
    /// </summary>
    public Column[] Columns => columns ??= Decode();

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
    /// The rows in a system's own bulk format, as the sink asked for them; null where they came as columns. Both say the same.
    /// </summary>
    public WireImage? Wire { get; }

    /// <summary>Where the row of a 0-based number was found, for people (file and line); null = its key says it.</summary>
    public Func<int, string>? Place { get; set; }

    /// <summary>Payload in bytes.</summary>
    public long Bytes
    {
        get
        {
            long sum = Wire?.Bytes ?? 0;
            foreach (var column in columns ?? []) sum += column.Bytes;
            return sum + (Before?.Bytes ?? 0);
        }
    }

    /// <summary>Never of a wire image: there every cell is of its column's type.</summary>
    public bool HasStrays
    {
        get
        {
            foreach (var column in columns ?? [])
            {
                if (column.Strays is not null) return true;
            }
            return false;
        }
    }

    /// <summary>The same rows under other names; this batch must not be used any more. Only for a batch with a wire image.</summary>
    public RowBatch Renamed(TableSchema schema)
    {
        var wire = Wire ?? throw new InvalidOperationException("a batch of columns is renamed column by column");
        return new RowBatch(schema, wire, Rows) { columns = columns is null ? null : Named(columns, schema) };
    }

    private Column[] Decode() => Named(Wire!.Decode(), Schema);

    private static Column[] Named(Column[] columns, TableSchema schema)
    {
        for (var i = 0; i < columns.Length; i++) columns[i].Schema = schema.Columns[i];
        return columns;
    }

    /// <summary>Gives the arrays back. Twice does nothing.</summary>
    public void Dispose()
    {
        foreach (var column in columns ?? []) column.Dispose();
        Before?.Dispose();
        Wire?.Dispose();
    }
}
