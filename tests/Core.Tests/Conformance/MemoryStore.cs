using Pawl.Conformance;
using Pawl.Relational;

namespace Pawl.Core.Tests.Conformance;

using ControlRows = Dictionary<string, List<Dictionary<string, object?>>>;

/// <summary>
/// A database in memory: tables, control tables, locks, one writer at a time. A transaction works on a copy, which takes the place of
/// what it was copied from when it commits; who only reads sees what was committed last.
/// </summary>
internal sealed class MemoryStore
{
    private static int ids;
    private int tableIds;
    private volatile MemoryState state = new([], []);

    public int Id { get; } = Interlocked.Increment(ref ids);
    public MemoryState State => state;
    public Dictionary<string, MemoryTable> Tables => state.Tables;
    public ControlRows Control => state.Control;
    public HashSet<string> Locks { get; } = [];
    public SemaphoreSlim Writer { get; } = new(1, 1);

    public void Create(string name, IReadOnlyList<SampleColumn> columns, IReadOnlyList<string> key, IEnumerable<object?[]> rows) =>
        Create(state, name, columns, key, rows);

    public void Create(MemoryState at, string name, IReadOnlyList<SampleColumn> columns, IReadOnlyList<string> key,
        IEnumerable<object?[]> rows) => at.Tables[name] = new MemoryTable(Interlocked.Increment(ref tableIds), name, columns, key, [.. rows]);

    /// <summary>Makes a copy what everyone sees; only for who holds <see cref="Writer"/>.</summary>
    public void Publish(MemoryState next) => state = next;

    public static ControlTable Known(string name) => ControlTables.All.Single(t => t.Name == name);
}

/// <summary>All rows at one moment.</summary>
internal sealed record MemoryState(Dictionary<string, MemoryTable> Tables, ControlRows Control)
{
    public MemoryState Copy() => new(
        Tables.ToDictionary(t => t.Key, t => t.Value with { Rows = [.. t.Value.Rows] }),
        Control.ToDictionary(t => t.Key, t => t.Value.Select(r => new Dictionary<string, object?>(r)).ToList()));
}

internal sealed record MemoryTable(int Id, string Name, IReadOnlyList<SampleColumn> Columns, IReadOnlyList<string> Key,
    List<object?[]> Rows)
{
    public int[] KeyPlaces => [.. Key.Select(k => Columns.ToList().FindIndex(c => c.Name == k))];
}
