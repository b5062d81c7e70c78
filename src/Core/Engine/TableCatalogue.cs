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
    /// <param name="only">Only tables matching one of these; empty = all.</param>
    /// <param name="schemas">The target has schemas.</param>
    /// <exception cref="PawlException">
    /// <see cref="Codes.TargetClash"/> when two source tables would be written into one, whether or not both are chosen: the next run may
    /// choose the other. <see cref="Codes.PatternEmpty"/> when nothing is chosen.
    /// </exception>
    public static async ValueTask<IReadOnlyList<MatchedTable>> MatchAsync(ISource source, JobSpec job, IReadOnlyList<TablePattern> only,
        bool schemas, CancellationToken ct)
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
        CheckTargets(matched, schemas);
        matched.AddRange(empty);
        if (only.Count == 0) return matched;
        var chosen = matched.Where(m => only.Any(p => p.Matches(m.Name))).ToArray();
        if (chosen.Length == 0)
        {
            throw new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", string.Join(", ", only.Select(p => p.Text))));
        }
        return chosen;
    }

    private static void CheckTargets(IEnumerable<MatchedTable> tables, bool schemas)
    {
        var taken = new Dictionary<string, TableName>(StringComparer.OrdinalIgnoreCase);
        foreach (var table in tables)
        {
            var name = table.Schema!.Name;
            var target = TableRules.TargetName(table.Rule.Target, name, schemas).ToString();
            if (taken.TryAdd(target, name)) continue;
            throw new PawlException(Fault.Configuration, Codes.TargetClash, ("target", target), ("first", taken[target]), ("second", name));
        }
    }
}
