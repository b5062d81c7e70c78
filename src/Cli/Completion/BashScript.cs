using System.Text;

namespace Pawl.Cli.Completion;

/// <summary>Completion for bash 4 and later. Where nothing is known bash offers files: job files, folders.</summary>
internal static class BashScript
{
    public static string Write(CompletionTree tree)
    {
        var text = new StringBuilder("""
            _pawl() {
              local at= cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} i words= options=
              # bash tears --option=value apart at the sign.
              if [[ $cur == '=' ]]; then cur=; elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
              for ((i = 1; i < COMP_CWORD; i++)); do
                case "$at ${COMP_WORDS[i]}" in

            """);
        text.Append("      ").AppendJoin('|', tree.Places.Skip(1).Select(p => Quoted(p.Path))).Append(") at=\"$at ${COMP_WORDS[i]}\" ;;\n")
            .Append("    esac\n  done\n  case \"$at $prev\" in\n");
        foreach (var place in tree.Places)
        {
            foreach (var option in place.Options.Where(o => o.TakesValue)) AddValue(text, option, n => Quoted($"{place.Path} {n}"));
        }
        foreach (var option in tree.Everywhere.Where(o => o.TakesValue)) AddValue(text, option, n => "*" + Quoted(" " + n));
        text.Append("  esac\n  case \"$at\" in\n");
        foreach (var place in tree.Places)
        {
            text.Append("    ").Append(Quoted(place.Path)).Append(") words='")
                .AppendJoin(' ', place.Verbs.Select(v => v.Word).Concat(place.Words)).Append("' options='")
                .AppendJoin(' ', place.Options.Concat(tree.Everywhere).SelectMany(o => o.Names)).Append("' ;;\n");
        }
        return text.Append("""
              esac
              if [[ $cur == -* ]]; then words=$options; fi
              COMPREPLY=($(compgen -W "$words" -- "$cur"))
            }
            complete -o default -F _pawl pawl

            """).ToString();
    }

    private static void AddValue(StringBuilder text, CompletionOption option, Func<string, string> pattern) => text.Append("    ")
        .AppendJoin('|', option.Names.Select(pattern)).Append(") COMPREPLY=($(compgen -W '").AppendJoin(' ', option.Values)
        .Append("' -- \"$cur\")); return ;;\n");

    private static string Quoted(string text) => $"'{text}'";
}
