using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>How a column's cells come and go in binary COPY.</summary>
internal enum PgWire
{
    Bool, Int2, Int4, Int8, Oid, Float4, Float8, Numeric, Text, Bytea, Date, Time, Timestamp, Timestamptz, Interval, Uuid, Json, Jsonb,
    /// <summary>
    /// No binary form of ours: read as <c>column::text</c>, written as text that the server's own input function takes back.
    /// </summary>
    Native,
}

/// <summary>
/// pg_type and type modifier ↔ logical type. The oids are the server's built-in ones and never change
/// (<c>src/include/catalog/pg_type.dat</c>); everything that is not named here is carried as the server's own text.
/// </summary>
internal static class PgTypes
{
    /// <summary>Decimal digits a numeric may be declared with.</summary>
    public const int MostDigits = 1000;

    /// <summary>Days and microseconds between 1970-01-01 and the server's epoch, 2000-01-01.</summary>
    public const long EpochDays = 10_957, EpochMicroseconds = EpochDays * 86_400_000_000;

    /// <param name="oid">Oid of the type, a domain's base type in its place.</param>
    /// <param name="modifier">atttypmod, a domain's own in its place; -1 = none.</param>
    /// <param name="name">typname; decides only for extension types without a fixed oid.</param>
    public static (LogicalType Type, PgWire Wire) Of(uint oid, int modifier, string name) => oid switch
    {
        16 => (LogicalType.Bool, PgWire.Bool),
        21 => (new LogicalType(TypeKind.Integer, 2), PgWire.Int2),
        23 => (new LogicalType(TypeKind.Integer, 4), PgWire.Int4),
        20 => (LogicalType.Int64, PgWire.Int8),
        26 => (LogicalType.Int64, PgWire.Oid),
        700 => (new LogicalType(TypeKind.Float32), PgWire.Float4),
        701 => (LogicalType.Float64, PgWire.Float8),
        1700 => (Decimal(modifier), PgWire.Numeric),
        25 or 19 => (LogicalType.Text, PgWire.Text),
        1043 or 1042 => (new LogicalType(TypeKind.Text, modifier < 4 ? 0 : modifier - 4), PgWire.Text),
        17 => (LogicalType.Bytes, PgWire.Bytea),
        1082 => (new LogicalType(TypeKind.Date), PgWire.Date),
        1083 => (new LogicalType(TypeKind.Time, Precision: Fraction(modifier)), PgWire.Time),
        1114 => (new LogicalType(TypeKind.DateTime, Precision: Fraction(modifier)), PgWire.Timestamp),
        1184 => (new LogicalType(TypeKind.Instant, Precision: Fraction(modifier)), PgWire.Timestamptz),
        1186 => (new LogicalType(TypeKind.Interval), PgWire.Interval),
        2950 => (new LogicalType(TypeKind.Uuid), PgWire.Uuid),
        114 => (new LogicalType(TypeKind.Json), PgWire.Json),
        3802 => (new LogicalType(TypeKind.Json), PgWire.Jsonb),
        >= 16_384 when name == "citext" => (LogicalType.Text, PgWire.Text),
        _ => (new LogicalType(TypeKind.Native), PgWire.Native),
    };

    /// <summary>
    /// The type a column of another system is created with. Times and dates carry no modifier, so that nothing is rounded.
    /// </summary>
    public static string Declare(LogicalType type) => type.Kind switch
    {
        TypeKind.Bool => "boolean",
        TypeKind.Integer => type.Length switch { 1 or 2 => "smallint", 3 or 4 => "integer", _ => "bigint" },
        TypeKind.UnsignedInteger => "numeric(20,0)",
        TypeKind.Float32 => "real",
        TypeKind.Float64 => "double precision",
        TypeKind.Decimal => type.Precision is > 0 and <= MostDigits
            ? FormattableString.Invariant($"numeric({type.Precision},{type.Scale})") : "numeric",
        TypeKind.Text => type.Length is > 0 and <= 10_485_760 ? FormattableString.Invariant($"character varying({type.Length})") : "text",
        TypeKind.Bytes => "bytea",
        TypeKind.Date => "date",
        TypeKind.Time => "time without time zone",
        TypeKind.DateTime => "timestamp without time zone",
        TypeKind.Instant => "timestamp with time zone",
        TypeKind.Interval => "interval",
        TypeKind.Uuid => "uuid",
        TypeKind.Json => "json",
        _ => "text",
    };

    /// <summary>What a column declared so means here.</summary>
    public static LogicalType HeldAs(LogicalType type) => type.Kind switch
    {
        TypeKind.UnsignedInteger => new LogicalType(TypeKind.Decimal, Precision: 20),
        TypeKind.Any or TypeKind.Native => LogicalType.Text,
        _ => type,
    };

    /// <summary>
    /// numeric's modifier: precision in the upper half, scale in the lower 11 bits, signed since version 15. A scale below 0 or above the
    /// precision has no logical counterpart: the logical type is then without a limit, the native type still says it.
    /// </summary>
    private static LogicalType Decimal(int modifier)
    {
        if (modifier < 4) return new LogicalType(TypeKind.Decimal);
        var precision = ((modifier - 4) >> 16) & 0xFFFF;
        var scale = (((modifier - 4) & 0x7FF) ^ 1024) - 1024;
        return scale < 0 || scale > precision ? new LogicalType(TypeKind.Decimal)
            : new LogicalType(TypeKind.Decimal, 0, precision, scale);
    }

    private static int Fraction(int modifier) => modifier is >= 0 and <= 6 ? modifier : 6;
}
