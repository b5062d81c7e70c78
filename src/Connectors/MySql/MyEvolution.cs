using System.Text.RegularExpressions;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Makes a target table follow its source. New columns may be NULL and have no default: rows that are there hold NULL in them, which is
/// what the plan counts on. A type is changed only from the very type the source had, and where the source is another system to one that
/// holds all that the column holds. Each step looks whether it was done before.
/// </summary>
internal sealed partial class MyEvolution(TablePlan plan, MyCreation creation)
{
    public async ValueTask RunAsync(MyTargetSession session, CancellationToken ct)
    {
        if (await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) is not { IsTable: true } target) return;
        foreach (var drift in plan.Drift)
        {
            var wanted = plan.TargetSchema.Columns.FirstOrDefault(c => c.Name == drift.Column);
            if (wanted is null || await StepAsync(session, target, drift, wanted, ct).ConfigureAwait(false) is not { } step) continue;
            try
            {
                await session.ExecuteAsync($"alter table {target.Quoted} {step}", ct, plan.Target,
                    MyGrants.Of("alter, create, insert", target.Name, session.Options)).ConfigureAwait(false);
            }
            catch (PawlException e) when (e.Fault is not (Fault.Transient or Fault.Throttled or Fault.Permission or Fault.Fenced))
            {
                throw plan.NotEvolved(drift.Column, e.Details.GetValueOrDefault("cause"), e);
            }
            // A column that takes a wider type and nulls is changed twice.
            target = await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) ?? throw plan.TargetGone();
        }
    }

    /// <summary>Null when it is done already, or not ours to do.</summary>
    private async ValueTask<string?> StepAsync(MyTargetSession session, MyTargetTable target, ColumnDrift drift, ColumnSchema wanted,
        CancellationToken ct)
    {
        var there = target.Column(drift.Column);
        return drift.Kind switch
        {
            DriftKind.Added when there is null => $"add column {MyQuote.Name(drift.Column)} {creation.Declared(wanted)} null",
            DriftKind.Widened when there is { IsGenerated: false } && Wider(there, drift, wanted) is { } type =>
                await ModifiedAsync(session, target, there, type, freed: false, ct).ConfigureAwait(false),
            DriftKind.MayBeNull when there is { NotNull: true, IsGenerated: false } =>
                await ModifiedAsync(session, target, there, there.Type, freed: true, ct).ConfigureAwait(false),
            _ => null,
        };
    }

    /// <summary>The type that the column takes.</summary>
    private string? Wider(MyTargetColumn there, ColumnDrift drift, ColumnSchema wanted)
    {
        if (MyShape.From(plan.SourceSchema) is not null) return MyWidening.IsSame(there.Type, drift.From) ? drift.To : null;
        var declared = creation.Declared(wanted).Split(" character set ")[0];
        return MyWidening.Holds(there.Type, declared) ? declared : null;
    }

    /// <summary>
    /// MODIFY takes away whatever it does not say again: default, charset, numbering, comment. So the server's own words for the column are
    /// said again, with another type at their beginning.
    /// </summary>
    private async ValueTask<string> ModifiedAsync(MyTargetSession session, MyTargetTable target, MyTargetColumn there, string type,
        bool freed, CancellationToken ct)
    {
        var rows = await session.RowsAsync($"show create table {target.Quoted}", ct, target.Name).ConfigureAwait(false);
        var start = $"  {MyQuote.Name(there.Name)} {there.Type}";
        var line = rows[0][1]!.Split('\n').FirstOrDefault(l => l.StartsWith(start, StringComparison.Ordinal));
        var rest = line?[start.Length..].TrimEnd(',');
        if (rest is null || freed && !NotNull().IsMatch(rest))
        {
            throw plan.NotEvolved(there.Name, "the column has a default or a setting that a change of its type would take away");
        }
        return $"modify column {MyQuote.Name(there.Name)} {type}{(freed ? NotNull().Replace(rest, "${charset} NULL", 1) : rest)}";
    }

    /// <summary>Before anything that could hold other people's words.</summary>
    [GeneratedRegex("^(?<charset>( CHARACTER SET [a-z0-9_]+)?( COLLATE [a-z0-9_]+)?) NOT NULL",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex NotNull();
}
