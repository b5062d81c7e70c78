using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

public enum BarState { Waiting, Copying, Done, Skipped, Failed }

/// <summary>What is known of one table while a run goes on. Guarded by its <see cref="Board"/>.</summary>
public sealed class TableBar(string table)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, (long Rows, long Bytes, long Ledger, long Rejected)> lanes = [];
    private readonly HashSet<string> openLanes = [];
    private readonly Queue<(DateTimeOffset At, long Rows, long Bytes)> marks = new();

    public string Table => table;
    public string? Target { get; private set; }
    public BarState State { get; private set; } = BarState.Waiting;
    /// <summary>A guess; -1 = none.</summary>
    public long EstimatedRows { get; private set; } = -1;
    /// <summary>Durable before this run.</summary>
    public long RowsBefore { get; private set; }
    public long BytesBefore { get; private set; }
    public DateTimeOffset? LastCommit { get; private set; }
    public DateTimeOffset Began { get; private set; }
    public DateTimeOffset? Ended { get; private set; }
    public long Retries { get; private set; }
    public string? ErrorCode { get; private set; }
    public string? Verdict { get; private set; }

    /// <summary>Durable now, in rows.</summary>
    public long Rows => RowsBefore + lanes.Values.Sum(l => l.Rows);
    public long Bytes => BytesBefore + lanes.Values.Sum(l => l.Bytes);
    /// <summary>Commits of the lanes this run has opened, earlier runs' included.</summary>
    public long Ledger => lanes.Values.Sum(l => l.Ledger);
    public long Rejected => lanes.Values.Sum(l => l.Rejected);
    public int OpenLanes => openLanes.Count;

    /// <summary>Rows and bytes per second over the last ten seconds of commits.</summary>
    public (double Rows, double Bytes) Rate(DateTimeOffset now)
    {
        while (marks.Count > 1 && now - marks.Peek().At > Window) marks.Dequeue();
        if (marks.Count == 0) return (0, 0);
        var first = marks.Peek();
        var seconds = Math.Max(0.2, (now - first.At).TotalSeconds);
        return ((Rows - first.Rows) / seconds, (Bytes - first.Bytes) / seconds);
    }

    /// <summary>Time left at the present rate; null when it cannot be told.</summary>
    public TimeSpan? Left(DateTimeOffset now)
    {
        var rate = Rate(now).Rows;
        return EstimatedRows <= 0 || rate < 1 ? null : TimeSpan.FromSeconds(Math.Min(1e7, Math.Max(0, EstimatedRows - Rows) / rate));
    }

    public void Apply(RunEvent e)
    {
        switch (e.Code)
        {
            case EventCodes.TablePlanned:
                (Target, Began) = (e.Text("target"), e.At);
                EstimatedRows = e.Long("estimated_rows") ?? -1;
                (RowsBefore, BytesBefore) = (e.Long("rows_durable") ?? 0, e.Long("bytes_durable") ?? 0);
                break;
            case EventCodes.TableRestarted:
                lanes.Clear();
                openLanes.Clear();
                marks.Clear();
                State = BarState.Waiting;
                break;
            case EventCodes.TableSkipped:
                (State, RowsBefore) = (BarState.Skipped, e.Long("rows_durable") ?? 0);
                break;
            case EventCodes.LaneOpened when e.Lane is not null:
                if (State == BarState.Waiting) (State, Began) = (BarState.Copying, e.At);
                openLanes.Add(e.Lane);
                // A lane that goes on counts its earlier rows in every commit; they are in RowsBefore already.
                if (lanes.TryAdd(e.Lane, (0, 0, e.Long("seq") ?? 0, 0))) Mark(e.At);
                break;
            case EventCodes.LaneCommitted when e.Lane is not null:
                var lane = lanes.GetValueOrDefault(e.Lane);
                lanes[e.Lane] = (lane.Rows + (e.Long("rows") ?? 0), lane.Bytes + (e.Long("bytes") ?? 0), e.Long("seq") ?? lane.Ledger,
                    e.Long("rejected") ?? lane.Rejected);
                LastCommit = e.At;
                Mark(e.At);
                break;
            case EventCodes.LaneDone when e.Lane is not null:
                openLanes.Remove(e.Lane);
                break;
            case EventCodes.LaneRetry:
                Retries++;
                break;
            case EventCodes.TableDone:
                (State, Ended) = (BarState.Done, e.At);
                break;
            case EventCodes.TableFailed:
                (State, Ended, ErrorCode) = (BarState.Failed, e.At, e.Text("code"));
                break;
            case EventCodes.Verified:
                Verdict = "verified";
                break;
            case EventCodes.VerifyDiffers:
                (Verdict, Ended) = ("differs", e.At);
                if (State == BarState.Copying) State = BarState.Done;
                break;
        }
    }

    private void Mark(DateTimeOffset at)
    {
        marks.Enqueue((at, Rows, Bytes));
        if (marks.Count > 512) marks.Dequeue();
    }
}
