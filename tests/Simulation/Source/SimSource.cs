using System.Runtime.CompilerServices;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Simulation;

/// <summary>What the simulated source system holds now; shared by all processes.</summary>
internal sealed class SourceSystem
{
    public string Identity { get; set; } = "sim-source-1";
    public Dictionary<string, SourceContent> Tables { get; } = [];
    public required Rng Rng { get; init; }
    public required FaultRates Faults { get; init; }
    public required Tally Tally { get; init; }
    /// <summary>Share of batches that carry a position to commit at.</summary>
    public double PositionRate { get; init; } = 0.6;
}

/// <summary>One process's way to the simulated source.</summary>
internal sealed class SimSource(SourceSystem system, SimProcess process, Checker checker) : ISource
{
    public const string Codec = "sim.key/1";

    // The identity is what was found when the source was opened, as with a file that is replaced while it is read.
    private readonly Dictionary<string, SourceContent> tables = new(system.Tables);

    public SourceIdentity Identity { get; } = new(system.Identity, "sim source");

    public async ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct)
    {
        await StepAsync(ct);
        return [.. tables.Values.Where(t => pattern.Matches(t.Name)).OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => t.Schema)];
    }

    public async ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct)
    {
        await StepAsync(ct);
        var content = tables[table.Name.Name];
        var bounds = new SortedSet<SimKey>();
        for (var i = 1; i < options.Splits && content.Rows.Count > 0; i++) bounds.Add(system.Rng.Pick(content.Rows).Key);
        var splits = new List<Split>();
        Position? after = null;
        foreach (var bound in bounds)
        {
            var through = new Position(Codec, bound.Write(content.Shape));
            splits.Add(new Split { Index = splits.Count, After = after, Through = through });
            after = through;
        }
        splits.Add(new Split { Index = splits.Count, After = after });
        checker.OnSplit(process, content, options, splits);
        return splits;
    }

    public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after,
        Position? through, BatchBudget budget, [EnumeratorCancellation] CancellationToken ct)
    {
        var content = tables[table.Name.Name];
        var from = Key(content, after ?? split.After);
        var to = Key(content, through ?? split.Through);
        await StepAsync(ct);
        var batch = content.Batch(options.Columns);
        var size = system.Rng.Between(1, Math.Min(budget.Rows, 8));
        SourceRow? last = null;
        foreach (var row in content.Rows)
        {
            if ((from is { } low && row.Key.CompareTo(low) <= 0) || (to is { } high && row.Key.CompareTo(high) > 0)) continue;
            if (!SourceContent.Meets(row, options.Where)) continue;
            if (batch.Rows == size)
            {
                yield return new RowsEvent(table.Name, 0, batch, system.Rng.Chance(system.PositionRate) ? At(content, last!) : null);
                await StepAsync(ct);
                if (system.Rng.Chance(0.05)) yield return new ProgressEvent(system.Rng.Chance(0.5) ? At(content, last!) : null);
                batch = content.Batch(options.Columns);
                size = system.Rng.Between(1, Math.Min(budget.Rows, 8));
            }
            SourceContent.Append(batch, row);
            last = row;
        }
        if (last is null) yield break;
        var withRows = system.Rng.Chance(0.7);
        yield return new RowsEvent(table.Name, 0, batch, withRows ? At(content, last) : null);
        if (withRows) yield break;
        await StepAsync(ct);
        yield return new ProgressEvent(split.Through is { } end && system.Rng.Chance(0.5) ? end : At(content, last));
    }

    public async ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct)
    {
        await StepAsync(ct);
        var content = tables[table.Name.Name];
        return Key(content, a)!.Value.CompareTo(Key(content, b)!.Value) switch { < 0 => PositionOrder.Before, 0 => PositionOrder.Same, _ =>
            PositionOrder.After };
    }

    private async Task StepAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        var slow = system.Faults.On && system.Rng.Chance(system.Faults.Slow);
        await process.DelayAsync(slow ? system.Rng.Ticks(1, 5 * TimeSpan.TicksPerSecond) : system.Rng.Ticks(1, system.Faults.Latency));
        ct.ThrowIfCancellationRequested();
        if (!system.Faults.On || !system.Rng.Chance(system.Faults.Call)) return;
        system.Tally.SourceErrors++;
        throw new PawlException(Fault.Transient, Codes.Unreachable, ("endpoint", "sim source"));
    }

    private static Position At(SourceContent content, SourceRow row) => new(Codec, row.Key.Write(content.Shape));

    private static SimKey? Key(SourceContent content, Position? position) =>
        position is null ? null : SimKey.Read(content.Shape, position.Text);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
