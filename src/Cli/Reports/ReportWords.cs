using System.Globalization;
using Pawl.Cli.Output;

namespace Pawl.Cli.Reports;

/// <summary>The facts of a recovery report as label and value, in the order of reading; the same for every format.</summary>
internal static class ReportWords
{
    public static IEnumerable<(string Label, string Value)> Facts(RecoveryReport r)
    {
        yield return (Both("Run", "运行"), $"{Figures.RunName(r.Run.Run)} ({r.Run.Run})");
        yield return (Both("Job", "作业"), r.Run.Job);
        yield return (Both("Time", "时间"), r.Run.Ended is { } end
            ? Figures.Moment(r.Run.Started) + Both(", ", "，") + Figures.Took(end - r.Run.Started)
            : Figures.Moment(r.Run.Started));
        yield return (Both("Ended", "结束"),
            Status(r.Run.Status) + (r.Run.ExitCode is { } exit ? Both($", exit code {exit}", $"，退出码 {exit}") : ""));
        if (r.Before is { } before)
        {
            var (name, at) = (Figures.RunName(before.Run), Figures.Moment(before.Started));
            yield return (Both("Run before", "上一次运行"), Both($"{name}, {at}: {r.Cause}", $"{name}，{at}：{r.Cause}"));
        }
        if (r.TakenOverFrom is { } from) yield return (Both("Taken over from", "接管自"), from);
        foreach (var fact in r.Resumed ? Found(r) : [(Both("Began", "开始"), Beginning(r))]) yield return fact;
        var saved = r.SavedPercent.ToString("0.0", CultureInfo.InvariantCulture);
        yield return (Both("Rows not copied again", "无须重新复制的行"),
            Figures.Full(r.RowsKept + r.RowsSkipped) + Both($" ({saved} %)", $"（{saved}%）"));
        yield return (Both("Rows copied by this run", "本次运行复制的行"), Figures.Full(r.RowsCopied));
        if (r.Resumed) yield return (Both("Rows read again", "重读的行"), ReadAgain(r));
        if (r.FirstRowMs is { } ms) yield return (Both("First row after", "首行落盘用时"), Figures.Took(TimeSpan.FromMilliseconds(ms)));
        yield return (Both("Retries", "重试"), Figures.Full(r.Retries));
        yield return (Both("Rejected rows", "拒收的行"), Figures.Full(r.Rejected));
        yield return (Both("Proof", "证明"), Proof(r));
    }

    /// <summary>Headings of the list of tables.</summary>
    public static IReadOnlyList<(string Heading, bool IsFigure)> Columns =>
    [
        (Both("table", "表"), false), (Both("target", "目标"), false), (Both("kept", "保留"), true), (Both("copied", "复制"), true),
        (Both("rejected", "拒收"), true), (Both("guarantee", "保证"), false), (Both("verification", "校验"), false),
    ];

    /// <summary>How a run ended, from the word the history keeps.</summary>
    public static string Status(string status) => status switch
    {
        "done" => Both("done", "完成"),
        "nothingtodo" => Both("nothing to do", "无事可做"),
        "partial" => Both("partial", "部分完成"),
        "failed" => Both("failed", "失败"),
        "interrupted" => Both("interrupted", "被中断"),
        "paused" => Both("paused", "已暂停"),
        "fenced" => Both("fenced", "被隔离"),
        "running" => Both("running", "运行中"),
        "lost" => Both("lost (killed?)", "失联（被杀死？）"),
        _ => status,
    };

    /// <summary>What became of a table, from the words the report keeps.</summary>
    public static string Verdict(ReportTable t) => t.Verdict switch
    {
        "row counts equal" => Both("row counts equal", "行数一致"),
        "digests equal" => Both("digests equal", "摘要一致"),
        "differs" => Both("differs", "不一致"),
        "finished before" => Both("finished before", "此前已完成"),
        var failed when failed.StartsWith("failed ", StringComparison.Ordinal) => Both("failed ", "失败 ") + failed["failed ".Length..],
        var other => other,
    };

    private static string Beginning(RecoveryReport r) => r.RowsSkipped > 0
        ? Both("with finished tables, nothing was left half done", "各表都已完成，没有做到一半的")
        : Both("afresh: there was nothing to go on from", "从头开始：没有可以接续的");

    private static IEnumerable<(string Label, string Value)> Found(RecoveryReport r)
    {
        yield return (Both("Last durable point", "最后的持久点"),
            (r.Ledger is { } ledger ? Both("ledger", "账本") + " " + Figures.Full(ledger) : Both("known", "已知"))
            + (r.LastDurable is { } at ? Both($", committed {Figures.Moment(at)}", $"，提交于 {Figures.Moment(at)}") : ""));
        var (done, partial, open) = (Figures.Plural(r.SplitsDone, Noun.Split), Figures.Full(r.SplitsPartial), Figures.Full(r.SplitsToDo));
        yield return (Both("Found", "发现"), Both($"{done} done, {partial} partial, {open} to do",
            $"{done}已完成，{partial} 个部分完成，{open} 个待做"));
    }

    private static string ReadAgain(RecoveryReport r) => r.RowsInFlight is { } rows
        ? Both($"{Figures.Full(rows)}, in flight when the run before was last heard of", $"{Figures.Full(rows)}，上一次运行最后报告时尚在途中")
        : Both("not told: the run before ended without a word; at most what its open commits held and what it had read ahead",
            "未知：上一次运行无声无息地结束；最多为其未提交的各组与已预读的行");

    public static string Proof(RecoveryReport r)
    {
        if (r.Tables.Any(t => t.Verdict == "differs")) return Both("source and target DIFFER, see the tables", "源端与目标端不一致，见各表");
        if (!r.Proved) return Both("not every table was compared; run pawl verify", "并非每张表都比对过；请运行 pawl verify");
        var isDigest = r.Tables.All(t => t.Verdict == "digests equal");
        var level = isDigest ? Both("digests", "摘要") : Both("row counts", "行数");
        return Both($"{level} of source and target were compared and are equal in all {r.Tables.Count} tables",
            $"已比对源端与目标端的{level}，全部 {r.Tables.Count} 张表一致")
            + (isDigest ? "" : Both("; pawl verify --level digest compares every value", "；pawl verify --level digest 会比较每一个值"));
    }

    /// <summary>What a table's copy promises: <c>once per row, mixed</c>.</summary>
    public static string Guarantee(ReportTable t)
    {
        var promise = Enum.TryParse<Contracts.Guarantee>(t.Guarantee, out var g) ? RunResult.Words(g) : t.Guarantee;
        return Enum.TryParse<Contracts.Consistency>(t.Consistency, out var c) ? promise + Both(", ", "，") + RunResult.Words(c) : promise;
    }
}
