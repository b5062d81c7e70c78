using System.Text.Json;
using System.Text.Json.Serialization;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>One column of a key or index.</summary>
/// <param name="Column">Name of the column.</param>
/// <param name="Collation">The index's collation, which governs its order: BINARY, NOCASE or RTRIM.</param>
/// <param name="Descending">The index runs downwards in this column.</param>
/// <param name="Stated">The index's collation is not the column's own, so a comparison has to state it.</param>
internal sealed record SqliteKeyPart(string Column, string Collation, bool Descending, bool Stated);

/// <param name="Name">As it stands in the catalogue.</param>
/// <param name="Unique">No two rows alike.</param>
/// <param name="Parts">Columns in order.</param>
/// <param name="Origin">c = create index, u = unique constraint, pk = primary key.</param>
internal sealed record SqliteIndex(string Name, bool Unique, IReadOnlyList<SqliteKeyPart> Parts, string Origin);

/// <summary>
/// What SQLite knows of a table beyond the common schema. Travels as <see cref="TableSchema.NativeDefinition"/>, so that a plan read back
/// later still says how its table is read and created.
/// </summary>
internal sealed record SqliteShape
{
    public int Version { get; init; } = 1;
    public bool Strict { get; init; }
    public bool WithoutRowId { get; init; }
    public bool AutoIncrement { get; init; }
    /// <summary>
    /// What the row number is called: a column that is an alias for it, or one of the three names no column has taken; null = none.
    /// </summary>
    public string? RowId { get; init; }
    /// <summary>The columns that order reading; empty = by <see cref="RowId"/>.</summary>
    public IReadOnlyList<SqliteKeyPart> Order { get; init; } = [];
    /// <summary>The index behind <see cref="Order"/>.</summary>
    public string? OrderIndex { get; init; }
    /// <summary>The primary key as declared, usable as a cursor or not.</summary>
    public IReadOnlyList<SqliteKeyPart> Primary { get; init; } = [];
    /// <summary>Other indexes over plain columns, unique ones first.</summary>
    public IReadOnlyList<SqliteIndex> Indexes { get; init; } = [];
    /// <summary>Column → default as written.</summary>
    public IReadOnlyDictionary<string, string> Defaults { get; init; } = new Dictionary<string, string>();
    /// <summary>
    /// Key columns that hold floats as a matter of course (REAL), so that they are no cursor and there is no row number to fall back to.
    /// </summary>
    public IReadOnlyList<string> FloatKeys { get; init; } = [];
    /// <summary>Triggers on the table fire for rows that are written to it.</summary>
    public bool HasTriggers { get; init; }

    public string Write() => JsonSerializer.Serialize(this, SqliteShapeJson.Default.SqliteShape);

    /// <summary>Null when the schema does not come from SQLite.</summary>
    public static SqliteShape? From(TableSchema schema)
    {
        if (schema.NativeDefinition is not { } text || !text.StartsWith("{\"Version\":", StringComparison.Ordinal)) return null;
        return JsonSerializer.Deserialize(text, SqliteShapeJson.Default.SqliteShape);
    }

    public static SqliteShape Required(TableSchema schema) =>
        From(schema) ?? throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", schema.Name), ("missing", "native definition"));
}

[JsonSerializable(typeof(SqliteShape))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
internal sealed partial class SqliteShapeJson : JsonSerializerContext;
