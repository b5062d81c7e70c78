using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>What the columns of target tables hold, and what columns of other systems become. Pure functions.</summary>
internal static class MyTargetTypes
{
    /// <summary>Digits of a decimal: in all, and after the point.</summary>
    public const int MostDigits = 65, MostScale = 30;

    /// <summary>Bytes of all columns of an index, for row_format dynamic.</summary>
    private const int KeyBytes = 3072;

    /// <summary>Characters of utf8mb4 that a key holds when it must hold nothing else.</summary>
    private const int KeyCharacters = KeyBytes / 4;

    /// <summary>Text of 128-bit kinds is at most so long.</summary>
    private const int IntervalCharacters = 64, UuidCharacters = 36;

    public static LogicalType Of(MyTargetColumn column) => column.Base switch
    {
        "tinyint" => Whole(column, 1),
        "smallint" or "year" => Whole(column, 2),
        "mediumint" or "int" => Whole(column, 4),
        "bigint" => column.IsUnsigned ? new LogicalType(TypeKind.UnsignedInteger) : LogicalType.Int64,
        "float" => new LogicalType(TypeKind.Float32),
        "double" => LogicalType.Float64,
        "decimal" => new LogicalType(TypeKind.Decimal, 0, column.Precision, column.Scale),
        "char" or "varchar" => new LogicalType(TypeKind.Text, (int)column.Characters),
        "tinytext" or "text" or "mediumtext" or "longtext" => LogicalType.Text,
        "json" => new LogicalType(TypeKind.Json),
        "binary" or "varbinary" => new LogicalType(TypeKind.Bytes, (int)column.Octets),
        "tinyblob" or "blob" or "mediumblob" or "longblob" => LogicalType.Bytes,
        "date" => new LogicalType(TypeKind.Date),
        "time" => new LogicalType(TypeKind.Time, Precision: column.Fraction),
        "datetime" => new LogicalType(TypeKind.DateTime, Precision: column.Fraction),
        "timestamp" => new LogicalType(TypeKind.Instant, Precision: column.Fraction),
        "uuid" => new LogicalType(TypeKind.Uuid),
        _ => new LogicalType(TypeKind.Native),
    };

    /// <summary>
    /// The type a column of another system is created with: one that holds every value of the column, or tells the one that it does not.
    /// Text is compared by its bytes. Of a key's text without a length as much as a key holds.
    /// </summary>
    /// <param name="keyed">Columns of text or bytes in the largest key the column is in; 0 = it is in none.</param>
    /// <exception cref="PawlException"><see cref="Codes.TargetTypeUnfit"/>.</exception>
    public static string Declare(ColumnSchema column, int keyed, MyServerFacts server)
    {
        var type = column.Type;
        return type.Kind switch
        {
            TypeKind.Bool => "tinyint(1)",
            TypeKind.Integer => type.Length switch { 1 => "tinyint", 2 => "smallint", 3 or 4 => "int", _ => "bigint" },
            TypeKind.UnsignedInteger => "bigint unsigned",
            TypeKind.Float32 => "float",
            TypeKind.Float64 => "double",
            TypeKind.Decimal => type.Precision is > 0 and <= MostDigits && type.Scale is >= 0 and <= MostScale
                ? FormattableString.Invariant($"decimal({type.Precision},{type.Scale})")
                : FormattableString.Invariant($"decimal({MostDigits},{MostScale})"),
            TypeKind.Bytes when keyed > 0 => FormattableString.Invariant($"varbinary({Room(type.Length, (KeyBytes - 64) / keyed)})"),
            TypeKind.Bytes => "longblob",
            TypeKind.Date => "date",
            TypeKind.Time => "time(6)",
            TypeKind.DateTime => "datetime(6)",
            TypeKind.Instant => "timestamp(6)",
            TypeKind.Uuid => $"char({UuidCharacters}) character set ascii collate ascii_bin",
            TypeKind.Interval => $"varchar({IntervalCharacters}) character set ascii collate ascii_bin",
            _ when keyed > 0 => Text(FormattableString.Invariant($"varchar({Room(Characters(type), (KeyCharacters - 16) / keyed)})"),
                server),
            TypeKind.Text when type.Length is > 0 and <= 255 => Text(FormattableString.Invariant($"varchar({type.Length})"), server),
            _ => Text("longtext", server),
        };
    }

    /// <summary>What a column declared so means here.</summary>
    public static LogicalType HeldAs(LogicalType type) => type.Kind switch
    {
        TypeKind.Bool => new LogicalType(TypeKind.Integer, 1),
        TypeKind.Uuid => new LogicalType(TypeKind.Text, UuidCharacters),
        TypeKind.Interval => new LogicalType(TypeKind.Text, IntervalCharacters),
        TypeKind.Decimal when type.Precision is <= 0 or > MostDigits || type.Scale is < 0 or > MostScale =>
            new LogicalType(TypeKind.Decimal, 0, MostDigits, MostScale),
        TypeKind.Json or TypeKind.Any or TypeKind.Native => LogicalType.Text,
        _ => type,
    };

    private static int Characters(LogicalType type) => type.Kind == TypeKind.Text ? type.Length : 0;

    private static int Room(int wanted, int most) => wanted > 0 && wanted <= most ? wanted : most;

    private static string Text(string type, MyServerFacts server) => $"{type} character set utf8mb4 collate {MyQuote.Exact(server)}";

    /// <summary>An unsigned one needs the next larger signed one.</summary>
    private static LogicalType Whole(MyTargetColumn column, int bytes) =>
        new(TypeKind.Integer, column.IsUnsigned ? bytes * 2 : bytes);
}
