using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Engine;

/// <summary>A table of a checkpoint beside the target it is to be brought into.</summary>
/// <param name="Expected">Rows it would have to hold; null = it was not asked.</param>
/// <param name="TargetRows">Rows the target holds; null = it was not asked.</param>
/// <param name="Error">Why it cannot be taken; null = it can.</param>
public sealed record CheckpointVerdict(CheckpointTable Table, long? Expected, long? TargetRows, PawlException? Error);

/// <summary>Carries what a target knows of a job out of it, and into one that holds the rows but not the ledger. Thread-safe.</summary>
public sealed class JobCheckpoints(JobHost host)
{
    /// <summary>Works while another process runs the job; the source is not needed.</summary>
    /// <exception cref="PawlException"><see cref="Codes.JobUnknown"/>.</exception>
    public async Task<Checkpoint> ReadAsync(JobSpec job, CancellationToken ct)
    {
        await using var sink = await JobEnds.OpenSinkAsync(host, job.Target, ct);
        await using var ledger = await sink.OpenLedgerAsync(ct);
        var record = await JobPlanner.FindAsync(ledger, job, ct)
            ?? throw new PawlException(Fault.Configuration, Codes.JobUnknown, ("job", job.Name), ("target", job.Target.Display));
        var found = await ledger.ReadAsync(record.Id, ct);
        return new Checkpoint(record.Id, record.Name, record.Source,
        [
            .. found.Plans.OrderBy(p => p.Source.ToString(), StringComparer.Ordinal).Select(p => new CheckpointTable(p,
                found.Rejects.GetValueOrDefault(p.Source) + found.Nulled.GetValueOrDefault(p.Source),
                [.. p.Splits.Select(s => found.Last.GetValueOrDefault(p.Lane(record.Id, s.Index))).OfType<LedgerEntry>()])),
        ]);
    }

    /// <summary>What would be taken of a checkpoint, and what not. Changes nothing.</summary>
    /// <param name="tables">Only source tables matching one of these; empty = all.</param>
    /// <exception cref="PawlException"><see cref="Codes.ImportRefused"/> when the target knows the job already;
    /// <see cref="Codes.SourceReplaced"/> when it was taken of another source.</exception>
    public async Task<IReadOnlyList<CheckpointVerdict>> CheckAsync(JobSpec job, Checkpoint from, IReadOnlyList<TablePattern> tables,
        CancellationToken ct)
    {
        await using var ends = await JobEnds.OpenAsync(host, job, ct);
        await using var ledger = await ends.Sink.OpenLedgerAsync(ct);
        return await CheckAsync(ends, ledger, job, from, tables, ct);
    }

    /// <summary>Takes it, all chosen tables or none, under the job's lease; looks at everything once more before.</summary>
    /// <exception cref="PawlException">Whatever <see cref="CheckAsync(JobSpec, Checkpoint, IReadOnlyList{TablePattern},
    /// CancellationToken)"/> throws or found in a table; <see cref="Codes.JobHeld"/>.</exception>
    public async Task ImportAsync(JobSpec job, Checkpoint from, IReadOnlyList<TablePattern> tables, CancellationToken ct)
    {
        await using var ends = await JobEnds.OpenAsync(host, job, ct, toWrite: true);
        await using var ledger = await ends.Sink.OpenLedgerAsync(ct);
        await CheckAsync(ends, ledger, job, from, tables, ct);
        var lease = await ledger.AcquireAsync(JobRunner.Claim(host, job, ends.Source, new RunOptions()), ct);
        try
        {
            // Nobody runs the job from here on: what is seen now stays so.
            var verdicts = await CheckAsync(ends, ledger, job, from, tables, ct);
            if (verdicts.FirstOrDefault(v => v.Error is not null) is { Error: { } error }) throw error;
            await ledger.ImportAsync(lease, [.. verdicts.Select(v => v.Table)], ct);
        }
        finally
        {
            host.Points.Reached(CrashPoint.BeforeRelease);
            await JobRejects.ReleaseAsync(ledger, lease);
        }
    }

    private static async Task<IReadOnlyList<CheckpointVerdict>> CheckAsync(JobEnds ends, ILedgerStore ledger, JobSpec job, Checkpoint from,
        IReadOnlyList<TablePattern> tables, CancellationToken ct)
    {
        if (from.Source.Text != ends.Source.Identity.Text)
        {
            throw new PawlException(Fault.PositionLost, Codes.SourceReplaced, ("known", from.Source.Display),
                ("source", ends.Source.Identity.Display));
        }
        if (await JobPlanner.FindAsync(ledger, job, ct) is { } record && (await ledger.ReadAsync(record.Id, ct)).Plans.Count > 0)
        {
            throw Refused(null, job.Name, "the target has a ledger of this job");
        }
        var chosen = from.Tables.Where(t => tables.Count == 0 || tables.Any(p => p.Matches(t.Plan.Source.ToString()))).ToArray();
        if (chosen.Length == 0)
        {
            throw new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", string.Join(", ", tables.Select(t => t.Text))));
        }
        var matched = await TableCatalogue.MatchAsync(ends.Source, job, [], ends.SinkSpec.Limits, ct, ends.Sink);
        var progress = new JobProgress([.. from.Tables.Select(t => t.Plan)],
            from.Tables.SelectMany(t => t.Entries).ToDictionary(e => e.Lane), from.Tables.ToDictionary(t => t.Plan.Source, t => t.Rejects),
            from.Tables.Max(t => t.Plan.Generation));
        var planner = new TablePlanner(ends.Source, ends.Sink, ends.SinkSpec, job, lookOnly: true, matched, progress.Plans);
        var verdicts = new List<CheckpointVerdict>();
        foreach (var table in chosen)
        {
            verdicts.Add(await CheckAsync(ends, planner, job.Name, from.Job, progress, matched, table, ct));
        }
        return verdicts;
    }

    private static async Task<CheckpointVerdict> CheckAsync(JobEnds ends, TablePlanner planner, string job, Guid id, JobProgress progress,
        IReadOnlyList<MatchedTable> matched, CheckpointTable table, CancellationToken ct)
    {
        var plan = table.Plan;
        CheckpointVerdict No(string cause) => new(table, null, null, Refused(plan, job, cause));
        if (matched.FirstOrDefault(m => m.Schema?.Name == plan.Source) is not { Schema: { } schema } match)
        {
            return No("the job has no such table");
        }
        if (plan.Phase == TablePhase.Restarting) return No("it is to be started over");
        if (table.Rejects > 0) return No("rows that were set aside are not in the file");
        if (plan.Write == WriteMode.Replace) return No("its next copy is a whole one");
        if (plan.Write == WriteMode.Append) return No("rows that were appended cannot be told from those of others");
        // Whatever a run would refuse is refused here: another definition, another table, other columns.
        var generation = progress.Generation;
        var decision = await planner.DecideAsync(match.Rule, schema, plan, id, progress, () => ++generation, restart: false, ct);
        if (decision.Error is { } error) return new CheckpointVerdict(table, null, null, error);
        if (decision.State == TableState.Restarts) return No("a run would begin it anew");
        if (await RowsAsync(ends, plan, ct) is not { } rows) return No("the rows of the target cannot be counted");
        var expected = await ExpectedAsync(ends, plan, table.Total, ct);
        return new CheckpointVerdict(table, expected, rows, rows == expected ? null
            : Refused(plan, job, "the target does not hold just the rows that the ledger says"));
    }

    /// <summary>
    /// A row that was written over may have been there before or be there twice in the books. Where more than the inserts of one generation
    /// went in, the source has to say how many rows there are, up to the place that was reached.
    /// </summary>
    private static async Task<long?> ExpectedAsync(JobEnds ends, TablePlan plan, WriteCounts total, CancellationToken ct)
    {
        if (plan.Write == WriteMode.Insert || plan.RowsBefore == 0) return plan.RowsBefore + total.Inserted;
        if (plan.Phase < TablePhase.Done || ends.Source is not ICountsRows counts) return null;
        var read = plan.Read with { Window = plan.Read.Window?.FromStart, Snapshot = null };
        return await counts.CountAsync(plan.SourceSchema, read, ct);
    }

    private static async Task<long?> RowsAsync(JobEnds ends, TablePlan plan, CancellationToken ct)
    {
        var copy = await ends.CopyAsync(ct);
        var there = await copy.DescribeAsync(TablePattern.Literal(plan.Target.ToString()), ct);
        if (there.Count != 1 || copy is not ICountsRows counts) return null;
        var slice = plan.Slice is { } mine ? (copy as IReadsSlices)?.Condition(mine) : null;
        if (plan.Slice is not null && slice is null) return null;
        return await counts.CountAsync(there[0], new ReadOptions { Where = slice }, ct);
    }

    private static PawlException Refused(TablePlan? plan, string job, string cause) => new(Fault.PositionLost, Codes.ImportRefused,
        ("table", plan?.Source), ("job", job), ("cause", cause));
}
