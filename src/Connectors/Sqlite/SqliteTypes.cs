using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>What SQLite does to a value on its way into a column. https://www.sqlite.org/datatype3.html</summary>
internal enum Affinity { Blob, Text, Numeric, Integer, Real }

/// <summary>Declared types and logical types, both ways; see TYPES.md.</summary>
internal static class SqliteTypes
{
    /// <summary>The rules of SQLite, in its order: the first word that is found decides.</summary>
    public static Affinity AffinityOf(string declared)
    {
        var type = declared.ToUpperInvariant();
        if (type.Length == 0) return Affinity.Blob;
        if (type.Contains("INT", StringComparison.Ordinal)) return Affinity.Integer;
        if (HasAny(type, "CHAR", "CLOB", "TEXT")) return Affinity.Text;
        if (type.Contains("BLOB", StringComparison.Ordinal)) return Affinity.Blob;
        return HasAny(type, "REAL", "FLOA", "DOUB") ? Affinity.Real : Affinity.Numeric;
    }

    /// <summary>
    /// The logical type of a column. Numeric affinity holds whole numbers, floats and text side by side as a matter of course, so it is
    /// <see cref="TypeKind.Any"/>: nothing in it is mistyped.
    /// </summary>
    public static LogicalType FromDeclared(string declared, bool strict)
    {
        if (strict && declared.Equals("ANY", StringComparison.OrdinalIgnoreCase)) return LogicalType.Any;
        return AffinityOf(declared) switch
        {
            Affinity.Integer => LogicalType.Int64,
            Affinity.Real => LogicalType.Float64,
            Affinity.Text => LogicalType.Text,
            Affinity.Blob when declared.Length > 0 => LogicalType.Bytes,
            _ => LogicalType.Any,
        };
    }

    /// <summary>
    /// The type to declare for a column that is to hold this logical type exactly, when it has no SQLite type of its own.
    /// </summary>
    public static string ToDeclared(LogicalType type) => type.Kind switch
    {
        TypeKind.Bool or TypeKind.Integer or TypeKind.UnsignedInteger => "INTEGER",
        TypeKind.Float32 or TypeKind.Float64 => "REAL",
        TypeKind.Bytes => "BLOB",
        TypeKind.Any => "",
        _ => "TEXT",
    };

    /// <summary>The storage class in which cells of a logical type are written.</summary>
    public static TypeKind StoredAs(LogicalType type) => type.Kind switch
    {
        TypeKind.Bool or TypeKind.Integer or TypeKind.UnsignedInteger => TypeKind.Integer,
        TypeKind.Float32 or TypeKind.Float64 => TypeKind.Float64,
        TypeKind.Bytes => TypeKind.Bytes,
        TypeKind.Any => TypeKind.Any,
        _ => TypeKind.Text,
    };

    /// <summary>Types that a STRICT table allows.</summary>
    public static bool FitsStrict(string declared) =>
        declared.ToUpperInvariant() is "INT" or "INTEGER" or "REAL" or "TEXT" or "BLOB" or "ANY";

    /// <summary>
    /// Whether every cell the source column can hold comes out of the target column bit for bit. SQLite converts on the way in: numbers to
    /// text in a TEXT column, number-like text to numbers in a numeric one, whole floats to integers in an INTEGER one. A cell that already
    /// went through the same conversion at the source is left alone.
    /// </summary>
    /// <param name="source">What arrives.</param>
    /// <param name="declared">What the target column is declared as.</param>
    /// <param name="strict">The target table is STRICT.</param>
    public static bool KeepsExactly(ColumnSchema source, string declared, bool strict)
    {
        if (strict) return KeepsInStrict(source, declared.ToUpperInvariant());
        var target = AffinityOf(declared);
        if (target == Affinity.Blob) return true;
        return StoredAs(source.Type) switch
        {
            TypeKind.Integer => target is Affinity.Integer or Affinity.Numeric,
            TypeKind.Float64 => target == Affinity.Real,
            TypeKind.Text => target == Affinity.Text,
            // A blob is never converted; other cells of a BLOB column are.
            TypeKind.Bytes => !source.Dynamic,
            _ => source.NativeType.Length > 0 && AffinityOf(source.NativeType) == Affinity.Numeric
                && target is Affinity.Numeric or Affinity.Integer,
        };
    }

    private static bool KeepsInStrict(ColumnSchema source, string declared) =>
        // A STRICT table's ANY is described as no type at all: outside STRICT tables the word means numbers.
        declared is "ANY" or "" || (!source.Dynamic && StoredAs(source.Type) switch
        {
            TypeKind.Integer => declared is "INT" or "INTEGER",
            TypeKind.Float64 => declared == "REAL",
            TypeKind.Text => declared == "TEXT",
            TypeKind.Bytes => declared == "BLOB",
            _ => false,
        });

    private static bool HasAny(string text, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (text.Contains(word, StringComparison.Ordinal)) return true;
        }
        return false;
    }
}
