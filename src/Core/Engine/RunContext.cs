using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Engine;

/// <summary>What all lanes of one run share. Counters are guarded; everything else is fixed when the run starts.</summary>
internal sealed class RunContext(JobHost host, JobSpec job, Guid runId, CancellationTokenSource stop, CancellationTokenSource abort)
{
    private readonly Lock gate = new();
    private readonly long started = host.Time.GetTimestamp();

    public JobHost Host => host;
    public JobSpec Job => job;
    public Guid Run => runId;
    public JobLease Lease { get; set; } = null!;
    public bool SinkAcceptsStrays { get; set; }

    /// <summary>Asked to end after the commit in flight.</summary>
    public CancellationToken StopToken => stop.Token;

    /// <summary>Asked to end at once.</summary>
    public CancellationToken AbortToken => abort.Token;

    /// <summary>Asked to end in either way. Both are looked at: an abort reaches its own token before it reaches the other.</summary>
    public bool Ending => stop.IsCancellationRequested || abort.IsCancellationRequested;

    /// <summary>Lanes at work at the same time; set before the first lane is opened.</summary>
    public int Workers { get; set; } = 1;

    /// <summary>
    /// Row data one lane may hold, in bytes: half in its open group, a quarter in its queue, the rest in batches on their way. Whatever
    /// the number of lanes, a run stays about as large: what the connections of each lane take is taken off, though never more than half.
    /// </summary>
    public long LaneBytes => Math.Max(job.MemoryBytes / 2, job.MemoryBytes - Math.Max(0, Workers - 2) * ConnectionBytes) / Workers;

    /// <summary>What reading and writing a lane takes besides rows: pieces of streams, the drivers' own buffers.</summary>
    private const long ConnectionBytes = 2 << 20;

    /// <summary>Upper bound of events in a queue; the byte bound is the one that matters for wide rows.</summary>
    public int QueueEvents => 64;

    /// <summary>Batches that fill a commit group exactly, so that no commit carries more rows than the job says.</summary>
    public BatchBudget Batches => field ??= Budget();

    /// <summary>Rows of a run's first commit per lane: a durable point soon, then full groups.</summary>
    public long FirstGroupRows => 4_096;

    public bool FirstRowSeen { get; private set; }

    public bool PauseAsked { get; private set; }

    public int Retries { get; private set; }

    private BatchBudget Budget()
    {
        const int usual = 4_096;
        var parts = (job.Commit.Rows + usual - 1) / usual;
        return new BatchBudget((int)Math.Max(1, job.Commit.Rows / parts),
            Math.Clamp(Math.Min(job.Commit.Bytes, LaneBytes) / 8, 64 << 10, 4 << 20)) { RowBytes = job.MemoryBytes };
    }

    /// <summary>Ends everything: the job is somebody else's now.</summary>
    public void Abort()
    {
        stop.Cancel();
        abort.Cancel();
    }

    public RetryRules Retry(TablePlan? plan, LaneId? lane) => new(host, job.Retry, TakeRetry, (e, attempt, wait) =>
        Emit(EventCodes.LaneRetry, plan, lane, ("attempt", attempt), ("wait_ms", (long)wait.TotalMilliseconds), ("code", e.Code),
            ("fault", e.Fault)), Outages);

    /// <summary>Where everybody waits for an endpoint that does not answer.</summary>
    public Outages Outages => field ??= new(host, job, TakeRetry, (code, args) => Emit(code, null, null, args));

    public void AskPause()
    {
        lock (gate)
        {
            if (PauseAsked) return;
            PauseAsked = true;
        }
        Emit(EventCodes.StopRequested, null, null, ("why", "pause"));
        stop.Cancel();
    }

    /// <summary>Takes one retry from the run's budget; false when it is used up.</summary>
    public bool TakeRetry()
    {
        lock (gate)
        {
            if (Retries >= job.Retry.RunBudget) return false;
            Retries++;
            return true;
        }
    }

    public void Committed(LaneWork work, LedgerEntry entry)
    {
        bool isFirst;
        lock (gate)
        {
            isFirst = !FirstRowSeen && entry.Counts.Read > 0;
            FirstRowSeen |= isFirst;
        }
        Outages.Moved();
        if (isFirst) Emit(EventCodes.FirstRow, work.Plan, work.Lane, ("ms", (long)host.Time.GetElapsedTime(started).TotalMilliseconds));
        Emit(EventCodes.LaneCommitted, work.Plan, work.Lane, ("seq", entry.Sequence), ("rows", entry.Counts.Read),
            ("bytes", entry.Bytes), ("total_rows", entry.Total.Read), ("total_bytes", entry.TotalBytes),
            ("rejected", entry.Total.Rejected), ("final", entry.Final ? "yes" : "no"));
        if (entry.Counts.Rejected > 0) Emit(EventCodes.RowsRejected, work.Plan, work.Lane, ("rows", entry.Counts.Rejected));
        if (entry.Counts.Nulled > 0) Emit(EventCodes.CellsNulled, work.Plan, work.Lane, ("cells", entry.Counts.Nulled));
    }

    public void Emit(string code, TablePlan? plan, LaneId? lane, params (string Name, object? Value)[] args)
    {
        lock (gate)
        {
            host.Events.Emit(new RunEvent
            {
                At = host.Time.GetUtcNow(),
                Run = runId,
                Job = job.Name,
                Code = code,
                Table = plan?.Source.ToString(),
                Lane = lane?.Name,
                Args = args.ToDictionary(a => a.Name, a => a.Value is null or long or double or string ? a.Value
                    : a.Value is int i ? (long)i : a.Value.ToString()),
            });
        }
    }
}
