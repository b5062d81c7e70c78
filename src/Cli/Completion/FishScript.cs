using System.Text;

namespace Pawl.Cli.Completion;

/// <summary>Completion for fish, with what each word is for. Where nothing is known fish offers files.</summary>
internal static class FishScript
{
    public static string Write(CompletionTree tree)
    {
        var text = new StringBuilder("""
            function __pawl_at
              set -l at
              for word in (commandline -opc)[2..]
                switch "$at $word"

            """);
        text.Append("      case ").AppendJoin(' ', tree.Places.Skip(1).Select(p => $"'{p.Path}'"))
            .Append("\n        set at \"$at $word\"\n    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend\ncomplete -c pawl -e\n");
        foreach (var place in tree.Places)
        {
            foreach (var verb in place.Verbs) Line(place.Path, $"-f -a {verb.Word} -d {Quoted(verb.Text)}");
            if (place.Words.Count > 0) Line(place.Path, $"-f -a {Quoted(string.Join(' ', place.Words))}");
            foreach (var option in place.Options) Line(place.Path, Option(option));
        }
        foreach (var option in tree.Everywhere) text.Append("complete -c pawl ").Append(Option(option)).Append('\n');
        return text.ToString();

        void Line(string path, string what) =>
            text.Append("complete -c pawl -n '__pawl_at \"").Append(path).Append("\"' ").Append(what).Append('\n');
    }

    private static string Option(CompletionOption option)
    {
        var names = option.Names.Select(n => n.StartsWith("--", StringComparison.Ordinal) ? $"-l {n[2..]}" : $"-s {n[1..]}");
        var value = !option.TakesValue ? "" : option.Values.Count == 0 ? " -r" : $" -x -a {Quoted(string.Join(' ', option.Values))}";
        return $"{string.Join(' ', names)}{value} -d {Quoted(option.Text)}";
    }

    private static string Quoted(string text) => "'" + text.Replace("\\", "\\\\").Replace("'", "\\'") + "'";
}
