using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>
/// One publication. A RENAME commits by itself, so there are two sessions: one holds the fence in an open transaction and notes at its end
/// that it is done; the other holds the locks of the tables' names and renames. A kill between the two leaves a rename without a note: the
/// next run sees it in the catalogue (<see cref="MyStaging"/>), and has but to note it. One caller.
/// </summary>
internal sealed class MyPublication(MyTables tables, TablePlan plan, PublicationRules rules)
{
    private PublicationResult? result;

    /// <returns>Null when it was published before.</returns>
    public async ValueTask<PublicationResult?> RunAsync(CancellationToken ct)
    {
        var prefix = new MyStaging { Stage = plan.Stage! }.Prefix;
        await tables.LockedAsync([MyStaging.LockOf(prefix), tables.LockOf(plan.Target)], async session =>
        {
            await using var fencing = await tables.OpenAsync(ct).ConfigureAwait(false);
            await fencing.BeginKeepingOutAsync(ct).ConfigureAwait(false);
            var ended = false;
            try
            {
                if (await rules.FenceAsync(fencing, ct).ConfigureAwait(false) is not { } expected) return;
                var done = await PublishAsync(session, fencing, expected, ct).ConfigureAwait(false);
                await rules.NoteAsync(fencing, ct).ConfigureAwait(false);
                ended = true;
                await fencing.EndAsync(commit: true).ConfigureAwait(false);
                result = done;
            }
            finally
            {
                if (!ended) await fencing.EndAsync(commit: false).ConfigureAwait(false);
            }
        }, ct).ConfigureAwait(false);
        return result;
    }

    private async ValueTask<PublicationResult> PublishAsync(MyTargetSession session, MyTargetSession fencing, long expected,
        CancellationToken ct)
    {
        var swap = new MySwap(session, plan, rules, tables.NextId);
        var staging = await swap.FindAsync(ct).ConfigureAwait(false);
        if (staging is { Rows: null, Old: not null }) return await swap.ConfirmAsync(staging, expected, ct).ConfigureAwait(false);
        var target = await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false);
        var how = await MyStages.DecideAsync(session, plan, target, staging.Rows, ct).ConfigureAwait(false);
        return how.Way is PublicationWay.Create or PublicationWay.Rename
            ? await swap.RunAsync(staging, target, how, expected, ct).ConfigureAwait(false)
            : await new MyExchange(fencing, session, plan, rules).RunAsync(staging.Rows, expected, ct).ConfigureAwait(false);
    }
}
