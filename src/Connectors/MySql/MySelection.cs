using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>Where a key column's bytes are found in a row, and how they lie there.</summary>
internal sealed record MyKeyField(MyKeyPart Part, int Field, MyForm Wire);

/// <summary>
/// What one read selects: the columns asked for, then what only the position needs, as it lies in the table. Decided once for a read.
/// </summary>
internal sealed class MySelection
{
    /// <summary>No UTF-8 begins so: what the server could not convert. The bytes of the cell follow.</summary>
    public const byte Unconverted = 0xFF;

    /// <summary>No UTF-8 begins so either: not even that could be said, the cell is too long.</summary>
    public const byte Unsaid = 0xFE;

    public MySelection(TableSchema table, MyShape shape, MyAddress at, IReadOnlyList<string>? columns)
    {
        Output = Chosen(table, columns);
        Names = [.. Output.Columns.Select(c => c.Name).Concat(shape.Key.Select(k => k.Column)).Distinct()];
        var alias = MyNames.Quote(table.Name.Name);
        var native = Output.Columns.Select(c => shape.Column(c.Name)).ToArray();
        Cells = [.. native.Select(c => MyCells.For(c.Wire, at.ZeroDates))];
        List<string> expressions = [.. native.Select(c => Expression(c, $"{alias}.{MyNames.Quote(c.Name)}"))];
        var query = new MyQuery(table.Name, shape, null);
        foreach (var part in shape.Key)
        {
            var wire = shape.Column(part.Column).Wire;
            var place = Array.FindIndex(native, c => c.Name == part.Column);
            if (place >= 0 && !part.ByPlace && wire != MyForm.Converted)
            {
                Key.Add(new MyKeyField(part, place, wire));
                continue;
            }
            Key.Add(new MyKeyField(part, expressions.Count, wire));
            expressions.Add(query.Raw(part));
        }
        Expressions = expressions;
    }

    /// <summary>Shape of the batches.</summary>
    public TableSchema Output { get; }

    /// <summary>Columns that are read, for rights.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>One for each column of <see cref="Output"/>.</summary>
    public MyCells[] Cells { get; }

    /// <summary>The select list: the output's columns, then hidden ones.</summary>
    public IReadOnlyList<string> Expressions { get; }

    public List<MyKeyField> Key { get; } = [];

    private static string Expression(MyTableColumn column, string name) => column.Wire switch
    {
        MyForm.Converted => Converted(name),
        _ => name,
    };

    /// <summary>
    /// The server puts a question mark for what has no place in Unicode and says nothing. More of them after than before: the cell is
    /// handed on as it lies there. Functions make NULL of what is longer than max_allowed_packet, and CAST with them; CONVERT does not.
    /// Where the marks cannot be counted for that, nothing is said of the cell: it may be good text.
    /// </summary>
    private static string Converted(string name)
    {
        var utf8 = $"convert({name} using utf8mb4)";
        static string Marks(string text) => $"char_length({text}) - char_length(replace({text}, '?', ''))";
        return $"case when {name} is null then null when {Marks(utf8)} = {Marks(name)} then convert({utf8} using binary) "
            + $"when {Marks(utf8)} <> {Marks(name)} then coalesce(concat(x'ff', convert({name} using binary)), x'fe') else x'fe' end";
    }

    private static TableSchema Chosen(TableSchema table, IReadOnlyList<string>? columns)
    {
        if (columns is null) return table;
        var chosen = columns.Select(name => table.Columns.FirstOrDefault(c => c.Name == name)
            ?? throw new PawlException(Fault.Schema, Codes.ColumnMissing, ("table", table.Name), ("column", name))).ToArray();
        var key = table.Key.Columns.Select(k => Array.FindIndex(chosen, c => c.Name == table.Columns[k].Name)).ToArray();
        return table with
        {
            Columns = chosen,
            Key = key.Length > 0 && key.All(k => k >= 0) ? new KeySchema(key, table.Key.Kind) : new KeySchema([], KeyKind.None),
        };
    }
}
