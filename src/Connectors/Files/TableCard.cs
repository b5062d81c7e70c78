using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// What a folder that Pawl wrote says of its table, in a hidden file beside the parts: its name, and its columns with their types, so that
/// it can be read back as what it was. Immutable.
/// </summary>
internal sealed record TableCard(string Table, IReadOnlyList<ColumnSchema> Columns)
{
    private const string File = ".pawl-table";

    public static TableCard Of(TableName table, TableSchema schema) => new(table.ToString(), [.. schema.Columns.Select(Column)]);

    /// <summary>Null where there is none.</summary>
    /// <exception cref="PawlException"><see cref="Codes.FileDamaged"/>.</exception>
    public static TableCard? Read(string folder)
    {
        var path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path)) return null;
        try
        {
            using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(path));
            var root = document.RootElement;
            var columns = root.GetProperty("columns").EnumerateArray().Select(c => Column(c.GetProperty("name").GetString()!,
                new LogicalType(Enum.Parse<TypeKind>(c.GetProperty("kind").GetString()!), c.GetProperty("length").GetInt32(),
                    c.GetProperty("precision").GetInt32(), c.GetProperty("scale").GetInt32())));
            return new TableCard(root.GetProperty("table").GetString()!, [.. columns]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException
            or FormatException)
        {
            throw FilesFaults.Damaged(path, e.Message);
        }
    }

    public void Write(string folder)
    {
        var text = new ArrayBufferWriter<byte>();
        var form = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };
        using (var json = new Utf8JsonWriter(text, form))
        {
            json.WriteStartObject();
            json.WriteString("table", Table);
            json.WriteStartArray("columns");
            foreach (var column in Columns)
            {
                json.WriteStartObject();
                json.WriteString("name", column.Name);
                json.WriteString("kind", column.Type.Kind.ToString());
                json.WriteNumber("length", column.Type.Length);
                json.WriteNumber("precision", column.Type.Precision);
                json.WriteNumber("scale", column.Type.Scale);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        FilesDisk.WriteWhole(Path.Combine(folder, File), text.WrittenSpan);
    }

    /// <summary>The same names in the same order: a file of one fits beside a file of the other.</summary>
    public bool Fits(TableCard other) => Columns.Select(c => c.Name).SequenceEqual(other.Columns.Select(c => c.Name));

    public bool Equals(TableCard? other) => other is not null && Table == other.Table
        && Columns.Select(c => (c.Name, c.Type)).SequenceEqual(other.Columns.Select(c => (c.Name, c.Type)));

    public override int GetHashCode() => Table.GetHashCode(StringComparison.Ordinal);

    private static ColumnSchema Column(ColumnSchema column) => Column(column.Name, column.Type);

    private static ColumnSchema Column(string name, LogicalType type) =>
        new() { Name = name, Type = type, NativeType = type.ToString(), Dynamic = type.Kind != TypeKind.Text };

    /// <summary>The column as it is read: what has no form of its own in a file stays the text that stands there.</summary>
    public static ColumnSchema AsRead(ColumnSchema column)
    {
        var type = column.Type.Kind switch
        {
            TypeKind.Bool or TypeKind.Integer or TypeKind.UnsignedInteger or TypeKind.Float32 or TypeKind.Float64 or TypeKind.Decimal
                or TypeKind.Text or TypeKind.Bytes or TypeKind.Date
                or TypeKind.Time or TypeKind.DateTime or TypeKind.Instant or TypeKind.Uuid or TypeKind.Json => column.Type,
            _ => LogicalType.Text,
        };
        return column with { Type = type, Dynamic = type != LogicalType.Text };
    }
}
