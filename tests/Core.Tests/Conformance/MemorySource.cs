using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Core.Tests.Conformance;

/// <summary>Reads a <see cref="MemoryStore"/>; right, but for one bug at most.</summary>
internal sealed class MemorySource(MemoryStore store, MemoryBug bug) : ISource
{
    private const string Codec = "memory.key/1";

    public SourceIdentity Identity => new(bug == MemoryBug.SameIdentityEverywhere ? "memory" : $"memory:{store.Id}", "memory");

    public ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
        ValueTask.FromResult<IReadOnlyList<TableSchema>>(
        [.. store.Tables.Values.OrderBy(t => t.Name, StringComparer.Ordinal).Where(t => pattern.Matches(t.Name)
            && (bug == MemoryBug.ShowsPawlTables || !t.Name.StartsWith("pawl_"))).Select(Describe)]);

    private TableSchema Describe(MemoryTable table) => Plans.Schema(
        new SampleTable(table.Name,
            [.. table.Columns.Select(c => bug == MemoryBug.CutsNames && c.Name.Length > 64 ? c with { Name = c.Name[..64] } : c)],
            bug == MemoryBug.CutsNames ? [] : table.Key, []), new TableName(null, table.Name)) with
        {
            Identity = bug == MemoryBug.NameIsIdentity ? table.Name : $"{table.Id}",
            Key = new KeySchema(table.KeyPlaces, table.Key.Count > 0 ? KeyKind.Primary : KeyKind.RowId),
        };

    public ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct)
    {
        var rows = Ordered(table, options);
        var per = Math.Max(1, (rows.Count + options.Splits - 1) / options.Splits);
        var ends = Enumerable.Range(1, Math.Max(1, options.Splits)).Select(i => i * per).Where(e => e < rows.Count).ToList();
        var splits = new List<Split>();
        for (var i = 0; i <= ends.Count; i++)
        {
            var from = i == 0 ? 0 : ends[i - 1];
            if (bug == MemoryBug.SplitsOverlap && from > 0) from--;
            var to = i == ends.Count ? 0 : ends[i];
            if (bug == MemoryBug.SplitsLeaveGap && to > 1) to--;
            splits.Add(new Split
            {
                Index = i,
                After = from == 0 ? null : At(rows[from - 1]),
                Through = to == 0 ? null : At(rows[to - 1]),
            });
        }
        return ValueTask.FromResult<IReadOnlyList<Split>>(splits);
    }

    public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after,
        Position? through, BatchBudget budget, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        var low = after ?? split.After;
        var high = through ?? split.Through;
        if (bug == MemoryBug.ForgetsThrough) high = null;
        var rows = Ordered(table, options).Where(r => (low is null || Passes(r, low)) && (high is null || Compare(r.Key, Parse(high)) <= 0))
            .ToList();
        var schema = Projected(table, options);
        for (var at = 0; at < rows.Count;)
        {
            if (bug != MemoryBug.IgnoresCancel) ct.ThrowIfCancellationRequested();
            var take = 1;
            while (at + take < rows.Count && (take < budget.Rows || bug == MemoryBug.IgnoresBudget)
                && (bug == MemoryBug.IgnoresBudget || rows.Skip(at).Take(take).Sum(Size) < budget.Bytes)) take++;
            var some = rows.GetRange(at, take);
            at += take;
            if (bug == MemoryBug.DropsLastBatch && at == rows.Count && budget.Rows > 1) yield break;
            var names = schema.Columns.Select(c => table.IndexOf(c.Name)).ToArray();
            var batch = Cells.Batch(schema, some.Select(r => names.Select(n => r.Cells[n]).ToArray()));
            yield return new RowsEvent(table.Name, 0, batch, At(some[^1]));
        }
    }

    private bool Passes(Row row, Position low)
    {
        var order = Compare(row.Key, Parse(low));
        return bug == MemoryBug.GreaterOrEqual ? order >= 0 : order > 0;
    }

    public ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct)
    {
        var order = Compare(Parse(a), Parse(b));
        if (bug == MemoryBug.CompareReversed) order = -order;
        return ValueTask.FromResult(order < 0 ? PositionOrder.Before : order > 0 ? PositionOrder.After : PositionOrder.Same);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed record Row(object?[] Cells, object?[] Key);

    private List<Row> Ordered(TableSchema table, ReadOptions options)
    {
        var found = store.Tables[table.Name.Name];
        var places = found.KeyPlaces;
        var rows = found.Rows.Select((r, i) => new Row(r, places.Length == 0 ? [(long)i] : [.. places.Select(p => r[p])])).ToList();
        rows.Sort((a, b) => Compare(a.Key, b.Key));
        if (options.Where is { } where && bug != MemoryBug.IgnoresWhere)
        {
            var parts = where.Split('<');
            var column = table.IndexOf(parts[0].Trim());
            rows.RemoveAll(r => (long)r.Cells[column]! >= long.Parse(parts[1], CultureInfo.InvariantCulture));
        }
        return rows;
    }

    private TableSchema Projected(TableSchema table, ReadOptions options)
    {
        if (options.Columns is not { } chosen) return table;
        var columns = chosen.Select(c => table.Columns[table.IndexOf(c)]);
        if (bug == MemoryBug.IgnoresColumnOrder) columns = columns.OrderBy(c => table.IndexOf(c.Name));
        return table with { Columns = [.. columns] };
    }

    private static long Size(Row row) => row.Cells.Sum(c => c is byte[] bytes ? bytes.Length : 8L);

    private Position At(Row row)
    {
        var key = bug == MemoryBug.FirstKeyColumnOnly ? row.Key.Take(1) : row.Key;
        return new Position(Codec, JsonSerializer.Serialize(key));
    }

    private static object?[] Parse(Position p) => [.. JsonSerializer.Deserialize<JsonElement[]>(p.Text)!
        .Select(e => e.ValueKind == JsonValueKind.Number ? (object)e.GetInt64() : e.GetString())];

    private static int Compare(object?[] a, object?[] b)
    {
        for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
        {
            var order = a[i] is long x ? x.CompareTo((long)b[i]!) : string.CompareOrdinal((string)a[i]!, (string)b[i]!);
            if (order != 0) return order;
        }
        return 0;
    }
}
