using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Relational;

/// <summary>
/// What the protocol wants of the transaction that publishes a staged copy. First its fence, which also says how many rows the ledger
/// knows; then the counts, as the server gives them; last the note that it is done, which commits with the rows. A kill before or after is
/// told apart by that note alone.
/// </summary>
public sealed class PublicationRules
{
    private readonly JobLease lease;
    private readonly TablePlan plan;
    private readonly ICrashPoints points;

    internal PublicationRules(JobLease lease, TablePlan plan, ICrashPoints points) =>
        (this.lease, this.plan, this.points) = (lease, plan, points);

    /// <summary>The transaction's first call. Whoever takes the job over waits for this transaction.</summary>
    /// <returns>Rows in the staging table by the ledger; null when the copy was published before.</returns>
    public async ValueTask<long?> FenceAsync(ITargetSession session, CancellationToken ct)
    {
        await Protocol.FenceTableAsync(session, lease, plan, ct);
        if (await Protocol.IsPublishedAsync(session, lease.Job, plan, ct)) return null;
        await Protocol.CheckFinalAsync(session, lease, plan, ct);
        long rows = 0;
        foreach (var split in plan.Splits)
        {
            var last = await Protocol.LastAsync(session, plan.Lane(lease.Job, split.Index), ct);
            rows += last!.Total.Inserted;
        }
        return rows;
    }

    /// <param name="expected">What <see cref="FenceAsync"/> said.</param>
    /// <param name="staged">Rows of the staging table; null = it is not there.</param>
    /// <param name="targetHasRows">The target holds at least one row.</param>
    /// <exception cref="PawlException"><see cref="Codes.StageLost"/>, <see cref="Codes.SourceEmpty"/>.</exception>
    public void CheckStaged(long expected, long? staged, bool targetHasRows)
    {
        if (staged != expected) throw Lost(plan, expected, staged);
        if (staged == 0 && targetHasRows && !plan.AllowEmpty)
        {
            throw new PawlException(Fault.Data, Codes.SourceEmpty, ("table", plan.Source), ("target", plan.Target));
        }
    }

    /// <param name="staged">Rows that were to go into the target.</param>
    /// <param name="published">Rows that went into it.</param>
    /// <exception cref="PawlException"><see cref="Codes.PublicationDiffers"/>.</exception>
    public void CheckPublished(long staged, long published)
    {
        if (staged == published) return;
        throw new PawlException(Fault.Data, Codes.PublicationDiffers, ("table", plan.Source), ("target", plan.Target),
            ("staged", staged), ("published", published));
    }

    /// <summary>The transaction's last call before it commits.</summary>
    public async ValueTask NoteAsync(ITargetSession session, CancellationToken ct)
    {
        await Protocol.NotePublishedAsync(session, lease, plan, ct);
        points.Reached(CrashPoint.PublicationReady);
    }

    /// <summary>A step of a publication that is more than one transaction.</summary>
    public void Reached(string point) => points.Reached(point);

    internal static PawlException Lost(TablePlan plan, long expected, long? found) => new(Fault.PositionLost, Codes.StageLost,
        ("table", plan.Source), ("stage", plan.Stage), ("expected", expected), ("found", found ?? 0));
}
