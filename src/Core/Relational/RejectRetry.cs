using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Relational;

/// <summary>
/// Tries the open rejects of one lane again, a page in one transaction: fence, rows, what came of each, and the lane's running figures,
/// in which a row moves from rejected to inserted (written) or to collapsed (superseded). So the books balance without looking here, and
/// a page that was cut off is tried again as a whole. The newest go first: of two images of one key the older one is superseded. One
/// session, one caller at a time.
/// </summary>
internal sealed class RejectRetry(ITargetSession session, TablePlan plan, LaneId lane, Guid holder, ICrashPoints points)
{
    /// <summary>Never over a row that is there, and refusals are told row by row.</summary>
    private readonly TablePlan replay = plan with { Write = WriteMode.Insert, RejectLimit = 1 };
    private readonly RejectPages pages = new(session, hasRetries: true, newestFirst: true);
    private StoredReject? tried;

    /// <summary>Null when there is no further page.</summary>
    /// <param name="term">The lane's, as it was raised or left by the last page.</param>
    public async ValueTask<RetryCounts?> NextAsync(LaneTerm term, CancellationToken ct)
    {
        var ended = false;
        await session.BeginAsync(ct);
        try
        {
            await Protocol.FenceLaneAsync(session, lane, term, holder, ct);
            points.Reached(CrashPoint.TransactionOpen);
            var open = await OpenRejectsAsync(ct);
            if (open.Count == 0) return null;
            var counts = default(RetryCounts);
            foreach (var reject in open) counts += await TryAsync(reject, ct);
            points.Reached(CrashPoint.RowsWritten);
            await MoveAsync(counts, ct);
            points.Reached(CrashPoint.LedgerWritten);
            ended = true;
            await session.EndAsync(commit: true);
            points.Reached(CrashPoint.CommitDone);
            tried = open[^1];
            return counts;
        }
        finally
        {
            if (!ended) await session.EndAsync(commit: false);
        }
    }

    /// <summary>Of the next page that has any; empty at the end.</summary>
    private async ValueTask<IReadOnlyList<StoredReject>> OpenRejectsAsync(CancellationToken ct)
    {
        var last = tried;
        while (await pages.NextAsync(lane, plan.Source, last, ct) is { Count: > 0 } page)
        {
            if (page.Any(r => r.State == RejectState.Open)) return [.. page.Where(r => r.State == RejectState.Open)];
            last = page[^1];
        }
        return [];
    }

    private async ValueTask<RetryCounts> TryAsync(StoredReject reject, CancellationToken ct)
    {
        using var row = Image(reject);
        if (row is null) return await NoteAsync(reject, RejectState.Open, reject.Row, ct);
        if (await IsSupersededAsync(reject, row, ct)) return await NoteAsync(reject, RejectState.Superseded, reject.Row, ct);
        var result = await session.WriteRowsAsync(replay, lane, [row], ct);
        return (result.Counts.Inserted, result.Rejected.Count) switch
        {
            (1, 0) => await NoteAsync(reject, RejectState.Written, reject.Row, ct),
            (0, 1) => await NoteAsync(reject, RejectState.Open, result.Rejected[0], ct),
            _ => throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", plan.Target),
                ("what", "a row neither taken nor refused")),
        };
    }

    /// <summary>
    /// The row as it was to be written. Null for one that the job itself sets aside because of a mistyped cell: it never reached the
    /// target, and a comparison leaves such rows out.
    /// </summary>
    private RowBatch? Image(StoredReject reject)
    {
        // What is no row in its file has no image; of a row that was cut it is not whole.
        if (reject.Row.Code == Codes.RecordBroken || RowJson.IsCut(reject.Row.Row)) return null;
        var mayBeStray = plan.Strays == StrayPolicy.Reject && reject.Row.Code == Codes.TypeMismatch;
        if (mayBeStray && plan.Columns is not { Rename.Count: 0, Set.Count: 0 }) return null;
        try
        {
            var row = RowJson.Read(reject.Row.Row, plan.TargetSchema);
            if (!mayBeStray || !IsMistyped(row)) return row;
            row.Dispose();
            return null;
        }
        catch (FormatException e)
        {
            throw new PawlException(Fault.PositionLost, Codes.LedgerInconsistent, e, ("table", plan.Source), ("lane", lane.Name),
                ("cause", $"the stored image of reject {reject.Sequence}/{reject.Number} cannot be read: {e.Message}"));
        }
    }

    private static bool IsMistyped(RowBatch row) => row.Columns.Any(c => c.Strays is not null && c.Schema.Type.Kind != TypeKind.Any);

    /// <summary>
    /// A row of the same key is there that was not when this one was rejected. In an insert-only table a duplicate met that row already,
    /// and among rows of others (append) a key says nothing.
    /// </summary>
    private async ValueTask<bool> IsSupersededAsync(StoredReject reject, RowBatch row, CancellationToken ct)
    {
        if (session is not IFindsKeys finds || plan.TargetSchema.Key.Columns.Count == 0 || plan.Write == WriteMode.Append) return false;
        if (plan.Write == WriteMode.Insert && reject.Row.Code is Codes.DuplicateRefused or Codes.RowRefused) return false;
        return await finds.HoldsKeyAsync(replay, row, ct);
    }

    /// <param name="said">With the cause it has now.</param>
    private async ValueTask<RetryCounts> NoteAsync(StoredReject reject, RejectState state, RejectedRow said, CancellationToken ct)
    {
        Condition[] key =
            [new("job", JobRows.Id(lane.Job)), new("lane", lane.Name), new("seq", reject.Sequence), new("number", reject.Number)];
        (string, object?)[] set = [("attempts", reject.Attempts + 1), ("state", JobRows.State(state)), ("at", Computed.Now)];
        var touched = reject.TriedAt is not null ? await session.ChangeAsync(ControlChange.Update(ControlTables.Retry, set, key), ct)
            : await session.ChangeAsync(ControlChange.Insert(ControlTables.Retry,
                [.. key.Select(k => (k.Column, k.Value)), ("source_table", plan.Source.ToString()), .. set]), ct);
        if (state == RejectState.Open)
        {
            touched *= await session.ChangeAsync(ControlChange.Update(ControlTables.Reject,
                [("column_name", said.Column), ("code", said.Code), ("cause", said.Cause)], key), ct);
        }
        if (touched != 1) throw Inconsistent("reject");
        return new RetryCounts(state == RejectState.Written ? 1 : 0, state == RejectState.Superseded ? 1 : 0,
            state == RejectState.Open ? 1 : 0);
    }

    private async ValueTask MoveAsync(RetryCounts counts, CancellationToken ct)
    {
        var gone = counts.Written + counts.Superseded;
        if (gone == 0) return;
        var last = await Protocol.LastAsync(session, lane, ct);
        if (last is null || last.Total.Rejected < gone) throw Inconsistent("totals");
        var total = last.Total with
        {
            Rejected = last.Total.Rejected - gone,
            Inserted = last.Total.Inserted + counts.Written,
            Collapsed = last.Total.Collapsed + counts.Superseded,
        };
        var touched = await session.ChangeAsync(ControlChange.Update(ControlTables.Ledger, [("totals", JobRows.Counts(total))],
            new("job", JobRows.Id(lane.Job)), new("lane", lane.Name), new("seq", last.Sequence)), ct);
        if (touched != 1) throw Inconsistent("totals");
    }

    private PawlException Inconsistent(string what) =>
        new(Fault.PositionLost, Codes.LedgerInconsistent, ("table", plan.Source), ("lane", lane.Name), ("what", what));
}
