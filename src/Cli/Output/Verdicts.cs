using Pawl.Jobs;
using Pawl.Verify;

namespace Pawl.Cli.Output;

/// <summary>What a comparison of source and target showed: a table for people and the same as data.</summary>
public static class Verdicts
{
    public static TextTable Table(IReadOnlyList<TableVerdict> verdicts, Paint paint)
    {
        var table = new TextTable(new("table", "表"), new("target", "目标", false, 2), new("source rows", "源端行数", true),
            new("target rows", "目标端行数", true), new("rejected", "拒收", true, 1), new("digest", "摘要", false, 3), new("", ""));
        foreach (var v in verdicts)
        {
            table.AddPainted(v.Equal ? paint.Green : paint.Alarm, v.Source, v.Target, Figures.Full(v.SourceRows),
                Figures.Full(v.TargetRows),
                v.Rejected > 0 ? Figures.Full(v.Rejected) : "", Digest(v),
                !v.Equal ? Both("DIFFERS", "不一致") : v.Conclusive ? Both("equal", "一致")
                    : Both("no difference seen, not proved", "未见差异，但未能证明"));
        }
        return table;
    }

    /// <summary>Where they differ, at most ten ranges per table.</summary>
    public static IEnumerable<string> Differences(TableVerdict v)
    {
        foreach (var d in v.Differences.Take(10))
        {
            var (here, there) = (Figures.Full(d.SourceRows), Figures.Full(d.TargetRows));
            yield return Both($"  {v.Source}: after {d.After ?? "the start"} up to {d.Through ?? "the end"}: "
                + $"{here} rows in the source, {there} in the target",
                $"  {v.Source}：{(d.After is null ? "从开头" : $"{d.After} 之后")}到{(d.Through is null ? "结尾" : $" {d.Through} 为止")}："
                    + $"源端 {here} 行，目标端 {there} 行");
        }
        if (v.Differences.Count > 10) yield return Both($"  {v.Source}: … and {v.Differences.Count - 10} more ranges",
            $"  {v.Source}：… 另有 {v.Differences.Count - 10} 个区间");
    }

    public static Pairs Data(TableVerdict v)
    {
        var data = new Pairs
        {
            ["source"] = v.Source, ["target"] = v.Target, ["level"] = v.Level.ToString().ToLowerInvariant(), ["equal"] = v.Equal,
            ["source_rows"] = v.SourceRows, ["target_rows"] = v.TargetRows, ["rejected"] = v.Rejected,
            ["conclusive"] = v.Conclusive,
        };
        if (v.Level == VerifyLevel.Digest) (data["source_digest"], data["target_digest"]) = (v.SourceDigest, v.TargetDigest);
        if (v.Differences.Count > 0)
        {
            data["differences"] = v.Differences.Select(d => new Pairs
            {
                ["after"] = d.After, ["through"] = d.Through, ["source_rows"] = d.SourceRows, ["target_rows"] = d.TargetRows,
            }).ToArray();
        }
        return data;
    }

    private static string Digest(TableVerdict v) => v.SourceDigest is null ? ""
        : v.SourceDigest == v.TargetDigest ? v.SourceDigest[..12] + "…" : $"{v.SourceDigest[..6]}… ≠ {v.TargetDigest?[..6]}…";
}
