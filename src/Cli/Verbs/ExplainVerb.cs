using System.CommandLine;
using Pawl.Cli.Output;
using Pawl.Cli.Texts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl explain CODE|FIELD</c>: the catalogue behind errors, events and the job file.</summary>
internal static class ExplainVerb
{
    public static Command Create()
    {
        var topic = new Argument<string>("topic")
        {
            Description = "An error code (PAWL-401), a code of an event or a finding, or a field of the job file.", HelpName = "CODE|FIELD",
        };
        return new Command("explain", "Explain an error code, an event or a field of the job file.") { topic }
            .Does("explain", (shell, parse, _) => Task.FromResult(Explain(shell, parse.GetValue(topic)!)));
    }

    private static int Explain(Shell shell, string topic)
    {
        if (ErrorTexts.Find(topic.ToUpperInvariant()) is { } error) return Error(shell, topic.ToUpperInvariant(), error);
        if (EventTexts.Find(topic) is { } told) return Event(shell, topic, told);
        if (FindingTexts.Find(topic) is { } finding) return Finding(shell, topic, finding);
        var fields = JobFieldDocs.Find(topic);
        if (fields.Count > 0) return Fields(shell, fields);
        var names = ErrorTexts.AllCodes.Concat(EventTexts.AllCodes).Concat(FindingTexts.AllCodes)
            .Concat(JobFieldDocs.All.Select(f => f.Path)).Concat(JobFieldDocs.All.Select(f => f.Name));
        var near = NearestName.Of(topic, names.Distinct());
        throw new PawlException(Fault.Configuration, Codes.Usage,
            ("cause", $"There is no code or field {topic}{(near is null ? "" : $"; did you mean {near}?")}"));
    }

    private static int Error(Shell shell, string code, ErrorText text)
    {
        string? Sample(string name) => name == "jobfile" ? "job.yaml" : name.ToUpperInvariant();
        var paint = shell.OutPaint;
        shell.Say($"{paint.Bold(code)}  {paint.Bold(text.Title.En)}");
        foreach (var (label, words) in new[] { ("what", text.What), ("why", text.Why), ("help", text.Help) })
        {
            var filled = Template.Fill(words.En, Sample);
            shell.Data[label] = filled;
            Paragraph(shell, label, label == "help" ? HelpText.Lines(filled, Room(shell), paint) : Cells.Wrap(filled, Room(shell)));
        }
        shell.Data["topic"] = code;
        shell.Data["title"] = text.Title.En;
        return ExitCode.Done;
    }

    private static int Event(Shell shell, string code, EventText text)
    {
        shell.Say($"{shell.OutPaint.Bold(code)}  an event of a run");
        Paragraph(shell, "meaning", text.Meaning.En);
        var arguments = Template.Names(text.Line.En).Distinct().ToArray();
        if (arguments.Length > 0) Paragraph(shell, "says", string.Join(", ", arguments));
        shell.Data["topic"] = code;
        shell.Data["meaning"] = text.Meaning.En;
        shell.Data["says"] = arguments;
        return ExitCode.Done;
    }

    private static int Finding(Shell shell, string code, FindingText text)
    {
        string Sample(string name) => name.ToUpperInvariant();
        shell.Say($"{shell.OutPaint.Bold(code)}  a finding of doctor: {text.Topic.En}");
        var (line, advice) = (Template.Fill(text.Line.En, Sample), Template.Fill(text.Advice.En, Sample));
        Paragraph(shell, "says", line);
        if (advice.Length > 0) Paragraph(shell, "advice", advice);
        shell.Data["topic"] = code;
        shell.Data["says"] = line;
        shell.Data["advice"] = advice;
        return ExitCode.Done;
    }

    private static int Fields(Shell shell, IReadOnlyList<JobField> fields)
    {
        var first = true;
        foreach (var field in fields)
        {
            if (!first) shell.Say();
            first = false;
            shell.Say($"{shell.OutPaint.Bold(field.Path)}  {Kind(field)}{(field.Required ? ", required" : "")}");
            foreach (var line in Cells.Wrap(field.English, Math.Max(40, shell.Width - 4))) shell.Say("  " + line);
            foreach (var (label, value) in Facts(field)) Paragraph(shell, label, value);
            var inner = JobFieldDocs.Under(field.Path).Where(f => f.Capability is null).Select(f => f.Name).ToArray();
            if (inner.Length > 0) Paragraph(shell, "fields", string.Join(", ", inner));
        }
        shell.Data["fields"] = fields.Select(f => new Pairs
        {
            ["path"] = f.Path, ["kind"] = f.Kind.ToString(), ["required"] = f.Required, ["text"] = f.English, ["default"] = f.Default,
            ["example"] = f.Example, ["min"] = f.Min, ["max"] = f.Max, ["allowed"] = f.Allowed, ["secret"] = f.Secret, ["since"] = f.Since,
        }).ToArray();
        return ExitCode.Done;
    }

    private static IEnumerable<(string Label, string Value)> Facts(JobField field)
    {
        if (field.Capability is { } later) yield return ("status", $"known, not in this version ({later})");
        if (field.Allowed.Count > 0) yield return ("one of", string.Join(" | ", field.Allowed));
        if (field.Min is not null || field.Max is not null) yield return ("range", $"{field.Min ?? "…"} to {field.Max ?? "…"}");
        if (field.Default is { } value) yield return ("default", value);
        if (field.Example is { } example) yield return ("example", $"{field.Name}: {example}");
    }

    private static string Kind(JobField field) => field.Kind switch
    {
        FieldKind.Text => "text",
        FieldKind.Code => "code of the source",
        FieldKind.Texts => "text or list of texts",
        FieldKind.Choice => "one word",
        FieldKind.Flag => "true or false",
        FieldKind.Count => "number",
        FieldKind.Size => "size",
        FieldKind.Duration => "duration",
        FieldKind.DurationRange => "range of durations",
        FieldKind.Url => "address",
        FieldKind.Map or FieldKind.Tables => "map",
        FieldKind.Names => "map of names",
        FieldKind.Constants => "map of constants",
        _ => "not in this version",
    };

    private static int Room(Shell shell) => Math.Max(40, shell.Width - 12);

    private static void Paragraph(Shell shell, string label, string text) => Paragraph(shell, label, Cells.Wrap(text, Room(shell)));

    private static void Paragraph(Shell shell, string label, IEnumerable<string> lines)
    {
        var head = "  " + shell.OutPaint.Dim(Cells.Pad(label, 9, false));
        foreach (var line in lines)
        {
            shell.Say(head + line);
            head = new string(' ', 11);
        }
    }
}
