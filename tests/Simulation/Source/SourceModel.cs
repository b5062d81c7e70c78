using System.Globalization;
using System.Text;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Simulation;

internal enum KeyShape { Whole, Pair, Text }

/// <summary>A key of a simulated table; the source alone orders keys.</summary>
internal readonly record struct SimKey(long A, long B, string T) : IComparable<SimKey>
{
    public int CompareTo(SimKey other)
    {
        var order = A.CompareTo(other.A);
        if (order == 0) order = B.CompareTo(other.B);
        return order != 0 ? order : string.CompareOrdinal(T, other.T);
    }

    public string Write(KeyShape shape) => shape switch
    {
        KeyShape.Whole => A.ToString(CultureInfo.InvariantCulture),
        KeyShape.Pair => FormattableString.Invariant($"{A},{B}"),
        _ => T,
    };

    public static SimKey Read(KeyShape shape, string text)
    {
        if (shape == KeyShape.Text) return new SimKey(0, 0, text);
        var parts = text.Split(',');
        return new SimKey(long.Parse(parts[0], CultureInfo.InvariantCulture),
            parts.Length > 1 ? long.Parse(parts[1], CultureInfo.InvariantCulture) : 0, "");
    }
}

/// <summary>One row at the source. <paramref name="Number"/> is what conditions look at.</summary>
internal sealed record SourceRow(SimKey Key, int Number, long? Value, string? Text, double Real)
{
    public bool Refused => Text == RowStore.Refused;
}

/// <summary>What a source table holds at one time. Immutable; a change makes another one.</summary>
internal sealed record SourceContent(string Name, KeyShape Shape, string Identity, bool ExtraColumn, IReadOnlyList<SourceRow> Rows)
{
    public TableSchema Schema { get; } = MakeSchema(Name, Shape, Identity, ExtraColumn, Rows.Count);

    private static TableSchema MakeSchema(string name, KeyShape shape, string identity, bool extra, int rows)
    {
        var columns = new List<ColumnSchema>();
        if (shape == KeyShape.Text) columns.Add(new ColumnSchema { Name = "k", Type = LogicalType.Text, Nullable = false });
        else columns.Add(new ColumnSchema { Name = "k", Type = LogicalType.Int64, Nullable = false });
        if (shape == KeyShape.Pair) columns.Add(new ColumnSchema { Name = "k2", Type = LogicalType.Int64, Nullable = false });
        var keys = Enumerable.Range(0, columns.Count).ToArray();
        columns.Add(new ColumnSchema { Name = "v", Type = LogicalType.Int64 });
        columns.Add(new ColumnSchema { Name = "t", Type = LogicalType.Text });
        columns.Add(new ColumnSchema { Name = "f", Type = LogicalType.Float64 });
        if (extra) columns.Add(new ColumnSchema { Name = "x", Type = LogicalType.Int64 });
        return new TableSchema
        {
            Name = new TableName(null, name),
            Columns = columns,
            Key = new KeySchema(keys, KeyKind.Primary),
            Identity = identity,
            EstimatedRows = rows,
        };
    }

    /// <summary>The simulated source's conditions.</summary>
    public static bool Meets(SourceRow row, string? where) => where switch
    {
        null => true,
        "even" => row.Number % 2 == 0,
        "third" => row.Number % 3 != 0,
        _ => throw new PawlException(Fault.Configuration, Codes.ExpressionInvalid, ("where", where)),
    };

    /// <summary>What the row must look like at the target, by the rule alone: the checker's own words, not the engine's.</summary>
    public string Expected(SourceRow row, TableRule rule)
    {
        var text = new StringBuilder(64);
        if (Shape == KeyShape.Text) Add(text, rule, "k", "t" + row.Key.T);
        else Add(text, rule, "k", FormattableString.Invariant($"i{row.Key.A}"));
        if (Shape == KeyShape.Pair) Add(text, rule, "k2", FormattableString.Invariant($"i{row.Key.B}"));
        Add(text, rule, "v", row.Value is { } v ? FormattableString.Invariant($"i{v}") : "~");
        Add(text, rule, "t", row.Text is { } t ? "t" + t : "~");
        Add(text, rule, "f", "f" + BitConverter.DoubleToInt64Bits(row.Real).ToString("x", CultureInfo.InvariantCulture));
        if (ExtraColumn) Add(text, rule, "x", "i7");
        foreach (var (column, value) in rule.Set) text.Append(column).Append("=t").Append(value).Append('|');
        return text.ToString();
    }

    private static void Add(StringBuilder text, TableRule rule, string column, string cell)
    {
        if (rule.Drop.Contains(column)) return;
        text.Append(rule.Rename.GetValueOrDefault(column, column)).Append('=').Append(cell).Append('|');
    }

    public RowBatch Batch(IReadOnlyList<string>? columns)
    {
        var schema = Schema;
        if (columns is null) return new RowBatch(schema);
        var places = columns.Select(schema.IndexOf).ToArray();
        var keys = schema.Key.Columns.Select(k => Array.IndexOf(places, k)).ToArray();
        return new RowBatch(schema with
        {
            Columns = [.. places.Select(p => schema.Columns[p])],
            Key = keys.Contains(-1) ? new KeySchema([], KeyKind.None) : new KeySchema(keys, KeyKind.Primary),
        });
    }

    public static void Append(RowBatch batch, SourceRow row)
    {
        foreach (var column in batch.Columns)
        {
            switch (column.Schema.Name)
            {
                case "k" when column is BytesColumn text: text.Append(Encoding.UTF8.GetBytes(row.Key.T)); break;
                case "k": ((Int64Column)column).Append(row.Key.A); break;
                case "k2": ((Int64Column)column).Append(row.Key.B); break;
                case "v" when row.Value is { } v: ((Int64Column)column).Append(v); break;
                case "t" when row.Text is { } t: ((BytesColumn)column).Append(Encoding.UTF8.GetBytes(t)); break;
                case "f": ((Float64Column)column).Append(row.Real); break;
                case "x": ((Int64Column)column).Append(7); break;
                default: column.AppendNull(); break;
            }
        }
        batch.Rows++;
    }
}
