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
    /// <param name="target">Of the target system.</param>
    /// <param name="sink">The target itself, which alone knows where a name without a schema lies; null = it was not opened.</param>
    /// <exception cref="PawlException">
    /// <see cref="Codes.TargetClash"/> when two source tables would be written into one and nothing would tell their rows apart,
    /// <see cref="Codes.ShardsAlike"/> when both have the same value for that; whether or not both are chosen: the next run may choose the
    /// other. <see cref="Codes.PatternEmpty"/> when one of <paramref name="only"/> chooses nothing.
    /// </exception>
    public static async ValueTask<IReadOnlyList<MatchedTable>> MatchAsync(ISource source, JobSpec job, IReadOnlyList<TablePattern> only,
        ConnectorLimits target, CancellationToken ct, ISink? sink = null)
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
                : new PawlException(Fault.Schema, Codes.TableMissing, ("table", rule.Pattern.Exact), ("source", source.Identity.Display),
                    ("suggestion", await NearestAsync(source, rule.Pattern.Exact!, ct)));
            empty.Add(new MatchedTable(rule, null, error));
        }
        var matched = new List<MatchedTable>();
        foreach (var table in found.Values.OrderBy(t => t.Name.ToString(), StringComparer.Ordinal))
        {
            var name = table.Name.ToString();
            var rule = TableRules.Resolve(job.Tables, name);
            if (rule is null || rule.Exclude.Any(x => x.Matches(name))) continue;
            matched.Add(new MatchedTable(TableRules.For(rule, table.Name), table));
        }
        CheckTargets(matched, target, sink);
        matched.AddRange(empty);
        TablePattern.CheckEach(only, [.. matched.Select(m => m.Name)]);
        return only.Count == 0 ? matched : [.. matched.Where(m => only.Any(p => p.Matches(m.Name)))];
    }

    /// <summary>A table that may have been meant.</summary>
    private static async ValueTask<string?> NearestAsync(ISource source, string written, CancellationToken ct)
    {
        try
        {
            var names = (await source.DescribeAsync(new TablePattern("*"), ct)).Select(t => t.Name).ToArray();
            return NearestName.Of(written, written.Contains('.') ? names.Select(n => n.ToString()) : names.Select(n => n.Name));
        }
        catch (PawlException)
        {
            // What is wrong is said already; a look that fails would only hide it.
            return null;
        }
    }

    private static void CheckTargets(IReadOnlyList<MatchedTable> tables, ConnectorLimits limits, ISink? sink)
    {
        var targets = tables.GroupBy(
            t => SamePlace.Whole(TableRules.TargetName(t.Rule.Target, t.Schema!.Name, limits), sink).ToString(),
            StringComparer.OrdinalIgnoreCase);
        foreach (var target in targets)
        {
            var values = new Dictionary<string, TableName>(StringComparer.OrdinalIgnoreCase);
            var first = target.First();
            foreach (var table in target)
            {
                var name = table.Schema!.Name;
                if (!TableRules.MayShare(first.Rule, table.Rule) && table != first)
                {
                    throw new PawlException(Fault.Configuration, Codes.TargetClash, ("target", target.Key), ("first", first.Schema!.Name),
                        ("second", name));
                }
                if (table.Rule.SourceColumn is not { } column || values.TryAdd((string)table.Rule.Set[column]!, name)) continue;
                var value = (string)table.Rule.Set[column]!;
                throw new PawlException(Fault.Configuration, Codes.ShardsAlike, ("table", name), ("other", values[value]),
                    ("target", target.Key), ("column", column), ("value", value));
            }
        }
    }
}
