using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Pawl.Cli.Output;

/// <summary>
/// The help page of a command, in the language that is spoken and by the cells its letters take. Takes the place of the parser's own, which
/// speaks by the culture of a thread.
/// </summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const int Narrow = 40;

    public override bool ClearsParseErrors => true;

    /// <summary>Shows this page for <c>--help</c> of <paramref name="root"/> and of everything below it.</summary>
    public static void Use(RootCommand root)
    {
        foreach (var option in root.Options)
        {
            if (option is HelpOption)
            {
                option.Action = new HelpPage();
                option.Description = Both("Show help and usage information", "显示帮助与用法");
            }
            else if (option is VersionOption) option.Description = Both("Show version information", "显示版本");
        }
    }

    public override int Invoke(ParseResult parseResult)
    {
        var width = Console.IsOutputRedirected ? int.MaxValue : Math.Max(Narrow, Shell.TerminalWidth() - 1);
        foreach (var line in Lines(parseResult.CommandResult.Command, width)) Console.Out.WriteLine(line);
        return ExitCode.Done;
    }

    /// <param name="width">Cells per line.</param>
    public static IEnumerable<string> Lines(Command command, int width)
    {
        yield return Both("Description:", "说明：");
        foreach (var line in Cells.Wrap(command.Description ?? "", width - 2)) yield return "  " + line;
        yield return "";
        yield return Both("Usage:", "用法：");
        yield return "  " + Usage(command);
        (string Heading, List<(string Left, string Right)> Rows)[] sections =
        [
            (Both("Arguments:", "参数："), [.. command.Arguments
                .Select(a => ($"<{a.HelpName ?? a.Name}>", Described(a.Description, Default(a))))]),
            (Both("Options:", "选项："), [.. Options(command).Select(o => (Left(o), Described(o.Description, Default(o))))]),
            (Both("Commands:", "命令："), [.. command.Subcommands.Where(c => !c.Hidden).Select(Row)]),
        ];
        foreach (var (heading, rows) in sections.Where(s => s.Rows.Count > 0))
        {
            yield return "";
            yield return heading;
            foreach (var line in TwoColumns(rows, width)) yield return line;
        }
        yield return "";
    }

    private static IEnumerable<string> TwoColumns(List<(string Left, string Right)> rows, int width)
    {
        var left = Math.Min(rows.Max(r => Cells.Width(r.Left)), Math.Max(12, width / 2));
        foreach (var row in rows)
        {
            var head = "  " + Cells.Pad(row.Left, left, false) + "  ";
            foreach (var line in Cells.Wrap(row.Right, Math.Max(12, width - left - 4)))
            {
                yield return (head + line).TrimEnd();
                head = new string(' ', left + 4);
            }
        }
    }

    private static string Usage(Command command)
    {
        var words = new List<string>();
        for (var at = command; at is not null; at = Above(at)) words.Insert(0, at is RootCommand ? "pawl" : at.Name);
        words.AddRange(command.Arguments
            .Select(a => a.Arity.MinimumNumberOfValues > 0 && !a.HasDefaultValue ? $"<{a.Name}>" : $"[<{a.Name}>]"));
        if (command.Subcommands.Count > 0) words.Add(Both("[command]", "[命令]"));
        words.Add(Both("[options]", "[选项]"));
        return string.Join(' ', words);
    }

    /// <summary>Its own, then those of every command.</summary>
    private static IEnumerable<Option> Options(Command command)
    {
        var all = command.Options.OrderBy(IsBuiltIn);
        IEnumerable<Option> above = [];
        for (var at = Above(command); at is not null; at = Above(at)) above = above.Concat(at.Options.Where(o => o.Recursive));
        return all.Concat(above).Where(o => !o.Hidden);
    }

    private static Command? Above(Command command) => command.Parents.OfType<Command>().FirstOrDefault();

    private static bool IsBuiltIn(Option option) => option is HelpOption or VersionOption;

    private static (string Left, string Right) Row(Command command)
    {
        var left = command.Name + string.Concat(command.Arguments.Select(a => $" <{a.HelpName ?? a.Name}>"));
        return (left, Described(command.Description, command.Arguments.Select(Default).FirstOrDefault(d => d is not null)));
    }

    private static string Left(Option option)
    {
        var names = string.Join(", ", option.Aliases.Append(option.Name).Where(n => n[0] == '-').OrderBy(n => n.Length)
            .ThenBy(n => n, StringComparer.Ordinal));
        return names + (TakesValue(option) ? $" <{Placeholder(option)}>" : "") + (option.Required ? Both(" (REQUIRED)", "（必填）") : "");
    }

    internal static bool TakesValue(Option option) => option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);

    /// <summary>The words an option or argument takes; empty when it takes anything.</summary>
    internal static IReadOnlyList<string> Values(Symbol symbol) =>
        [.. symbol.GetCompletions(CompletionContext.Empty).Select(c => c.Label)];

    private static string Placeholder(Option option) => option.HelpName
        ?? (Values(option) is { Count: > 0 } values ? string.Join('|', values) : option.Name.TrimStart('-'));

    private static string Described(string? text, string? standard) =>
        standard is null ? text ?? "" : $"{text} {Both($"[default: {standard}]", $"[默认：{standard}]")}";

    private static string? Default(Symbol symbol) => symbol switch
    {
        Argument { HasDefaultValue: true } a => a.GetDefaultValue()?.ToString(),
        Option { HasDefaultValue: true } o when TakesValue(o) => o.GetDefaultValue()?.ToString(),
        _ => null,
    };
}
