namespace Pawl.Model;

/// <summary>
/// The logical types that every connector maps its native types to and from. The number is part of digest v1 and never reused.
/// </summary>
public enum TypeKind
{
    /// <summary>
    /// No fixed type: each cell says what it holds (SQLite columns without affinity), in a <see cref="BytesColumn"/>. Text lies in the
    /// column itself; a whole number, a float or bytes travel as a <see cref="StrayCell"/>. None of them is mistyped.
    /// </summary>
    Any = 0,
    /// <summary>true / false, carried as 1 / 0 in an <see cref="Int64Column"/>.</summary>
    Bool = 1,
    /// <summary>Signed whole number of <see cref="LogicalType.Length"/> bytes (1, 2, 4, 8), in an <see cref="Int64Column"/>.</summary>
    Integer = 2,
    /// <summary>Unsigned 64-bit whole number, its bits in an <see cref="Int64Column"/>.</summary>
    UnsignedInteger = 3,
    /// <summary>IEEE 754 single, widened without loss in a <see cref="Float64Column"/>.</summary>
    Float32 = 4,
    /// <summary>IEEE 754 double, in a <see cref="Float64Column"/>.</summary>
    Float64 = 5,
    /// <summary>Exact decimal of any length as ASCII text ("-12.50", "NaN", "Infinity"), in a <see cref="BytesColumn"/>.</summary>
    Decimal = 6,
    /// <summary>Text, UTF-8, in a <see cref="BytesColumn"/>.</summary>
    Text = 7,
    /// <summary>Bytes, in a <see cref="BytesColumn"/>.</summary>
    Bytes = 8,
    /// <summary>
    /// Days since 1970-01-01, proleptic Gregorian, in an <see cref="Int64Column"/>; long.MinValue / MaxValue = -infinity / infinity.
    /// </summary>
    Date = 9,
    /// <summary>Microseconds since midnight, may be negative or beyond a day, in an <see cref="Int64Column"/>.</summary>
    Time = 10,
    /// <summary>
    /// Zone-less date and time, microseconds since 1970-01-01 00:00 of its own calendar, in an <see cref="Int64Column"/>.
    /// </summary>
    DateTime = 11,
    /// <summary>
    /// Instant, microseconds since 1970-01-01 00:00 UTC, in an <see cref="Int64Column"/>; long.MinValue / MaxValue = -infinity / infinity.
    /// </summary>
    Instant = 12,
    /// <summary>months, days, microseconds as 4 + 4 + 8 bytes big-endian, in a <see cref="Fixed16Column"/>.</summary>
    Interval = 13,
    /// <summary>128-bit identifier in network order, in a <see cref="Fixed16Column"/>.</summary>
    Uuid = 14,
    /// <summary>JSON text, UTF-8, in a <see cref="BytesColumn"/>.</summary>
    Json = 15,
    /// <summary>A native value with no logical type of its own, as its lossless native text, in a <see cref="BytesColumn"/>.</summary>
    Native = 16,
}
