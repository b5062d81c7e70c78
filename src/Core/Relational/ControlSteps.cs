using Pawl.Model;

namespace Pawl.Relational;

public enum Comparison { Equal, NotEqual, Less, GreaterOrEqual, IsNull }

/// <summary>One term of a conjunction.</summary>
/// <param name="Value">long or string; ignored for <see cref="Comparison.IsNull"/>.</param>
public readonly record struct Condition(string Column, object? Value, Comparison Comparison = Comparison.Equal);

/// <summary>What a column becomes: a long or a string or null, or one of the two computed forms.</summary>
public sealed class Computed
{
    private Computed(string name) => Name = name;
    public string Name { get; }
    /// <summary>The target's clock, milliseconds since 1970 UTC.</summary>
    public static readonly Computed Now = new("now");
    /// <summary>The column's own value plus one.</summary>
    public static readonly Computed PlusOne = new("plus-one");
}

public enum ChangeKind { Insert, Update, Delete }

/// <summary>One statement on a control table.</summary>
public sealed record ControlChange
{
    public required ChangeKind Kind { get; init; }
    public required ControlTable Table { get; init; }
    /// <summary>Insert, update: column → long, string, null or <see cref="Computed"/>.</summary>
    public IReadOnlyList<(string Column, object? Value)> Set { get; init; } = [];
    /// <summary>Update, delete: all must hold.</summary>
    public IReadOnlyList<Condition> Where { get; init; } = [];
    /// <summary>Update, delete: only while such a row is there. It is read, not locked.</summary>
    public ControlGuard? While { get; init; }

    public static ControlChange Insert(ControlTable table, params (string Column, object? Value)[] set) =>
        new() { Kind = ChangeKind.Insert, Table = table, Set = set };

    public static ControlChange Update(ControlTable table, (string Column, object? Value)[] set, params Condition[] where) =>
        new() { Kind = ChangeKind.Update, Table = table, Set = set, Where = where };

    public static ControlChange Delete(ControlTable table, params Condition[] where) =>
        new() { Kind = ChangeKind.Delete, Table = table, Where = where };
}

/// <summary>A row that has to be there for a change to touch anything.</summary>
public sealed record ControlGuard(ControlTable Table, params IReadOnlyList<Condition> Where);

/// <summary>Rows of a control table.</summary>
public sealed record ControlSelect
{
    public required ControlTable Table { get; init; }
    public IReadOnlyList<Condition> Where { get; init; } = [];
    /// <summary>Column to order by; null = no order.</summary>
    public string? OrderBy { get; init; }
    public bool Descending { get; init; }
    /// <summary>0 = all.</summary>
    public int Limit { get; init; }
}

/// <summary>
/// One row: every column of its table as long, string or null, and the target's clock when it was read. A column that holds something else
/// than it should is <see cref="Codes.LedgerInconsistent"/>.
/// </summary>
public sealed class ControlRow(IReadOnlyDictionary<string, object?> values, long now)
{
    /// <summary>Milliseconds since 1970 UTC by the target's clock.</summary>
    public long Now => now;
    public long Number(string column) => NumberOrNull(column) ?? throw Wrong(column);
    public long? NumberOrNull(string column) => values[column] is null or long ? (long?)values[column] : throw Wrong(column);
    public string Text(string column) => TextOrNull(column) ?? throw Wrong(column);
    public string? TextOrNull(string column) => values[column] is null or string ? (string?)values[column] : throw Wrong(column);
    public Guid Id(string column) => Guid.TryParse(Text(column), out var id) ? id : throw Wrong(column);

    /// <summary>Somebody else wrote here: what cannot be read is never guessed.</summary>
    public PawlException Wrong(string column, Exception? inner = null) => new(Fault.PositionLost, Codes.LedgerInconsistent, inner,
        ("cause", $"column {column} holds {values[column] ?? "null"}"), ("table", values.GetValueOrDefault("source_table")),
        ("lane", values.GetValueOrDefault("lane")));
}
