using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// The SQL that reads one table: what is selected, in which order, from where to where. Every comparison is the key index's own, written
/// with the operators' schemas, so that no search path decides what it means. COPY takes no parameters: values stand in it as literals.
/// </summary>
internal sealed class PgQuery
{
    private readonly PgShape shape;
    private readonly string name;
    private readonly string from;
    private readonly string? where;
    private readonly IReadOnlyList<string> window;
    private readonly bool mixed;
    private readonly bool oneRow;

    public PgQuery(TableName table, PgShape shape, string? where, CursorWindow? window = null)
    {
        this.shape = shape;
        this.where = where;
        name = PgNames.Quote(table.Name);
        this.window = window is null ? [] : [.. PgWindows.Conditions(name, shape, window)];
        // Rows of inheritance children are rows of another table, which is read by itself.
        from = (shape.Kind == "r" ? "only " : "") + PgNames.Quote(table);
        mixed = shape.Key.Any(p => p.Descending) && shape.Key.Any(p => !p.Descending);
        oneRow = !mixed && shape.Key.Select(p => (p.Greater, p.Less, p.GreaterOrEqual, p.LessOrEqual)).Distinct().Count() == 1;
    }

    /// <summary>Rows after one key and up to another, in key order.</summary>
    /// <param name="expressions">What is selected.</param>
    public string Select(IReadOnlyList<string> expressions, string[]? after, string[]? through)
    {
        List<string> conditions = [];
        if (after is not null) conditions.Add(After(after));
        if (through is not null) conditions.Add(Through(through));
        var order = shape.Key.Select(p => Column(p) + (mixed && p.Descending ? " desc" : ""));
        return $"select {string.Join(", ", expressions)} from {from}{Conditions(conditions)}"
            + (shape.Key.Count == 0 ? "" : $" order by {string.Join(", ", order)}");
    }

    /// <summary>Rows of a range of row addresses, both as <c>(block,item)</c>; in physical order.</summary>
    public string SelectAddresses(IReadOnlyList<string> expressions, string? after, string? through)
    {
        List<string> conditions = [];
        if (after is not null) conditions.Add($"ctid OPERATOR(pg_catalog.>) {PgNames.Literal(after)}::pg_catalog.tid");
        if (through is not null) conditions.Add($"ctid OPERATOR(pg_catalog.<=) {PgNames.Literal(through)}::pg_catalog.tid");
        return $"select {string.Join(", ", expressions)} from {from}{Conditions(conditions)}";
    }

    public string Count() => $"select pg_catalog.count(*) from {from}{Conditions([])}";

    /// <summary>Whether a row holds anything in one of the columns.</summary>
    public string AnyOf(IReadOnlyList<string> columns) => $"select exists (select 1 from {from}"
        + Conditions([string.Join(" or ", columns.Select(c => $"{name}.{PgNames.Quote(c)} is not null"))]) + ")";

    /// <summary>Parses like a read, reads nothing.</summary>
    public string Probe() => $"select 1 from {from}{Conditions([])} limit 0";

    /// <summary>Whether a row has no key; only for views, whose columns may be null whatever is stated.</summary>
    public string NullKeys()
    {
        var isNull = shape.Key.Select(p => $"{PgNames.Quote(p.Column)} is null");
        return $"select exists (select 1 from {from}{Conditions([string.Join(" or ", isNull)])})";
    }

    /// <summary>
    /// Whether several rows have one key, of those from one key on and up to another; only for views, whose keys nothing keeps unique
    /// whatever is stated.
    /// </summary>
    public string DoubleKeys(string[]? from, string[]? through)
    {
        List<string> conditions = [];
        if (from is not null)
        {
            var same = from.Select((text, i) => $"{Column(shape.Key[i])} {shape.Key[i].Equal} {Value(shape.Key[i], text)}");
            conditions.Add($"({After(from)}) or ({string.Join(" and ", same)})");
        }
        if (through is not null) conditions.Add(Through(through));
        return $"select exists (select 1 from {this.from}{Conditions(conditions)} group by {string.Join(", ", shape.Key.Select(Column))} "
            + "having pg_catalog.count(*) > 1)";
    }

    /// <summary>-1, 0 or 1 for two keys; of unequal lengths they are compared as far as the shorter goes.</summary>
    public string Comparison(string[] a, string[] b)
    {
        var cases = shape.Key.Take(Math.Min(a.Length, b.Length)).Select((p, i) =>
        {
            var (left, right) = (Value(p, a[i]), Value(p, b[i]));
            var (before, after) = mixed && p.Descending ? (p.Greater, p.Less) : (p.Less, p.Greater);
            return $"when {left} {before} {right} then -1 when {left} {after} {right} then 1";
        });
        return $"select case {string.Join(' ', cases)} else 0 end";
    }

    /// <summary>A value of a key column as an expression of its type.</summary>
    public string Value(PgKeyPart part, string text)
    {
        var collation = part.Collation ?? shape.Columns.First(c => c.Name == part.Column).Collation;
        var value = $"{PgNames.Literal(text)}::{part.Type}";
        return collation is null ? value : $"({value} collate {collation})";
    }

    private string After(string[] key) => oneRow
        ? $"{Row(key.Length)} {shape.Key[0].Greater} {Row(key)}"
        : Beyond(key, p => mixed && p.Descending ? (p.Less, p.LessOrEqual) : (p.Greater, p.GreaterOrEqual), orEqual: false);

    private string Through(string[] key) => oneRow
        ? $"{Row(key.Length)} {shape.Key[0].LessOrEqual} {Row(key)}"
        : Beyond(key, p => mixed && p.Descending ? (p.Greater, p.GreaterOrEqual) : (p.Less, p.LessOrEqual), orEqual: true);

    /// <summary>
    /// Key columns that do not run the same way cannot be compared as one row: <c>a &gt; x or (a = x and (b &lt; y or …))</c>. In front of
    /// it stands what is true anyway and what an index can begin at.
    /// </summary>
    private string Beyond(string[] key, Func<PgKeyPart, (string Strict, string OrEqual)> operators, bool orEqual)
    {
        var text = "";
        for (var i = key.Length - 1; i >= 0; i--)
        {
            var part = shape.Key[i];
            var (column, value) = (Column(part), Value(part, key[i]));
            var strict = operators(part);
            text = i == key.Length - 1 ? $"{column} {(orEqual ? strict.OrEqual : strict.Strict)} {value}"
                : $"({column} {strict.Strict} {value} or ({column} {part.Equal} {value} and {text}))";
        }
        return $"{Column(shape.Key[0])} {operators(shape.Key[0]).OrEqual} {Value(shape.Key[0], key[0])} and {text}";
    }

    private string Row(int columns) => columns == 1 ? Column(shape.Key[0])
        : $"row({string.Join(", ", shape.Key.Take(columns).Select(Column))})";

    private string Row(string[] key) => key.Length == 1 ? Value(shape.Key[0], key[0])
        : $"row({string.Join(", ", key.Select((k, i) => Value(shape.Key[i], k)))})";

    /// <summary>
    /// With the table's name: a bare one in ORDER BY would mean the select list's column, which may be the text form and order otherwise.
    /// </summary>
    private string Column(PgKeyPart part) =>
        $"{name}.{PgNames.Quote(part.Column)}" + (part.Collation is null ? "" : $" collate {part.Collation}");

    private string Conditions(List<string> own)
    {
        // The line break ends a comment that the user's condition may end with.
        List<string> all = [.. where is null ? Array.Empty<string>() : [$"({where}\n)"], .. window, .. own.Select(c => $"({c})")];
        return all.Count == 0 ? "" : $" where {string.Join(" and ", all)}";
    }
}
