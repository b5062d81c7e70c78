using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// The SQL that reads one table: what is selected, in which order, from where to where. Every comparison is the column's own, under its
/// collation. Values stand in it as constants: only so the text protocol, which writes doubles shortest and exact, can be used. Pure.
/// </summary>
internal sealed class MyQuery
{
    private readonly MyShape shape;
    private readonly string from;
    private readonly string alias;
    private readonly string? where;
    private readonly IReadOnlyList<string> window;
    private readonly bool isIncrement;

    public MyQuery(TableName table, MyShape shape, string? where, CursorWindow? window = null)
    {
        this.shape = shape;
        this.where = where;
        from = MyNames.Quote(table);
        alias = MyNames.Quote(table.Name);
        isIncrement = window?.After is not null;
        this.window = window is null ? [] : [.. MyWindows.Conditions(alias, shape, window)];
    }

    /// <summary>The order of <see cref="Select"/> is made by sorting, or may be.</summary>
    public bool IsSorted => shape.Key.Count > 0 && Hint.Length == 0;

    /// <summary>Rows after one key and up to another, in key order.</summary>
    /// <param name="expressions">What is selected.</param>
    public string Select(IReadOnlyList<string> expressions, string[]? after, string[]? through)
    {
        List<string> conditions = [];
        if (after is not null) conditions.Add(Beyond(after, isAfter: true));
        if (through is not null) conditions.Add(Beyond(through, isAfter: false));
        var order = shape.Key.Select(p => Name(p) + (p.Descending ? " desc" : ""));
        var select = expressions.Count == 0 ? "1" : string.Join(", ", expressions);
        return $"select {select} from {from}{Hint}{Conditions(conditions)}"
            + (shape.Key.Count == 0 ? "" : $" order by {string.Join(", ", order)}");
    }

    public string Count() => $"select count(*) from {from}{Conditions([])}";

    /// <summary>Whether a row of the read holds something else than NULL in one of the columns.</summary>
    public string AnyOf(IReadOnlyList<string> columns) => $"select exists (select 1 from {from}"
        + $"{Conditions([string.Join(" or ", columns.Select(c => $"{alias}.{MyNames.Quote(c)} is not null"))])})";

    /// <summary>Parses like a read, reads nothing.</summary>
    public string Probe() => $"select 1 from {from}{Conditions([])} limit 0";

    /// <summary>Whether a row has no key; only for views, whose columns may be null whatever is stated.</summary>
    public string NullKeys() =>
        $"select exists (select 1 from {from}{Conditions([string.Join(" or ", shape.Key.Select(p => $"{Name(p)} is null"))])})";

    /// <summary>
    /// A row for the first key that several rows have, of those from one key on and up to another; only for views, whose keys nothing
    /// keeps unique whatever is stated.
    /// </summary>
    public string DoubleKeys(string[]? from, string[]? through)
    {
        List<string> conditions = [];
        if (from is not null)
        {
            var same = from.Select((text, i) => $"{Compared(shape.Key[i])} = {MyKeyCodec.Literal(shape.Key[i], text)}");
            conditions.Add($"{Beyond(from, isAfter: true)} or {string.Join(" and ", same)}");
        }
        if (through is not null) conditions.Add(Beyond(through, isAfter: false));
        return $"select 1 from {this.from}{Conditions(conditions)} group by {string.Join(", ", shape.Key.Select(Name))} "
            + "having count(*) > 1 limit 1";
    }

    /// <summary>Both ends of the leading key column; each is one descent of the index.</summary>
    public string End(bool isLast) => $"select {Raw(shape.Key[0])} from {from}{Hint} order by {Name(shape.Key[0])}"
        + (shape.Key[0].Descending ^ isLast ? " desc" : "") + " limit 1";

    /// <summary>
    /// The value of the leading key column that is nearest to a constant, in key order: the last one up to it, or the first from it.
    /// </summary>
    public string Nearest(string value, bool upTo)
    {
        var part = shape.Key[0];
        var sign = part.Descending ^ upTo ? "<=" : ">=";
        return $"select {Raw(part)} from {from}{Hint} where {Compared(part)} {sign} {MyKeyCodec.Literal(part, value)} order by {Name(part)}"
            + (part.Descending ^ upTo ? " desc" : "") + " limit 1";
    }

    /// <summary>Two values of the leading key column, a text, in the letters that the client knows.</summary>
    public string Letters(string one, string other) => $"select convert({MyKeyCodec.Literal(shape.Key[0], one)} using utf8mb4), "
        + $"convert({MyKeyCodec.Literal(shape.Key[0], other)} using utf8mb4)";

    /// <summary>The way back, as hex digits; a question mark for what the charset has no place for.</summary>
    public string Written(string text) =>
        $"select hex(convert(_utf8mb4 x'{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text))}' using {shape.Key[0].Type}))";

    /// <summary>
    /// How many rows the server thinks lie between; it looks at the ends of the range in the index. MySQL does not where it is forced to
    /// the index anyway, and shows its plans as it is set to.
    /// </summary>
    public string Estimate(string? after, string through)
    {
        List<string> conditions = [Beyond([through], isAfter: false)];
        if (after is not null) conditions.Insert(0, Beyond([after], isAfter: true));
        var hint = shape.MariaDb ? Hint : Hint.Replace(" force index ", " use index ", StringComparison.Ordinal);
        return $"explain format=traditional select {Name(shape.Key[0])} from {from}{hint}{Conditions(conditions)}";
    }

    /// <summary>-1, 0 or 1 for two keys; of unequal lengths they are compared as far as the shorter goes.</summary>
    public string Comparison(string[] a, string[] b)
    {
        var cases = shape.Key.Take(Math.Min(a.Length, b.Length)).Select((p, i) =>
        {
            var (left, right) = (MyKeyCodec.Alone(p, a[i]), MyKeyCodec.Alone(p, b[i]));
            var (before, after) = p.Descending ? (">", "<") : ("<", ">");
            return $"when {left} {before} {right} then -1 when {left} {after} {right} then 1";
        });
        return $"select case {string.Join(' ', cases)} else 0 end";
    }

    /// <summary>
    /// What is selected of a key column for a position. Of an enum or set its place, whole: added to, a set of 64 would become a double.
    /// </summary>
    public string Raw(MyKeyPart part) => part.ByPlace ? $"cast({Name(part)} as unsigned)" : Name(part);

    /// <summary>
    /// Tuples as (a, b) &gt; (x, y) are compared row by row; spelled out, <c>a &gt; x or (a = x and b &gt; y)</c>, the optimiser makes
    /// ranges
    /// of the index of them.
    /// </summary>
    private string Beyond(string[] key, bool isAfter)
    {
        var alternatives = new List<string>();
        for (var i = 0; i < key.Length; i++)
        {
            var part = shape.Key[i];
            var sign = part.Descending ^ isAfter ? ">" : "<";
            // Up to and including: the last column alone also takes what is equal.
            if (!isAfter && i == key.Length - 1) sign += "=";
            var terms = Enumerable.Range(0, i).Select(k => $"{Compared(shape.Key[k])} = {MyKeyCodec.Literal(shape.Key[k], key[k])}")
                .Append($"{Compared(part)} {sign} {MyKeyCodec.Literal(part, key[i])}");
            alternatives.Add(string.Join(" and ", terms));
        }
        return string.Join(" or ", alternatives.Select(a => alternatives.Count == 1 ? a : $"({a})"));
    }

    /// <summary>
    /// Without it a condition on another indexed column could make the server sort the whole table first. Of what has come since the last
    /// window there is little, and the cursor's own index finds it.
    /// </summary>
    private string Hint => shape.KeyIndex is null || isIncrement ? "" : $" force index ({MyNames.Quote(shape.KeyIndex)})";

    /// <summary>With the table's name: a bare one in ORDER BY would mean the select list's column.</summary>
    private string Name(MyKeyPart part) => $"{alias}.{MyNames.Quote(part.Column)}";

    /// <summary>
    /// The same beside a constant. A set's bits MariaDB takes for a number with a sign: with its 64th member it would lie before all
    /// others, though the index has it behind them. A range of the index is made of a set in neither way.
    /// </summary>
    private string Compared(MyKeyPart part) => shape.Column(part.Column).Base == "set" ? Raw(part) : Name(part);

    private string Conditions(List<string> own)
    {
        // The line break ends a comment that the user's condition may end with.
        List<string> all = [.. where is null ? Array.Empty<string>() : [$"({where}\n)"], .. window, .. own.Select(c => $"({c})")];
        return all.Count == 0 ? "" : $" where {string.Join(" and ", all)}";
    }
}
