using System.Text;
using Pawl.Model;

namespace Pawl.Transform;

/// <summary>The value of a constant column, and the type that holds it. Immutable, thread-safe.</summary>
internal sealed class Constant
{
    private readonly object? value;
    private readonly byte[] bytes;

    /// <param name="value">long, double, string, bool or null.</param>
    public Constant(object? value)
    {
        if (value is not (null or long or double or string or bool))
        {
            throw new PawlException(Fault.Bug, Codes.ContractBroken, ("constant", value.GetType().Name));
        }
        this.value = value;
        bytes = value is string text ? Encoding.UTF8.GetBytes(text) : [];
    }

    /// <summary>
    /// How the column looks. A column that is replaced keeps its declared type when the constant fits in it; else, and for a new column,
    /// the type is the constant's own (integer of 8 bytes, float64, text, bool; null: any).
    /// </summary>
    public ColumnSchema Schema(string name, ColumnSchema? replaced)
    {
        if (replaced is not null && Fits(replaced.Type))
        {
            return replaced with { Name = name, Nullable = replaced.Nullable || value is null, Dynamic = false, Generated = false };
        }
        var type = value switch
        {
            long => LogicalType.Int64,
            double => LogicalType.Float64,
            string => LogicalType.Text,
            bool => LogicalType.Bool,
            _ => LogicalType.Any,
        };
        return new ColumnSchema { Name = name, Type = type, Nullable = value is null };
    }

    /// <summary>A column that holds the constant in every row.</summary>
    public Column Fill(ColumnSchema schema, int rows)
    {
        var column = Column.Create(schema);
        for (var row = 0; row < rows; row++)
        {
            switch (value)
            {
                case null: column.AppendNull(); break;
                case long number: ((Int64Column)column).Append(number); break;
                case bool truth: ((Int64Column)column).Append(truth ? 1 : 0); break;
                case double real: ((Float64Column)column).Append(real); break;
                default: ((BytesColumn)column).Append(bytes); break;
            }
        }
        return column;
    }

    private bool Fits(LogicalType type) => value switch
    {
        null => true,
        bool => type.Kind == TypeKind.Bool,
        long number when type.Kind == TypeKind.UnsignedInteger => number >= 0,
        long number => type.Kind == TypeKind.Integer && Width(number) <= type.Length,
        double => type.Kind == TypeKind.Float64,
        string text => type.Kind == TypeKind.Text && (type.Length == 0 || text.EnumerateRunes().Count() <= type.Length),
        _ => false,
    };

    private static int Width(long number) => number switch
    {
        >= sbyte.MinValue and <= sbyte.MaxValue => 1,
        >= short.MinValue and <= short.MaxValue => 2,
        >= int.MinValue and <= int.MaxValue => 4,
        _ => 8,
    };
}
