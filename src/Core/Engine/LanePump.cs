using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Pawl.Transform;

namespace Pawl.Engine;

/// <summary>
/// Moves one lane: read → transform → write → commit, reading ahead while writing. Each <see cref="RunAsync"/> is one attempt: it takes the
/// lane (fencing whoever had it), goes on strictly after what the target durably holds, and commits in order. Nothing is remembered
/// between attempts except for counting: the target is the truth.
/// </summary>
internal sealed class LanePump(LaneWork work, ISource source, ISink sink, RunContext run)
{
    private LedgerEntry? inDoubt;
    private long reported = run.Host.Time.GetTimestamp();

    /// <summary>Commits of all attempts, to tell a lane that gets on from one that does not.</summary>
    public long Commits { get; private set; }

    public async Task<LaneEnd> RunAsync(CancellationToken stop, CancellationToken abort)
    {
        var group = new LaneGroup
        {
            Lease = run.Lease,
            Lanes = [work.Lane],
            Tables = new Dictionary<TableName, TablePlan> { [work.Plan.Source] = work.Plan },
            BufferBytes = run.LaneBytes / 2,
        };
        await using var writer = await sink.OpenGroupAsync(group, abort);
        var last = writer.Last.GetValueOrDefault(work.Lane);
        Resolve(last);
        run.Emit(EventCodes.LaneOpened, work.Plan, work.Lane, ("seq", last?.Sequence ?? 0), ("position", last?.Position?.Text));
        work.Progress.Durable(last);
        if (last is { Final: true }) return LaneEnd.Final;

        using var reading = CancellationTokenSource.CreateLinkedTokenSource(abort);
        var queue = new EventQueue(run.QueueEvents, run.LaneBytes / 4);
        var wire = source is IGivesWire && writer is ITakesWire takes && TransformChain.PassesWire(work.Plan)
            ? await takes.WireFormatAsync(work.Plan.Source, abort) : null;
        var filling = FillAsync(queue, wire, last?.Position, reading.Token);
        try
        {
            return await DrainAsync(writer, queue, last, stop, abort);
        }
        finally
        {
            reading.Cancel(); // not CancelAsync: it would run the callbacks on the pool
            queue.Close();
            await filling;
        }
    }

    /// <summary>An answer to COMMIT was lost in the last attempt; taking the lane has decided it, and the ledger says how.</summary>
    private void Resolve(LedgerEntry? last)
    {
        if (inDoubt is null) return;
        var committed = last is not null && last.Sequence >= inDoubt.Sequence;
        run.Emit(EventCodes.CommitResolved, work.Plan, work.Lane, ("seq", inDoubt.Sequence), ("committed", committed ? "yes" : "no"));
        if (committed) Commits++;
        inDoubt = null;
    }

    /// <summary>Reads ahead until the end or until nobody listens. Never throws: a failure travels through the queue.</summary>
    private async Task FillAsync(EventQueue queue, string? wire, Position? after, CancellationToken ct)
    {
        try
        {
            var (table, read, split) = (work.Plan.SourceSchema, work.Plan.Read, work.Split);
            await foreach (var e in wire is null ? source.ReadAsync(table, read, split, after, null, run.Batches, ct)
                : ((IGivesWire)source).ReadWireAsync(table, read, wire, split, after, null, run.Batches, ct))
            {
                if (!await queue.WriteAsync(e, ct)) return;
            }
            // A source that answers a cancelled token by ending quietly has not come to the lane's end.
            ct.ThrowIfCancellationRequested();
            queue.End();
        }
        catch (Exception e)
        {
            queue.End(e);
        }
    }

    private async Task<LaneEnd> DrainAsync(ISinkWriter writer, EventQueue queue, LedgerEntry? last, CancellationToken stop,
        CancellationToken abort)
    {
        await using var transforms = TransformChain.For(work.Plan, run.SinkAcceptsStrays);
        await using var timer = run.Host.Time.CreateTimer(_ => queue.Nudge(), null, run.Job.Commit.Every, run.Job.Commit.Every);
        await using var nudgeOnStop = stop.UnsafeRegister(q => ((EventQueue)q!).Nudge(), queue);
        await using var nudgeOnAbort = abort.UnsafeRegister(q => ((EventQueue)q!).Nudge(), queue);
        var group = new OpenGroup(last, run);
        while (true)
        {
            abort.ThrowIfCancellationRequested();
            var more = queue.HasMore;
            if (group.MayCommit && (IsDue(group, more) || Asked(writer, stop)))
            {
                last = await CommitAsync(writer, group, last, final: false, abort);
                group = new OpenGroup(last, run);
            }
            // What the group still holds has no position yet (the middle of a source's transaction, a table without a key): it is read
            // again.
            if (Asked(writer, stop)) return LaneEnd.Stopped;
            if ((more is null && group.MayCommit && group.IsFull) || !queue.TryRead(out var e))
            {
                await queue.WaitAsync();
                continue;
            }
            if (e is null) break;
            await TakeAsync(writer, transforms, group, e, abort);
        }
        await CommitAsync(writer, group, last, final: true, abort);
        run.Host.Points.Reached(CrashPoint.LaneFinal);
        return LaneEnd.Final;
    }

    /// <summary>
    /// A full group waits for what comes next: if that is the end, its rows and the lane's final entry are one commit. Not longer than a
    /// group may last.
    /// </summary>
    private static bool IsDue(OpenGroup group, bool? more) => more != false && (group.IsOld || (group.IsFull && more == true));

    private bool Asked(ISinkWriter writer, CancellationToken stop)
    {
        if (writer.Wanted == WantedState.Pause) run.AskPause();
        return stop.IsCancellationRequested;
    }

    private async ValueTask TakeAsync(ISinkWriter writer, TransformChain transforms, OpenGroup group, SourceEvent e, CancellationToken ct)
    {
        switch (e)
        {
            case RowsEvent rows:
                group.Add(rows);
                var result = await transforms.ApplyAsync(work.Lane, rows.Batch, rows.Commit, ct);
                group.Add(result);
                await writer.RejectAsync(work.Lane, [.. result.Rejected, .. result.Nulled], ct);
                foreach (var batch in result.Batches) await writer.WriteAsync(work.Lane, rows.Table, batch, ct);
                Report(group);
                break;
            case RejectsEvent broken:
                group.Add(work.Plan.Strays == StrayPolicy.Reject ? broken : throw broken.Refusal());
                await writer.RejectAsync(work.Lane, [.. broken.Rejected.Select(row => row with { Lane = work.Lane })], ct);
                break;
            case SchemaChangedEvent changed:
                throw new PawlException(Fault.Schema, Codes.SchemaChanged, ("table", changed.Schema.Name));
            case TruncatedEvent truncated:
                throw new PawlException(Fault.PositionLost, Codes.TableRecreated, ("table", truncated.Table));
            default:
                group.Add(e);
                break;
        }
    }

    private void Report(OpenGroup group)
    {
        if (run.Host.Time.GetElapsedTime(reported) < TimeSpan.FromMilliseconds(500)) return;
        reported = run.Host.Time.GetTimestamp();
        run.Emit(EventCodes.LaneProgress, work.Plan, work.Lane, ("in_flight_rows", group.Rows), ("in_flight_bytes", group.Bytes));
    }

    private async ValueTask<LedgerEntry> CommitAsync(ISinkWriter writer, OpenGroup group, LedgerEntry? last, bool final,
        CancellationToken ct)
    {
        var server = (await writer.FlushAsync(ct)).GetValueOrDefault(work.Lane);
        var counts = group.Counts + server;
        if (!counts.Balance)
        {
            throw new PawlException(Fault.Bug, Codes.BooksDoNotBalance, ("table", work.Plan.Source), ("lane", work.Lane.Name),
                ("counts", counts));
        }
        var entry = group.Entry(work.Lane, last, counts, final);
        work.Progress.CheckRejects(work.Plan, entry, writer.Rejected);
        work.Progress.Try(entry);
        try
        {
            await writer.CommitAsync([entry], ct);
        }
        catch (CommitUnknownException)
        {
            inDoubt = entry;
            throw;
        }
        Commits++;
        work.Progress.Durable(entry);
        run.Committed(work, entry);
        return entry;
    }
}

internal enum LaneEnd
{
    /// <summary>The lane's final entry is durable.</summary>
    Final,
    /// <summary>Asked to stop; everything up to the last place to commit at is durable.</summary>
    Stopped,
}
