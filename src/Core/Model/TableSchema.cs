using System.Security.Cryptography;
using System.Text;

namespace Pawl.Model;

/// <summary>The name of a table: <c>schema.table</c>, or just <c>table</c> where the system has no schemas (Schema is then null).</summary>
public sealed record TableName(string? Schema, string Name)
{
    public override string ToString() => Schema is null ? Name : $"{Schema}.{Name}";
}

/// <summary>One column as the source declares it, or as the target is to hold it.</summary>
public sealed record ColumnSchema
{
    public required string Name { get; init; }
    public required LogicalType Type { get; init; }

    /// <summary>The type as its system writes it ("varchar(20)", "INTEGER"); empty where undeclared.</summary>
    public string NativeType { get; init; } = "";
    public bool Nullable { get; init; } = true;

    /// <summary>Cells may hold another type than declared (SQLite); such cells travel as <see cref="Column.Strays"/>.</summary>
    public bool Dynamic { get; init; }

    /// <summary>The server computes it; never written.</summary>
    public bool Generated { get; init; }

    /// <summary>Collation under which the system orders the column; null = its default.</summary>
    public string? Collation { get; init; }
}

/// <summary>What orders a table's rows, so that reading can stop and go on.</summary>
/// <param name="Columns">0-based places in <see cref="TableSchema.Columns"/>, in key order; empty for <see cref="KeyKind.RowId"/>.</param>
/// <param name="Kind">Where the key comes from.</param>
public sealed record KeySchema(IReadOnlyList<int> Columns, KeyKind Kind);

public enum KeyKind
{
    Primary,
    /// <summary>A unique index over columns that cannot be null.</summary>
    Unique,
    /// <summary>The system's own row number; stable only while the table's identity is.</summary>
    RowId,
    /// <summary>Nothing orders the rows: read in one piece, restarted whole.</summary>
    None,
}

/// <summary>A table as its source describes it, at one moment. Immutable, safe to share.</summary>
public sealed record TableSchema
{
    public required TableName Name { get; init; }
    public required IReadOnlyList<ColumnSchema> Columns { get; init; }
    public required KeySchema Key { get; init; }

    /// <summary>Which table this is, so that a dropped and recreated one is not taken for it (creation id, oid, root page …).</summary>
    public required string Identity { get; init; }

    /// <summary>The server's guess, or -1 if it has none.</summary>
    public long EstimatedRows { get; init; } = -1;

    /// <summary>Native clauses worth keeping when a table of the same system is created from this one; connector-owned.</summary>
    public string? NativeDefinition { get; init; }

    /// <summary>Unique sets beside the key (column names); a sink may create them.</summary>
    public IReadOnlyList<IReadOnlyList<string>> UniqueSets { get; init; } = [];

    public int IndexOf(string column)
    {
        for (var i = 0; i < Columns.Count; i++)
        {
            if (string.Equals(Columns[i].Name, column, StringComparison.Ordinal)) return i;
        }
        return -1;
    }

    /// <summary>Hash over everything that changes what a row means: names, types, order, key, collations. 32 hex digits.</summary>
    public string Hash()
    {
        var text = new StringBuilder();
        foreach (var c in Columns)
        {
            text.Append(c.Name).Append('\0').Append(c.Type).Append('\0').Append(c.NativeType).Append('\0').Append(c.Nullable)
                .Append(c.Dynamic).Append(c.Generated).Append(c.Collation).Append('\n');
        }
        text.Append(Key.Kind).AppendJoin(',', Key.Columns);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 16));
    }
}
