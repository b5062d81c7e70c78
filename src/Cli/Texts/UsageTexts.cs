using System.Text.RegularExpressions;

namespace Pawl.Cli.Texts;

/// <summary>
/// What is wrong with a command line. The parser says it in English, by the patterns here; an unknown saying of its stays as it is.
/// Thread-safe.
/// </summary>
public static class UsageTexts
{
    private static readonly (string Pattern, string Chinese)[] Sayings =
    [
        ("Unrecognized command or argument '(.*)'\\.", "无法识别的命令或参数 $1。"),
        ("Required command was not provided\\.", "缺少命令。"),
        ("Required argument missing for command: '(.*)'\\.", "命令 $1 缺少参数。"),
        ("Required argument missing for option: '(.*)'\\.", "选项 $1 缺少值。"),
        ("Option '(.*)' is required\\.", "必须给出选项 $1。"),
        ("Option '(.*)' expects a single argument but (\\d+) were provided\\.", "选项 $1 只接受一个值，却给出了 $2 个。"),
        ("Argument '(.*)' not recognized\\. Must be one of:\\s*(.*)", "无法识别的值 $1，应为其中之一：$2"),
        ("Cannot parse argument '(.*)' for option '(.*)' as expected type '.*'\\.", "选项 $2 的值 $1 无法理解。"),
        ("Cannot parse argument '(.*)' for command '(.*)' as expected type '.*'\\.", "命令 $2 的参数 $1 无法理解。"),
    ];

    private static readonly Regex Spaces = new(@"\s+", RegexOptions.CultureInvariant);

    /// <summary>In the language that is spoken.</summary>
    public static string Of(string english) => Both(english, Chinese(english) ?? english);

    /// <summary>Null when the parser says something that is not known here.</summary>
    public static string? Chinese(string english)
    {
        foreach (var (pattern, chinese) in Sayings)
        {
            var whole = new Regex($"^{pattern}$", RegexOptions.CultureInvariant | RegexOptions.Singleline, TimeSpan.FromSeconds(1));
            if (whole.IsMatch(english)) return Spaces.Replace(whole.Replace(english, chinese), " ").Trim();
        }
        return null;
    }
}
