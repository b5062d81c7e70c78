using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>A column that rows are written to.</summary>
/// <param name="Place">0-based place in the batch; -1 = the row's number in this COPY, which the encoder makes itself.</param>
/// <param name="Name">As the target spells it.</param>
/// <param name="Cell">Writes its cells.</param>
internal sealed record PgCopyColumn(int Place, string Name, PgCell? Cell);

/// <summary>
/// Rows of a batch as COPY takes them: binary, or text where a column's type has no binary form that Pawl knows. A row that is refused
/// leaves nothing behind. Not thread-safe. https://www.postgresql.org/docs/current/sql-copy.html
/// </summary>
internal sealed class PgCopyEncoder(IReadOnlyList<PgCopyColumn> columns, bool isText) : IDisposable
{
    private readonly PgCopyColumn[] columns = [.. columns];
    private readonly PgCell?[] cells = [.. columns.Select(c => c.Cell)];
    private int attached;
    private long number;

    /// <summary>Signature, flags, length of the extension.</summary>
    public static readonly ReadOnlyMemory<byte> Header =
        new byte[] { (byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', 10, 255, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

    public static readonly ReadOnlyMemory<byte> Trailer = new byte[] { 255, 255 };

    public bool IsText => isText;

    public void Attach(RowBatch batch)
    {
        Detach();
        for (; attached < columns.Length; attached++) cells[attached]?.Attach(batch.Columns[columns[attached].Place]);
        number = 0;
    }

    public void Detach()
    {
        for (; attached > 0; attached--) cells[attached - 1]?.Detach();
    }

    /// <summary>Null when the row is written; else nothing of it is.</summary>
    public PgRowRefusal? Row(PgCopyBuffer to, int row)
    {
        var start = to.Length;
        var refused = isText ? TextRow(to, row) : BinaryRow(to, row);
        if (refused is null)
        {
            number++;
            return null;
        }
        to.CutTo(start);
        return refused;
    }

    private PgRowRefusal? BinaryRow(PgCopyBuffer to, int row)
    {
        to.Int16(cells.Length);
        for (var i = 0; i < cells.Length; i++)
        {
            if (cells[i] is not { } cell) to.Field64(number);
            else if (cell.Binary(to, row) is { } refusal) return new PgRowRefusal(columns[i].Place, columns[i].Name, refusal);
        }
        return null;
    }

    private PgRowRefusal? TextRow(PgCopyBuffer to, int row)
    {
        for (var i = 0; i < cells.Length; i++)
        {
            if (i > 0) to.Raw("\t"u8);
            if (cells[i] is not { } cell) PgText.Whole(to, number);
            else if (cell.Text(to, row) is { } refusal) return new PgRowRefusal(columns[i].Place, columns[i].Name, refusal);
        }
        to.Raw("\n"u8);
        return null;
    }

    public void Dispose() => Detach();
}

/// <summary>A row that cannot be stored as it is.</summary>
/// <param name="Place">0-based place of the column in the batch.</param>
/// <param name="Column">Its name in the target.</param>
/// <param name="Why">What is wrong with the cell.</param>
internal sealed record PgRowRefusal(int Place, string Column, PgRefusal Why);
