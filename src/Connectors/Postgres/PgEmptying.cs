using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Removes a plan's rows from its target in the open transaction, and nobody else's.</summary>
internal static class PgEmptying
{
    public static async ValueTask RunAsync(PgSession session, TablePlan plan, CancellationToken ct)
    {
        if (await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { } target) return;
        var referring = target.ForeignKeys.Where(f => !f.Outgoing && !f.ToItself).ToArray();
        if (referring.FirstOrDefault(f => f.OnDelete is not ("a" or "r")) is { } spreading)
        {
            throw new PawlException(Fault.Configuration, Codes.TargetDependent, ("table", plan.Target), ("what", "foreign key"),
                ("name", spreading.Name), ("other", spreading.Other),
                ("cause", "emptying the table would change the rows that refer to it"));
        }
        var user = PgNames.Quote(session.Options.User);
        if (plan.Slice is { } slice)
        {
            if (PgSlices.Where(target, slice) is not { } where) throw new PawlException(Fault.Schema, Codes.TargetColumnMissing,
                ("target", plan.Target), ("column", slice.Column));
            await session.ExecuteAsync($"delete from {target.Alone} where {where}", ct, plan.Target,
                $"grant delete on table {target.Quoted} to {user}").ConfigureAwait(false);
            return;
        }
        var may = await session.QueryAsync("select has_table_privilege($1::oid, 'TRUNCATE')", ct, (long)target.Oid).ConfigureAwait(false);
        // TRUNCATE is at once, but refuses a table that another one refers to, and needs a right of its own.
        if (referring.Length == 0 && may[0][0] is true && target.Triggers.Count == 0)
        {
            await session.ExecuteAsync($"truncate {target.Alone}", ct, plan.Target,
                $"grant truncate on table {target.Quoted} to {user}").ConfigureAwait(false);
            return;
        }
        await session.ExecuteAsync($"delete from {target.Alone}", ct, plan.Target, $"grant delete on table {target.Quoted} to {user}")
            .ConfigureAwait(false);
    }
}
