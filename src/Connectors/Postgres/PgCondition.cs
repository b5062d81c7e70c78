namespace Pawl.Connectors.Postgres;

/// <summary>
/// Whether a user's condition stays inside the parentheses it is put in. What closes them, or ends the statement, would cut off the key
/// range that follows, and a resumed read would begin again at the first row. The server judges everything else about it.
/// https://www.postgresql.org/docs/current/sql-syntax-lexical.html
/// </summary>
internal static class PgCondition
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
                case '\'' or '"':
                    end = QuoteEnd(condition, i);
                    if (end < 0) return "a quote that is not closed";
                    break;
                case '$' when Tag(condition, i) is { } tag:
                    var close = condition.IndexOf(tag, i + tag.Length, StringComparison.Ordinal);
                    if (close < 0) return "a dollar quote that is not closed";
                    end = close + tag.Length - 1;
                    break;
                case '-' when Next(condition, i) == '-':
                    end = LineEnd(condition, i);
                    break;
                case '/' when Next(condition, i) == '*':
                    end = CommentEnd(condition, i);
                    if (end < 0) return "a comment that is not closed";
                    break;
            }
            i = end;
        }
        return depth == 0 ? null : "an opening parenthesis without its closing one";
    }

    /// <summary>Place of the closing quote; a doubled one stands for itself, and in E'…' a backslash takes the next character.</summary>
    private static int QuoteEnd(string text, int from)
    {
        var quote = text[from];
        var escapes = quote == '\'' && from > 0 && text[from - 1] is 'e' or 'E' && (from < 2 || !IsWord(text[from - 2]));
        for (var i = from + 1; i < text.Length; i++)
        {
            if (escapes && text[i] == '\\') i++;
            else if (text[i] == quote && Next(text, i) == quote) i++;
            else if (text[i] == quote) return i;
        }
        return -1;
    }

    /// <summary>$$ or $name$ where a dollar quote can begin: not inside a word, and no parameter such as $1.</summary>
    private static string? Tag(string text, int from)
    {
        if (from > 0 && IsWord(text[from - 1])) return null;
        for (var i = from + 1; i < text.Length; i++)
        {
            if (text[i] == '$') return text[from..(i + 1)];
            if (!IsWord(text[i]) || (i == from + 1 && char.IsAsciiDigit(text[i]))) return null;
        }
        return null;
    }

    /// <summary>A carriage return ends a line, too.</summary>
    private static int LineEnd(string text, int from) =>
        text.AsSpan(from).IndexOfAny('\n', '\r') is var at and >= 0 ? from + at : text.Length;

    /// <summary>Comments nest.</summary>
    private static int CommentEnd(string text, int from)
    {
        var depth = 0;
        for (var i = from; i + 1 < text.Length; i++)
        {
            if (text[i] == '/' && text[i + 1] == '*') (depth, i) = (depth + 1, i + 1);
            else if (text[i] == '*' && text[i + 1] == '/' && --depth == 0) return i + 1;
            else if (text[i] == '*' && text[i + 1] == '/') i++;
        }
        return -1;
    }

    private static bool IsWord(char c) => c == '_' || c > '\u007f' || char.IsAsciiLetterOrDigit(c);

    private static char Next(string text, int at) => at + 1 < text.Length ? text[at + 1] : '\uffff';
}
