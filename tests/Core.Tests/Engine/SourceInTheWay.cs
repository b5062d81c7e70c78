using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Core.Tests.Engine;

/// <summary>A source that does something else for some calls and is otherwise the one behind it.</summary>
internal sealed class SourceInTheWay(ISource inner) : ISource
{
    public Func<TableSchema, IReadOnlyList<Split>?> Plan { get; init; } = _ => null;

    /// <summary>Told of every event before it is passed on; may throw, wait, or say false to end the reading there.</summary>
    public Func<SourceEvent, CancellationToken, ValueTask<bool>> Pass { get; init; } = (_, _) => ValueTask.FromResult(true);

    public Func<SourceEvent, SourceEvent> Change { get; init; } = e => e;

    public SourceIdentity Identity => inner.Identity;

    public ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
        inner.DescribeAsync(pattern, ct);

    public ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct) =>
        Plan(table) is { } plan ? ValueTask.FromResult(plan) : inner.PlanAsync(table, options, ct);

    public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after,
        Position? through, BatchBudget budget, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var e in inner.ReadAsync(table, options, split, after, through, budget, CancellationToken.None))
        {
            if (!await Pass(e, ct)) yield break;
            yield return Change(e);
        }
    }

    public ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct) =>
        inner.CompareAsync(table, a, b, ct);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
