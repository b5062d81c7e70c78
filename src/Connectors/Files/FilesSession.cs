using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;

namespace Pawl.Connectors.Files;

/// <summary>
/// A session on a target folder. A transaction begins inside the gate; while rows are written the gate is open for others, and whoever
/// changes meanwhile what the transaction has touched (takes its lane, above all) has won: seen before anything is published.
/// </summary>
internal sealed class FilesSession(FilesDatabase database) : ITargetSession, IStreamsRows
{
    private readonly List<FilePart> parts = [];
    private ControlView? view;
    private IDisposable? inside;
    private TablePlan? emptied;
    private string? job;
    private RowsWritten sent = new(default, []);

    public string Backend { get; } = FormattableString.Invariant($"{Environment.ProcessId}-{database.NewId()}");

    /// <summary>The job that the open transaction is about.</summary>
    public string Job => job ?? throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "no job was fenced"));

    public ControlView View => view ?? throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "no transaction is open"));

    public async ValueTask BeginAsync(CancellationToken ct)
    {
        if (view is not null) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "a transaction is open already"));
        inside = await database.EnterAsync(ct).ConfigureAwait(false);
        view = new ControlView(database.Journal.Rows, database.Now);
    }

    public async ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct)
    {
        if (view is null)
        {
            using var alone = await database.EnterAsync(ct).ConfigureAwait(false);
            var own = new ControlView(database.Journal.Rows, database.Now);
            var count = own.Change(change);
            await Task.Run(() => database.Guarded(() => Append(own)), CancellationToken.None).ConfigureAwait(false);
            return count;
        }
        await ComeInAsync(ct).ConfigureAwait(false);
        job = change.Where.FirstOrDefault(w => w.Column == "job").Value as string
            ?? change.Set.FirstOrDefault(s => s.Column == "job").Value as string ?? job;
        return view.Change(change);
    }

    public async ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct)
    {
        if (view is null)
        {
            using var alone = await database.EnterAsync(ct).ConfigureAwait(false);
            return new ControlView(database.Journal.Rows, database.Now).Select(select);
        }
        await ComeInAsync(ct).ConfigureAwait(false);
        return view.Select(select);
    }

    public ValueTask<string?> WireFormatAsync(TablePlan plan, CancellationToken ct) => ValueTask.FromResult<string?>(null);

    public async ValueTask SendRowsAsync(TablePlan plan, LaneId lane, RowBatch batch, CancellationToken ct)
    {
        using (batch)
        {
            var result = await WriteAsync(plan, lane, [batch], ct).ConfigureAwait(false);
            sent = new RowsWritten(sent.Counts + result.Counts, [.. sent.Rejected, .. result.Rejected]);
        }
    }

    public ValueTask<RowsWritten> EndRowsAsync(CancellationToken ct)
    {
        var all = sent;
        sent = new RowsWritten(default, []);
        return ValueTask.FromResult(all);
    }

    public async ValueTask<RowsWritten> WriteRowsAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches,
        CancellationToken ct) =>
        await WriteAsync(plan, lane, batches, ct).ConfigureAwait(false);

    public async ValueTask EmptyAsync(TablePlan plan, CancellationToken ct)
    {
        await ComeInAsync(ct).ConfigureAwait(false);
        await Task.Run(() => database.Guarded(() =>
        {
            database.Target.Empty(plan, Job, View);
            return true;
        }), CancellationToken.None).ConfigureAwait(false);
        emptied = plan;
    }

    public async ValueTask EndAsync(bool commit)
    {
        try
        {
            if (!commit) return;
            if (view is null) throw new PawlException(Fault.Transient, Codes.CommitRefused, ("file", database.Target.Root));
            if (parts.Count > 0)
            {
                // Waiting for the disk is done outside.
                Leave();
                await Task.Run(() => parts.ForEach(p => p.Finish()), CancellationToken.None).ConfigureAwait(false);
            }
            await ComeInAsync(CancellationToken.None).ConfigureAwait(false);
            await Task.Run(() => database.Guarded(Publish), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            Close();
        }
    }

    public ValueTask DisposeAsync()
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <summary>Rows are written outside the gate, so that nobody waits for them, and nobody for one who stops in the middle.</summary>
    private async Task<RowsWritten> WriteAsync(TablePlan plan, LaneId lane, IReadOnlyList<RowBatch> batches, CancellationToken ct)
    {
        if (plan.Write == WriteMode.Upsert) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "upsert"));
        if (view is null) throw new PawlException(Fault.Bug, Codes.ContractBroken, ("what", "no transaction is open"));
        Leave();
        return await Task.Run(() =>
        {
            var part = parts.Find(p => p.Lane == lane && ReferenceEquals(p.Plan, plan));
            if (part is null) parts.Add(part = new FilePart(database.Target, plan, lane, database.NewId()));
            var rejected = new List<RejectedRow>();
            long rows = 0;
            foreach (var batch in batches)
            {
                ct.ThrowIfCancellationRequested();
                rows += part.Write(batch, rejected);
            }
            return new RowsWritten(new WriteCounts { Inserted = rows, Rejected = rejected.Count }, rejected);
        }, ct).ConfigureAwait(false);
    }

    /// <summary>Files first, then the books, both inside.</summary>
    private bool Publish()
    {
        var named = new List<string>();
        try
        {
            foreach (var part in parts.Where(p => p.Rows > 0))
            {
                var name = database.Target.NameFor(part, View);
                View.Put(ControlRows.Part, [part.Plan.Target.ToString(), name, part.Lane.Job.ToString("D"), part.Lane.Name, part.Rows,
                    part.Bytes, database.Now()]);
                part.Publish(name);
                named.Add(Path.Combine(part.Folder, name));
            }
            foreach (var folder in parts.Where(p => p.Rows > 0).Select(p => p.Folder).Distinct()) FilesDisk.SyncFolder(folder);
            if (named.Count > 0) database.Points.Reached(CrashPoint.PartPublished);
            Append(View);
        }
        catch (Exception e) when (e is not CommitUnknownException)
        {
            named.ForEach(FilesTarget.Remove);
            throw;
        }
        if (emptied is { } plan) Sweep(plan);
        return true;
    }

    private void Sweep(TablePlan plan)
    {
        FilesTarget.Remove(Path.Combine(database.Target.FolderOf(plan.Target), FilesNames.Success));
        try
        {
            database.Target.Sweep(plan, Job, FilesTarget.Known(plan, View));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is committed, and what is left lies in no book: the table's preparation removes it, or says why it cannot.
            return;
        }
    }

    private bool Append(ControlView changes)
    {
        database.Journal.Append(changes.Edits);
        return true;
    }

    private async Task ComeInAsync(CancellationToken ct)
    {
        if (inside is not null) return;
        inside = await database.EnterAsync(ct).ConfigureAwait(false);
        View.Rebase(database.Journal.Rows);
    }

    private void Leave()
    {
        inside?.Dispose();
        inside = null;
    }

    private void Close()
    {
        (view, emptied, job) = (null, null, null);
        sent = new RowsWritten(default, []);
        Leave();
        foreach (var part in parts) part.Dispose();
        parts.Clear();
    }
}
