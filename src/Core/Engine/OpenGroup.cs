using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>The commit group of one lane that is being filled: its figures, and how far it may commit.</summary>
internal sealed class OpenGroup(LedgerEntry? last, RunContext run)
{
    private Position? position = last?.Position;
    private bool covered = true;
    private long bytes;
    private long began;
    private readonly bool first = last is null || !run.FirstRowSeen;

    /// <summary>Figures so far, without the server's.</summary>
    public WriteCounts Counts { get; private set; }

    public long Rows => Counts.Read;

    public bool IsEmpty => Counts.Read == 0;

    /// <summary>All rows taken so far lie at or before a position the source gave.</summary>
    public bool MayCommit => !IsEmpty && covered;

    /// <summary>
    /// The next batch might go past a limit. The first group of a run is small: a durable point soon.
    /// </summary>
    public bool IsFull
    {
        get
        {
            var limit = first ? Math.Min(run.FirstGroupRows, run.Job.Commit.Rows) : run.Job.Commit.Rows;
            return Rows + run.Batches.Rows > limit || bytes >= run.Job.Commit.Bytes;
        }
    }

    public bool IsOld => run.Host.Time.GetElapsedTime(began) >= run.Job.Commit.Every;

    public void Add(RowsEvent e)
    {
        if (IsEmpty) began = run.Host.Time.GetTimestamp();
        Counts += new WriteCounts { Read = e.Batch.Rows };
        bytes += e.Batch.Bytes;
        Cover(e);
    }

    public void Add(RejectsEvent e)
    {
        if (IsEmpty) began = run.Host.Time.GetTimestamp();
        Counts += new WriteCounts { Read = e.Rejected.Count, Rejected = e.Rejected.Count };
        Cover(e);
    }

    /// <summary>Payload taken so far, in bytes.</summary>
    public long Bytes => bytes;

    public void Add(TransformResult result) => Counts += new WriteCounts
    {
        Filtered = result.Filtered,
        Expanded = result.Expanded,
        Collapsed = result.Collapsed,
        Rejected = result.Rejected.Count,
        Nulled = result.Nulled.Count,
    };

    public void Add(SourceEvent e) => Cover(e);

    private void Cover(SourceEvent e)
    {
        if (e.Commit is not null) position = e.Commit;
        covered = e.Commit is not null || (covered && e is not (RowsEvent or RejectsEvent));
    }

    public LedgerEntry Entry(LaneId lane, LedgerEntry? before, WriteCounts counts, bool final) => new()
    {
        Lane = lane,
        Sequence = (before?.Sequence ?? 0) + 1,
        After = before?.Position,
        Position = position,
        Counts = counts,
        Total = (before?.Total ?? default) + counts,
        Bytes = bytes,
        TotalBytes = (before?.TotalBytes ?? 0) + bytes,
        Final = final,
    };
}
