using System.CommandLine;
using System.CommandLine.Invocation;
using Pawl.Cli.Output;
using Pawl.Cli.Verbs;
using Pawl.Model;

namespace Pawl.Cli;

/// <summary>The one executable: finds the verb, parses its options, runs it. Only the verb that was asked for is built.</summary>
internal static class App
{
    /// <summary>In the order of the help page. A verb is here when it works.</summary>
    private static readonly (string Name, Func<Command> Create)[] Verbs =
    [
        ("demo", DemoVerb.Create),
        ("init", InitVerb.Create),
        ("conn", ConnVerb.Create),
        ("doctor", DoctorVerb.Create),
        ("validate", ValidateVerb.Create),
        ("plan", PlanVerb.Create),
        ("run", RunVerb.Create),
        ("progress", ProgressVerb.Create),
        ("pause", PauseVerb.Create),
        ("rewind", RewindVerb.Create),
        ("checkpoint", CheckpointVerb.Create),
        ("verify", VerifyVerb.Create),
        ("rejects", RejectsVerb.Create),
        ("runs", RunsVerb.Create),
        ("schema", SchemaVerb.Create),
        ("explain", ExplainVerb.Create),
        ("completion", CompletionVerb.Create),
        ("version", VersionVerb.Create),
    ];

    /// <summary>All verbs, with everything below them.</summary>
    public static RootCommand Whole() => Root(Verbs.Select(v => v.Create()));

    public static async Task<int> RunAsync(string[] args)
    {
        Speech.Choose(Speech.Asked(args, Environment.GetEnvironmentVariable));
        var first = FirstWord(args);
        var asked = Verbs.Where(v => v.Name == first).ToArray();
        var root = Root((asked.Length > 0 ? asked : Verbs).Select(v => v.Create()));
        var parse = root.Parse(args);
        var quietly = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        if (args.Length == 0)
        {
            await root.Parse(["--help"]).InvokeAsync(quietly);
            return ExitCode.Invalid;
        }
        return parse.Errors.Count > 0 && parse.Action is ParseErrorAction or null ? Misused(parse, args, first)
            : await parse.InvokeAsync(quietly);
    }

    private static RootCommand Root(IEnumerable<Command> verbs)
    {
        var root = new RootCommand(Both(
            "Pawl moves data between systems and never slips back: killed at any instant, it goes on from its last durable point.",
            "Pawl 在系统之间搬运数据，绝不倒退：在任何瞬间被杀死，都从最后的持久点继续。"));
        HelpPage.Use(root);
        foreach (var option in VerbRun.Common()) root.Options.Add(option);
        foreach (var verb in verbs) root.Subcommands.Add(verb);
        return root;
    }

    /// <summary>The verb, wherever options for every verb stand before it.</summary>
    private static string FirstWord(string[] args)
    {
        var at = 0;
        while (at < args.Length && args[at].StartsWith('-')) at += args[at] == LanguageOption ? 2 : 1;
        return at < args.Length ? args[at] : "";
    }

    /// <summary><c>runs list</c>; empty for the program itself.</summary>
    private static string Name(Command command) => command is RootCommand ? ""
        : $"{Name(command.Parents.OfType<Command>().First())} {command.Name}".Trim();

    private static int Misused(ParseResult parse, string[] args, string first)
    {
        var verb = Name(parse.CommandResult.Command);
        var shell = Shell.Create(verb, args.Contains("--json"), quiet: false, verbose: false);
        var near = verb.Length == 0 ? NearestName.Of(first, Verbs.Select(v => v.Name)) : null;
        var cause = near is not null ? Both($"There is no verb {first}; did you mean {near}?", $"没有命令 {first}；是否想写 {near}？")
            : string.Join(" ", parse.Errors.Select(e => UsageTexts.Of(e.Message)).Distinct());
        return VerbRun.Report(shell, new PawlException(Fault.Configuration, Codes.Usage, ("cause", cause)));
    }
}
