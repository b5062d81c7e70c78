using Pawl.Contracts;
using Pawl.Model;
using Pawl.Verify;

namespace Pawl.Engine;

/// <summary>One table in one run: its lanes still to move, and how it ends. Thread-safe.</summary>
internal sealed class TableRun
{
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly long began;
    private Task? preparing;
    private int lanesLeft;

    public TableRun(TableDecision decision, Guid job, JobProgress found, ISink sink, TimeProvider time)
    {
        this.time = time;
        began = time.GetTimestamp();
        Decision = decision;
        Guarantee = decision.Plan is null ? Guarantee.AtLeastOnce : sink.GuaranteeFor(decision.Plan);
        var plan = decision.Plan;
        var restarted = decision.State is TableState.New or TableState.Restarts or TableState.Continues or TableState.Renews;
        var last = plan is null || restarted ? [] : plan.Splits.Select(s => plan.Lane(job, s.Index))
            .Where(found.Last.ContainsKey).Select(l => found.Last[l]).ToArray();
        Progress = new TableProgress(last);
        IsGivenUp = decision.State == TableState.Blocked && HoldsAppended;
        if (plan is null || decision.State is TableState.Blocked or TableState.Finished) return;
        var done = last.Where(e => e.Final).Select(e => e.Lane).ToHashSet();
        Lanes = [.. plan.Splits.Select(s => new LaneWork(plan, s, plan.Lane(job, s.Index), Progress)).Where(w => !done.Contains(w.Lane))];
        lanesLeft = Lanes.Count;
        SplitsDone = done.Count;
        SplitsPartial = last.Count(e => !e.Final);
    }

    public TableDecision Decision { get; }
    public TablePlan? Plan => Decision.Plan;
    public TableProgress Progress { get; }
    public Guarantee Guarantee { get; }
    public IReadOnlyList<LaneWork> Lanes { get; } = [];
    public int SplitsDone { get; }
    public int SplitsPartial { get; }
    public TableVerdict? Verdict { get; set; }
    /// <summary>The same table's window that another run left half done and this one ended; null = none.</summary>
    public TableRun? Earlier { get; init; }
    public PawlException? Error { get; private set; }
    public bool Finished { get; private set; }
    public TimeSpan Time { get; private set; }

    public bool Failed => Error is not null;

    /// <summary>There was something to do, and it is not done.</summary>
    public bool Unfinished => !Finished && Decision.State != TableState.Finished;

    /// <summary>It failed because the snapshot went away that its plan is bound to: the table begins anew.</summary>
    public bool IsSnapshotLost => Error?.Code == Codes.SnapshotLost && Plan is { IsBound: true };

    /// <summary>It has added rows that nothing can tell from those of others: begun anew, they would be there twice.</summary>
    public bool HoldsAppended => Plan is { Write: WriteMode.Append } && Progress.MayHoldRows;

    /// <summary>It has begun anew as often as it may, or must not without being asked.</summary>
    public bool IsGivenUp { get; private set; }

    /// <summary>The next run would begin it anew: it is no failure.</summary>
    private bool IsToBeginAnew => IsSnapshotLost && !IsGivenUp;

    /// <summary>True for the first failure; the others of its lanes are its consequences.</summary>
    public bool Fail(PawlException error)
    {
        lock (gate)
        {
            if (Error is not null) return false;
            Error = error;
        }
        Time = time.GetElapsedTime(began);
        return true;
    }

    /// <summary>What it failed with stays, told by <paramref name="error"/>.</summary>
    public void GiveUp(PawlException error)
    {
        IsGivenUp = true;
        Error = error;
    }

    public void Finish()
    {
        Finished = true;
        Time = time.GetElapsedTime(began);
    }

    /// <summary>True for the caller that brought the last lane home.</summary>
    public bool LaneDone()
    {
        lock (gate) return --lanesLeft == 0;
    }

    /// <summary>Runs once; every caller waits for the same attempt and sees its failure.</summary>
    public Task PrepareAsync(Func<Task> prepare)
    {
        lock (gate) return preparing ??= prepare();
    }

    public TableOutcome Outcome() => new()
    {
        Source = Decision.Schema.Name.ToString(),
        Target = Decision.Target.ToString(),
        Status = Failed && !IsToBeginAnew ? TableStatus.Failed
            : Decision.State == TableState.Finished ? TableStatus.AlreadyDone
            : Finished ? TableStatus.Done : TableStatus.Interrupted,
        Total = Progress.Total + (Earlier?.Progress.Total ?? default),
        ThisRun = Progress.ThisRun + (Earlier?.Progress.ThisRun ?? default),
        TotalBytes = Progress.TotalBytes + (Earlier?.Progress.TotalBytes ?? 0),
        Time = (Time == TimeSpan.Zero ? time.GetElapsedTime(began) : Time) + (Earlier?.Time ?? TimeSpan.Zero),
        Guarantee = Guarantee,
        Consistency = Plan?.Consistency ?? Consistency.Mixed,
        Error = IsToBeginAnew ? null : Error,
        Verdict = Verdict,
    };
}
