using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// Compares target and source row by row, read with SQL of its own by programs of their own, never with the engine. After a kill the
/// target must hold exactly the rows up to the ledger's positions; after the end exactly the rows of the source. Each complaint is one
/// line.
/// </summary>
internal static class TargetCheck
{
    public const string StillHeld = "the job is still held";

    private const string Missing = "rows are not there as often as they should be",
        Extra = "rows are there that should not be, or not so often";

    /// <summary>At the instant of a kill: no row lost that the ledger promises, none there that it does not know, none twice.</summary>
    public static async Task<IReadOnlyList<string>> AtKillAsync(TestStore source, TargetImage target, IReadOnlyList<CopiedTable> tables)
    {
        var wanted = await source.WantedAsync([.. tables.Select(t => (t, Durable(source, target, t)))]);
        return [.. tables.SelectMany((table, i) => Compare(table, wanted[i], target.Of(table), Lanes(source, target, table)))];
    }

    /// <summary>After the job is done: every row once, every lane closed, nobody holds the job.</summary>
    public static async Task<IReadOnlyList<string>> AtEndAsync(TestStore source, TargetImage target, IReadOnlyList<CopiedTable> tables)
    {
        var wrong = new List<string>();
        if (target.Ledger.Held) wrong.Add(StillHeld);
        var wanted = await source.WantedAsync([.. tables.Select(t => (t, "true")), .. tables.Select(t => (t, Durable(source, target, t)))]);
        for (var i = 0; i < tables.Count; i++)
        {
            var table = tables[i];
            var lanes = Lanes(source, target, table);
            var phase = target.Ledger.Phases.GetValueOrDefault(source.LedgerName(table.Source));
            if (phase is not ("done" or "verified")) wrong.Add($"{table.Target}: phase {phase ?? "unknown"}");
            if (lanes.Any(l => !l.Final)) wrong.Add($"{table.Target}: {lanes.Count(l => !l.Final)} lanes are not final");
            wrong.AddRange(Compare(table, wanted[i], target.Of(table), lanes));
            wrong.AddRange(Compare(table, wanted[tables.Count + i], target.Of(table), lanes));
        }
        return wrong.Distinct().ToArray();
    }

    /// <summary>Files next to the target that a clean end should not leave.</summary>
    public static IReadOnlyList<string> Residue(string target) =>
    [
        .. Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(target)!)
            .Where(f => f != target && f != target + "-wal" && f != target + "-shm").Select(f => $"left behind: {Path.GetFileName(f)}"),
    ];

    /// <summary>How many complaints there are, and of which kind.</summary>
    public static IReadOnlyList<(string Name, long Value)> Figures(IReadOnlyList<string> complaints) =>
    [
        ("tables with rows lost", complaints.Count(c => c.Contains(Missing, StringComparison.Ordinal))),
        ("tables with rows doubled", complaints.Count(c => c.Contains(Extra, StringComparison.Ordinal))),
        ("violations in all", complaints.Count),
    ];

    private static LaneView[] Lanes(TestStore source, TargetImage target, CopiedTable table) =>
        [.. target.Ledger.Lanes.Where(l => l.Table == source.LedgerName(table.Source))];

    /// <summary>The rows the ledger says are durable, as a condition on the source.</summary>
    private static string Durable(TestStore source, TargetImage target, CopiedTable table)
    {
        string Key(string comparison, string position)
        {
            var literals = source.Literals(position);
            return $"({string.Join(", ", table.Key.Take(literals.Count))}) {comparison} ({string.Join(", ", literals)})";
        }
        var parts = Lanes(source, target, table).Where(l => l.Final || l.Position is not null).Select(l =>
        {
            var last = l.Final ? l.Through : l.Position;
            var from = l.After is null ? "true" : Key(">", l.After);
            return last is null ? from : $"({from} and {Key("<=", last)})";
        }).ToArray();
        return parts.Length == 0 ? "false" : string.Join(" or ", parts);
    }

    private static IReadOnlyList<string> Compare(CopiedTable table, RowCounts want, RowCounts have, IReadOnlyList<LaneView> lanes)
    {
        var (missing, extra, inserted) = (want.Except(have), have.Except(want), lanes.Sum(l => l.Inserted));
        var wrong = new List<string>();
        if (missing.Count > 0)
        {
            wrong.Add($"{table.Target}: {missing.Count} {Missing}; e.g. wanted {missing[0].Here} of {missing[0].Row}");
        }
        if (extra.Count > 0)
        {
            wrong.Add($"{table.Target}: {extra.Count} {Extra}; e.g. holds {extra[0].Here} of {extra[0].Row}");
        }
        if (have.Total != inserted) wrong.Add($"{table.Target}: holds {have.Total} rows, its ledger counted {inserted}");
        return wrong;
    }
}
