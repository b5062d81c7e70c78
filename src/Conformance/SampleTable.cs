using Pawl.Model;

namespace Pawl.Conformance;

/// <summary>A table with rows that a fixture creates by other means than the connector's. Immutable.</summary>
/// <param name="Name">Unqualified.</param>
/// <param name="Key">Columns of the primary key, in key order; empty = a table without any key.</param>
/// <param name="Rows">Cells as long, double, string, byte[], <see cref="UInt128"/> or null, in column order.</param>
public sealed record SampleTable(string Name, IReadOnlyList<SampleColumn> Columns, IReadOnlyList<string> Key,
    IReadOnlyList<object?[]> Rows);

/// <summary>One column of a <see cref="SampleTable"/>.</summary>
public sealed record SampleColumn(string Name, LogicalType Type, bool Nullable = true);

/// <summary>The tables every source has to read. Made anew for each call; nothing is random.</summary>
public static class Samples
{
    private static readonly SampleColumn Id = new("id", LogicalType.Int64, false);
    private static readonly SampleColumn Note = new("note", LogicalType.Text);
    private static readonly SampleColumn Amount = new("amount", LogicalType.Float64);

    /// <summary>Whole-number keys with gaps, negatives and both ends of the range.</summary>
    public static SampleTable Integers(string name = "integers") => new(name, [Id, Note, Amount], ["id"],
    [
        .. new[] { long.MinValue, -1_000_000_007, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 100, 101, 5000, long.MaxValue - 1, long.MaxValue }
            .Select((id, i) => new object?[] { id, i % 4 == 3 ? null : $"note {i}", i * 0.5 }),
    ]);

    /// <summary>Many rows in a run, then a desert, then a few.</summary>
    public static SampleTable Skewed(string name = "skewed") => new(name, [Id, Note], ["id"],
        [.. Enumerable.Range(0, 300).Select(i => new object?[] { i < 290 ? i : i * 1_000_000L, $"n{i}" })]);

    /// <summary>Text keys that differ by case, accent, length and script, with an empty one among them.</summary>
    public static SampleTable Texts(string name = "texts") => new(name, [new("code", LogicalType.Text, false), Note], ["code"],
    [
        .. new[] { "", "a", "aa", "ab", "b", "B", "Z", "z", "é", "e", "ß", "中文", "棘爪", "🦀", "a b", "a'b", "a\"b", "a%", "a_", "\\", "10",
            "9" }
            .Select((code, i) => new object?[] { code, $"note {i}" }),
    ]);

    /// <summary>Two key columns, so that many rows share the first.</summary>
    public static SampleTable Composite(string name = "composite") => new(name,
        [new("shop", LogicalType.Text, false), new("number", LogicalType.Int64, false), Note], ["shop", "number"],
        [.. Enumerable.Range(0, 60).Select(i => new object?[] { i < 40 ? "north" : i < 50 ? "South" : "west", (long)(i % 40), $"n{i}" })]);

    /// <summary>No key; some rows are alike.</summary>
    public static SampleTable Keyless(string name = "keyless") => new(name, [Note, Amount], [],
        [.. Enumerable.Range(0, 25).Select(i => new object?[] { $"n{i / 2}", i / 2 * 1.0 })]);

    /// <summary>No rows.</summary>
    public static SampleTable Empty(string name = "empty") => new(name, [Id, Note], ["id"], []);

    /// <summary>One row.</summary>
    public static SampleTable Single(string name = "single") => new(name, [Id, Note], ["id"], [[7L, "only"]]);

    /// <summary>Rows far larger than a small budget, small ones between them.</summary>
    public static SampleTable Wide(string name = "wide") => new(name, [Id, new("body", LogicalType.Bytes)], ["id"],
        [.. Enumerable.Range(0, 12).Select(i => new object?[] { (long)i, new byte[i % 3 == 1 ? 200_000 : 10] })]);

    public static IEnumerable<SampleTable> Keyed() => [Integers(), Skewed(), Texts(), Composite(), Single(), Wide(), Empty()];
}
