using Pawl.Conformance;
using Pawl.Relational;

namespace Pawl.Core.Tests.Conformance;

/// <summary>
/// A database in memory: tables, control tables, locks, one writer at a time. Copied at the start of a transaction, put back when it is
/// undone.
/// </summary>
internal sealed class MemoryStore
{
    private static int ids;
    private int tableIds;

    public int Id { get; } = Interlocked.Increment(ref ids);
    public Dictionary<string, MemoryTable> Tables { get; private set; } = [];
    public Dictionary<string, List<Dictionary<string, object?>>> Control { get; private set; } = [];
    public HashSet<string> Locks { get; } = [];
    public SemaphoreSlim Writer { get; } = new(1, 1);

    public void Create(string name, IReadOnlyList<SampleColumn> columns, IReadOnlyList<string> key, IEnumerable<object?[]> rows) =>
        Tables[name] = new MemoryTable(++tableIds, name, columns, key, [.. rows]);

    public (Dictionary<string, MemoryTable>, Dictionary<string, List<Dictionary<string, object?>>>) Copy() =>
        (Tables.ToDictionary(t => t.Key, t => t.Value with { Rows = [.. t.Value.Rows] }),
            Control.ToDictionary(t => t.Key, t => t.Value.Select(r => new Dictionary<string, object?>(r)).ToList()));

    public void PutBack((Dictionary<string, MemoryTable> Tables, Dictionary<string, List<Dictionary<string, object?>>> Control) copy)
    {
        Tables = copy.Tables;
        Control = copy.Control;
    }

    public static ControlTable Known(string name) => ControlTables.All.Single(t => t.Name == name);
}

internal sealed record MemoryTable(int Id, string Name, IReadOnlyList<SampleColumn> Columns, IReadOnlyList<string> Key,
    List<object?[]> Rows)
{
    public int[] KeyPlaces => [.. Key.Select(k => Columns.ToList().FindIndex(c => c.Name == k))];
}
