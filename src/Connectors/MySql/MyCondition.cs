namespace Pawl.Connectors.MySql;

/// <summary>
/// Whether a user's condition stays inside the parentheses it is put in. What closes them, or ends the statement, would cut off the key
/// range that follows, and a resumed read would begin again at the first row. The server judges everything else about it.
/// https://mariadb.com/kb/en/string-literals/, https://mariadb.com/kb/en/comment-syntax/
/// </summary>
internal static class MyCondition
{
    /// <summary>What is wrong; null = nothing that matters here.</summary>
    public static string? Problem(string condition)
    {
        var depth = 0;
        for (var i = 0; i < condition.Length; i++)
        {
            var end = i;
            switch (condition[i])
            {
                case '\0': return "a NUL character ends the statement";
                case ';': return "a semicolon ends the statement";
                case '(': depth++; break;
                case ')' when --depth < 0: return "a closing parenthesis without its opening one";
                case '\'' or '"' or '`':
                    end = QuoteEnd(condition, i);
                    if (end < 0) return "a quote that is not closed";
                    break;
                case '#':
                    end = LineEnd(condition, i);
                    break;
                // Two dashes alone are a comment only before a blank: 5--3 is 8.
                case '-' when Next(condition, i) == '-' && (i + 2 >= condition.Length || condition[i + 2] <= ' '):
                    end = LineEnd(condition, i);
                    break;
                case '/' when Next(condition, i) == '*':
                    if (i + 2 < condition.Length && condition[i + 2] is '!' or 'M') return "a comment that the server may run as code";
                    var close = condition.IndexOf("*/", i + 2, StringComparison.Ordinal);
                    if (close < 0) return "a comment that is not closed";
                    end = close + 1;
                    break;
            }
            i = end;
        }
        return depth == 0 ? null : "an opening parenthesis without its closing one";
    }

    /// <summary>Place of the closing quote; a doubled one stands for itself, and in a text a backslash takes the next character.</summary>
    private static int QuoteEnd(string text, int from)
    {
        var quote = text[from];
        for (var i = from + 1; i < text.Length; i++)
        {
            if (text[i] == '\\' && quote != '`') i++;
            else if (text[i] == quote && Next(text, i) == quote) i++;
            else if (text[i] == quote) return i;
        }
        return -1;
    }

    private static int LineEnd(string text, int from) => text.IndexOf('\n', from) is var at and >= 0 ? at : text.Length;

    private static char Next(string text, int at) => at + 1 < text.Length ? text[at + 1] : '\uffff';
}
