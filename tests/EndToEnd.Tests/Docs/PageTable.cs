using System.Text.RegularExpressions;

namespace Pawl.EndToEnd.Tests.Docs;

/// <summary>As much of Markdown's tables as the tests of pages need.</summary>
internal static partial class PageTable
{
    /// <summary>The cells of a line, trimmed, with <c>\|</c> undone.</summary>
    public static string[] Cells(string line) =>
        [.. Bar().Split(line.Trim())[1..^1].Select(cell => cell.Trim().Replace("\\|", "|", StringComparison.Ordinal))];

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bar();
}
