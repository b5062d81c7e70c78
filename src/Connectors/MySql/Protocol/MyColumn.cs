namespace Pawl.Connectors.MySql.Protocol;

/// <summary>Type codes of columns. https://mariadb.com/kb/en/result-set-packets/#field-types</summary>
internal enum MyType : byte
{
    OldDecimal = 0,
    TinyInt = 1,
    SmallInt = 2,
    Int = 3,
    Float = 4,
    Double = 5,
    Null = 6,
    Timestamp = 7,
    BigInt = 8,
    MediumInt = 9,
    Date = 10,
    Time = 11,
    DateTime = 12,
    Year = 13,
    NewDate = 14,
    OldVarChar = 15,
    Bit = 16,
    Timestamp2 = 17,
    DateTime2 = 18,
    Time2 = 19,
    Vector = 242,
    Json = 245,
    Decimal = 246,
    Enum = 247,
    Set = 248,
    TinyBlob = 249,
    MediumBlob = 250,
    LongBlob = 251,
    Blob = 252,
    VarChar = 253,
    Char = 254,
    Geometry = 255,
}

[Flags]
internal enum MyFlags : ushort
{
    None = 0,
    NotNull = 1,
    PrimaryKey = 2,
    UniqueKey = 4,
    PartOfKey = 8,
    Blob = 16,
    Unsigned = 32,
    ZeroFill = 64,
    Binary = 128,
    Enum = 256,
    AutoIncrement = 512,
    Timestamp = 1024,
    Set = 2048,
    NoDefault = 4096,
    OnUpdateNow = 8192,
}

/// <summary>A column of a result set.</summary>
/// <param name="Name">Alias, or name.</param>
/// <param name="OriginalName">Name in its table; empty for an expression.</param>
/// <param name="Table">Alias of its table, or name; empty for an expression.</param>
/// <param name="OriginalTable">Name of its table; of a view's column the view's table.</param>
/// <param name="Database">Of its table.</param>
/// <param name="Collation">Number of the collation of its bytes; <see cref="BinaryCollation"/> for bytes, numbers and times.</param>
/// <param name="Length">Longest value, bytes of display.</param>
/// <param name="Decimals">Digits after the point; 31 = no fixed number. Of times: 0 – 6.</param>
internal sealed record MyColumn(
    string Name, string OriginalName, string Table, string OriginalTable, string Database, MyType Type, MyFlags Flags, ushort Collation,
    uint Length, byte Decimals)
{
    public const ushort BinaryCollation = 63;

    public bool IsUnsigned => Flags.HasFlag(MyFlags.Unsigned);
}
