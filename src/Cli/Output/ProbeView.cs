using Pawl.Cli.Texts;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Cli.Output;

/// <summary>
/// Looks at endpoints for people: a list with a mark per finding, and at its end, in one piece and unbroken, what is to be run to mend
/// them. Texts come from the catalogues, arguments from the findings.
/// </summary>
internal sealed class ProbeView(Paint paint, int width, IReadOnlyDictionary<string, string?> context)
{
    private const int TopicCells = 13;
    private const int Indent = 4 + TopicCells;

    /// <param name="role">What it is to the job, in words; empty where there is no job.</param>
    public IEnumerable<string> Lines(string role, string display, ProbeReport report)
    {
        var head = role.Length == 0 ? display : $"{Cells.Pad(role, 6, false)}  {display}";
        var room = Math.Max(20, width - Cells.Width(report.Product) - 2);
        yield return report.Product.Length == 0 ? paint.Bold(head)
            : $"{paint.Bold(Cells.Pad(Cells.Shorten(head, room), room, false))}  {paint.Dim(report.Product)}";
        foreach (var finding in report.Findings)
        {
            foreach (var line in Lines(finding)) yield return line;
        }
    }

    public IEnumerable<string> Lines(ProbeFinding finding)
    {
        var (topic, line, advice) = Texts(finding);
        var head = $"  {Mark(finding.Level)} {paint.Dim(Cells.Pad(topic, TopicCells, false))}";
        foreach (var part in Cells.Wrap(line, Math.Max(30, width - Indent)))
        {
            yield return head + (finding.Level == FindingLevel.Broken ? paint.Bold(part) : part);
            head = new string(' ', Indent);
        }
        foreach (var part in advice.Length == 0 ? [] : HelpText.Lines(advice, Math.Max(30, width - Indent), paint))
        {
            yield return new string(' ', Indent) + part;
        }
        if (finding.Level != FindingLevel.Note) yield break;
        foreach (var statement in finding.Mend) yield return new string(' ', Indent) + paint.Dim(statement);
    }

    /// <summary>What is to be run at one endpoint; nothing when there is nothing.</summary>
    public IEnumerable<string> Mending(string display, ProbeReport report)
    {
        var statements = report.Findings.Where(f => f.Level >= FindingLevel.Warning).OrderByDescending(f => f.Level)
            .SelectMany(f => f.Mend).Distinct().ToArray();
        if (statements.Length == 0) yield break;
        yield return "";
        yield return Both($"To be run at {display} by its owner or an administrator:", $"请属主或管理员在 {display} 上执行：");
        foreach (var statement in statements) yield return "  " + paint.Cyan(statement);
    }

    public static Pairs Data(string display, ProbeReport report, IReadOnlyDictionary<string, string?> context) => new()
    {
        ["endpoint"] = display, ["reachable"] = report.Reachable, ["product"] = report.Product,
        ["bytes"] = report.Bytes < 0 ? null : report.Bytes, ["findings"] = report.Findings.Select(f => Data(f, context)).ToArray(),
    };

    public static Pairs Data(ProbeFinding finding, IReadOnlyDictionary<string, string?> context)
    {
        var (topic, line, advice) = new ProbeView(new Paint(false), 100, context).Texts(finding);
        var data = new Pairs
        {
            ["level"] = finding.Level.ToString().ToLowerInvariant(), ["code"] = finding.Code, ["topic"] = topic, ["text"] = line,
        };
        if (advice.Length > 0) data["advice"] = advice;
        if (finding.Mend.Count > 0) data["mend"] = finding.Mend;
        if (finding.Level == FindingLevel.Broken) data["fault"] = finding.Fault.ToString();
        data["details"] = finding.Details;
        return data;
    }

    private (string Topic, string Line, string Advice) Texts(ProbeFinding finding)
    {
        if (FindingTexts.Find(finding.Code) is { } text)
        {
            string? Detail(string name) => Shown(name, finding.Details.GetValueOrDefault(name));
            return (text.Topic.Text, Template.Fill(text.Line.Text, Detail), Template.Fill(text.Advice.Text, Detail));
        }
        var error = ErrorTexts.Find(finding.Code);
        var details = new ErrorDetails(new PawlException(finding.Fault, finding.Code,
            [.. finding.Details.Select(d => (d.Key, (object?)d.Value))]), context);
        return error is null ? (finding.Code, string.Join(", ", finding.Details.Select(d => $"{DetailTexts.Name(d.Key)} {d.Value}")), "")
            : (finding.Code, Template.Fill(error.What.Text, n => details[n]),
                finding.Mend.Count > 0 ? "" : Template.Fill(error.Help.Text, n => details[n]));
    }

    private static string? Shown(string name, string? value) =>
        name is "bytes" or "needed_bytes" or "used_bytes" or "free_bytes"
        && long.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out var bytes) ? Figures.Bytes(bytes)
        : value is null ? null : DetailTexts.Value(name, value);

    private string Mark(FindingLevel level) => level switch
    {
        FindingLevel.Good => paint.Green("✓"),
        FindingLevel.Note => paint.Dim("·"),
        FindingLevel.Warning => paint.Yellow("!"),
        _ => paint.Alarm("✗"),
    };
}
