using Pawl.Model;

namespace Pawl.Relational;

/// <summary>What is done when a stopped runner's open transaction stands in the way. Bounded: one look, one end per backend.</summary>
internal static class TakeOver
{
    /// <summary>
    /// Ends the backends recorded for the lanes. False when none could be ended, so that waiting again would be pointless.
    /// </summary>
    public static async ValueTask<bool> EndHoldersAsync(ITargetDatabase database, IReadOnlyList<LaneId> lanes, Guid job,
        CancellationToken ct)
    {
        await using var session = await database.ConnectAsync(ct);
        var rows = await session.SelectAsync(new ControlSelect { Table = ControlTables.Lane, Where = [new("job", JobRows.Id(job))] }, ct);
        var names = lanes.Select(l => l.Name).ToHashSet(StringComparer.Ordinal);
        var ended = false;
        foreach (var backend in rows.Where(r => names.Contains(r.Text("lane"))).Select(r => r.TextOrNull("backend")).Distinct())
        {
            if (backend is not null && backend != session.Backend) ended |= await database.TerminateAsync(backend, ct);
        }
        return ended;
    }
}
