using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Makes a target table follow its source. New columns may be NULL and have no default: rows that are there hold NULL in them, which is
/// what the plan counts on. A type is changed only from the very type the source had; where the source is another system it stays, and
/// the look that follows says whether it still fits. Each step looks whether it was done before.
/// </summary>
internal sealed class MyEvolution(TablePlan plan, MyCreation creation)
{
    public async ValueTask RunAsync(MyTargetSession session, CancellationToken ct)
    {
        if (await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target) return;
        foreach (var drift in plan.Drift)
        {
            var wanted = plan.TargetSchema.Columns.FirstOrDefault(c => c.Name == drift.Column);
            if (wanted is null || Step(target, drift, wanted) is not { } step) continue;
            try
            {
                await session.ExecuteAsync($"alter table {target.Quoted} {step}", ct, plan.Target,
                    MyGrants.Of("alter, create, insert", target.Name, session.Options)).ConfigureAwait(false);
            }
            catch (PawlException e) when (e.Fault is not (Fault.Transient or Fault.Throttled or Fault.Permission or Fault.Fenced))
            {
                throw plan.NotEvolved(drift.Column, e.Details.GetValueOrDefault("cause"), e);
            }
        }
    }

    /// <summary>Null when it is done already, or not ours to do.</summary>
    private string? Step(MyTargetTable target, ColumnDrift drift, ColumnSchema wanted)
    {
        var there = target.Column(drift.Column);
        return drift.Kind switch
        {
            DriftKind.Added when there is null => $"add column {MyQuote.Name(drift.Column)} {creation.Declared(wanted)} null",
            DriftKind.Widened when there is not null && there.Type == drift.From => Modified(there, drift.To, there.NotNull),
            DriftKind.MayBeNull when there is { NotNull: true } => Modified(there, there.Type, isNotNull: false),
            _ => null,
        };
    }

    /// <summary>MODIFY takes away whatever it does not say again.</summary>
    private string Modified(MyTargetColumn there, string type, bool isNotNull)
    {
        if (there.HasDefault || there.Extra.Length > 0)
        {
            throw plan.NotEvolved(there.Name, "the column has a default or a setting that a change of its type would take away");
        }
        var charset = there.Charset.Length == 0 ? "" : $" character set {there.Charset} collate {there.Collation}";
        return $"modify column {MyQuote.Name(there.Name)} {type}{charset} {(isNotNull ? "not null" : "null")}";
    }
}
