using System.Text;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Where a key column's value is found in a row, and in which form.</summary>
internal sealed record PgKeyField(string Column, int Field, PgWire Wire);

/// <summary>
/// What one read selects: the columns asked for, then what only the position needs. Decided once for a read. Key columns whose binary form
/// is not one that this connector writes as text itself are selected a second time as the server's own text.
/// </summary>
internal sealed class PgSelection
{
    public static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <param name="addressed">Rows are read by their addresses.</param>
    /// <param name="format">The format in which rows are wanted undecoded; null = none.</param>
    /// <param name="version">The server's major version.</param>
    public PgSelection(TableSchema table, PgShape shape, IReadOnlyList<string>? columns, bool addressed, string? format = null,
        int version = 0)
    {
        Output = Chosen(table, columns);
        Names = [.. Output.Columns.Select(c => c.Name).Concat(shape.Key.Select(k => k.Column)).Distinct()];
        var native = Output.Columns.Select(c => shape.Columns.First(n => n.Name == c.Name)).ToArray();
        Cells = [.. Output.Columns.Select((c, i) => PgCells.For(c, native[i].Wire))];
        var own = format is null ? null : PgWireFormat.Of(native.Select(c => (c.BaseOid, c.Modifier, c.BaseName)), version);
        if (own == format) Format = format;
        List<string> expressions = [.. native.Select(c => Format is null ? Expression(c) : PgNames.Quote(c.Name))];
        foreach (var part in addressed ? [] : shape.Key)
        {
            var wire = shape.Columns.First(c => c.Name == part.Column).Wire;
            var place = Array.FindIndex(native, c => c.Name == part.Column);
            var direct = wire is PgWire.Bool or PgWire.Int2 or PgWire.Int4 or PgWire.Int8 or PgWire.Oid or PgWire.Numeric or PgWire.Uuid
                or PgWire.Bytea or PgWire.Text;
            if (place >= 0 && (direct || (wire == PgWire.Native && Format is null)))
            {
                Key.Add(new PgKeyField(part.Column, place, wire));
                continue;
            }
            Key.Add(new PgKeyField(part.Column, expressions.Count, direct ? wire : PgWire.Native));
            expressions.Add(direct ? PgNames.Quote(part.Column) : $"{PgNames.Quote(part.Column)}::pg_catalog.text");
        }
        if (addressed) expressions.Add("ctid");
        Expressions = expressions;
    }

    /// <summary>The format in which rows are handed on undecoded; null = they are decoded.</summary>
    public string? Format { get; }

    /// <summary>Shape of the batches.</summary>
    public TableSchema Output { get; }

    /// <summary>Columns that are read, for rights.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>One for each column of <see cref="Output"/>.</summary>
    public PgCells[] Cells { get; }

    /// <summary>The select list: the output's columns, then hidden ones; with addresses, ctid last.</summary>
    public IReadOnlyList<string> Expressions { get; }

    public List<PgKeyField> Key { get; } = [];

    private static string Expression(PgColumn column) =>
        column.Wire == PgWire.Native ? $"{PgNames.Quote(column.Name)}::pg_catalog.text" : PgNames.Quote(column.Name);

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
