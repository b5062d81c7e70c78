using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Engine;

/// <summary>Where to go back to. Exactly one is given.</summary>
/// <param name="IsStart">To the beginning of the table.</param>
/// <param name="Sequence">To this entry of each lane's ledger.</param>
/// <param name="Time">To what was durable at this moment by the target's clock.</param>
/// <param name="Cursor">Of an incremental table: to this value of its cursor, which is read again.</param>
public sealed record RewindPoint(bool IsStart = false, long? Sequence = null, DateTimeOffset? Time = null, string? Cursor = null);

/// <summary>What going back means for one table.</summary>
/// <param name="RowsAgain">Rows that are read again by what is known; -1 = not known.</param>
/// <param name="Removes">Rows are removed from the target and read again; else they stay and are written over.</param>
/// <param name="Lanes">Lanes that go back.</param>
/// <param name="FromStart">Of those, the ones whose ledger does not reach back so far: they begin at their start.</param>
/// <param name="Error">Why it cannot go back; null = it can.</param>
public sealed record RewindForecast(TablePlan Plan, long RowsAgain, bool Removes, int Lanes, int FromStart, PawlException? Error)
{
    /// <summary>Nothing of the table lies behind that place.</summary>
    public bool IsUntouched => Error is null && Rewind is null;

    internal TableRewind? Rewind { get; init; }
}

/// <summary>
/// Lets tables go back to an earlier place, so that the next run reads again from there. Nothing but the books is changed here. Going
/// forward is no part of it. Thread-safe.
/// </summary>
public sealed class JobRewinder(JobHost host)
{
    /// <summary>What it would mean. Changes nothing; works while another process runs the job.</summary>
    public async Task<IReadOnlyList<RewindForecast>> PlanAsync(JobSpec job, IReadOnlyList<TablePattern> tables, RewindPoint to,
        CancellationToken ct)
    {
        await using var sink = await JobEnds.OpenSinkAsync(host, job.Target, ct);
        await using var ledger = await sink.OpenLedgerAsync(ct);
        var record = await FindAsync(ledger, job, ct);
        return await PlanAsync(job, sink, ledger, record, tables, to, ct);
    }

    /// <summary>Does it, for all chosen tables or for none, under the job's lease, from what the ledger says then.</summary>
    /// <exception cref="PawlException"><see cref="Codes.JobHeld"/>; <see cref="Codes.RewindImpossible"/> when one of the tables cannot
    /// go back.</exception>
    public async Task<IReadOnlyList<RewindForecast>> RewindAsync(JobSpec job, IReadOnlyList<TablePattern> tables, RewindPoint to,
        CancellationToken ct)
    {
        await using var sink = await JobEnds.OpenSinkAsync(host, job.Target, ct);
        await using var ledger = await sink.OpenLedgerAsync(ct);
        var record = await FindAsync(ledger, job, ct);
        var lease = await ledger.AcquireAsync(new JobClaim { Name = record.Name, Source = record.Source, Runner = host.Runner }, ct);
        try
        {
            var forecasts = await PlanAsync(job, sink, ledger, record, tables, to, ct);
            if (forecasts.FirstOrDefault(f => f.Error is not null) is { Error: { } error }) throw error;
            TableRewind[] steps = [.. forecasts.Select(f => f.Rewind).OfType<TableRewind>()];
            if (steps.Length > 0) await ledger.RewindAsync(lease, steps, ct);
            return forecasts;
        }
        finally
        {
            host.Points.Reached(CrashPoint.BeforeRelease);
            await JobRejects.ReleaseAsync(ledger, lease);
        }
    }

    private static async Task<JobRecord> FindAsync(ILedgerStore ledger, JobSpec job, CancellationToken ct) =>
        await JobPlanner.FindAsync(ledger, job, ct)
            ?? throw new PawlException(Fault.Configuration, Codes.JobUnknown, ("job", job.Name), ("target", job.Target.Display));

    private async Task<IReadOnlyList<RewindForecast>> PlanAsync(JobSpec job, ISink sink, ILedgerStore ledger, JobRecord record,
        IReadOnlyList<TablePattern> tables, RewindPoint to, CancellationToken ct)
    {
        var found = await ledger.ReadAsync(record.Id, ct);
        await using var source = to.Cursor is null ? null : await JobEnds.OpenSourceAsync(host, job.Source, ct);
        if (source is not null && source.Identity.Text != record.Source.Text)
        {
            throw new PawlException(Fault.PositionLost, Codes.SourceReplaced, ("known", record.Source.Display),
                ("source", source.Identity.Display));
        }
        var forecasts = new List<RewindForecast>();
        foreach (var plan in JobRejects.Chosen(found.Plans, tables))
        {
            var forecast = to.IsStart ? FromStart(plan, record.Id, found)
                : plan.Write != WriteMode.Upsert ? No(plan, "its rows are written once: it can only go back to its start")
                : to.Cursor is { } value ? await ToCursorAsync(source!, plan, value, ct)
                : await ToEntryAsync(sink, ledger, record.Id, plan, to, ct);
            forecasts.Add(forecast);
        }
        return forecasts;
    }

    private static RewindForecast No(TablePlan plan, string cause, PawlException? inner = null) => new(plan, -1, false, 0, 0,
        new PawlException(Fault.Configuration, Codes.RewindImpossible, inner, ("table", plan.Source), ("cause", cause)));

    private static RewindForecast FromStart(TablePlan plan, Guid job, JobProgress found)
    {
        if (plan.Write == WriteMode.Replace) return No(plan, "its next copy is a whole one");
        if (plan.Write == WriteMode.Append) return No(plan, "rows that were appended cannot be told from those of others");
        // Of rows that several windows wrote over the books do not say how many there are.
        var rows = plan.Write == WriteMode.Insert || plan.RowsBefore == 0 ? plan.RowsBefore + Read(plan, job, found.Last) : -1;
        return new RewindForecast(plan, rows, plan.Write == WriteMode.Insert, plan.Splits.Count, 0, null)
        {
            Rewind = new TableRewind(plan, [], Restarts: true),
        };
    }

    private static long Read(TablePlan plan, Guid job, IReadOnlyDictionary<LaneId, LedgerEntry> last) =>
        plan.Splits.Sum(s => last.GetValueOrDefault(plan.Lane(job, s.Index))?.Total.Read ?? 0);

    /// <summary>The next window begins at the value, with it. Only the source says whether that lies behind.</summary>
    private static async Task<RewindForecast> ToCursorAsync(ISource source, TablePlan plan, string value, CancellationToken ct)
    {
        if (plan.Read.Window is not { Through: { } through } window || source is not IReadsWindows windows)
        {
            return No(plan, "it has no cursor, or has taken no row yet");
        }
        if (plan.Phase < TablePhase.Done) return No(plan, "its window is under way: run it to its end first");
        try
        {
            var order = await windows.CompareAsync(plan.SourceSchema, window.Column, value, through, ct);
            if (order > 0) return No(plan, "that lies ahead of it: nothing goes forward");
            var again = window with { After = value, AfterIncluded = true };
            var rows = source is ICountsRows counts
                ? await counts.CountAsync(plan.SourceSchema, plan.Read with { Window = again, Snapshot = null }, ct) : -1;
            var amended = plan with { Read = plan.Read with { Window = window with { Through = value, ThroughIncluded = false } } };
            return new RewindForecast(plan, rows, false, 0, 0, null) { Rewind = new TableRewind(amended, [], IsAmended: true) };
        }
        catch (PawlException e) when (e.Fault is Fault.Data or Fault.Bug or Fault.Configuration)
        {
            return No(plan, "that is no value of its cursor", e);
        }
    }

    /// <summary>
    /// Each lane to its last entry that was there by then. Where the ledger has been shortened beyond it the lane begins at its start: more
    /// is read again than was asked for, never less.
    /// </summary>
    private static async Task<RewindForecast> ToEntryAsync(ISink sink, ILedgerStore ledger, Guid job, TablePlan plan, RewindPoint to,
        CancellationToken ct)
    {
        var (lanes, rows, fromStart) = (new List<LaneRewind>(), 0L, 0);
        var entries = (await ledger.EntriesAsync(job, plan.Source, ct)).ToLookup(e => e.Lane);
        foreach (var lane in plan.Splits.Select(s => plan.Lane(job, s.Index)))
        {
            if (entries[lane].MaxBy(e => e.Sequence) is not { } last) continue;
            var kept = entries[lane].Where(e => to.Time is { } time ? e.At <= time : e.Sequence <= to.Sequence).MaxBy(e => e.Sequence);
            if (kept == last) continue;
            lanes.Add(new LaneRewind(lane, kept?.Sequence ?? 0));
            rows += last.Total.Read - (kept?.Total.Read ?? 0);
            if (kept is null) fromStart++;
        }
        if (lanes.Count == 0) return new RewindForecast(plan, 0, false, 0, 0, null);
        // A row that was tried again with success is counted in the last entry alone.
        if (sink is IKeepsRejects keeps)
        {
            await foreach (var reject in keeps.ReadRejectsAsync(job, plan, ct))
            {
                if (reject.Attempts == 0) continue;
                return No(plan, "rows that were set aside have been tried again: it can only go back to its start");
            }
        }
        return new RewindForecast(plan, rows, false, lanes.Count, fromStart, null) { Rewind = new TableRewind(plan, lanes) };
    }
}
