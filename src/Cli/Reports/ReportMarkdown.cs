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
            $"# Recovery report: {Cell(report.Run.Job)}, run {Figures.RunName(report.Run.Run)}\n\n| | |\n|---|---|\n");
        foreach (var (label, value) in ReportWords.Facts(report)) text.Append(CultureInfo.InvariantCulture,
            $"| {label} | {Cell(value)} |\n");
        text.Append("\n## Tables\n\n| table | target | kept | copied | rejected | guarantee | verification |\n"
            + "|---|---|--:|--:|--:|---|---|\n");
        foreach (var t in report.Tables)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"| {Cell(t.Source)} | {Cell(t.Target)} | {Figures.Full(t.RowsKept)} | {Figures.Full(t.RowsCopied)} ")
                .Append(CultureInfo.InvariantCulture,
                    $"| {Figures.Full(t.Rejected)} | {ReportWords.Guarantee(t)} | {Cell(t.Verdict)} |\n");
        }
        text.Append("\n## What happened\n\n");
        foreach (var e in report.Timeline)
        {
            if (EventLine.Of(e, e.At) is { } line) text.Append(CultureInfo.InvariantCulture,
                $"- `{Figures.Moment(e.At)[11..19]}` {Cell(line)}\n");
        }
        return text.ToString();
    }

    private static string Cell(string text) => text.Replace("|", "\\|").Replace("\r", " ").Replace("\n", " ").Replace("<", "&lt;");
}
