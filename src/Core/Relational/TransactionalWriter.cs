using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Relational;

/// <summary>
/// Writes groups on one session. A transaction opens with the fence of every lane, in sorted order, and ends with COMMIT sent once. Any
/// error leaves the writer broken: it rolls back the whole group, because some servers undo one statement only.
/// </summary>
internal sealed class TransactionalWriter(ITargetSession session, TargetTraits traits, LaneGroup group,
    Dictionary<LaneId, LaneTerm> terms, Guid holder, IReadOnlyDictionary<LaneId, LedgerEntry> last, ICrashPoints points)
    : ISinkWriter, ITakesWire
{
    private readonly List<(LaneId Lane, TableName Table, RowBatch Batch)> held = [];
    private readonly Dictionary<LaneId, WriteCounts> written = [];
    private readonly List<RejectedRow> rejects = [];
    private readonly Dictionary<LaneId, long> sequences = last.ToDictionary(l => l.Key, l => l.Value.Sequence);
    private (LaneId Lane, TableName Table)? streaming;
    private long heldBytes;
    private long streamedBytes;
    private bool open;
    private bool broken;

    public IReadOnlyDictionary<LaneId, LedgerEntry> Last => last;

    public WantedState Wanted { get; private set; }

    public IReadOnlyList<RejectedRow> Rejected => rejects;

    public async ValueTask<string?> WireFormatAsync(TableName table, CancellationToken ct)
    {
        CheckUsable();
        return session is IStreamsRows streams ? await streams.WireFormatAsync(group.Tables[table], ct) : null;
    }

    public async ValueTask WriteAsync(LaneId lane, TableName table, RowBatch batch, CancellationToken ct)
    {
        held.Add((lane, table, batch));
        heldBytes += batch.Bytes;
        CheckUsable();
        if (!traits.BuffersGroups || heldBytes > group.BufferBytes) await GuardAsync(() => SendAsync(ct));
    }

    public ValueTask RejectAsync(LaneId lane, IReadOnlyList<RejectedRow> rows, CancellationToken ct)
    {
        CheckUsable();
        rejects.AddRange(rows);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<IReadOnlyDictionary<LaneId, WriteCounts>> FlushAsync(CancellationToken ct)
    {
        CheckUsable();
        if (held.Count > 0) await GuardAsync(() => SendAsync(ct));
        if (streaming is not null) await GuardAsync(() => EndStreamAsync((IStreamsRows)session, ct));
        var counts = new Dictionary<LaneId, WriteCounts>(written);
        written.Clear();
        return counts;
    }

    public async ValueTask CommitAsync(IReadOnlyList<LedgerEntry> entries, CancellationToken ct)
    {
        CheckUsable();
        if (held.Count > 0 || streaming is not null)
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "commit without flush"));
        }
        await GuardAsync(async () =>
        {
            await OpenAsync(ct);
            foreach (var entry in entries) await AppendAsync(entry, ct);
            if (rejects.Count > 0) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "rejects of a lane without an entry"));
            points.Reached(CrashPoint.LedgerWritten);
            open = false;
            await session.EndAsync(commit: true);
        });
        foreach (var entry in entries) sequences[entry.Lane] = entry.Sequence;
        points.Reached(CrashPoint.CommitDone);
    }

    private async ValueTask AppendAsync(LedgerEntry entry, CancellationToken ct)
    {
        var expected = sequences.GetValueOrDefault(entry.Lane) + 1;
        if (!terms.TryGetValue(entry.Lane, out var term) || entry.Sequence != expected)
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "ledger sequence"), ("lane", entry.Lane.Name),
                ("expected", expected), ("sequence", entry.Sequence));
        }
        var number = 0;
        foreach (var reject in rejects.Where(r => r.Lane == entry.Lane))
        {
            await session.ChangeAsync(ControlChange.Insert(ControlTables.Reject,
                JobRows.Reject(reject, group.Tables[reject.Table].Generation, entry.Sequence, ++number)), ct);
        }
        if (number != entry.Counts.Rejected + entry.Counts.Nulled)
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "rejects counted and not stored"), ("lane", entry.Lane.Name),
                ("counted", entry.Counts.Rejected + entry.Counts.Nulled), ("stored", number));
        }
        if (entry.Counts.Nulled > 0) await ControlFormat.RequireAsync(session, ControlFormat.WithNulled, ct);
        rejects.RemoveAll(r => r.Lane == entry.Lane);
        await Protocol.AppendAsync(session, entry, group.TableOf(entry.Lane), term.Epoch, ct);
    }

    /// <summary>Begins the transaction with its fence; the locks of the lanes' rows are held until the end.</summary>
    private async ValueTask OpenAsync(CancellationToken ct)
    {
        if (open) return;
        await session.BeginAsync(ct);
        open = true;
        foreach (var lane in terms.Keys.Order())
        {
            await Protocol.FenceLaneAsync(session, lane, terms[lane], holder, ct);
            terms[lane] = terms[lane] with { Tick = terms[lane].Tick + 1 };
        }
        Wanted = await Protocol.WantedAsync(session, group.Lease.Job, ct);
        points.Reached(CrashPoint.TransactionOpen);
    }

    private async ValueTask SendAsync(CancellationToken ct)
    {
        await OpenAsync(ct);
        if (session is IStreamsRows streams)
        {
            await StreamAsync(streams, ct);
            return;
        }
        for (var from = 0; from < held.Count;)
        {
            var (lane, table, _) = held[from];
            var to = from + 1;
            while (to < held.Count && held[to].Lane == lane && held[to].Table == table) to++;
            var batches = held.GetRange(from, to - from).ConvertAll(h => h.Batch);
            await CountAsync(lane, table, await session.WriteRowsAsync(group.Tables[table], lane, batches, ct), ct);
            from = to;
        }
        Release();
        points.Reached(CrashPoint.RowsWritten);
    }

    /// <summary>A stream holds rows of one lane and table, and no more than a group may hold back: then the server counts them.</summary>
    private async ValueTask StreamAsync(IStreamsRows streams, CancellationToken ct)
    {
        while (held.Count > 0)
        {
            var (lane, table, batch) = held[0];
            if (streaming is not null && streaming != (lane, table)) await EndStreamAsync(streams, ct);
            streaming = (lane, table);
            streamedBytes += batch.Bytes;
            held.RemoveAt(0);
            await streams.SendRowsAsync(group.Tables[table], lane, batch, ct);
            if (streamedBytes >= group.BufferBytes) await EndStreamAsync(streams, ct);
        }
        heldBytes = 0;
    }

    private async ValueTask EndStreamAsync(IStreamsRows streams, CancellationToken ct)
    {
        var (lane, table) = streaming!.Value;
        await CountAsync(lane, table, await streams.EndRowsAsync(ct), ct);
        streaming = null;
        streamedBytes = 0;
        points.Reached(CrashPoint.RowsWritten);
    }

    private async ValueTask CountAsync(LaneId lane, TableName table, RowsWritten result, CancellationToken ct)
    {
        if (result.Rejected.Count > 0) result = await NulledCells.WriteAsync(session, group.Tables[table], lane, result, ct);
        written[lane] = written.GetValueOrDefault(lane) + result.Counts;
        rejects.AddRange(result.Rejected);
    }

    private void Release()
    {
        foreach (var (_, _, batch) in held) batch.Dispose();
        held.Clear();
        heldBytes = 0;
    }

    private async ValueTask GuardAsync(Func<ValueTask> work)
    {
        try
        {
            await work();
        }
        catch
        {
            broken = true;
            await RollBackAsync();
            throw;
        }
    }

    /// <summary>At once: in a file target the write lock of a writer that is only waiting to be disposed would hold up everybody.</summary>
    private async ValueTask RollBackAsync()
    {
        if (!open) return;
        open = false;
        await session.EndAsync(commit: false);
    }

    private void CheckUsable()
    {
        if (broken) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "writer used after an error"));
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        await RollBackAsync();
        await session.DisposeAsync();
    }
}
