using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>A table the job names.</summary>
/// <param name="Schema">Null when the source does not have it, with <paramref name="Error"/>.</param>
internal sealed record MatchedTable(TableRule Rule, TableSchema? Schema, PawlException? Error = null)
{
    public string Name => Schema?.Name.ToString() ?? Rule.Pattern.Text;
}

/// <summary>Expands the job's patterns over the source. A table belongs to the most specific rule that matches it.</summary>
internal static class TableCatalogue
{
    public static async ValueTask<IReadOnlyList<MatchedTable>> MatchAsync(ISource source, JobSpec job, IReadOnlyList<TablePattern> only,
        CancellationToken ct)
    {
        var found = new Dictionary<TableName, TableSchema>();
        var empty = new List<MatchedTable>();
        foreach (var rule in job.Tables)
        {
            var tables = await source.DescribeAsync(rule.Pattern, ct);
            foreach (var table in tables) found.TryAdd(table.Name, table);
            if (tables.Count > 0) continue;
            var error = rule.Pattern.HasWildcard
                ? new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", rule.Pattern.Text), ("line", rule.Line))
                : new PawlException(Fault.Schema, Codes.TableMissing, ("table", rule.Pattern.Exact), ("source", source.Identity.Display));
            empty.Add(new MatchedTable(rule, null, error));
        }
        var matched = new List<MatchedTable>();
        foreach (var table in found.Values.OrderBy(t => t.Name.ToString(), StringComparer.Ordinal))
        {
            var name = table.Name.ToString();
            var rule = TableRules.Resolve(job.Tables, name);
            if (rule is null || rule.Exclude.Any(x => x.Matches(name))) continue;
            matched.Add(new MatchedTable(rule, table));
        }
        matched.AddRange(empty);
        if (only.Count == 0) return matched;
        var chosen = matched.Where(m => only.Any(p => p.Matches(m.Name))).ToArray();
        if (chosen.Length == 0)
        {
            throw new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", string.Join(", ", only.Select(p => p.Text))));
        }
        return chosen;
    }

    /// <exception cref="PawlException"><see cref="Codes.TargetClash"/> when two source tables would be written into one.</exception>
    public static void CheckTargets(IEnumerable<TableDecision> decisions)
    {
        var taken = new Dictionary<string, TableName>(StringComparer.OrdinalIgnoreCase);
        foreach (var d in decisions)
        {
            if (taken.TryAdd(d.Target.ToString(), d.Schema.Name)) continue;
            throw new PawlException(Fault.Configuration, Codes.TargetClash, ("target", d.Target), ("first", taken[d.Target.ToString()]),
                ("second", d.Schema.Name));
        }
    }
}
