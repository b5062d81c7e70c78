using Pawl.Model;

namespace Pawl.Engine;

/// <summary>
/// Tables that go into one target: it is made by one of them at a time, and finished, with its indexes, when the last of them has brought
/// its rows. One that fails keeps the others waiting no longer. Thread-safe.
/// </summary>
internal sealed class SharedTargets
{
    private readonly Lock gate = new();
    private readonly Dictionary<TableName, Crowd> crowds;

    public SharedTargets(IEnumerable<TableRun> tables) => crowds = tables.GroupBy(t => t.Decision.Target).Where(g => g.Count() > 1)
        .ToDictionary(g => g.Key, g => new Crowd(g));

    /// <summary>Work on the target that two of its tables would get in each other's way with.</summary>
    public async Task AloneAsync(TableRun table, Func<Task> work, CancellationToken ct)
    {
        if (!crowds.TryGetValue(table.Decision.Target, out var crowd))
        {
            await work();
            return;
        }
        await crowd.Turn.WaitAsync(ct);
        try
        {
            await work();
        }
        finally
        {
            crowd.Turn.Release();
        }
    }

    /// <summary>All rows of the table are there.</summary>
    /// <returns>The tables that may be finished now.</returns>
    public IReadOnlyList<TableRun> Arrived(TableRun table)
    {
        if (!crowds.TryGetValue(table.Decision.Target, out var crowd)) return [table];
        lock (gate)
        {
            if (crowd.Coming.Remove(table)) crowd.Here.Add(table);
            return crowd.Take();
        }
    }

    /// <summary>The table will bring no more rows in this run.</summary>
    /// <returns>The tables that may be finished now.</returns>
    public IReadOnlyList<TableRun> Failed(TableRun table)
    {
        if (!crowds.TryGetValue(table.Decision.Target, out var crowd)) return [];
        lock (gate) return crowd.Coming.Remove(table) ? crowd.Take() : [];
    }

    private sealed class Crowd(IEnumerable<TableRun> tables)
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);
        public HashSet<TableRun> Coming { get; } = [.. tables];
        public List<TableRun> Here { get; } = [];

        public IReadOnlyList<TableRun> Take()
        {
            if (Coming.Count > 0) return [];
            TableRun[] all = [.. Here];
            Here.Clear();
            return all;
        }
    }
}
