using System.Globalization;
using System.Text;
using Pawl.Model;

namespace Pawl.Conformance;

/// <summary>Rows as plain texts that can be compared and printed, and back into batches. Own code, not the digest's.</summary>
public static class Cells
{
    /// <summary>
    /// What a cell is, whatever its column was declared as: <c>i:5</c>, <c>f:…</c> (bits), <c>t:…</c>, <c>b:…</c> (hex), <c>∅</c>.
    /// </summary>
    public static string Text(object? cell) => cell switch
    {
        null => "∅",
        long whole => string.Create(CultureInfo.InvariantCulture, $"i:{whole}"),
        double real => $"f:{BitConverter.DoubleToInt64Bits(real):x16}",
        string text => $"t:{text}",
        byte[] bytes => $"b:{Convert.ToHexStringLower(bytes)}",
        UInt128 wide => $"u:{wide:x32}",
        _ => throw new ArgumentException($"no cell: {cell.GetType()}", nameof(cell)),
    };

    public static string Row(IEnumerable<object?> cells) => string.Join(" | ", cells.Select(Text));

    public static IEnumerable<string> Rows(RowBatch batch)
    {
        for (var row = 0; row < batch.Rows; row++) yield return string.Join(" | ", batch.Columns.Select(c => Text(Read(c, row))));
    }

    public static object? Read(Column column, int row)
    {
        if (column.IsNull(row)) return null;
        if (column.Strays is { } strays && strays.TryGetValue(row, out var stray)) return Read(stray);
        return column switch
        {
            Int64Column whole => whole.Values[row],
            Float64Column real => real.Values[row],
            Fixed16Column wide => wide.Values[row],
            BytesColumn bytes when column.Schema.Type.Kind is TypeKind.Bytes => bytes[row].ToArray(),
            BytesColumn bytes => Encoding.UTF8.GetString(bytes[row]),
            _ => throw new NotSupportedException(column.GetType().Name),
        };
    }

    private static object Read(StrayCell cell) => cell.Kind switch
    {
        TypeKind.Float64 => BitConverter.Int64BitsToDouble(cell.Number),
        TypeKind.Text => Encoding.UTF8.GetString(cell.Data!),
        TypeKind.Bytes => cell.Data!,
        _ => cell.Number,
    };

    public static RowBatch Batch(TableSchema schema, IEnumerable<object?[]> rows)
    {
        var batch = new RowBatch(schema);
        foreach (var row in rows)
        {
            for (var i = 0; i < batch.Columns.Length; i++) Append(batch.Columns[i], row[i]);
            batch.Rows++;
        }
        return batch;
    }

    private static void Append(Column column, object? cell)
    {
        switch (column, cell)
        {
            case (_, null): column.AppendNull(); break;
            case (Int64Column whole, long value): whole.Append(value); break;
            case (Float64Column real, double value): real.Append(value); break;
            case (Fixed16Column wide, UInt128 value): wide.Append(value); break;
            case (BytesColumn bytes, byte[] value) when column.Schema.Type.Kind is TypeKind.Bytes: bytes.Append(value); break;
            case (BytesColumn bytes,
                string value) when column.Schema.Type.Kind is not TypeKind.Bytes: bytes.Append(Encoding.UTF8.GetBytes(value)); break;
            default: column.AppendStray(Stray(cell!)); break;
        }
    }

    private static StrayCell Stray(object cell) => cell switch
    {
        long whole => new StrayCell(TypeKind.Integer, whole, null),
        double real => new StrayCell(TypeKind.Float64, BitConverter.DoubleToInt64Bits(real), null),
        string text => new StrayCell(TypeKind.Text, 0, Encoding.UTF8.GetBytes(text)),
        byte[] bytes => new StrayCell(TypeKind.Bytes, 0, bytes),
        _ => throw new ArgumentException($"no stray: {cell.GetType()}", nameof(cell)),
    };
}
