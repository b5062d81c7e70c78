using System.Globalization;
using System.Text;
using Pawl.Model;

namespace Pawl.Core.Tests.Model;

/// <summary>Batches written down in tests: a cell is null, long, double, string, byte[], UInt128, or a <see cref="StrayCell"/>.</summary>
internal static class Rows
{
    public static TableSchema Schema(params (string Name, LogicalType Type)[] columns) => Schema(columns, new KeySchema([], KeyKind.None));

    public static TableSchema Schema((string Name, LogicalType Type)[] columns, KeySchema key) => new()
    {
        Name = new TableName(null, "t"),
        Columns = [.. columns.Select(c => new ColumnSchema { Name = c.Name, Type = c.Type })],
        Key = key,
        Identity = "t1",
    };

    public static RowBatch Batch(TableSchema schema, params object?[][] rows)
    {
        var batch = new RowBatch(schema) { Rows = rows.Length };
        foreach (var row in rows)
        {
            for (var c = 0; c < row.Length; c++) Append(batch.Columns[c], row[c]);
        }
        return batch;
    }

    public static void Append(Column column, object? cell)
    {
        switch (cell)
        {
            case null: column.AppendNull(); break;
            case StrayCell stray: column.AppendStray(stray); break;
            case int number: ((Int64Column)column).Append(number); break;
            case long number: ((Int64Column)column).Append(number); break;
            case double real: ((Float64Column)column).Append(real); break;
            case UInt128 wide: ((Fixed16Column)column).Append(wide); break;
            case string text: ((BytesColumn)column).Append(Encoding.UTF8.GetBytes(text)); break;
            case byte[] bytes: ((BytesColumn)column).Append(bytes); break;
            default: throw new ArgumentException(cell.GetType().Name);
        }
    }

    public static object? Cell(Column column, int row)
    {
        if (column.IsNull(row)) return null;
        if (column.Strays is { } strays && strays.TryGetValue(row, out var stray)) return stray;
        return column switch
        {
            Int64Column whole => whole.Values[row],
            Float64Column real => real.Values[row],
            Fixed16Column wide => wide.Values[row],
            BytesColumn bytes => bytes[row].ToArray(),
            _ => throw new InvalidOperationException(),
        };
    }

    /// <summary>Readable and exact, for comparing in assertions.</summary>
    public static string Show(RowBatch batch)
    {
        var text = new StringBuilder();
        for (var row = 0; row < batch.Rows; row++)
        {
            text.AppendJoin('|', batch.Columns.Select(c => Show(Cell(c, row)))).Append('\n');
        }
        return text.ToString();
    }

    public static string Show(object? cell) => cell switch
    {
        null => "null",
        byte[] bytes => "x" + Convert.ToHexString(bytes),
        double real => "f" + BitConverter.DoubleToInt64Bits(real).ToString("x", CultureInfo.InvariantCulture),
        StrayCell { Data: { } data } stray => $"stray {stray.Kind} {Convert.ToHexString(data)}",
        _ => Convert.ToString(cell, CultureInfo.InvariantCulture)!,
    };

    public static StrayCell Text(string text) => new(TypeKind.Text, 0, Encoding.UTF8.GetBytes(text));
    public static StrayCell Blob(params byte[] bytes) => new(TypeKind.Bytes, 0, bytes);
    public static StrayCell Whole(long value) => new(TypeKind.Integer, value, null);
    public static StrayCell Real(double value) => new(TypeKind.Float64, BitConverter.DoubleToInt64Bits(value), null);
}
