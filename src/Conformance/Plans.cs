using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Conformance;

/// <summary>Plans for the suites' own tables.</summary>
public static class Plans
{
    /// <summary>A table of orders with a key, a text and an amount; rows are <see cref="Orders"/>.</summary>
    public static SampleTable OrderTable(string name = "orders", bool keyed = true) => new(name,
    [
        new("id", LogicalType.Int64, !keyed), new("note", LogicalType.Text), new("amount", LogicalType.Float64),
    ], keyed ? ["id"] : [], []);

    public static IReadOnlyList<object?[]> Orders(int rows, int from = 0) =>
        [.. Enumerable.Range(from, rows).Select(i => new object?[] { (long)i, i % 5 == 4 ? null : $"order {i}", i * 0.25 })];

    public static TablePlan For(ISinkFixture fixture, SampleTable table, long generation = 1, int splits = 2,
        WriteMode write = WriteMode.Insert, long rejectLimit = 0)
    {
        var schema = Schema(table, fixture.Name(table.Name));
        return new TablePlan
        {
            Source = new TableName(null, table.Name),
            Target = fixture.Name(table.Name),
            Generation = generation,
            SourceSchema = schema,
            TargetSchema = schema,
            Read = new ReadOptions { Splits = splits },
            Splits =
            [
                .. Enumerable.Range(0, splits).Select(i => new Split
                {
                    Index = i,
                    After = i == 0 ? null : SinkLane.At0(i * 1000),
                    Through = i == splits - 1 ? null : SinkLane.At0((i + 1) * 1000),
                    EstimatedRows = 1000,
                }),
            ],
            Write = write,
            RejectLimit = rejectLimit,
            ResultHash = $"hash-{table.Name}",
            SourceIdentity = new SourceIdentity("conformance:1", "conformance"),
        };
    }

    /// <summary>What a source would say of the table.</summary>
    public static TableSchema Schema(SampleTable table, TableName name)
    {
        var columns = table.Columns.Select(c => new ColumnSchema { Name = c.Name, Type = c.Type, Nullable = c.Nullable }).ToArray();
        return new TableSchema
        {
            Name = name,
            Columns = columns,
            Key = new KeySchema([.. table.Key.Select(k => Array.FindIndex(columns, c => c.Name == k))],
                table.Key.Count > 0 ? KeyKind.Primary : KeyKind.None),
            Identity = "conformance",
        };
    }
}
