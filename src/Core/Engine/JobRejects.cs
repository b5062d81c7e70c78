using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;

namespace Pawl.Engine;

/// <summary>What retrying the rejects of one table came to.</summary>
/// <param name="Left">Rejects of the table that are open now, those of other tables apart.</param>
public sealed record RetriedTable(TablePlan Plan, RetryCounts Counts, long Left);

/// <summary>
/// Tries the rejected rows of a job again, holding the job as a run does: while one is at work it is refused, and meanwhile none can
/// begin. The source is not needed. Thread-safe.
/// </summary>
public sealed class JobRejects(JobHost host)
{
    /// <param name="tables">Only source tables matching one of these; empty = all that the job has planned.</param>
    /// <exception cref="PawlException"><see cref="Codes.JobUnknown"/>; <see cref="Codes.JobHeld"/> while somebody runs the job; whatever
    /// the target throws: what was committed before stays.</exception>
    public async Task<IReadOnlyList<RetriedTable>> RetryAsync(JobSpec job, IReadOnlyList<TablePattern> tables, CancellationToken ct)
    {
        await using var sink = await JobEnds.OpenSinkAsync(host, job.Target, ct);
        await using var ledger = await sink.OpenLedgerAsync(ct);
        var record = await JobPlanner.FindAsync(ledger, job, ct)
            ?? throw new PawlException(Fault.Configuration, Codes.JobUnknown, ("job", job.Name), ("target", job.Target.Display));
        if (sink is not IKeepsRejects keeps) return [];
        var lease = await ledger.AcquireAsync(new JobClaim { Name = record.Name, Source = record.Source, Runner = host.Runner }, ct);
        try
        {
            return await RetryAsync(ledger, keeps, lease, tables, ct);
        }
        finally
        {
            host.Points.Reached(CrashPoint.BeforeRelease);
            await ReleaseAsync(ledger, lease);
        }
    }

    private async Task<IReadOnlyList<RetriedTable>> RetryAsync(ILedgerStore ledger, IKeepsRejects keeps, JobLease lease,
        IReadOnlyList<TablePattern> tables, CancellationToken ct)
    {
        var retried = new List<RetriedTable>();
        var beaten = host.Time.GetTimestamp();
        foreach (var plan in Chosen((await ledger.ReadAsync(lease.Job, ct)).Plans, tables))
        {
            var counts = default(RetryCounts);
            await foreach (var step in keeps.RetryRejectsAsync(lease, plan, ct))
            {
                counts += step;
                if (host.Time.GetElapsedTime(beaten) < Liveness.Beat) continue;
                beaten = host.Time.GetTimestamp();
                await ledger.BeatAsync(lease, release: false, ct);
            }
            var left = (await ledger.ReadAsync(lease.Job, ct)).Rejects.GetValueOrDefault(plan.Source);
            if (counts != default || left > 0) retried.Add(new RetriedTable(plan, counts, left));
        }
        return retried;
    }

    /// <summary>The plans that are meant; a table that is to be started over is none of them.</summary>
    /// <exception cref="PawlException"><see cref="Codes.PatternEmpty"/> when the patterns match none of the job's tables.</exception>
    public static IReadOnlyList<TablePlan> Chosen(IReadOnlyList<TablePlan> plans, IReadOnlyList<TablePattern> tables)
    {
        TablePlan[] chosen = [.. plans.Where(p => tables.Count == 0 || tables.Any(t => t.Matches(p.Source.ToString())))];
        if (chosen.Length == 0 && tables.Count > 0)
        {
            throw new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", string.Join(", ", tables.Select(t => t.Text))));
        }
        return [.. chosen.Where(p => p.Phase != TablePhase.Restarting)];
    }

    internal static async Task ReleaseAsync(ILedgerStore ledger, JobLease lease)
    {
        try
        {
            await ledger.BeatAsync(lease, release: true, CancellationToken.None);
        }
        catch (PawlException)
        {
            // The next run finds the session lock gone and takes the job. What the work itself failed with must not be hidden by this.
            return;
        }
    }
}
