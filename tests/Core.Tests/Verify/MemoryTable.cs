using System.Globalization;
using System.Runtime.CompilerServices;
using Pawl.Contracts;
using Pawl.Core.Tests.Model;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Verify;

/// <summary>
/// A table in memory, read by its first key column, a whole number. Positions are that number's text. Knows how to count, and how to be
/// asked less politely: see the properties.
/// </summary>
internal class MemoryTable(TableSchema schema, IEnumerable<object?[]> rows) : ISource
{
    protected IReadOnlyList<object?[]> Content { get; } = [.. rows];

    public TableSchema Schema { get; } = schema;
    public SourceIdentity Identity { get; } = new("memory", "memory");
    public string Codec { get; init; } = "memory.key/1";
    public int Splits { get; init; } = 1;
    public SplitLifetime Lifetime { get; init; }
    /// <summary>Reads fail with this after the first batch.</summary>
    public PawlException? Failure { get; init; }
    /// <summary>Keys lie from the largest to the smallest.</summary>
    public bool Falls { get; init; }
    /// <summary>Reads never end, until they are cancelled.</summary>
    public bool Hangs { get; init; }
    /// <summary>Most rows one batch ever had.</summary>
    public int LargestBatch { get; private set; }
    public List<string> Ranges { get; } = [];
    public TablePattern? Asked { get; private set; }

    private bool HasKey => Schema.Key.Columns.Count > 0;

    private long Key(object?[] row) => (long)row[Schema.Key.Columns[0]]!;

    public ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct)
    {
        Asked = pattern;
        return new(pattern.Matches(Schema.Name.ToString()) ? [Schema] : []);
    }

    public ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct) => new(Cut(Splits));

    /// <summary>Splits of about the same number of rows.</summary>
    public IReadOnlyList<Split> Cut(int count)
    {
        if (!HasKey || Content.Count < count) return [new Split { Index = 0 }];
        var keys = Content.Select(Key).Order().ToArray();
        Position At(int i) => new(Codec, keys[keys.Length * i / count - 1].ToString(CultureInfo.InvariantCulture));
        return [.. Enumerable.Range(0, count).Select(i => new Split
        {
            Index = i,
            Lifetime = Lifetime,
            After = i == 0 ? null : At(i),
            Through = i == count - 1 ? null : At(i + 1),
        })];
    }

    public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after,
        Position? through, BatchBudget budget, [EnumeratorCancellation] CancellationToken ct)
    {
        await Task.Yield();
        Ranges.Add($"({(after ?? split.After)?.Text ?? ""},{(through ?? split.Through)?.Text ?? ""}]");
        var names = options.Columns ?? [.. Schema.Columns.Select(c => c.Name)];
        var places = names.Select(Schema.IndexOf).ToArray();
        Assert.DoesNotContain(-1, places);
        var read = Schema with { Columns = [.. places.Select(p => Schema.Columns[p])], Key = new KeySchema([], KeyKind.None) };
        foreach (var chunk in Inside(after ?? split.After, through ?? split.Through).Chunk(budget.Rows))
        {
            LargestBatch = Math.Max(LargestBatch, chunk.Length);
            var batch = Rows.Batch(read, [.. chunk.Select(row => places.Select(p => row[p]).ToArray())]);
            yield return new RowsEvent(Schema.Name, 0, batch, HasKey ? new Position(Codec, $"{Key(chunk[^1])}") : null);
            if (Failure is not null) throw Failure;
        }
        if (Hangs) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, ct);
    }

    public ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct) =>
        new(a == b ? PositionOrder.Same : (Number(a) < Number(b)) == !Falls ? PositionOrder.Before : PositionOrder.After);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected virtual IEnumerable<object?[]> Inside(Position? after, Position? through)
    {
        if (!HasKey) return Content;
        var (low, high) = (Number(after), Number(through));
        return Falls
            ? Content.Where(r => !(Key(r) >= low) && !(Key(r) < high)).OrderByDescending(Key)
            : Content.Where(r => !(Key(r) <= low) && !(Key(r) > high)).OrderBy(Key);
    }

    private static long? Number(Position? at) => at is null ? null : long.Parse(at.Text, CultureInfo.InvariantCulture);
}

/// <summary>A table whose system counts.</summary>
internal sealed class CountingTable(TableSchema schema, IEnumerable<object?[]> rows) : MemoryTable(schema, rows), ICountsRows
{
    public long More { get; init; }

    public ValueTask<long> CountAsync(TableSchema table, ReadOptions options, CancellationToken ct) => new(Content.Count + More);
}
