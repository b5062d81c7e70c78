using System.Buffers.Binary;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Rows of a binary copy stream as they came, without header and trailer: what COPY … FROM takes back.</summary>
internal sealed class PgWireRows(string format, PgCells[] cells, PgChunk chunk, int from, int length) : WireImage(format)
{
    private bool isDisposed;

    public override long Bytes => length;

    /// <summary>The rows. Valid until disposed.</summary>
    public ReadOnlyMemory<byte> Data => chunk.Buffer.AsMemory(from, length);

    /// <summary>
    /// False when a column's binary form is one that only the server reads; such rows can be handed on, and not looked into.
    /// </summary>
    public bool CanDecode => cells.All(c => c.IsDecoded);

    /// <exception cref="PawlException">A column is of a type that only the server reads.</exception>
    public override Column[] Decode()
    {
        if (!CanDecode) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "rows that only the server can read"));
        // Cells remember the column they fill, and the reader's are at work meanwhile.
        var own = cells.Select(c => c.Another()).ToArray();
        var columns = own.Select(c => c.Target = c.NewColumn()).ToArray();
        for (var rest = Data.Span; rest.Length > 0;)
        {
            rest = rest[2..];
            foreach (var cell in own)
            {
                var size = BinaryPrimitives.ReadInt32BigEndian(rest);
                rest = rest[4..];
                if (size < 0)
                {
                    cell.Target.AppendNull();
                    continue;
                }
                cell.Append(rest[..size]);
                rest = rest[size..];
            }
        }
        return columns;
    }

    public override void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        chunk.Release();
    }
}
