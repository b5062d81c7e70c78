using Pawl.Cli.Output;

namespace Pawl.Cli.Progress;

/// <summary>
/// The line of one table: <c>shop.orders 61% 7.3M/12.0M rows 84k r/s 31 MB/s ETA 00:56 · ledger 41 2 s ago · crash now re-reads ≤ 812 ·
/// rejects 3 · retry 0</c>.
/// What does not fit goes, least needed first.
/// </summary>
public sealed class BarText(Board board, Paint paint)
{
    /// <param name="Need">The lowest go first; 9 stays.</param>
    private readonly record struct Part(string Text, int Need, string Lead = " ", Func<string, string>? Colour = null);

    public string Line(TableBar bar, DateTimeOffset now, int width, int nameWidth)
    {
        var parts = bar.State switch
        {
            BarState.Waiting => [new Part(Both("waiting", "等待中"), 9)],
            BarState.Skipped => [new Part(Both("finished before", "此前已完成"), 9), new Part(Rows(Figures.Full(bar.RowsBefore)), 5, " · ")],
            BarState.Failed => Failed(bar),
            BarState.Done => Done(bar),
            _ => Copying(bar, now),
        };
        var name = Cells.Pad(Cells.Shorten(bar.Table, nameWidth), nameWidth, false);
        var mark = bar.State switch
        {
            BarState.Done when bar.Verdict == "differs" => paint.Alarm("≠"),
            BarState.Done or BarState.Skipped => paint.Green("✓"),
            BarState.Failed => paint.Alarm("✗"),
            BarState.Copying => paint.Cyan("▸"),
            _ => paint.Dim("·"),
        };
        return $"{mark} {paint.Bold(name)}{Fit(parts, width - nameWidth - 2)}";
    }

    private static string Fit(List<Part> parts, int width)
    {
        while (parts.Count > 1 && parts.Sum(p => Cells.Width(p.Lead + p.Text)) > width)
        {
            var least = parts.Min(p => p.Need);
            if (least >= 9) break;
            parts.RemoveAt(parts.FindLastIndex(p => p.Need == least));
        }
        return string.Concat(parts.Select(p => p.Lead + (p.Colour?.Invoke(p.Text) ?? p.Text)));
    }

    private List<Part> Copying(TableBar bar, DateTimeOffset now)
    {
        var (rows, bytes) = bar.Rate(now);
        var all = bar.EstimatedRows > bar.Rows ? bar.EstimatedRows : -1;
        var parts = new List<Part>();
        if (all > 0) parts.Add(new(Cells.Pad(Figures.Percent(bar.Rows, all), 4, true), 9));
        parts.Add(new(Rows(all > 0 ? $"{Figures.Short(bar.Rows)}/{Figures.Short(all)}" : Figures.Short(bar.Rows)), 9));
        parts.Add(new($"{Figures.Short(rows)} {Both("r/s", "行/秒")}", 8));
        parts.Add(new($"{Figures.Bytes(bytes)}{Both("/s", "/秒")}", 3));
        if (all > 0) parts.Add(new($"{Both("ETA", "剩余")} {Figures.Clock(bar.Left(now))}", 7));
        if (bar.Ledger > 0)
        {
            parts.Add(new($"{Both("ledger", "账本")} {Figures.Full(bar.Ledger)}", 6, " · "));
            if (bar.LastCommit is { } last) parts.Add(new(Figures.Ago(now - last), 4));
        }
        if (board.AtRisk(bar) is > 0 and var risk) parts.Add(new(
            Both($"crash now re-reads ≤ {Figures.Short(risk)}", $"此刻崩溃重读 ≤ {Figures.Short(risk)} 行"), 2, " · "));
        var rejects = $"{Both("rejects", "拒收")} {Figures.Full(bar.Rejected)}";
        var retries = $"{Both("retry", "重试")} {Figures.Full(bar.Retries)}";
        parts.Add(new(rejects, bar.Rejected > 0 ? 8 : 1, " · ", bar.Rejected > 0 ? paint.Yellow : null));
        parts.Add(new(retries, bar.Retries > 0 ? 8 : 0, " · ", bar.Retries > 0 ? paint.Yellow : null));
        return parts;
    }

    private List<Part> Done(TableBar bar)
    {
        var parts = new List<Part>
        {
            new(Rows(Figures.Full(bar.Rows)), 9),
            new(Figures.Bytes(bar.Bytes), 3, " · "),
        };
        if (bar.Ended is { } end) parts.Add(new(Figures.Took(end - bar.Began), 4, " · "));
        if (bar.Rejected > 0)
        {
            var rejected = Figures.Full(bar.Rejected);
            parts.Add(new(Both($"{rejected} rejected", $"拒收 {rejected} 行"), 8, " · ", paint.Yellow));
        }
        if (bar.Verdict == "differs") parts.Add(new(Both("differs", "不一致"), 7, " · ", paint.Alarm));
        else if (bar.Verdict is not null) parts.Add(new(Both("verified", "已校验"), 7, " · ", paint.Green));
        return parts;
    }

    private List<Part> Failed(TableBar bar)
    {
        var title = bar.ErrorCode is { } code ? Texts.ErrorTexts.Find(code)?.Title.Text : null;
        return
        [
            new(Both("failed", "失败") + (bar.ErrorCode is { } c ? " " + c : ""), 9, " ", paint.Red),
            new(title ?? "", title is null ? 0 : 8, title is null ? "" : " "),
            new(Both($"{Figures.Short(bar.Rows)} rows are safe", $"{Figures.Short(bar.Rows)} 行已安全落盘"), 5, " · "),
        ];
    }

    private static string Rows(string number) => $"{number} {Both("rows", "行")}";
}
