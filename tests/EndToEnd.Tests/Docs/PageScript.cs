using System.Text;
using System.Text.RegularExpressions;

namespace Pawl.EndToEnd.Tests.Docs;

/// <summary>
/// The parts of a page that can be run. In a <c>console</c> block, lines after "$ " are commands and the lines below each are what it
/// prints: in this order, other lines between them allowed, "…" standing for anything within a line. <c>exit=N</c> after "console" is the
/// exit code of the block's last command. A <c>yaml</c> block is a job file; a first line "# name.yaml" is the name it is written under.
/// </summary>
internal static partial class PageScript
{
    internal abstract record Part(int Line);
    internal sealed record Command(int Line, string Text, IReadOnlyList<string> Expected, int Exit) : Part(Line);
    internal sealed record JobFile(int Line, string Name, string Text) : Part(Line);

    public static IReadOnlyList<Part> Read(string page)
    {
        var parts = new List<Part>();
        var lines = page.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("```", StringComparison.Ordinal)) continue;
            var info = lines[i][3..].Trim();
            var start = i + 1;
            while (++i < lines.Length && lines[i] != "```") { }
            var body = lines[start..Math.Min(i, lines.Length)];
            if (info.StartsWith("console", StringComparison.Ordinal)) parts.AddRange(Commands(info, body, start));
            else if (info == "yaml") parts.Add(Job(body, start));
        }
        return parts;
    }

    private static List<Part> Commands(string info, string[] body, int start)
    {
        var parts = new List<Part>();
        var expected = new List<string>();
        for (var i = 0; i < body.Length; i++)
        {
            if (body[i].StartsWith("$ ", StringComparison.Ordinal))
            {
                expected = [];
                parts.Add(new Command(start + i + 1, body[i][2..], expected, 0));
            }
            else if (body[i].Trim() is { Length: > 0 } line && line != "…") expected.Add(line);
        }
        if (ExitCode().Match(info) is { Success: true } exit)
        {
            parts[^1] = (Command)parts[^1] with { Exit = int.Parse(exit.Groups[1].Value) };
        }
        return parts;
    }

    private static JobFile Job(string[] body, int start)
    {
        var named = FileName().Match(body[0]);
        return new JobFile(start, named.Success ? named.Groups[1].Value : "block.yaml", string.Join('\n', body) + "\n");
    }

    /// <summary>The first expected line that is not there; null when all are, in order.</summary>
    public static string? Missing(string output, IReadOnlyList<string> expected)
    {
        var lines = new Queue<string>(output.Split('\n').Select(Plain));
        foreach (var line in expected)
        {
            var pattern = new Regex("^" + string.Join(".*", Plain(line).Split('…').Select(Regex.Escape)) + "$",
                RegexOptions.NonBacktracking);
            while (lines.Count > 0 && !pattern.IsMatch(lines.Peek())) lines.Dequeue();
            if (lines.Count == 0) return line;
            lines.Dequeue();
        }
        return null;
    }

    /// <summary>Without the spacing of columns, which follows the widest cell.</summary>
    private static string Plain(string line)
    {
        var text = new StringBuilder();
        foreach (var word in line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) text.Append(text.Length > 0 ? " " : "")
            .Append(word);
        return text.ToString();
    }

    [GeneratedRegex(@"exit=(\d+)")]
    private static partial Regex ExitCode();

    [GeneratedRegex(@"^# ([\w.-]+\.yaml)\b")]
    private static partial Regex FileName();
}
