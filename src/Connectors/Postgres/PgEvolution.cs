using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// Makes a target table follow its source, in the open transaction. New columns may be NULL and have no default: rows that are there hold
/// NULL in them, which is what the plan counts on. A type is changed only from the very type the source had, and where the source is
/// another system to one that holds all that the column holds.
/// </summary>
internal sealed class PgEvolution(TablePlan plan, PgCreation creation)
{
    public async ValueTask RunAsync(PgSession session, CancellationToken ct)
    {
        if (await PgTarget.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target) return;
        foreach (var drift in plan.Drift)
        {
            var wanted = plan.TargetSchema.Columns.FirstOrDefault(c => c.Name == drift.Column);
            if (wanted is null || await StepAsync(session, target, drift, wanted, ct).ConfigureAwait(false) is not { } step) continue;
            try
            {
                await session.ExecuteAsync($"alter table {PgNames.Quote(plan.Target)} {step}", ct, plan.Target,
                    $"ALTER TABLE {PgNames.Quote(plan.Target)} OWNER TO {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);
            }
            catch (PawlException e) when (e.Fault is not (Fault.Transient or Fault.Throttled or Fault.Permission or Fault.Fenced))
            {
                throw plan.NotEvolved(drift.Column, e.Details.GetValueOrDefault("cause"), e);
            }
        }
    }

    /// <summary>Null when it is done already, or not ours to do.</summary>
    private async ValueTask<string?> StepAsync(PgSession session, PgTarget target, ColumnDrift drift, ColumnSchema wanted,
        CancellationToken ct)
    {
        var (name, there) = (PgNames.Quote(drift.Column), target.Column(drift.Column));
        switch (drift.Kind)
        {
            case DriftKind.Added when there is null:
                await creation.CreateTypesAsync(session, ct).ConfigureAwait(false);
                var (type, collation) = creation.Declared(wanted);
                return $"add column if not exists {name} {type}{(collation is null ? "" : $" collate {collation}")}";
            case DriftKind.Widened when there is not null && Wider(there, drift, wanted) is { } wider:
                return $"alter column {name} type {wider}{await CollationAsync(session, drift.Column, ct).ConfigureAwait(false)}";
            case DriftKind.MayBeNull when there is { NotNull: true }:
                return $"alter column {name} drop not null";
            default:
                return null;
        }
    }

    /// <summary>The type that the column takes; null = it keeps its own.</summary>
    private string? Wider(PgTargetColumn there, ColumnDrift drift, ColumnSchema wanted)
    {
        if (PgShape.From(plan.SourceSchema) is not null) return there.Type == drift.From ? drift.To : null;
        var declared = creation.Declared(wanted).Type;
        static ColumnSchema Of(string type) => new() { Name = "", Type = LogicalType.Any, NativeType = type };
        return declared != there.Type && PgWidening.Holds(Of(there.Type), Of(declared)) ? declared : null;
    }

    /// <summary>A type that is changed without it would take the collation of the new type.</summary>
    private async ValueTask<string> CollationAsync(PgSession session, string column, CancellationToken ct)
    {
        var rows = await session.QueryAsync("""
            select quote_ident(n.nspname) || '.' || quote_ident(c.collname)
            from pg_attribute a join pg_type t on t.oid = a.atttypid and a.attcollation <> t.typcollation
                join pg_collation c on c.oid = a.attcollation join pg_namespace n on n.oid = c.collnamespace
            where a.attrelid = to_regclass($1) and a.attname = $2
            """, ct, PgNames.Quote(plan.Target), column).ConfigureAwait(false);
        return rows.Count == 0 ? "" : $" collate {rows[0][0]}";
    }
}
