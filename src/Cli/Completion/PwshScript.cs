using System.Text;

namespace Pawl.Cli.Completion;

/// <summary>Completion for PowerShell, with what each word is for. Where nothing is known it offers files.</summary>
internal static class PwshScript
{
    public static string Write(CompletionTree tree)
    {
        var text = new StringBuilder("""
            Register-ArgumentCompleter -Native -CommandName pawl -ScriptBlock {
              param($word, $ast, $cursor)
              $places = @{

            """);
        foreach (var place in tree.Places)
        {
            text.Append("    ").Append(Quoted(place.Path)).Append(" = @(")
                .AppendJoin(", ", place.Verbs.Select(v => Item(v.Word, v.Text)).Concat(place.Words.Select(w => Item(w, w)))
                    .Concat(place.Options.Concat(tree.Everywhere).SelectMany(o => o.Names.Select(n => Item(n, o.Text))))).Append(")\n");
        }
        text.Append("  }\n  $values = @{\n");
        foreach (var place in tree.Places)
        {
            foreach (var option in place.Options.Concat(tree.Everywhere).Where(o => o.TakesValue))
            {
                foreach (var name in option.Names)
                {
                    text.Append("    ").Append(Quoted($"{place.Path} {name}")).Append(" = @(")
                        .AppendJoin(", ", option.Values.Select(v => Item(v, v))).Append(")\n");
                }
            }
        }
        return text.Append("""
              }
              $at = ''
              $before = ''
              foreach ($element in $ast.CommandElements | Select-Object -Skip 1) {
                if ($element.Extent.EndOffset -ge $cursor -and $word) { break }
                $before = $element.ToString()
                if ($places.ContainsKey("$at $before")) { $at = "$at $before" }
              }
              $found = $places[$at]
              if ($values.ContainsKey("$at $before")) { $found = $values["$at $before"] }
              elseif (-not $word.StartsWith('-')) { $found = $found | Where-Object { -not $_.Word.StartsWith('-') } }
              $found | Where-Object { $_.Word -like "$word*" } | ForEach-Object {
                [System.Management.Automation.CompletionResult]::new($_.Word, $_.Word, 'ParameterValue', $_.Text)
              }
            }

            """).ToString();
    }

    private static string Item(string word, string text) => $"@{{ Word = {Quoted(word)}; Text = {Quoted(text)} }}";

    private static string Quoted(string text) => "'" + text.Replace("'", "''") + "'";
}
