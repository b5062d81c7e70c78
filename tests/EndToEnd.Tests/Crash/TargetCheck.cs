using System.Globalization;
using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// Compares target and source row by row with SQL of its own, never with the engine. After a kill the target must hold exactly the rows
/// up to the ledger's positions; after the end exactly the rows of the source. Each complaint is one line.
/// </summary>
internal static class TargetCheck
{
    /// <summary>At the instant of a kill: no row lost that the ledger promises, none there that it does not know, none twice.</summary>
    public static async Task<IReadOnlyList<string>> AtKillAsync(string source, string target, IReadOnlyList<CopiedTable> tables)
    {
        var ledger = await LedgerView.ReadAsync(target);
        var wrong = new List<string>();
        foreach (var table in tables)
        {
            var lanes = ledger.Lanes.Where(l => l.Table == table.Source).ToArray();
            wrong.AddRange(await CompareAsync(source, target, table, Durable(table, lanes), lanes.Sum(l => l.Inserted)));
        }
        return wrong;
    }

    /// <summary>After the job is done: every row once, every lane closed, nobody holds the job.</summary>
    public static async Task<IReadOnlyList<string>> AtEndAsync(string source, string target, IReadOnlyList<CopiedTable> tables)
    {
        var ledger = await LedgerView.ReadAsync(target);
        var wrong = new List<string>();
        if (ledger.Held) wrong.Add("the job is still held");
        foreach (var table in tables)
        {
            var lanes = ledger.Lanes.Where(l => l.Table == table.Source).ToArray();
            var phase = ledger.Phases.GetValueOrDefault(table.Source);
            if (phase is not ("done" or "verified")) wrong.Add($"{table.Target}: phase {phase ?? "unknown"}");
            if (lanes.Any(l => !l.Final)) wrong.Add($"{table.Target}: {lanes.Count(l => !l.Final)} lanes are not final");
            wrong.AddRange(await CompareAsync(source, target, table, "true", lanes.Sum(l => l.Inserted)));
            wrong.AddRange(await CompareAsync(source, target, table, Durable(table, lanes), lanes.Sum(l => l.Inserted)));
        }
        return wrong.Distinct().ToArray();
    }

    /// <summary>Files next to the target that a clean end should not leave.</summary>
    public static IReadOnlyList<string> Residue(string target) =>
    [
        .. Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(target)!)
            .Where(f => f != target && f != target + "-wal" && f != target + "-shm").Select(f => $"left behind: {Path.GetFileName(f)}"),
    ];

    /// <summary>The rows the ledger says are durable, as a condition on the source.</summary>
    private static string Durable(CopiedTable table, IReadOnlyList<LaneView> lanes)
    {
        var key = $"({string.Join(", ", table.Key)})";
        var parts = lanes.Where(l => l.Final || l.Position is not null).Select(l =>
        {
            var last = l.Final ? l.Through : l.Position;
            var from = l.After is null ? "true" : $"{key} > {PositionText.Tuple(l.After)}";
            return last is null ? from : $"({from} and {key} <= {PositionText.Tuple(last)})";
        }).ToArray();
        return parts.Length == 0 ? "false" : string.Join(" or ", parts);
    }

    private static async Task<IReadOnlyList<string>> CompareAsync(string source, string target, CopiedTable table, string rows,
        long inserted)
    {
        var there = File.Exists(target) && await Sqlite3.NumberAsync(target,
            $"select count(*) from sqlite_schema where type = 'table' and name = {Sqlite3.Text(table.Target)}") == 1;
        var have = there ? $"select {table.Held} as r from main.{Sqlite3.Name(table.Target)}" : "select '' as r where false";
        var lines = await Sqlite3.RunAsync(target, $"""
            attach {Sqlite3.Text("file:" + Uri.EscapeDataString(source).Replace("%2F", "/", StringComparison.Ordinal) + "?mode=ro")} as s;
            create temp table want as select r, count(*) as n from (select {table.Wanted} as r
              from s.{Sqlite3.Name(table.Source)} where ({table.Where ?? "true"}) and ({rows})) group by r;
            create temp table have as select r, count(*) as n from ({have}) group by r;
            select count(*) from (select * from want except select * from have);
            select count(*) from (select * from have except select * from want);
            select coalesce(sum(n), 0) from have;
            select 'e.g. wanted ' || n || ' of ' || r from (select * from want except select * from have order by 1 limit 1);
            select 'e.g. holds ' || n || ' of ' || r from (select * from have except select * from want order by 1 limit 1);
            """);
        var wrong = new List<string>();
        var (missing, extra, held) = (Number(lines[0]), Number(lines[1]), Number(lines[2]));
        var examples = string.Join("; ", lines.Skip(3));
        if (missing > 0) wrong.Add($"{table.Target}: {missing} rows are not there as often as they should be; {examples}");
        if (extra > 0) wrong.Add($"{table.Target}: {extra} rows are there that should not be, or not so often; {examples}");
        if (held != inserted) wrong.Add($"{table.Target}: holds {held} rows, its ledger counted {inserted}");
        return wrong;
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
