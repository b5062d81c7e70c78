using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>Which entry of a job speaks for a table, and under which name the table arrives. Pure functions.</summary>
public static class TableRules
{
    private const int Any = -1;
    private const int One = -2;

    /// <summary>
    /// The most specific rule whose pattern matches: a literal before a glob, then the longer literal start, then more literal
    /// characters, then fewer
    /// <c>*</c>, then the later one. Null when none matches, or when that rule excludes the table: a wider rule does not bring it back.
    /// </summary>
    /// <param name="ignoreCase">True only where the source does not tell the cases of table names apart.</param>
    public static TableRule? Resolve(IReadOnlyList<TableRule> rules, string tableName, bool ignoreCase = false)
    {
        TableRule? best = null;
        foreach (var rule in rules)
        {
            if (rule.Pattern.Matches(tableName, ignoreCase) && (best is null || Compare(rule.Pattern, best.Pattern) >= 0)) best = rule;
        }
        return best is null || best.Exclude.Any(e => e.Matches(tableName, ignoreCase)) ? null : best;
    }

    /// <summary>Positive when <paramref name="a"/> is the more specific one, 0 when neither is.</summary>
    public static int Compare(TablePattern a, TablePattern b)
    {
        if (a.HasWildcard != b.HasWildcard) return a.HasWildcard ? -1 : 1;
        var (left, right) = (Letters(a), Letters(b));
        var byStart = left.TakeWhile(IsLiteral).Count().CompareTo(right.TakeWhile(IsLiteral).Count());
        if (byStart != 0) return byStart;
        var byLiterals = left.Count(IsLiteral).CompareTo(right.Count(IsLiteral));
        return byLiterals != 0 ? byLiterals : right.Count(c => c == Any).CompareTo(left.Count(c => c == Any));
    }

    /// <summary>
    /// Every name that <paramref name="narrow"/> matches is matched by <paramref name="wide"/>: <c>shop.*</c> covers <c>shop.o*</c>,
    /// which does not cover
    /// <c>*.orders</c>. What covers a pattern passes its settings on to it.
    /// </summary>
    public static bool Covers(TablePattern wide, TablePattern narrow)
    {
        // The narrow pattern is read as a text in which * can only be met by * and ? by * or ?.
        var (outer, inner) = (Letters(wide), Letters(narrow));
        int w = 0, n = 0, star = -1, mark = 0;
        while (n < inner.Count)
        {
            if (w < outer.Count && outer[w] == Any) { star = w++; mark = n; }
            else if (w < outer.Count && inner[n] != Any && (outer[w] == inner[n] || outer[w] == One)) { w++; n++; }
            else if (star >= 0) { w = star + 1; n = ++mark; }
            else return false;
        }
        return outer.Skip(w).All(c => c == Any);
    }

    /// <summary>The target's name for a source table, <c>{schema}</c> and <c>{table}</c> filled in.</summary>
    /// <param name="template">A <see cref="TableRule.Target"/> that passed <see cref="IsTemplate"/>.</param>
    /// <param name="source">Its schema fills <c>{schema}</c>; without one that is empty, with the dot after it.</param>
    public static string TargetName(string template, TableName source) => Fill(template, source) ?? template;

    /// <summary>
    /// The same, cut into schema and table at the template's own first dot: a dot inside a source table's name stays in the name.
    /// </summary>
    /// <param name="schemas">The target has schemas.</param>
    public static TableName TargetName(string template, TableName source, bool schemas)
    {
        var dot = schemas ? template.IndexOf('.') : -1;
        if (dot <= 0) return new TableName(null, TargetName(template, source));
        var schema = TargetName(template[..dot], source);
        return new TableName(schema.Length == 0 ? null : schema, TargetName(template[(dot + 1)..], source));
    }

    /// <summary>The same, in the schema where the target puts what names none.</summary>
    public static TableName TargetName(string template, TableName source, ConnectorLimits limits)
    {
        var target = TargetName(template, source, limits.HasSchemas);
        // "orders" and "public.orders" are one table: said so here, it is one name in every comparison.
        return target.Schema is null && limits.DefaultSchema is { } schema ? target with { Schema = schema } : target;
    }

    /// <summary>Only <c>{schema}</c>, <c>{table}</c>, <c>{{</c> and <c>}}</c>, and not empty.</summary>
    public static bool IsTemplate(string text) => !string.IsNullOrWhiteSpace(text) && Fill(text, new TableName("s", "t")) is not null;

    private static string? Fill(string template, TableName source)
    {
        var name = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            var rest = template.AsSpan(i);
            if (rest[0] is not ('{' or '}')) name.Append(rest[0]);
            else if (rest.Length > 1 && rest[1] == rest[0])
            {
                name.Append(rest[0]);
                i++;
            }
            else if (rest.StartsWith("{table}"))
            {
                name.Append(source.Name);
                i += 6;
            }
            else if (rest.StartsWith("{schema}"))
            {
                name.Append(source.Schema);
                i += source.Schema is null && rest.StartsWith("{schema}.") ? 8 : 7;
            }
            else return null;
        }
        return name.ToString();
    }

    /// <summary>
    /// Tables of two rules may go into one: a column tells their rows apart, or all of them are added to the rows of others anyway.
    /// </summary>
    public static bool MayShare(TableRule one, TableRule other) =>
        one.Write == other.Write && one.SourceColumn == other.SourceColumn
        && (one.SourceColumn is not null || one.Write == WriteMode.Append);

    /// <summary>The rule as it is for one table: what tells its rows from those of others is a constant of theirs.</summary>
    public static TableRule For(TableRule rule, TableName table) => rule.SourceColumn is not { } column ? rule : rule with
    {
        Set = new OrderedDictionary<string, object?>(rule.Set.Where(s => s.Key != column))
        {
            [column] = TargetName(rule.SourceValue, table),
        },
    };

    private static bool IsLiteral(int letter) => letter >= 0;

    /// <summary>The pattern's characters with escapes undone; <see cref="Any"/> and <see cref="One"/> for wildcards.</summary>
    private static List<int> Letters(TablePattern pattern)
    {
        var letters = new List<int>();
        var text = pattern.Text;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length && (text[i + 1] is '*' or '?' or '\\')) letters.Add(text[++i]);
            else letters.Add(text[i] switch { '*' => Any, '?' => One, var c => c });
        }
        return letters;
    }
}
