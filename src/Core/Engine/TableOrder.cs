using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>
/// In which order the tables of a run are filled, where the target looks at its foreign keys meanwhile: what is referred to comes first.
/// Pure.
/// </summary>
internal sealed class TableOrder
{
    private readonly ILookup<TableName, TableName> parents;
    private readonly Dictionary<TableName, int> levels = [];
    private readonly HashSet<TableName> targets;

    /// <param name="sink">Says what a target is whose name has no schema, and whether case tells names apart.</param>
    public TableOrder(IEnumerable<TableDecision> tables, IEnumerable<TableReference> references, object? sink = null)
    {
        targets = [.. tables.Select(t => t.Target)];
        var known = new Dictionary<string, TableName>(
            sink is IKnowsPlace { IgnoresCase: true } ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (var target in targets) known.TryAdd(SamePlace.Whole(target, sink).ToString(), target);
        parents = references.Select(r => (From: known.GetValueOrDefault(SamePlace.Whole(r.From, sink).ToString()),
                To: known.GetValueOrDefault(SamePlace.Whole(r.To, sink).ToString())))
            .Where(r => r.From is not null && r.To is not null).ToLookup(r => r.From!, r => r.To!);
        var open = targets.ToHashSet();
        for (var level = 0; open.Count > 0; level++)
        {
            var next = open.Where(t => !parents[t].Any(open.Contains)).ToArray();
            // What is left goes round in circles, or waits for such: no order is better than another.
            if (next.Length == 0) next = [.. open.Where(t => CycleOf(t).Count > 0)];
            foreach (var target in next) levels[target] = level;
            open.ExceptWith(next);
        }
    }

    /// <summary>Targets that wait for others, or that others wait for.</summary>
    public bool IsTied(TableRun table) =>
        parents.Contains(table.Decision.Target) || parents.Any(p => p.Contains(table.Decision.Target));

    /// <summary>0 = waits for nobody.</summary>
    public int Level(TableRun table) => levels[table.Decision.Target];

    /// <summary>What the table refers to, of the targets of this run, but for those it is in a circle with.</summary>
    public IReadOnlyList<TableName> Parents(TableRun table) =>
        [.. parents[table.Decision.Target].Where(p => Level(p) < levels[table.Decision.Target])];

    /// <summary>The way from a target back to it, without its end; empty = there is none.</summary>
    public IReadOnlyList<TableName> CycleOf(TableName target)
    {
        var from = new Dictionary<TableName, TableName>();
        var queue = new Queue<TableName>([target]);
        while (queue.TryDequeue(out var at))
        {
            foreach (var parent in parents[at])
            {
                if (parent == target)
                {
                    var way = new List<TableName> { at };
                    while (at != target) way.Insert(0, at = from[at]);
                    return way;
                }
                if (from.TryAdd(parent, at)) queue.Enqueue(parent);
            }
        }
        return [];
    }

    /// <summary>Why a table cannot be filled: it is in a circle of tables of which none has a row that the next could refer to.</summary>
    public PawlException? Circle(TableDecision table, IReadOnlyList<TableDecision> all)
    {
        var cycle = CycleOf(table.Target);
        if (cycle.Count == 0 || !all.Where(t => cycle.Contains(t.Target)).All(IsEmpty)) return null;
        return new PawlException(Fault.Configuration, Codes.ReferenceCycle, ("table", table.Schema.Name),
            ("target", table.Target), ("cycle", string.Join(" → ", cycle.Append(table.Target))));
    }

    private static bool IsEmpty(TableDecision table) =>
        table is { State: TableState.New or TableState.Restarts, Rule.Write: WriteMode.Insert };

    private int Level(TableName target) => levels[target];
}
