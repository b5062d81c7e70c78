using System.CommandLine;
using Pawl.Cli.Hosting;
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
            Description = Both("An error code (PAWL-401), a code of an event or a finding, a field of the job file, or a connector or its "
                + "option (csv.delimiter).", "错误代码（PAWL-401）、事件或检查项的代码、作业文件的字段，或连接器及其选项（csv.delimiter）。"),
            HelpName = "CODE|FIELD",
        };
        return new Command("explain", Both("Explain an error code, an event, a field of the job file or an option of an address.",
            "解释错误代码、事件、作业文件字段或地址选项。")) { topic }
            .Does("explain", (shell, parse, _) => Task.FromResult(Explain(shell, parse.GetValue(topic)!)));
    }

    private static int Explain(Shell shell, string topic)
    {
        if (ErrorTexts.Find(topic.ToUpperInvariant()) is { } error) return Error(shell, topic.ToUpperInvariant(), error);
        if (EventTexts.Find(topic) is { } told) return Event(shell, topic, told);
        if (FindingTexts.Find(topic) is { } finding) return Finding(shell, topic, finding);
        var fields = JobFieldDocs.Find(topic);
        if (fields.Count > 0) return Fields(shell, fields);
        var connectors = new ConnectorScan().All;
        if (ExplainOptions.Tell(shell, connectors, topic)) return ExitCode.Done;
        var names = ErrorTexts.AllCodes.Concat(EventTexts.AllCodes).Concat(FindingTexts.AllCodes)
            .Concat(JobFieldDocs.All.Select(f => f.Path)).Concat(JobFieldDocs.All.Select(f => f.Name))
            .Concat(ExplainOptions.Names(connectors));
        var near = NearestName.Of(topic, names.Distinct());
        throw new PawlException(Fault.Configuration, Codes.Usage,
            ("cause", near is null ? Both($"There is no code or field {topic}", $"没有代码或字段 {topic}")
                : Both($"There is no code or field {topic}; did you mean {near}?", $"没有代码或字段 {topic}；是否想写 {near}？")));
    }

    private static int Error(Shell shell, string code, ErrorText text)
    {
        string? Sample(string name) => name switch
        {
            "jobfile" => "job.yaml",
            "memory" => "2GB",
            _ => name.ToUpperInvariant(),
        };
        var paint = shell.OutPaint;
        shell.Say($"{paint.Bold(code)}  {paint.Bold(text.Title.Text)}");
        foreach (var (key, label, words) in new[]
        {
            ("what", Both("what", "现象"), text.What), ("why", Both("why", "原因"), text.Why), ("help", Both("help", "处理"), text.Help),
        })
        {
            var filled = Template.Fill(words.Text, Sample);
            shell.Data[key] = filled;
            Paragraph(shell, label, key == "help" ? HelpText.Lines(filled, Room(shell), paint) : Cells.Wrap(filled, Room(shell)));
        }
        shell.Data["topic"] = code;
        shell.Data["title"] = text.Title.Text;
        return ExitCode.Done;
    }

    private static int Event(Shell shell, string code, EventText text)
    {
        shell.Say($"{shell.OutPaint.Bold(code)}  {Both("an event of a run", "运行事件")}");
        Paragraph(shell, Both("meaning", "含义"), text.Meaning.Text);
        var arguments = Template.Names(text.Line.Text).Distinct().ToArray();
        if (arguments.Length > 0) Paragraph(shell, Both("says", "参数"), string.Join(", ", arguments));
        shell.Data["topic"] = code;
        shell.Data["meaning"] = text.Meaning.Text;
        shell.Data["says"] = arguments;
        return ExitCode.Done;
    }

    private static int Finding(Shell shell, string code, FindingText text)
    {
        string Sample(string name) => name.ToUpperInvariant();
        shell.Say($"{shell.OutPaint.Bold(code)}  {Both("a finding of doctor: ", "doctor 的检查项：")}{text.Topic.Text}");
        var (line, advice) = (Template.Fill(text.Line.Text, Sample), Template.Fill(text.Advice.Text, Sample));
        Paragraph(shell, Both("says", "内容"), line);
        if (advice.Length > 0) Paragraph(shell, Both("advice", "建议"), advice);
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
            shell.Say($"{shell.OutPaint.Bold(field.Path)}  {Kind(field)}{(field.Required ? Both(", required", "，必填") : "")}");
            foreach (var line in Cells.Wrap(field.Text(Tag), Math.Max(40, shell.Width - 4))) shell.Say("  " + line);
            foreach (var (label, value) in Facts(field)) Paragraph(shell, label, value);
            var inner = JobFieldDocs.Under(field.Path).Where(f => f.Capability is null).Select(f => f.Name).ToArray();
            if (inner.Length > 0) Paragraph(shell, Both("fields", "字段"), string.Join(", ", inner));
        }
        shell.Data["fields"] = fields.Select(f => new Pairs
        {
            ["path"] = f.Path, ["kind"] = f.Kind.ToString(), ["required"] = f.Required, ["text"] = f.Text(Tag), ["default"] = f.Default,
            ["example"] = f.Example, ["min"] = f.Min, ["max"] = f.Max, ["allowed"] = f.Allowed, ["secret"] = f.Secret, ["since"] = f.Since,
        }).ToArray();
        return ExitCode.Done;
    }

    private static IEnumerable<(string Label, string Value)> Facts(JobField field)
    {
        if (field.Capability is { } later) yield return (Both("status", "状态"),
            Both($"known, not in this version ({later})", $"已知，本版本尚不支持（{later}）"));
        if (field.Allowed.Count > 0) yield return (Both("one of", "可选值"), string.Join(" | ", field.Allowed));
        if (field.Min is not null || field.Max is not null) yield return (Both("range", "范围"),
            Both($"{field.Min ?? "…"} to {field.Max ?? "…"}", $"{field.Min ?? "…"} 到 {field.Max ?? "…"}"));
        if (field.Default is { } value) yield return (Both("default", "默认值"), value);
        if (field.Example is { } example) yield return (Both("example", "示例"), $"{field.Name}: {example}");
    }

    private static string Kind(JobField field) => field.Kind switch
    {
        FieldKind.Text => Both("text", "文本"),
        FieldKind.Code => Both("code of the source", "源端的代码"),
        FieldKind.Texts => Both("text or list of texts", "文本或文本列表"),
        FieldKind.Choice => Both("one word", "一个词"),
        FieldKind.Flag => Both("true or false", "true 或 false"),
        FieldKind.Count => Both("number", "数字"),
        FieldKind.Size => Both("size", "大小"),
        FieldKind.Duration => Both("duration", "时长"),
        FieldKind.DurationRange => Both("range of durations", "时长范围"),
        FieldKind.Url => Both("address", "地址"),
        FieldKind.Map or FieldKind.Tables => Both("map", "映射"),
        FieldKind.Names => Both("map of names", "名称映射"),
        FieldKind.Constants => Both("map of constants", "常量映射"),
        _ => Both("not in this version", "本版本尚不支持"),
    };

    private static int Room(Shell shell) => Math.Max(40, shell.Width - 12);

    internal static void Paragraph(Shell shell, string label, string text) => Paragraph(shell, label, Cells.Wrap(text, Room(shell)));

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
