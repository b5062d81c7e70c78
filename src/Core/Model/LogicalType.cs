namespace Pawl.Model;

/// <summary>A column's type as every system understands it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Length">Whole numbers: bytes (1–8). Text: characters; Bytes: bytes. 0 = no limit.</param>
/// <param name="Precision">Decimal: digits in all, 0 = no limit. Times: fractional digits 0–9.</param>
/// <param name="Scale">Decimal: digits after the point.</param>
public readonly record struct LogicalType(TypeKind Kind, int Length = 0, int Precision = 0, int Scale = 0)
{
    public static LogicalType Any => new(TypeKind.Any);
    public static LogicalType Bool => new(TypeKind.Bool);
    public static LogicalType Int64 => new(TypeKind.Integer, 8);
    public static LogicalType Float64 => new(TypeKind.Float64);
    public static LogicalType Text => new(TypeKind.Text);
    public static LogicalType Bytes => new(TypeKind.Bytes);

    /// <summary>How a column of this type lies in memory.</summary>
    public Storage Storage => Kind switch
    {
        TypeKind.Bool or TypeKind.Integer or TypeKind.UnsignedInteger or TypeKind.Date or TypeKind.Time or TypeKind.DateTime
            or TypeKind.Instant => Storage.Int64,
        TypeKind.Float32 or TypeKind.Float64 => Storage.Float64,
        TypeKind.Interval or TypeKind.Uuid => Storage.Fixed16,
        _ => Storage.Bytes,
    };

    public override string ToString() => Kind switch
    {
        TypeKind.Integer => $"integer({Length})",
        TypeKind.Decimal when Precision > 0 => $"decimal({Precision},{Scale})",
        TypeKind.Text or TypeKind.Bytes when Length > 0 => $"{Kind.ToString().ToLowerInvariant()}({Length})",
        TypeKind.Time or TypeKind.DateTime or TypeKind.Instant => $"{Kind.ToString().ToLowerInvariant()}({Precision})",
        _ => Kind.ToString().ToLowerInvariant(),
    };
}

/// <summary>The four ways a column lies in memory.</summary>
public enum Storage { Int64, Float64, Bytes, Fixed16 }
