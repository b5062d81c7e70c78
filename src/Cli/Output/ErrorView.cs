using Pawl.Cli.Texts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Output;

/// <summary>
/// An error for people: code and title, what, where, why, and the command that helps. For a job file also the line with a caret and
/// "did you mean". Texts come from the catalogue, arguments from the error.
/// </summary>
public sealed class ErrorView(Paint paint, int width, IReadOnlyDictionary<string, string?> context)
{
    private const int Indent = 9;
    private static readonly string[] Places = ["endpoint", "file", "database", "table", "lane", "position", "where", "at"];

    public IEnumerable<string> Of(PawlException e, bool verbose)
    {
        var text = ErrorTexts.Find(e.Code);
        yield return Title(e.Code, text);
        if (text is null)
        {
            yield return "  " + e.Message;
            yield break;
        }
        var details = new ErrorDetails(e, context);
        foreach (var line in Paragraph("", Template.Fill(text.What.Text, n => details[n]))) yield return line;
        // What the advice has said need not be said again.
        var advice = Advice(text, n => details[n]).ToArray();
        foreach (var line in Rest(details)) yield return line;
        foreach (var line in advice) yield return line;
        for (var inner = e.InnerException; verbose && inner is not null; inner = inner.InnerException)
        {
            foreach (var line in Paragraph(Both("cause", "起因"), $"{inner.GetType().Name}: {inner.Message}")) yield return paint.Dim(line);
        }
    }

    /// <summary>All problems of a job file; cause and help once per code.</summary>
    public IEnumerable<string> Of(IReadOnlyList<JobProblem> problems, string shownFile)
    {
        var explained = new HashSet<string>();
        foreach (var problem in problems)
        {
            var text = ErrorTexts.Find(problem.Code);
            yield return Title(problem.Code, text);
            foreach (var line in Place(problem, shownFile)) yield return line;
            if (text is null) continue;
            foreach (var line in Paragraph("", ProblemText.What(problem, text))) yield return line;
            if (explained.Add(problem.Code))
            {
                foreach (var line in Advice(text, n => ProblemText.Detail(problem, n) ?? context.GetValueOrDefault(n))) yield return line;
            }
            yield return "";
        }
        var count = Figures.Plural(problems.Count, Noun.Problem);
        yield return Both($"{count} in {shownFile}", $"{shownFile} 中有 {count}");
    }

    /// <summary>One line, for tables that fail while others go on.</summary>
    public static string Short(PawlException e, IReadOnlyDictionary<string, string?> context) => ErrorTexts.Find(e.Code) is { } text
        ? $"{e.Code} {Template.Fill(text.What.Text, n => new ErrorDetails(e, context)[n])}"
        : e.Message;

    /// <summary>The same, as data for <c>--json</c>.</summary>
    public static Pairs Data(PawlException e, IReadOnlyDictionary<string, string?> context)
    {
        var data = new Pairs { ["code"] = e.Code, ["fault"] = e.Fault.ToString() };
        var details = new ErrorDetails(e, context);
        if (ErrorTexts.Find(e.Code) is { } text)
        {
            data["title"] = text.Title.Text;
            data["what"] = Template.Fill(text.What.Text, n => details[n]);
            data["why"] = Template.Fill(text.Why.Text, n => details[n]);
            data["help"] = Template.Fill(text.Help.Text, n => details[n]);
        }
        data["details"] = e.Details;
        return data;
    }

    private string Title(string code, ErrorText? text) => $"{paint.Alarm(Both("error", "错误"))} {paint.Bold(code)}"
        + (text is null ? "" : Both(": ", "：") + paint.Bold(text.Title.Text));

    private IEnumerable<string> Place(JobProblem p, string shownFile)
    {
        yield return "  " + paint.Cyan(p.Line > 0 ? $"{shownFile}:{p.Line}:{p.Column}" : shownFile);
        if (p.Line == 0 || p.SourceLine is null) yield break;
        var number = p.Line.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var (shown, lead) = Window(p.SourceLine, p.Column - 1, width - number.Length - 7);
        yield return $"  {paint.Dim(number + " │")} {shown}";
        var hint = p.Suggestion is { Length: > 0 } s ? "  " + Both($"did you mean {s}?", $"是否想写 {s}？") : "";
        var carets = new string('^', Math.Clamp(p.CaretLength, 1, Math.Max(1, Cells.Width(shown) - lead)));
        var margin = new string(' ', number.Length);
        yield return $"  {margin} {paint.Dim("│")} {new string(' ', lead)}{paint.Alarm(carets)}{paint.Yellow(hint)}";
    }

    /// <summary>The part of a long line around the caret, and the caret's cell in it.</summary>
    private static (string Shown, int Lead) Window(string line, int at, int most)
    {
        at = Math.Min(at, line.Length);
        var from = at > most - 20 && line.Length > most ? Math.Max(0, at - most / 2) : 0;
        var shown = line[from..Math.Min(line.Length, from + most)];
        return (shown, Cells.Width(line[from..at]));
    }

    private IEnumerable<string> Rest(ErrorDetails details)
    {
        var left = details.Left.ToArray();
        var places = left.Where(d => Places.Contains(d.Key)).OrderBy(d => Array.IndexOf(Places, d.Key))
            .Select(d => $"{DetailTexts.Name(d.Key)} {DetailTexts.Value(d.Key, d.Value!)}").ToArray();
        foreach (var line in Paragraph(Both("where", "位置"), string.Join(" · ", places))) yield return line;
        var others = left.Where(d => !Places.Contains(d.Key))
            .Select(d => $"{DetailTexts.Name(d.Key)} {DetailTexts.Value(d.Key, d.Value!)}").ToArray();
        foreach (var line in Paragraph(Both("details", "细节"), string.Join(" · ", others))) yield return line;
    }

    private IEnumerable<string> Advice(ErrorText text, Func<string, string?> detail) =>
        Paragraph(Both("why", "原因"), Template.Fill(text.Why.Text, detail)).Concat(
            Labelled(Both("help", "处理"), HelpText.Lines(Template.Fill(text.Help.Text, detail), Room(Indent + 2), paint)));

    private IEnumerable<string> Paragraph(string label, string text) =>
        text.Length == 0 ? [] : Labelled(label, Cells.Wrap(text, Room(label.Length == 0 ? 2 : Indent + 2)));

    private int Room(int indent) => Math.Max(40, width - indent - 1);

    private IEnumerable<string> Labelled(string label, IEnumerable<string> lines)
    {
        var head = label.Length == 0 ? "  " : "  " + paint.Dim(Cells.Pad(label, Indent, false));
        foreach (var line in lines)
        {
            yield return head + line;
            head = new string(' ', label.Length == 0 ? 2 : Indent + 2);
        }
    }
}
