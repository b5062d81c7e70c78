namespace Pawl.Cli.Texts;

/// <summary>The languages Pawl speaks.</summary>
public enum Language
{
    /// <summary><c>en</c></summary>
    English,
    /// <summary><c>zh-CN</c></summary>
    Chinese,
}

/// <summary>
/// The language of this process: <c>--lang</c>, else what the environment asks for. Chosen once, before the first text is made; texts
/// follow it, numbers and dates do not. A text that is made where it is said stands there in both languages, see <see cref="Both"/>.
/// </summary>
public static class Speech
{
    public const string LanguageOption = "--lang";

    /// <summary>The words <c>--lang</c> takes, by language.</summary>
    private static readonly string[] Tags = ["en", "zh-CN"];

    public static Language Spoken { get; private set; } = Language.English;

    /// <summary>The word <c>--lang</c> takes for the language spoken; also what an HTML page calls it.</summary>
    public static string Tag => Tags[(int)Spoken];

    public static IReadOnlyList<string> AllTags => Tags;

    /// <summary>Called once, by the program's first lines.</summary>
    public static void Choose(Language language) => Spoken = language;

    /// <summary>From the command line, else from the environment.</summary>
    public static Language Asked(string[] args, Func<string, string?> environment)
    {
        for (var i = 0; i < args.Length && args[i] != "--"; i++)
        {
            var word = args[i] == LanguageOption && i + 1 < args.Length ? args[i + 1]
                : args[i].StartsWith(LanguageOption, StringComparison.Ordinal) && args[i].Length > LanguageOption.Length
                    && args[i][LanguageOption.Length] is '=' or ':' ? args[i][(LanguageOption.Length + 1)..] : null;
            if (word is not null && Array.IndexOf(Tags, word) is >= 0 and var index) return (Language)index;
        }
        return OfEnvironment(environment);
    }

    /// <summary>
    /// The first that is set decides, as for any program:
    /// https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html
    /// </summary>
    public static Language OfEnvironment(Func<string, string?> environment)
    {
        string[] names = ["LC_ALL", "LC_MESSAGES", "LANG"];
        return names.Select(environment).FirstOrDefault(v => !string.IsNullOrEmpty(v)) is { } set
            && set.StartsWith("zh", StringComparison.OrdinalIgnoreCase) ? Language.Chinese : Language.English;
    }

    /// <summary>One text, side by side in every language: the one that is spoken.</summary>
    public static string Both(string english, string chinese) => Spoken == Language.Chinese ? chinese : english;
}
