namespace Pawl.Connectors.Sqlite;

/// <summary>
/// A definition as the catalogue keeps it, <c>CREATE TABLE name (…)</c> or <c>CREATE [UNIQUE] INDEX name ON table (…)</c>, taken apart at
/// its names, so that it can be said of another table word for word. SQLite writes the words before the name itself; from the name on it
/// keeps what was typed, comments and all. Pure functions.
/// </summary>
internal static class SqliteDefinition
{
    /// <summary>What stands behind a table's name; null when the text is not understood.</summary>
    public static string? OfTable(string sql) =>
        After(sql, "CREATE", "TABLE") is { } at && Name(sql, at) is { } end ? sql[end..].Trim() : null;

    /// <summary>What stands behind an index's ON and table; null when the text is not understood.</summary>
    public static string? OfIndex(string sql)
    {
        var at = After(sql, "CREATE", "UNIQUE", "INDEX") ?? After(sql, "CREATE", "INDEX");
        if (at is null || Name(sql, at.Value) is not { } name || Word(sql, name, "ON") is not { } on || Name(sql, on) is not { } end)
        {
            return null;
        }
        return sql[end..].Trim();
    }

    private static int? After(string sql, params string[] words)
    {
        int? at = 0;
        foreach (var word in words)
        {
            if (at is not { } from || (at = Word(sql, from, word)) is null) return null;
        }
        return at;
    }

    /// <summary>The place behind a word; null when another one stands there.</summary>
    private static int? Word(string sql, int at, string word)
    {
        at = Blank(sql, at);
        if (string.Compare(sql, at, word, 0, word.Length, StringComparison.OrdinalIgnoreCase) != 0) return null;
        var end = at + word.Length;
        return end < sql.Length && IsLetter(sql[end]) ? null : end;
    }

    /// <summary>The place behind a name, quoted in any of SQLite's four ways or not at all.</summary>
    private static int? Name(string sql, int at)
    {
        at = Blank(sql, at);
        if (at >= sql.Length) return null;
        var close = sql[at] switch { '"' => '"', '`' => '`', '\'' => '\'', '[' => ']', _ => '\0' };
        if (close == '\0')
        {
            var end = at;
            while (end < sql.Length && IsLetter(sql[end])) end++;
            return end > at ? end : null;
        }
        for (var i = at + 1; i < sql.Length; i++)
        {
            if (sql[i] != close) continue;
            if (close == ']' || i + 1 >= sql.Length || sql[i + 1] != close) return i + 1;
            i++;
        }
        return null;
    }

    /// <summary>Past blanks and comments.</summary>
    private static int Blank(string sql, int at)
    {
        while (at < sql.Length)
        {
            if (char.IsWhiteSpace(sql[at])) at++;
            else if (string.CompareOrdinal(sql, at, "--", 0, 2) == 0)
            {
                at = sql.IndexOf('\n', at) is var line and >= 0 ? line + 1 : sql.Length;
            }
            else if (string.CompareOrdinal(sql, at, "/*", 0, 2) == 0)
            {
                at = sql.IndexOf("*/", at + 2, StringComparison.Ordinal) is var end and >= 0 ? end + 2 : sql.Length;
            }
            else break;
        }
        return at;
    }

    private static bool IsLetter(char c) => char.IsLetterOrDigit(c) || c is '_' or '$' || c > 127;
}
