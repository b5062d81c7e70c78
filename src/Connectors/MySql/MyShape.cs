using System.Text.Json;
using System.Text.Json.Serialization;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// What MySQL or MariaDB knows of a table beyond the common schema: how to read it, and what a sink needs to create the same table. Travels
/// as <see cref="TableSchema.NativeDefinition"/>, so that a plan read back later still says it. Immutable.
/// </summary>
internal sealed record MyShape
{
    private const string Start = """{"System":"mysql",""";

    public string System { get; init; } = "mysql";
    public int Version { get; init; } = 1;
    /// <summary>
    /// The server is MariaDB: defaults are written as expressions (<c>'a'</c>, <c>NULL</c>), json is a longtext with a check.
    /// </summary>
    public bool MariaDb { get; init; }
    /// <summary>A view with a stated key.</summary>
    public bool IsView { get; init; }
    /// <summary>E.g. <c>InnoDB</c>; empty for a view.</summary>
    public string Engine { get; init; } = "";
    /// <summary>Collation of the table: the default of new columns; null for a view.</summary>
    public string? Collation { get; init; }
    /// <summary>The next AUTO_INCREMENT; null = there is none.</summary>
    public ulong? AutoIncrement { get; init; }
    public string Comment { get; init; } = "";
    /// <summary>information_schema's CREATE_OPTIONS, e.g. <c>row_format=COMPRESSED partitioned</c>.</summary>
    public string Options { get; init; } = "";
    /// <summary>In table order, one for one with <see cref="TableSchema.Columns"/>.</summary>
    public required IReadOnlyList<MyTableColumn> Columns { get; init; }
    /// <summary>What orders reading; empty = a table without a usable key.</summary>
    public IReadOnlyList<MyKeyPart> Key { get; init; } = [];
    /// <summary>Name of the index behind <see cref="Key"/>; null for a view's stated key.</summary>
    public string? KeyIndex { get; init; }
    /// <summary>All indexes, the primary key's first, then unique ones.</summary>
    public IReadOnlyList<MyIndex> Indexes { get; init; } = [];
    /// <summary>Check constraints: name and condition.</summary>
    public IReadOnlyList<MyCheck> Checks { get; init; } = [];
    /// <summary>The table has triggers, as far as this account may see them.</summary>
    public bool HasTriggers { get; init; }

    [JsonIgnore]
    public bool IsTransactional => Engine.Equals("InnoDB", StringComparison.OrdinalIgnoreCase)
        || Engine.Equals("ROCKSDB", StringComparison.OrdinalIgnoreCase);

    public string Write() => JsonSerializer.Serialize(this, MyShapeJson.Default.MyShape);

    /// <summary>Null when the schema does not come from MySQL or MariaDB.</summary>
    public static MyShape? From(TableSchema schema) =>
        schema.NativeDefinition is { } text && text.StartsWith(Start, StringComparison.Ordinal)
            ? JsonSerializer.Deserialize(text, MyShapeJson.Default.MyShape) : null;

    public static MyShape Required(TableSchema schema) =>
        From(schema) ?? throw new PawlException(Fault.Bug, Codes.ContractBroken, ("table", schema.Name), ("missing", "native definition"));

    public MyTableColumn Column(string name) => Columns.First(c => c.Name == name);
}

/// <summary>One column of a table.</summary>
internal sealed record MyTableColumn
{
    public required string Name { get; init; }
    /// <summary>COLUMN_TYPE: <c>int(10) unsigned</c>, <c>enum('a','b')</c>, <c>varchar(20)</c>.</summary>
    public required string Type { get; init; }
    /// <summary>
    /// DATA_TYPE, lower case: <c>int</c>, <c>enum</c>; <c>json</c> also for MariaDB's longtext that is checked to be JSON.
    /// </summary>
    public required string Base { get; init; }
    /// <summary>How its cells travel, decided with the URL's options when the table was described.</summary>
    public required MyForm Wire { get; init; }
    public bool NotNull { get; init; }
    /// <summary>Characters of a text, bytes of bytes; 0 = not said.</summary>
    public long Length { get; init; }
    public int Precision { get; init; }
    public int Scale { get; init; }
    /// <summary>Charset of a text, enum or set; null for others.</summary>
    public string? Charset { get; init; }
    public string? Collation { get; init; }
    /// <summary>COLUMN_DEFAULT as the server writes it, see <see cref="MyShape.MariaDb"/>; null = none.</summary>
    public string? Default { get; init; }
    /// <summary>EXTRA: <c>auto_increment</c>, <c>on update current_timestamp()</c>, <c>INVISIBLE</c>, <c>DEFAULT_GENERATED</c> …</summary>
    public string Extra { get; init; } = "";
    /// <summary>Expression of a generated column; null = it is none.</summary>
    public string? Generated { get; init; }
    public string Comment { get; init; } = "";

    [JsonIgnore]
    public bool IsInvisible => Extra.Contains("INVISIBLE", StringComparison.OrdinalIgnoreCase);

    [JsonIgnore]
    public bool IsAutoIncrement => Extra.Contains("auto_increment", StringComparison.OrdinalIgnoreCase);

    /// <summary>Of a generated one: its values are stored.</summary>
    [JsonIgnore]
    public bool IsStored => Extra.Contains("STORED", StringComparison.OrdinalIgnoreCase)
        || Extra.Contains("PERSISTENT", StringComparison.OrdinalIgnoreCase);
}

/// <summary>How a key column's values are written in SQL and in positions.</summary>
internal enum MyKeyKind
{
    /// <summary>
    /// Digits: whole numbers, decimals, years, bits, and the places of enums and sets in their lists, by which they are ordered.
    /// </summary>
    Number, Text, Bytes, Date, DateTime, Time,
    /// <summary>A type with a text form of its own that is cast back: uuid, inet4, inet6.</summary>
    Cast,
}

/// <summary>One column of the key that orders reading.</summary>
internal sealed record MyKeyPart
{
    public required string Column { get; init; }
    public required MyKeyKind Kind { get; init; }
    /// <summary>What a text form is cast to: <c>uuid</c>; of a text its charset.</summary>
    public string? Type { get; init; }
    /// <summary>Of a text; the index has no other.</summary>
    public string? Collation { get; init; }
    public bool Descending { get; init; }
    /// <summary>An enum or set, which is compared by number.</summary>
    public bool ByPlace { get; init; }
}

/// <summary>One index.</summary>
/// <param name="Kind">INDEX_TYPE: BTREE, HASH, FULLTEXT, SPATIAL.</param>
/// <param name="Ignored">The optimiser does not look at it.</param>
internal sealed record MyIndex(string Name, bool Unique, string Kind, bool Ignored, IReadOnlyList<MyIndexPart> Parts)
{
    [JsonIgnore]
    public bool IsPrimary => Name == "PRIMARY";
}

/// <summary>One part of an index.</summary>
/// <param name="Column">Null for an expression.</param>
/// <param name="Prefix">Characters or bytes that are indexed; 0 = the whole value.</param>
internal sealed record MyIndexPart(string? Column, int Prefix, bool Descending);

/// <summary>A check constraint.</summary>
internal sealed record MyCheck(string Name, string Condition);

[JsonSerializable(typeof(MyShape))]
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
internal sealed partial class MyShapeJson : JsonSerializerContext;
