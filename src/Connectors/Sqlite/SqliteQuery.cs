using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// The statements that read a stretch of a table in key order. After a tuple (x, y) of a key (a, b) come first the rows with a = x and
/// b &gt; y, then those with a &gt; x: two statements, each one range of the index, in every collation and direction. A single statement
/// would need the row-value form, which SQLite only takes to the index under the columns' own collations, or an OR, which it sorts.
/// </summary>
internal sealed class SqliteQuery
{
    private readonly SqliteShape shape;
    private readonly string table;
    private readonly string? where;
    private readonly bool isIncrement;
    private readonly IReadOnlyList<SqliteKeyPart> key;

    /// <param name="where">A condition in SQL, handed on as it stands; null = none.</param>
    /// <param name="window">Rows by the value of a column; null = all.</param>
    public SqliteQuery(SqliteShape shape, string table, string? where, CursorWindow? window = null)
    {
        this.shape = shape;
        this.table = SqliteNames.Quote(table);
        // The line break ends a comment the condition may close with.
        string[] conditions = [.. where is null ? [] : new[] { $"({where}\n)" }, .. window is null ? [] : SqliteWindows.Conditions(window)];
        this.where = conditions.Length == 0 ? null : string.Join(" and ", conditions);
        isIncrement = window?.After is not null;
        key = shape.Order.Count > 0 ? shape.Order : shape.RowId is { } rowId ? [new SqliteKeyPart(rowId, "BINARY", false, false)] : [];
    }

    /// <summary>The key's columns; empty when nothing orders the rows.</summary>
    public IReadOnlyList<SqliteKeyPart> Key => key;

    /// <summary>Whether <see cref="Ranges"/> adds a last column that is 0 from the first row beyond <c>through</c> on.</summary>
    public bool HasEndFlag(bool hasThrough) => hasThrough && key.Count > 1;

    /// <summary>Statements and their values, to be read one after another in one transaction.</summary>
    /// <param name="columns">Columns to select, unquoted.</param>
    /// <param name="after">Exclusive; null = from the start.</param>
    /// <param name="through">Inclusive; null = to the end.</param>
    public IReadOnlyList<(string Sql, IReadOnlyList<object?> Values)> Ranges(IReadOnlyList<string> columns, object[]? after,
        object[]? through)
    {
        var ranges = new List<(string, IReadOnlyList<object?>)>();
        for (var equal = after is null ? 0 : key.Count - 1; equal >= 0; equal--) ranges.Add(Range(columns, after, through, equal));
        return ranges;
    }

    public string Count() => $"select count(*) from {table}{(where is null ? "" : $" where {where}")}";

    /// <summary>
    /// -1, 0 or 1 for two tuples of bound values, <c>?1…</c> and <c>?n+1…</c>, under the key's collations and directions.
    /// </summary>
    public string Comparison()
    {
        string One(int i, string sign) => $"?{i + 1} {sign} ?{key.Count + i + 1} collate {key[i].Collation}";
        var text = new StringBuilder("select case");
        for (var i = 0; i < key.Count; i++)
        {
            text.Append($" when {One(i, "<")} then {(key[i].Descending ? 1 : -1)} when {One(i, ">")} then {(key[i].Descending ? -1 : 1)}");
        }
        return text.Append(" else 0 end").ToString();
    }

    private (string, IReadOnlyList<object?>) Range(IReadOnlyList<string> columns, object[]? after, object[]? through, int equal)
    {
        var values = new List<object?>();
        var select = new StringBuilder("select ").AppendJoin(", ", columns.Select(SqliteNames.Quote));
        if (columns.Count == 0) select.Append('1');
        if (through is not null && key.Count > 1)
        {
            select.Append(", ").Append(AtMost(through, 0, values));
        }
        select.Append($" from {table}").Append(Hint);
        var terms = new List<string>();
        if (after is not null)
        {
            for (var i = 0; i < equal; i++) terms.Add(Compare(key[i], "=", after[i], values));
            terms.Add(Compare(key[equal], key[equal].Descending ? "<" : ">", after[equal], values));
        }
        // Bounds the index range; the flag column cuts exactly where the key has more columns.
        if (through is not null && equal == 0) terms.Add(Compare(key[0], key[0].Descending ? ">=" : "<=", through[0], values));
        if (where is not null) terms.Add(where);
        if (terms.Count > 0) select.Append(" where ").AppendJoin(" and ", terms);
        if (key.Count > 0) select.Append(" order by ").AppendJoin(", ", key.Select(Ordered));
        return (select.ToString(), values);
    }

    /// <summary>
    /// Without it a condition on another indexed column could make SQLite sort the whole table first. Of what has come since the last
    /// window there is little, and the cursor's own index finds it.
    /// </summary>
    private string Hint => key.Count == 0 || isIncrement ? ""
        : shape.Order.Count == 0 ? " not indexed"
        : shape.WithoutRowId || shape.OrderIndex is null ? ""
        : $" indexed by {SqliteNames.Quote(shape.OrderIndex)}";

    private string AtMost(object[] through, int from, List<object?> values)
    {
        var part = key[from];
        var before = part.Descending ? ">" : "<";
        if (from == key.Count - 1) return Compare(part, before + "=", through[from], values);
        var less = Compare(part, before, through[from], values);
        var same = Compare(part, "=", through[from], values);
        return $"({less} or ({same} and {AtMost(through, from + 1, values)}))";
    }

    private static string Compare(SqliteKeyPart part, string sign, object value, List<object?> values)
    {
        values.Add(value);
        return $"{Named(part)} {sign} ?";
    }

    private static string Ordered(SqliteKeyPart part) => Named(part) + (part.Descending ? " desc" : "");

    private static string Named(SqliteKeyPart part) => SqliteNames.Quote(part.Column) + (part.Stated ? $" collate {part.Collation}" : "");
}
