namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Whether a user's condition stays inside the parentheses it is put in. What closes them, or ends the statement, would cut off the key
/// range that follows, and a resumed read would begin again at the first row. SQLite itself judges everything else about it.
/// https://www.sqlite.org/lang_expr.html, https://www.sqlite.org/lang_comment.html
/// </summary>
internal static class SqliteCondition
{
    /// <summary>What is wrong; null = nothing that matters here.</summary>
    public static string? Problem(string condition)
    {
        var depth = 0;
        for (var i = 0; i < condition.Length; i++)
        {
            switch (condition[i])
            {
                case '\0': return "a NUL character ends the statement";
                case ';': return "a semicolon ends the statement";
                case '(': depth++; break;
                case ')' when --depth < 0: return "a closing parenthesis without its opening one";
                case '\'' or '"' or '`' or '[':
                    var end = QuoteEnd(condition, i);
                    if (end < 0) return "a quote that is not closed";
                    i = end;
                    break;
                case '-' when Next(condition, i) == '-':
                    var line = condition.IndexOf('\n', i);
                    i = line < 0 ? condition.Length : line;
                    break;
                case '/' when Next(condition, i) == '*':
                    var close = condition.IndexOf("*/", i + 2, StringComparison.Ordinal);
                    if (close < 0) return "a comment that is not closed";
                    i = close + 1;
                    break;
            }
        }
        return depth == 0 ? null : "an opening parenthesis without its closing one";
    }

    /// <summary>Place of the closing quote; a doubled one stands for itself. -1 = none.</summary>
    private static int QuoteEnd(string text, int from)
    {
        var quote = text[from] == '[' ? ']' : text[from];
        for (var i = from + 1; i < text.Length; i++)
        {
            if (text[i] != quote) continue;
            if (quote == ']' || Next(text, i) != quote) return i;
            i++;
        }
        return -1;
    }

    private static char Next(string text, int at) => at + 1 < text.Length ? text[at + 1] : '\uffff';
}
