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
            new("table"), new("read", true), new("written", true), new("filtered", true, 3), new("rejected", true), new("bytes", true, 4),
            new("time", true, 6), new("rate", true, 7), new("guarantee", false, 5),
            new("consistency", false, 8), new("", false));
        foreach (var t in summary.Tables) Add(table, t, took(t.Source) ?? t.Time);
        if (summary.Tables.Count > 1)
        {
            var all = summary.Tables.Aggregate(default(WriteCounts), (sum, t) => sum + t.Total);
            var moved = summary.Tables.Aggregate(default(WriteCounts), (sum, t) => sum + t.ThisRun);
            table.Total($"{summary.Tables.Count} tables", Figures.Full(all.Read), Figures.Full(Written(all)), Some(all.Filtered),
                Some(all.Rejected),
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
            ? $" · {Figures.Full(all - now)} kept from before" : "";
        var retries = summary.Retries > 0 ? $" · {Figures.Plural(summary.Retries, "retry", "retries")}" : "";
        yield return $"{Headline(summary, paint)}: {Figures.Plural(now, "row")} in {Figures.Took(summary.Time)}{kept}{retries}";
        var copied = summary.Tables.Where(t => t.Status is TableStatus.Done or TableStatus.AlreadyDone).ToArray();
        if (copied.Length > 0) yield return Words([.. copied.Select(t => t.Consistency)]);
        var judged = summary.Tables.Where(t => t.Verdict is not null).Select(t => t.Verdict!).ToArray();
        if (judged.Length == 0) yield break;
        var bad = judged.Count(v => !v.Equal);
        var level = judged[0].Level == Jobs.VerifyLevel.Digest ? "row counts and digests" : "row counts";
        yield return bad == 0 ? paint.Green($"verified: {level} equal in {Figures.Plural(judged.Length, "table")}")
            : paint.Alarm($"verification: {bad} of {Figures.Plural(judged.Length, "table")} differ ({level})");
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
    };

    public static string Words(Guarantee guarantee) => guarantee switch
    {
        Guarantee.OncePerRow => "once per row",
        Guarantee.ConvergesByKey => "converges by key",
        Guarantee.OncePerPublishedUnit => "once per unit",
        _ => "at least once",
    };

    public static string Words(Consistency consistency) => consistency == Consistency.OneSnapshot ? "one snapshot" : "mixed";

    /// <summary>The same of several tables, also where there is no room for the column.</summary>
    public static string Words(IReadOnlyList<Consistency> all)
    {
        var kinds = all.GroupBy(c => c).OrderByDescending(g => g.Key)
            .Select(g => $"{Words(g.Key)} in {Figures.Plural(g.Count(), "table")}");
        return "consistency: " + string.Join(", ", kinds);
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
            Some(t.Total.Rejected),
            Figures.Bytes(t.TotalBytes), idle ? "" : Figures.Took(time), idle ? "" : Rate(t.ThisRun.Read, time),
            t.Status == TableStatus.Failed && t.Total.Read == 0 ? "" : Words(t.Guarantee),
            t.Status == TableStatus.Failed && t.Total.Read == 0 ? "" : Words(t.Consistency), word);
    }

    private static (string Word, Func<string, string>? Paint) Word(TableOutcome t) => t.Status switch
    {
        TableStatus.Failed => ("FAILED " + t.Error?.Code, null),
        _ when t.Verdict is { Equal: false } => ("DIFFERS", null),
        TableStatus.Interrupted => ("to be continued", null),
        TableStatus.AlreadyDone => ("finished before", null),
        _ when t.Verdict is { Equal: true, Conclusive: false } => ("not proved", null),
        _ when t.Verdict is { Equal: true } => ("verified", null),
        _ => ("done", null),
    };

    private static string Headline(RunSummary summary, Paint paint) => summary.Status switch
    {
        RunStatus.Done => paint.Green(paint.Bold("Done")),
        RunStatus.NothingToDo => "Nothing to do",
        RunStatus.Partial => paint.Yellow("Done in part"),
        RunStatus.Interrupted => paint.Yellow("Stopped"),
        RunStatus.Paused => paint.Yellow("Paused"),
        RunStatus.Fenced => paint.Alarm("Fenced off"),
        _ => paint.Alarm("Failed"),
    };

    /// <summary>Nothing where it is nothing, so that what is there stands out.</summary>
    private static string Some(long n) => n == 0 ? "" : Figures.Full(n);

    private static string Rate(long rows, TimeSpan time) => rows < 1_000 || time.TotalSeconds < 0.001 ? ""
        : Figures.Short(rows / time.TotalSeconds)
        + " r/s";
}
