using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>How a column's cells come off the wire, in binary form.</summary>
internal enum MyForm
{
    /// <summary>Of up to eight bytes.</summary>
    Whole,
    /// <summary>Eight bytes without a sign.</summary>
    Unsigned,
    /// <summary>A number, 0 or 1.</summary>
    Bool,
    /// <summary>Up to eight bytes, the first is the highest.</summary>
    Bit,
    Float32,
    Float64,
    /// <summary>Digits.</summary>
    Decimal,
    /// <summary>Bytes that are UTF-8, or ought to be: utf8mb4, utf8mb3, ascii.</summary>
    Utf8,
    /// <summary>One byte a character: the server's latin1, which is Windows-1252 with the C1 controls in its five holes.</summary>
    Latin1,
    /// <summary>Any other charset: converted by the server, with a mark where it could not.</summary>
    Converted,
    Bytes,
    Date, DateTime, Instant, Time,
    /// <summary>A date or time as the server writes it.</summary>
    DateText,
    Json, Uuid,
    /// <summary>Types without a logical one, as the server's text.</summary>
    Native,
}

/// <summary>
/// DATA_TYPE and its measures ↔ logical type. What is not named here is carried as the server's own text.
/// https://mariadb.com/kb/en/data-types/
/// </summary>
internal static class MyTypes
{
    /// <param name="name">DATA_TYPE, lower case.</param>
    /// <param name="declared">COLUMN_TYPE, which alone says unsigned and tinyint(1).</param>
    /// <param name="charset">Null where it is no text.</param>
    /// <param name="length">Characters or bytes.</param>
    /// <param name="precision">Of a decimal and a bit: digits; of a time: digits after the second.</param>
    public static (LogicalType Type, MyForm Wire) Of(MyAddress at, string name, string declared, string? charset, long length,
        int precision,
        int scale)
    {
        var unsigned = declared.Contains("unsigned", StringComparison.OrdinalIgnoreCase);
        return name switch
        {
            "tinyint" when at.TinyIsBool && declared.StartsWith("tinyint(1)", StringComparison.OrdinalIgnoreCase) && !unsigned =>
                (LogicalType.Bool, MyForm.Bool),
            "tinyint" => (new LogicalType(TypeKind.Integer, unsigned ? 2 : 1), MyForm.Whole),
            "smallint" => (new LogicalType(TypeKind.Integer, unsigned ? 4 : 2), MyForm.Whole),
            "mediumint" => (new LogicalType(TypeKind.Integer, 4), MyForm.Whole),
            "int" or "integer" => (new LogicalType(TypeKind.Integer, unsigned ? 8 : 4), MyForm.Whole),
            "bigint" => unsigned ? (new LogicalType(TypeKind.UnsignedInteger), MyForm.Unsigned) : (LogicalType.Int64, MyForm.Whole),
            "bit" => (precision == 64 ? new LogicalType(TypeKind.UnsignedInteger) : LogicalType.Int64, MyForm.Bit),
            "year" => (new LogicalType(TypeKind.Integer, 2), MyForm.Whole),
            "float" => (new LogicalType(TypeKind.Float32), MyForm.Float32),
            "double" or "real" => (LogicalType.Float64, MyForm.Float64),
            "decimal" or "numeric" => (new LogicalType(TypeKind.Decimal, 0, precision, scale), MyForm.Decimal),
            "date" => at.ZeroDates == MyZeroDates.Text ? (LogicalType.Text, MyForm.DateText)
                : (new LogicalType(TypeKind.Date), MyForm.Date),
            "datetime" => at.ZeroDates == MyZeroDates.Text ? (LogicalType.Text, MyForm.DateText)
                : (new LogicalType(TypeKind.DateTime, 0, precision), MyForm.DateTime),
            "timestamp" => at.ZeroDates == MyZeroDates.Text ? (LogicalType.Text, MyForm.DateText)
                : (new LogicalType(TypeKind.Instant, 0, precision), MyForm.Instant),
            "time" => (new LogicalType(TypeKind.Time, 0, precision), MyForm.Time),
            "json" => (new LogicalType(TypeKind.Json), Json(charset)),
            "uuid" => (new LogicalType(TypeKind.Uuid), MyForm.Uuid),
            "char" or "varchar" => (new LogicalType(TypeKind.Text, Limit(length)), Text(charset)),
            "tinytext" or "text" or "mediumtext" or "longtext" or "enum" or "set" => (LogicalType.Text, Text(charset)),
            "binary" or "varbinary" => (new LogicalType(TypeKind.Bytes, Limit(length)), MyForm.Bytes),
            "tinyblob" or "blob" or "mediumblob" or "longblob" => (LogicalType.Bytes, MyForm.Bytes),
            "geometry" or "point" or "linestring" or "polygon" or "multipoint" or "multilinestring" or "multipolygon"
                or "geometrycollection" or "geomcollection" or "vector" => (LogicalType.Bytes, MyForm.Bytes),
            _ => (new LogicalType(TypeKind.Native), MyForm.Native),
        };
    }

    /// <summary>What orders a column's values, so that a position can be made of it; null = nothing fit for one.</summary>
    public static MyKeyPart? Key(MyTableColumn column, bool descending)
    {
        MyKeyPart Part(MyKeyKind kind, string? type = null) => new()
        {
            Column = column.Name, Kind = kind, Type = type, Descending = descending,
            Collation = kind == MyKeyKind.Text ? column.Collation : null, ByPlace = column.Base is "enum" or "set",
        };
        return column.Base switch
        {
            "tinyint" or "smallint" or "mediumint" or "int" or "integer" or "bigint" or "bit" or "year" or "decimal" or "numeric" or "enum"
                or "set" => Part(MyKeyKind.Number),
            "date" => Part(MyKeyKind.Date),
            "datetime" or "timestamp" => Part(MyKeyKind.DateTime),
            "time" => Part(MyKeyKind.Time),
            "uuid" or "inet4" or "inet6" => Part(MyKeyKind.Cast, column.Base),
            "char" or "varchar" or "tinytext" or "text" or "mediumtext" or "longtext" => Part(MyKeyKind.Text, column.Charset),
            "binary" or "varbinary" or "tinyblob" or "blob" or "mediumblob" or "longblob" => Part(MyKeyKind.Bytes),
            _ => null,
        };
    }

    private static int Limit(long length) => length is > 0 and <= int.MaxValue ? (int)length : 0;

    /// <summary>MySQL's own is UTF-8 and names no charset; MariaDB's is a text of any.</summary>
    private static MyForm Json(string? charset) => charset is null || Text(charset) == MyForm.Utf8 ? MyForm.Json : Text(charset);

    private static MyForm Text(string? charset) => charset switch
    {
        "utf8mb4" or "utf8mb3" or "utf8" or "ascii" => MyForm.Utf8,
        "latin1" => MyForm.Latin1,
        "binary" or null => MyForm.Bytes,
        _ => MyForm.Converted,
    };
}
