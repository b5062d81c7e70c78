using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// What SHOW GRANTS says of this account and the roles it has on: for rights that no statement can be asked about. A grant on a database
/// is a pattern, of which the nearest one counts; MySQL can take back a part of a global one. Immutable.
/// </summary>
internal sealed class MyGrantList
{
    private sealed record Line(bool Revokes, IReadOnlyList<string> Rights, string? Database, string? Table, string Account);

    /// <summary>A server that was started without its tables of grants: everybody may do everything.</summary>
    private const int NoGrants = 1290;

    private readonly List<Line> lines;
    private readonly bool ignoresCase;

    /// <param name="said">Lines of SHOW GRANTS; those that name no right on tables are left out.</param>
    /// <param name="isLiteral">Names of databases are no patterns: MySQL with <c>partial_revokes</c>.</param>
    /// <param name="ignoresCase">Names are told apart without regard to case.</param>
    public MyGrantList(IEnumerable<string> said, bool isLiteral, bool ignoresCase) =>
        (lines, IsLiteral, this.ignoresCase) = ([.. said.Select(Read).OfType<Line>()], isLiteral, ignoresCase);

    /// <summary>Names of databases are no patterns in GRANT.</summary>
    public bool IsLiteral { get; }

    /// <param name="ask">Runs a query on a session of the account.</param>
    public static async ValueTask<MyGrantList> ReadAsync(Func<string, ValueTask<List<string?[]>>> ask, MyServerFacts server)
    {
        var partial = await ask("show global variables like 'partial_revokes'").ConfigureAwait(false);
        var (isLiteral, ignoresCase) = (partial is [[_, "ON"]], server.LowerCaseTableNames != 0);
        try
        {
            var said = await ask("show grants").ConfigureAwait(false);
            return new MyGrantList(said.Select(r => r[0] ?? ""), isLiteral, ignoresCase);
        }
        catch (Exception e) when ((e as MyServerException ?? e.InnerException as MyServerException) is { Number: NoGrants })
        {
            return new MyGrantList(["GRANT ALL PRIVILEGES ON *.* TO ``@``"], isLiteral, ignoresCase);
        }
    }

    /// <summary>The right holds everywhere.</summary>
    public bool Global(string right) => lines.Any(l => l is { Revokes: false, Database: null } && Gives(l, right));

    public bool OnTable(string right, TableName table)
    {
        var (database, name) = (table.Schema!, table.Name);
        if (lines.Any(l => !l.Revokes && l.Database is { } d && Same(d, database) && l.Table is { } t && Same(t, name) && Gives(l, right)))
        {
            return true;
        }
        var nearest = lines.Where(l => l is { Revokes: false, Database: not null, Table: null } && Matches(l.Database!, database))
            .GroupBy(l => l.Account).Select(g => g.MaxBy(l => Nearness(l.Database!))!);
        if (nearest.Any(l => Gives(l, right))) return true;
        return Global(right) && !lines.Any(l => l is { Revokes: true, Database: { } taken } && Same(taken, database) && Gives(l, right));
    }

    private static bool Gives(Line line, string right) => line.Rights.Contains(right) || line.Rights.Contains("ALL PRIVILEGES");

    private bool Same(string one, string other) =>
        one.Equals(other, ignoresCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>How much of a pattern stands before its first wildcard; one without any is the nearest.</summary>
    private int Nearness(string pattern)
    {
        for (var i = 0; i < pattern.Length && !IsLiteral; i++)
        {
            if (pattern[i] == '\\') i++;
            else if (pattern[i] is '_' or '%') return i;
        }
        return int.MaxValue;
    }

    private bool Matches(string pattern, string name)
    {
        if (IsLiteral) return Same(pattern, name);
        // Behind a % everything is tried again one character later.
        int p = 0, n = 0, star = -1, mark = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '%') (star, mark) = (p++, n);
            else if (Step(pattern, p) is { } next && (pattern[p] == '_' || Same(pattern[(next - 1)..next], name[n..(n + 1)])))
            {
                p = next;
                n++;
            }
            else if (star >= 0) (p, n) = (star + 1, ++mark);
            else return false;
        }
        return pattern[p..].All(c => c == '%');
    }

    /// <summary>Where the pattern goes on behind the character at that place, which a backslash may make one of no meaning.</summary>
    private static int? Step(string pattern, int at) =>
        at >= pattern.Length ? null : pattern[at] == '\\' && at + 1 < pattern.Length ? at + 2 : at + 1;

    /// <summary><c>GRANT right, right (columns) ON object TO account …</c> or <c>REVOKE … ON object FROM account</c>.</summary>
    private static Line? Read(string line)
    {
        var revokes = line.StartsWith("REVOKE ", StringComparison.Ordinal);
        var words = Words(line);
        var (on, to) = (words.IndexOf("ON"), words.IndexOf(revokes ? "FROM" : "TO"));
        if (on < 2 || to != on + 2 || words.Count == to + 1 || Object(words[on + 1]) is not var (database, table)) return null;
        List<string> rights = [""];
        foreach (var word in words[1..on])
        {
            // A right on some columns is none on the table, and is named apart from one that is.
            if (word == ",") rights.Add("");
            else rights[^1] = $"{rights[^1]} {word}".TrimStart();
        }
        return new Line(revokes, rights, database, table, words[to + 1]);
    }

    /// <summary>Null database = all of them, null table = all of the database's; null = no object with tables.</summary>
    private static (string? Database, string? Table)? Object(string word)
    {
        var parts = new List<string>();
        foreach (var (text, isQuoted) in Parts(word))
        {
            if (isQuoted) parts.Add(text);
            else parts.AddRange(text.Split('.', StringSplitOptions.RemoveEmptyEntries));
        }
        if (parts is not [var database, var table]) return null;
        return word == "*.*" ? (null, null) : (database, table == "*" && word.EndsWith(".*", StringComparison.Ordinal) ? null : table);
    }

    /// <summary>Cut at blanks and commas outside quotes and brackets.</summary>
    private static List<string> Words(string line)
    {
        var words = new List<string>();
        var (start, depth) = (0, 0);
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] is '`' or '\'' or '"') i = Closing(line, i);
            else if (i < line.Length && line[i] == '(') depth++;
            else if (i < line.Length && line[i] == ')') depth--;
            else if (i == line.Length || (depth == 0 && line[i] is ' ' or ','))
            {
                if (i > start) words.Add(line[start..i]);
                if (i < line.Length && line[i] == ',') words.Add(",");
                start = i + 1;
            }
        }
        return words;
    }

    private static IEnumerable<(string Text, bool IsQuoted)> Parts(string word)
    {
        for (var i = 0; i < word.Length; i++)
        {
            var start = i;
            if (word[i] is '`' or '"')
            {
                i = Closing(word, i);
                var quote = word[start].ToString();
                yield return (word[(start + 1)..Math.Max(start + 1, i)].Replace(quote + quote, quote, StringComparison.Ordinal), true);
                continue;
            }
            while (i + 1 < word.Length && word[i + 1] is not ('`' or '"')) i++;
            yield return (word[start..(i + 1)], false);
        }
    }

    /// <summary>Where the quote at that place ends; a doubled one is one of the text.</summary>
    private static int Closing(string line, int at)
    {
        for (var i = at + 1; i < line.Length; i++)
        {
            if (line[i] != line[at]) continue;
            if (i + 1 < line.Length && line[i + 1] == line[at]) i++;
            else return i;
        }
        return line.Length - 1;
    }
}
