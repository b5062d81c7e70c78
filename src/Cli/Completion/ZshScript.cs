using System.Text;

namespace Pawl.Cli.Completion;

/// <summary>Completion for zsh, with what each word is for. Where nothing is known zsh offers files.</summary>
internal static class ZshScript
{
    public static string Write(CompletionTree tree)
    {
        var text = new StringBuilder("""
            #compdef pawl
            _pawl() {
              local at= prev=${words[CURRENT-1]} i
              local -a verbs options values
              for ((i = 2; i < CURRENT; i++)); do
                case "$at ${words[i]}" in

            """);
        text.Append("      ").AppendJoin('|', tree.Places.Skip(1).Select(p => $"'{p.Path}'")).Append(") at=\"$at ${words[i]}\" ;;\n")
            .Append("    esac\n  done\n  case \"$at $prev\" in\n");
        foreach (var place in tree.Places)
        {
            foreach (var option in place.Options.Where(o => o.TakesValue)) AddValue(text, option, n => $"'{place.Path} {n}'");
        }
        foreach (var option in tree.Everywhere.Where(o => o.TakesValue)) AddValue(text, option, n => $"*' {n}'");
        text.Append("  esac\n  case \"$at\" in\n");
        foreach (var place in tree.Places)
        {
            text.Append("    '").Append(place.Path).Append("')\n      verbs=(")
                .AppendJoin(' ', place.Verbs.Select(v => Item(v.Word, v.Text)).Concat(place.Words.Select(w => $"'{w}'"))).Append(")\n")
                .Append("      options=(").AppendJoin(' ', place.Options.SelectMany(Items)).Append(") ;;\n");
        }
        text.Append("  esac\n  options+=(").AppendJoin(' ', tree.Everywhere.SelectMany(Items)).Append(")\n");
        return text.Append("""
              if [[ ${words[CURRENT]} == -* ]]; then _describe -o option options
              elif (( $#verbs )); then _describe command verbs
              else _files
              fi
            }
            if [[ $funcstack[1] == _pawl ]]; then _pawl "$@"; else compdef _pawl pawl; fi

            """).ToString();
    }

    private static void AddValue(StringBuilder text, CompletionOption option, Func<string, string> pattern)
    {
        text.Append("    ").AppendJoin('|', option.Names.Select(pattern)).Append(") ");
        if (option.Values.Count == 0) text.Append("_files; return ;;\n");
        else text.Append("values=(").AppendJoin(' ', option.Values.Select(v => $"'{v}'")).Append("); _describe value values; return ;;\n");
    }

    private static IEnumerable<string> Items(CompletionOption option) => option.Names.Select(n => Item(n, option.Text));

    /// <summary>A colon divides word and text; a quote ends neither.</summary>
    private static string Item(string word, string text) => $"'{word}:{text.Replace("'", "'\\''")}'";
}
