using System.CommandLine;
using Pawl.Cli.Output;

namespace Pawl.Cli.Completion;

/// <summary>
/// What may stand at one place of a command line. Made from the commands themselves, so that a script cannot lag behind them.
/// </summary>
/// <param name="Path">The verbs before it, each with a space in front: <c> conn add</c>; empty for none.</param>
/// <param name="Verbs">Verbs that may follow.</param>
/// <param name="Options">Options of this place, those of every place left out.</param>
/// <param name="Words">Words its arguments take; empty = anything, so files are offered.</param>
internal sealed record CompletionPlace(string Path, IReadOnlyList<CompletionWord> Verbs, IReadOnlyList<CompletionOption> Options,
    IReadOnlyList<string> Words);

/// <summary>A word and what it is for.</summary>
internal sealed record CompletionWord(string Word, string Text);

/// <param name="Names">Long name first.</param>
/// <param name="TakesValue">A value follows it.</param>
/// <param name="Values">The words it takes; empty = anything.</param>
internal sealed record CompletionOption(IReadOnlyList<string> Names, string Text, bool TakesValue, IReadOnlyList<string> Values);

/// <summary>All places of the program's command line.</summary>
/// <param name="Everywhere">Options that may stand at every place.</param>
internal sealed record CompletionTree(IReadOnlyList<CompletionPlace> Places, IReadOnlyList<CompletionOption> Everywhere)
{
    public static CompletionTree Of(RootCommand root)
    {
        var places = new List<CompletionPlace>();
        Add(root, "");
        return new CompletionTree(places, [.. root.Options.Where(o => o.Recursive).Select(Option)]);

        void Add(Command at, string path)
        {
            places.Add(new CompletionPlace(path, [.. at.Subcommands.Select(c => new CompletionWord(c.Name, c.Description ?? ""))],
                [.. at.Options.Where(o => !o.Recursive).Select(Option)], [.. at.Arguments.SelectMany(HelpPage.Values)]));
            foreach (var below in at.Subcommands) Add(below, $"{path} {below.Name}");
        }
    }

    private static CompletionOption Option(Option option) => new(
        [.. option.Aliases.Append(option.Name).Where(n => n[0] == '-' && n != "-?").OrderByDescending(n => n.Length)],
        option.Description ?? "", HelpPage.TakesValue(option), HelpPage.TakesValue(option) ? HelpPage.Values(option) : []);
}
