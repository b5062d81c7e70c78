using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Pawl.Model;

/// <summary>The way back: only what <see cref="Write(RowBatch, int)"/> writes for such columns is read.</summary>
public static partial class RowJson
{
    /// <summary>A batch of one row.</summary>
    /// <param name="schema">Of the batch that was written: the same names in any order.</param>
    /// <exception cref="FormatException">Not such a row, or one whose cells cannot be told apart for certain.</exception>
    public static RowBatch Read(string json, TableSchema schema)
    {
        var batch = new RowBatch(schema) { Rows = 1 };
        try
        {
            using var row = JsonDocument.Parse(json);
            if (row.RootElement.ValueKind != JsonValueKind.Object || row.RootElement.EnumerateObject().Count() != schema.Columns.Count)
            {
                throw new FormatException("the row has other columns");
            }
            foreach (var column in batch.Columns)
            {
                if (!row.RootElement.TryGetProperty(column.Schema.Name, out var cell))
                {
                    throw new FormatException($"column {column.Schema.Name} is missing");
                }
                ReadCell(column, cell);
            }
            return batch;
        }
        catch (Exception e)
        {
            batch.Dispose();
            if (e is FormatException || e is not (JsonException or InvalidOperationException or OverflowException)) throw;
            throw new FormatException(e.Message, e);
        }
    }

    private static void ReadCell(Column column, JsonElement cell)
    {
        var kind = column.Schema.Type.Kind;
        switch (cell.ValueKind)
        {
            case JsonValueKind.Null: column.AppendNull(); break;
            case JsonValueKind.True or JsonValueKind.False when kind == TypeKind.Bool:
                ((Int64Column)column).Append(cell.GetBoolean() ? 1 : 0);
                break;
            case JsonValueKind.Number: ReadNumber(column, kind, cell); break;
            case JsonValueKind.String: ReadString(column, kind, cell.GetString()!); break;
            case JsonValueKind.Object when kind == TypeKind.Interval && cell.TryGetProperty("months", out var months):
                ((Fixed16Column)column).Append(Interval(months.GetInt32(), cell.GetProperty("days").GetInt32(),
                    cell.GetProperty("microseconds").GetInt64()));
                break;
            case JsonValueKind.Object: ReadTagged(column, kind, cell.EnumerateObject().Single()); break;
            default: throw Unreadable(column);
        }
    }

    private static void ReadNumber(Column column, TypeKind kind, JsonElement cell)
    {
        var isWhole = cell.GetRawText().AsSpan().IndexOfAny('.', 'E', 'e') < 0;
        switch (kind)
        {
            case TypeKind.Float32 or TypeKind.Float64: ((Float64Column)column).Append(cell.GetDouble()); break;
            case TypeKind.Integer or TypeKind.Bool when isWhole: ((Int64Column)column).Append(cell.GetInt64()); break;
            case TypeKind.UnsignedInteger when isWhole && cell.TryGetUInt64(out var value):
                ((Int64Column)column).Append((long)value);
                break;
            default:
                column.AppendStray(isWhole ? new StrayCell(TypeKind.Integer, cell.GetInt64(), null) : Real(cell.GetDouble()));
                break;
        }
    }

    private static void ReadString(Column column, TypeKind kind, string text)
    {
        switch (kind)
        {
            case TypeKind.Text or TypeKind.Json or TypeKind.Native or TypeKind.Decimal or TypeKind.Any:
                ((BytesColumn)column).Append(Encoding.UTF8.GetBytes(text));
                break;
            case TypeKind.Bytes: ((BytesColumn)column).Append(Convert.FromBase64String(text)); break;
            case TypeKind.Integer or TypeKind.UnsignedInteger or TypeKind.Bool:
                column.AppendStray(new StrayCell(TypeKind.Text, 0, Encoding.UTF8.GetBytes(text)));
                break;
            case TypeKind.Float32 or TypeKind.Float64: ((Float64Column)column).Append(Named(column, text)); break;
            case TypeKind.Uuid:
                Span<byte> bytes = stackalloc byte[16];
                Guid.ParseExact(text, "D").TryWriteBytes(bytes, bigEndian: true, out _);
                ((Fixed16Column)column).Append(BinaryPrimitives.ReadUInt128BigEndian(bytes));
                break;
            default: ((Int64Column)column).Append(Moment(column, kind, text)); break;
        }
    }

    private static double Named(Column column, string text) => text switch
    {
        "NaN" => double.NaN,
        "Infinity" => double.PositiveInfinity,
        "-Infinity" => double.NegativeInfinity,
        _ => throw Unreadable(column),
    };

    private static long Moment(Column column, TypeKind kind, string text)
    {
        var bytes = Encoding.ASCII.GetBytes(kind == TypeKind.Instant && text.EndsWith('Z') ? text[..^1] : text);
        long value = 0;
        var good = kind switch
        {
            TypeKind.Date => CalendarText.TryDate(bytes, out value),
            TypeKind.Time => CalendarText.TryTime(bytes, out value),
            TypeKind.DateTime or TypeKind.Instant => CalendarText.TryDateTime(bytes, out value),
            _ => false,
        };
        return good ? value : throw Unreadable(column);
    }

    private static void ReadTagged(Column column, TypeKind kind, JsonProperty cell)
    {
        var text = cell.Value.GetString()!;
        switch (cell.Name)
        {
            case "$text": column.AppendStray(new StrayCell(TypeKind.Text, 0, Encoding.UTF8.GetBytes(text))); break;
            case "$blob": column.AppendStray(new StrayCell(TypeKind.Bytes, 0, Convert.FromBase64String(text))); break;
            case "$integer":
                column.AppendStray(new StrayCell(TypeKind.Integer, long.Parse(text, CultureInfo.InvariantCulture), null));
                break;
            case "$float": column.AppendStray(Real(double.Parse(text, CultureInfo.InvariantCulture))); break;
            case "$utf8" when kind is TypeKind.Text or TypeKind.Json or TypeKind.Native or TypeKind.Any:
                ((BytesColumn)column).Append(Convert.FromBase64String(text));
                break;
            case "$utf8": column.AppendStray(new StrayCell(TypeKind.Text, 0, Convert.FromBase64String(text))); break;
            // Rows of programs before format 2: text that is not UTF-8 and bytes had one tag.
            case "$bytes" when Utf8.IsValid(Convert.FromBase64String(text)):
                column.AppendStray(new StrayCell(TypeKind.Bytes, 0, Convert.FromBase64String(text)));
                break;
            default: throw Unreadable(column);
        }
    }

    private static StrayCell Real(double value) => new(TypeKind.Float64, BitConverter.DoubleToInt64Bits(value), null);

    private static UInt128 Interval(int months, int days, long microseconds) =>
        new(((ulong)(uint)months << 32) | (uint)days, (ulong)microseconds);

    private static FormatException Unreadable(Column column) => new($"column {column.Schema.Name} holds no {column.Schema.Type}");
}
