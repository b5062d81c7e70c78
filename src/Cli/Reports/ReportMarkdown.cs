using System.Globalization;
using System.Text;
using Pawl.Cli.Output;
using Pawl.Cli.Progress;

namespace Pawl.Cli.Reports;

/// <summary>The recovery report as Markdown.</summary>
internal static class ReportMarkdown
{
    public static string Write(RecoveryReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture,
            $"# {Both("Recovery report: ", "恢复报告：")}{Cell(report.Run.Job)}{Both(", run", "，运行")} {Figures.RunName(report.Run.Run)}\n\n")
            .Append("| | |\n|---|---|\n");
        foreach (var (label, value) in ReportWords.Facts(report)) text.Append(CultureInfo.InvariantCulture,
            $"| {label} | {Cell(value)} |\n");
        text.Append("\n## " + Both("Tables", "各表") + "\n\n| " + string.Join(" | ", ReportWords.Columns.Select(c => c.Heading)) + " |\n|")
            .Append(string.Concat(ReportWords.Columns.Select(c => c.IsFigure ? "--:|" : "---|"))).Append('\n');
        foreach (var t in report.Tables)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"| {Cell(t.Source)} | {Cell(t.Target)} | {Figures.Full(t.RowsKept)} | {Figures.Full(t.RowsCopied)} ")
                .Append(CultureInfo.InvariantCulture,
                    $"| {Figures.Full(t.Rejected)} | {ReportWords.Guarantee(t)} | {Cell(ReportWords.Verdict(t))} |\n");
        }
        text.Append("\n## " + Both("What happened", "经过") + "\n\n");
        foreach (var e in report.Timeline)
        {
            if (EventLine.Of(e, e.At) is { } line) text.Append(CultureInfo.InvariantCulture,
                $"- `{Figures.Moment(e.At)[11..19]}` {Cell(line)}\n");
        }
        return text.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|").Replace("\r", " ").Replace("\n", " ").Replace("<", "&lt;");
}
