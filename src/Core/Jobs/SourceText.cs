namespace Pawl.Jobs;

/// <summary>A place in a text: first character and length, in UTF-16 units. <see cref="None"/> is the text as a whole.</summary>
internal readonly record struct Span(int Start, int Length)
{
    public static readonly Span None = new(-1, 0);
}

/// <summary>A text with its lines, so that a place can be shown to a person. Immutable.</summary>
internal sealed class SourceText
{
    private static readonly string[] SecretWords = ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key"];
    private readonly List<int> starts = [0];

    public SourceText(string text)
    {
        Text = text;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n' || (c == '\r' && !(i + 1 < text.Length && text[i + 1] == '\n'))) starts.Add(i + 1);
        }
    }

    public string Text { get; }

    public int Lines => starts.Count;

    /// <summary>1-based line and column.</summary>
    public (int Line, int Column) Locate(int at)
    {
        var found = starts.BinarySearch(Math.Clamp(at, 0, Text.Length));
        var line = found >= 0 ? found : ~found - 1;
        return (line + 1, Math.Clamp(at, 0, Text.Length) - starts[line] + 1);
    }

    /// <summary>0-based start of a 1-based line.</summary>
    public int StartOf(int line) => starts[line - 1];

    /// <summary>The line without its break.</summary>
    public string Line(int line)
    {
        var from = starts[line - 1];
        var to = line < starts.Count ? starts[line] : Text.Length;
        return Text[from..to].TrimEnd('\n', '\r');
    }

    /// <summary>The line as it may be shown: passwords in URLs and after telling words are stars of the same length.</summary>
    public string SafeLine(int line) => Mask(Line(line)).Replace('\t', ' ');

    internal static string Mask(string line)
    {
        var shown = line.ToCharArray();
        MaskUserInfo(line, shown);
        foreach (var word in SecretWords) MaskAfter(line, shown, word);
        return new string(shown);
    }

    /// <summary>
    /// Everything between the first colon of a URL's authority and the last <c>@</c> of the line: rather too much than too little.
    /// </summary>
    private static void MaskUserInfo(string line, char[] shown)
    {
        var last = line.LastIndexOf('@');
        for (var at = line.IndexOf("://", StringComparison.Ordinal); at >= 0; at = line.IndexOf("://", at + 3, StringComparison.Ordinal))
        {
            var colon = line.IndexOf(':', at + 3);
            if (colon < 0 || colon > last) continue;
            Stars(line, shown, colon + 1, last);
        }
    }

    private static void MaskAfter(string line, char[] shown, string word)
    {
        for (var at = line.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0;
             at = line.IndexOf(word, at + word.Length, StringComparison.OrdinalIgnoreCase))
        {
            var from = at + word.Length;
            while (from < line.Length && line[from] is '"' or '\'' or ' ') from++;
            if (from >= line.Length || line[from] is not (':' or '=')) continue;
            from++;
            while (from < line.Length && line[from] == ' ') from++;
            var quote = from < line.Length && line[from] is '"' or '\'' ? line[from] : '\0';
            if (quote != '\0') from++;
            var length = quote != '\0' ? line.AsSpan(from).IndexOf(quote) : line.AsSpan(from).IndexOfAny(" ,&\"'}");
            Stars(line, shown, from, length < 0 ? line.Length : from + length);
        }
    }

    /// <summary>Placeholders stay: they are what the user wrote, not what is behind them.</summary>
    private static void Stars(string line, char[] shown, int from, int to)
    {
        if (SecretText.IsOnePlaceholder(line[from..to])) return;
        for (var i = from; i < to; i++) shown[i] = '*';
    }
}
