using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>The state of a run as its events tell it. Thread-safe.</summary>
/// <param name="groupRows">Rows one commit may hold.</param>
/// <param name="laneBytes">Row data one lane may hold; a quarter of it may be read ahead of the open group.</param>
public sealed class Board(long groupRows, long laneBytes)
{
    /// <summary>Batches in a lane's queue, times rows in a batch; see the engine's run context.</summary>
    private const long MostReadAhead = 64 * 4_096;
    private readonly Lock gate = new();
    private readonly Dictionary<string, TableBar> bars = [];
    private readonly List<TableBar> order = [];

    public void Apply(RunEvent e)
    {
        if (e.TableName() is not { } table) return;
        lock (gate)
        {
            if (!bars.TryGetValue(table, out var bar))
            {
                bars[table] = bar = new TableBar(table);
                order.Add(bar);
            }
            bar.Apply(e);
        }
    }

    /// <summary>Looks at all tables, in the order they were planned, while none changes.</summary>
    public T Look<T>(Func<IReadOnlyList<TableBar>, T> read)
    {
        lock (gate) return read(order);
    }

    /// <summary>Time a table was worked on, from its first lane to its end; null when it was not, or is not at its end.</summary>
    public TimeSpan? Took(string table)
    {
        lock (gate) return bars.GetValueOrDefault(table) is { Ended: { } end, State: not BarState.Skipped } bar ? end - bar.Began : null;
    }

    /// <summary>An upper bound of the rows read but not durable yet.</summary>
    public long AtRisk(TableBar bar)
    {
        if (bar.State != BarState.Copying || bar.OpenLanes == 0) return 0;
        var rowBytes = bar.Rows > 0 ? Math.Max(1, bar.Bytes / bar.Rows) : 1;
        var ahead = Math.Min(MostReadAhead, laneBytes / 4 / rowBytes);
        var most = (groupRows + ahead) * bar.OpenLanes;
        return bar.EstimatedRows > bar.Rows ? Math.Min(most, bar.EstimatedRows - bar.Rows) : most;
    }
}
