using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;

namespace Pawl.Cli.Output;

/// <summary>What became of a run: the end table, the totals, and the same as data.</summary>
public static class RunResult
{
    /// <param name="took">Time a table was worked on, as the events told; null = as the engine measured, waiting included.</param>
    public static TextTable Table(RunSummary summary, Func<string, TimeSpan?> took)
    {
        var table = new TextTable(
            new("table", "表"), new("read", "读取", true), new("written", "写入", true), new("filtered", "过滤", true, 3),
            new("rejected", "拒收", true), new("set to NULL", "置空", true), new("bytes", "字节", true, 4), new("time", "用时", true, 6),
            new("rate", "速率", true, 7), new("guarantee", "保证", false, 5), new("consistency", "一致性", false, 8), new("", "", false));
        foreach (var t in summary.Tables) Add(table, t, took(t.Source) ?? t.Time);
        if (summary.Tables.Count > 1)
        {
            var all = summary.Tables.Aggregate(default(WriteCounts), (sum, t) => sum + t.Total);
            var moved = summary.Tables.Aggregate(default(WriteCounts), (sum, t) => sum + t.ThisRun);
            table.Total(Figures.Plural(summary.Tables.Count, Noun.Table), Figures.Full(all.Read), Figures.Full(Written(all)),
                Some(all.Filtered), Some(all.Rejected), Some(all.Nulled),
                Figures.Bytes(summary.Tables.Sum(t => t.TotalBytes)), Figures.Took(summary.Time), Rate(moved.Read, summary.Time),
                "", "", "");
        }
        return table;
    }

    /// <summary>Rows moved now, rows kept from before, and what verification said.</summary>
    public static IEnumerable<string> Totals(RunSummary summary, Paint paint)
    {
        var now = summary.Tables.Sum(t => t.ThisRun.Read);
        var all = summary.Tables.Sum(t => t.Total.Read);
        var kept = all > now && summary.Tables.Any(t => t.ThisRun.Read > 0 || t.Status != TableStatus.AlreadyDone)
            ? Both($" · {Figures.Full(all - now)} kept from before", $" · 此前已有 {Figures.Full(all - now)} 行，保留") : "";
        var retries = summary.Retries > 0 ? $" · {Figures.Plural(summary.Retries, Noun.Retry)}" : "";
        var (moved, took) = (Figures.Plural(now, Noun.Row), Figures.Took(summary.Time));
        yield return Headline(summary, paint) + Both($": {moved} in {took}", $"：{moved}，用时 {took}") + kept + retries;
        var copied = summary.Tables.Where(t => t.Status is TableStatus.Done or TableStatus.AlreadyDone).ToArray();
        if (copied.Length > 0) yield return Words([.. copied.Select(t => t.Consistency)]);
        var judged = summary.Tables.Where(t => t.Verdict is not null).Select(t => t.Verdict!).ToArray();
        if (judged.Length == 0) yield break;
        var bad = judged.Count(v => !v.Equal);
        var level = judged[0].Level == Jobs.VerifyLevel.Digest ? Both("row counts and digests", "行数与摘要") : Both("row counts", "行数");
        var tables = Figures.Plural(judged.Length, Noun.Table);
        yield return bad == 0 ? paint.Green(Both($"verified: {level} equal in {tables}", $"校验通过：{tables}的{level}一致"))
            : paint.Alarm(Both($"verification: {bad} of {tables} differ ({level})", $"校验：{tables}中有 {bad} 张不一致（{level}）"));
    }

    public static Pairs Data(RunSummary summary, IReadOnlyDictionary<string, string?> context)
    {
        var data = new Pairs
        {
            ["status"] = summary.Status.ToString(),
            ["rows"] = summary.Tables.Sum(t => t.ThisRun.Read),
            ["total_rows"] = summary.Tables.Sum(t => t.Total.Read),
            ["ms"] = (long)summary.Time.TotalMilliseconds,
            ["retries"] = summary.Retries,
        };
        if (summary.Resumed is { } r)
        {
            data["resumed"] = new Pairs
            {
                ["splits_done"] = r.SplitsDone, ["splits_partial"] = r.SplitsPartial, ["splits_todo"] = r.SplitsToDo,
                ["rows_kept"] = r.RowsKept, ["last_commit"] = r.LastCommit, ["taken_over_from"] = r.TakenOverFrom,
            };
        }
        data["tables"] = summary.Tables.Select(t => Data(t, context)).ToArray();
        return data;
    }

    public static Pairs Counts(WriteCounts c) => new()
    {
        ["read"] = c.Read, ["expanded"] = c.Expanded, ["inserted"] = c.Inserted, ["updated"] = c.Updated, ["unchanged"] = c.Unchanged,
        ["filtered"] = c.Filtered, ["collapsed"] = c.Collapsed, ["rejected"] = c.Rejected,
        ["nulled"] = c.Nulled,
    };

    public static string Words(Guarantee guarantee) => guarantee switch
    {
        Guarantee.OncePerRow => Both("once per row", "每行一次"),
        Guarantee.ConvergesByKey => Both("converges by key", "按键收敛"),
        Guarantee.OncePerPublishedUnit => Both("once per unit", "每单元一次"),
        _ => Both("at least once", "至少一次"),
    };

    public static string Words(Consistency consistency) => consistency == Consistency.OneSnapshot
        ? Both("one snapshot", "同一快照") : Both("mixed", "混合");

    /// <summary>The same of several tables, also where there is no room for the column.</summary>
    public static string Words(IReadOnlyList<Consistency> all)
    {
        var kinds = all.GroupBy(c => c).OrderByDescending(g => g.Key)
            .Select(g => Both($"{Words(g.Key)} in {Figures.Plural(g.Count(), Noun.Table)}",
                $"{Figures.Plural(g.Count(), Noun.Table)}为{Words(g.Key)}"));
        return Both("consistency: ", "一致性：") + string.Join(Both(", ", "，"), kinds);
    }

    public static long Written(WriteCounts c) => c.Inserted + c.Updated + c.Unchanged;

    private static Pairs Data(TableOutcome t, IReadOnlyDictionary<string, string?> context)
    {
        var data = new Pairs
        {
            ["source"] = t.Source, ["target"] = t.Target, ["status"] = t.Status.ToString(), ["total"] = Counts(t.Total),
            ["this_run"] = Counts(t.ThisRun), ["bytes"] = t.TotalBytes, ["ms"] = (long)t.Time.TotalMilliseconds,
            ["guarantee"] = t.Guarantee.ToString(), ["consistency"] = t.Consistency.ToString(),
        };
        if (t.Verdict is { } v) data["verdict"] = Verdicts.Data(v);
        if (t.Error is { } e) data["error"] = ErrorView.Data(e, context);
        return data;
    }

    private static void Add(TextTable table, TableOutcome t, TimeSpan time)
    {
        var (word, bad) = Word(t);
        var idle = t.Status == TableStatus.AlreadyDone || t.ThisRun.Read == 0;
        table.AddPainted(bad, t.Source, Figures.Full(t.Total.Read), Figures.Full(Written(t.Total)), Some(t.Total.Filtered),
            Some(t.Total.Rejected), Some(t.Total.Nulled),
            Figures.Bytes(t.TotalBytes), idle ? "" : Figures.Took(time), idle ? "" : Rate(t.ThisRun.Read, time),
            t.Status == TableStatus.Failed && t.Total.Read == 0 ? "" : Words(t.Guarantee),
            t.Status == TableStatus.Failed && t.Total.Read == 0 ? "" : Words(t.Consistency), word);
    }

    private static (string Word, Func<string, string>? Paint) Word(TableOutcome t) => t.Status switch
    {
        TableStatus.Failed => (Both("FAILED ", "失败 ") + t.Error?.Code, null),
        _ when t.Verdict is { Equal: false } => (Both("DIFFERS", "不一致"), null),
        TableStatus.Interrupted => (Both("to be continued", "待续传"), null),
        TableStatus.AlreadyDone => (Both("finished before", "此前已完成"), null),
        _ when t.Verdict is { Equal: true, Conclusive: false } => (Both("not proved", "未证明"), null),
        _ when t.Verdict is { Equal: true } => (Both("verified", "已校验"), null),
        _ => (Both("done", "完成"), null),
    };

    private static string Headline(RunSummary summary, Paint paint) => summary.Status switch
    {
        RunStatus.Done => paint.Green(paint.Bold(Both("Done", "完成"))),
        RunStatus.NothingToDo => Both("Nothing to do", "无事可做"),
        RunStatus.Partial => paint.Yellow(Both("Done in part", "部分完成")),
        RunStatus.Interrupted => paint.Yellow(Both("Stopped", "已停止")),
        RunStatus.Paused => paint.Yellow(Both("Paused", "已暂停")),
        RunStatus.Fenced => paint.Alarm(Both("Fenced off", "已被隔离")),
        _ => paint.Alarm(Both("Failed", "失败")),
    };

    /// <summary>Nothing where it is nothing, so that what is there stands out.</summary>
    private static string Some(long n) => n == 0 ? "" : Figures.Full(n);

    private static string Rate(long rows, TimeSpan time) => rows < 1_000 || time.TotalSeconds < 0.001 ? ""
        : $"{Figures.Short(rows / time.TotalSeconds)} {Both("r/s", "行/秒")}";
}
