namespace Pawl.Jobs;

/// <summary>A place in a text: first character and length, in UTF-16 units. <see cref="None"/> is the text as a whole.</summary>
internal readonly record struct Span(int Start, int Length)
{
    public static readonly Span None = new(-1, 0);
}

/// <summary>A text with its lines, so that a place can be shown to a person. Immutable.</summary>
internal sealed class SourceText
{
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
}
