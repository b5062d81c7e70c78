using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Transform;

namespace Pawl.Engine;

/// <summary>
/// The tables of a job that go into one target: they have to look alike, and the target may hold their rows and nobody else's. One caller
/// at a time.
/// </summary>
/// <param name="matched">Tables of this run.</param>
/// <param name="plans">What the target knows of all tables of the job.</param>
internal sealed class Merging(IReadOnlyList<MatchedTable> matched, IReadOnlyList<TablePlan> plans, ISink sink, ConnectorLimits limits)
{
    private readonly Dictionary<(TableName Target, string Known), bool> strange = [];
    private readonly ILookup<TableName, MatchedTable> byTarget = matched.Where(m => m.Schema is not null)
        .ToLookup(m => TableRules.TargetName(m.Rule.Target, m.Schema!.Name, limits));

    /// <summary>
    /// A plan about to be opened, beside the other tables of its target. What may be missing in one of them may be missing in the target.
    /// </summary>
    /// <exception cref="PawlException"><see cref="Codes.ShardsDiffer"/>.</exception>
    public TablePlan Check(TablePlan wanted)
    {
        var known = plans.Where(p => p.Target == wanted.Target).Select(p => p.Source).ToHashSet();
        var others = byTarget[wanted.Target].Where(m => m.Schema!.Name != wanted.Source).Select(m => (m.Schema!.Name, Shape: Shape(m)))
            .Where(m => m.Shape is not null).ToDictionary(m => m.Name, m => m.Shape!);
        // One that is there already says what they look like; else the first of them.
        var first = others.Keys.Append(wanted.Source).OrderBy(n => !known.Contains(n) || n == wanted.Source)
            .ThenBy(n => n.ToString(), StringComparer.Ordinal).First();
        if (first != wanted.Source) Compare(wanted, first, others[first]);
        else if (plans.FirstOrDefault(p => IsBeside(p, wanted) && p.Phase != TablePhase.Restarting) is { } plan)
        {
            Compare(wanted, plan.Source, plan.TargetSchema);
        }
        var columns = wanted.TargetSchema.Columns.Select(c => c with
        {
            Nullable = c.Nullable || others.Values.Any(o => o.IndexOf(c.Name) is >= 0 and var at && o.Columns[at].Nullable),
        });
        return others.Count == 0 ? wanted : wanted with { TargetSchema = wanted.TargetSchema with { Columns = [.. columns] } };
    }

    /// <summary>
    /// Rows are there that no other table of the job brought. A question is asked once, since it may read the whole target: nothing of
    /// what is asked for is written before all of the run's tables are planned.
    /// </summary>
    public async ValueTask<bool> HoldsStrangersAsync(TablePlan wanted, CancellationToken ct)
    {
        var values = plans.Where(p => IsBeside(p, wanted)).Select(p => p.Slice!.Value).ToArray();
        var question = (wanted.Target, string.Join('\0', values));
        if (strange.TryGetValue(question, out var answer)) return answer;
        return strange[question] = await ((IMergesTables)sink).HoldsOthersAsync(wanted, values, ct);
    }

    /// <summary>Both are known by the same column of one target.</summary>
    private static bool IsBeside(TablePlan plan, TablePlan wanted) => plan.Target == wanted.Target && plan.Source != wanted.Source
        && wanted.Slice is { } slice && plan.Slice?.Column == slice.Column;

    /// <summary>Null when the table's own definition is wrong: it says so itself.</summary>
    private static TableSchema? Shape(MatchedTable table)
    {
        try
        {
            var read = Projection.Schema(table.Schema!, Projection.Apply(table.Schema!, table.Rule.Select, table.Rule.Drop));
            return TransformChain.Output(read, new ColumnChanges
            {
                Rename = table.Rule.Rename, Set = table.Rule.Set, SourceColumn = table.Rule.SourceColumn,
            });
        }
        catch (PawlException)
        {
            return null;
        }
    }

    private static void Compare(TablePlan wanted, TableName other, TableSchema there)
    {
        PawlException Differ(string cause, string? column = null) => new(Fault.Schema, Codes.ShardsDiffer, ("table", wanted.Source),
            ("other", other), ("target", wanted.Target), ("column", column), ("cause", cause));
        var here = wanted.TargetSchema;
        foreach (var column in here.Columns)
        {
            if (there.IndexOf(column.Name) is not (>= 0 and var at)) throw Differ("the other one has no such column", column.Name);
            var its = there.Columns[at];
            if (column.Type == its.Type && string.Equals(column.NativeType, its.NativeType, StringComparison.OrdinalIgnoreCase)
                && column.Generated == its.Generated && column.Collation == its.Collation) continue;
            throw Differ($"here it is {Type(column)}, there {Type(its)}", column.Name);
        }
        if (there.Columns.FirstOrDefault(c => here.IndexOf(c.Name) < 0) is { } more)
        {
            throw Differ("only the other one has the column", more.Name);
        }
        if (!Key(here).SequenceEqual(Key(there))) throw Differ("their keys are not the same");
    }

    private static IEnumerable<string> Key(TableSchema table) => table.Key.Columns.Select(c => table.Columns[c].Name);

    private static string Type(ColumnSchema column) => column.NativeType.Length > 0 ? column.NativeType : column.Type.ToString();
}
