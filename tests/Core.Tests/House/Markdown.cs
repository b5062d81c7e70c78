using System.Text;
using System.Text.RegularExpressions;

namespace Pawl.Core.Tests.House;

/// <summary>As much of Markdown as the documentation's own tests need.</summary>
internal static partial class Markdown
{
    public sealed record Heading(int Level, string Text, string Anchor);
    public sealed record Block(string Info, string Text, int Line);

    public static IEnumerable<Heading> Headings(string text)
    {
        var seen = new Dictionary<string, int>();
        foreach (var line in Prose(text))
        {
            var match = HeadingLine().Match(line);
            if (!match.Success) continue;
            var title = match.Groups[2].Value.Trim();
            var anchor = Anchor(title);
            var again = seen[anchor] = seen.GetValueOrDefault(anchor, -1) + 1;
            yield return new Heading(match.Groups[1].Length, title, again == 0 ? anchor : $"{anchor}-{again}");
        }
    }

    public static IEnumerable<string> Links(string text) =>
        Prose(text).SelectMany(line => Link().Matches(InlineCode().Replace(line, "")).Select(m => m.Groups[1].Value));

    /// <summary>Fenced blocks with their info string and 1-based line.</summary>
    public static IEnumerable<Block> Blocks(string text)
    {
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            var info = lines[i][3..].Trim();
            var start = i + 1;
            var body = new StringBuilder();
            for (i++; i < lines.Length && !lines[i].StartsWith("```", StringComparison.Ordinal); i++) body.Append(lines[i]).Append('\n');
            yield return new Block(info, body.ToString(), start);
        }
    }

    /// <summary>The way GitHub makes anchors.</summary>
    private static string Anchor(string title)
    {
        var anchor = new StringBuilder();
        foreach (var rune in title.ToLowerInvariant().EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '_') anchor.Append(rune);
            else if (rune.Value == ' ') anchor.Append('-');
        }
        return anchor.ToString();
    }

    private static IEnumerable<string> Prose(string text)
    {
        var fenced = false;
        foreach (var line in text.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
            else if (!fenced) yield return line;
        }
    }

    [GeneratedRegex(@"^(#{1,6})\s+(.*)$")]
    private static partial Regex HeadingLine();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();
}
