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
        ("checkpoint", CheckpointVerb.Create),
        ("verify", VerifyVerb.Create),
        ("rejects", RejectsVerb.Create),
        ("runs", RunsVerb.Create),
        ("schema", SchemaVerb.Create),
        ("explain", ExplainVerb.Create),
        ("version", VersionVerb.Create),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        var asked = Verbs.Where(v => args.Length > 0 && v.Name == args[0]).ToArray();
        var root = new RootCommand(
            "Pawl moves data between systems and never slips back: killed at any instant, it goes on from its last durable point.");
        foreach (var option in new Option[] { VerbRun.Json, VerbRun.Quiet, VerbRun.Verbose }) root.Options.Add(option);
        foreach (var verb in asked.Length > 0 ? asked : Verbs) root.Subcommands.Add(verb.Create());
        var parse = root.Parse(args);
        var quietly = new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
        if (args.Length == 0)
        {
            await root.Parse(["--help"]).InvokeAsync(quietly);
            return ExitCode.Invalid;
        }
        return parse.Errors.Count > 0 && parse.Action is ParseErrorAction or null ? Misused(parse, args) : await parse.InvokeAsync(quietly);
    }

    private static int Misused(ParseResult parse, string[] args)
    {
        var verb = parse.CommandResult.Command is RootCommand ? "" : parse.CommandResult.Command.Name;
        var shell = Shell.Create(verb, args.Contains("--json"), quiet: false, verbose: false);
        var near = verb.Length == 0 ? NearestName.Of(args[0], Verbs.Select(v => v.Name)) : null;
        var cause = near is not null ? $"There is no verb {args[0]}; did you mean {near}?"
            : string.Join(" ", parse.Errors.Select(e => e.Message).Distinct());
        return VerbRun.Report(shell, new PawlException(Fault.Configuration, Codes.Usage, ("cause", cause)));
    }
}
