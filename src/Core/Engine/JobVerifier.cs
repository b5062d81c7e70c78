using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Verify;

namespace Pawl.Engine;

/// <summary>Compares source and target of a job as they are now, table by table, whether or not a run is going on. Thread-safe.</summary>
public sealed class JobVerifier(JobHost host)
{
    /// <param name="tables">Only source tables matching one of these; empty = all the job has planned.</param>
    /// <exception cref="PawlException"><see cref="Codes.JobUnknown"/> when the target does not know the job.</exception>
    public async Task<IReadOnlyList<TableVerdict>> VerifyAsync(JobSpec job, VerifyLevel level, IReadOnlyList<TablePattern> tables,
        CancellationToken ct)
    {
        await using var ends = await JobEnds.OpenAsync(host, job, ct);
        await using var ledger = await ends.Sink.OpenLedgerAsync(ct);
        var record = await JobPlanner.FindAsync(ledger, job, ct)
            ?? throw new PawlException(Fault.Configuration, Codes.JobUnknown, ("job", job.Name), ("target", job.Target.Display));
        if (record.Source.Display != ends.Source.Identity.Display)
        {
            throw new PawlException(Fault.PositionLost, Codes.JobNameTaken, ("job", job.Name), ("known", record.Source.Display),
                ("source", ends.Source.Identity.Display));
        }
        var found = await ledger.ReadAsync(record.Id, ct);
        var target = await ends.CopyAsync(ct);
        var chosen = found.Plans.Where(p => tables.Count == 0 || tables.Any(t => t.Matches(p.Source.ToString()))).ToArray();
        TablePattern.CheckEach(tables, [.. found.Plans.Select(p => p.Source.ToString())]);
        if (chosen.Length == 0) throw new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", "*"));
        var verdicts = new List<TableVerdict>();
        foreach (var plan in chosen)
        {
            if (plan.IsStaged)
            {
                throw new PawlException(Fault.Configuration, Codes.NotPublished, ("table", plan.Source), ("target", plan.Target));
            }
            // As both are now: the moment the copy shows is not held any more.
            var present = plan with { Read = plan.Read with { Snapshot = null } };
            verdicts.Add(await TableComparer.CompareAsync(ends.Source, target, present, found.Rejects.GetValueOrDefault(plan.Source), level,
                ct, appended: plan.Splits.Sum(s => found.Last.GetValueOrDefault(plan.Lane(record.Id, s.Index))?.Total.Inserted ?? 0),
                nulled: found.Nulled.GetValueOrDefault(plan.Source)));
        }
        return verdicts;
    }
}
