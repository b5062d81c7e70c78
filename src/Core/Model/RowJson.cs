using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Pawl.Model;

/// <summary>
/// One row of a batch as a JSON object by column name, lossless, so that a rejected row can be looked at and tried again. Thread-safe.
/// <list type="bullet">
/// <item>whole numbers and floats: numbers; NaN and the infinities: strings; booleans: true, false; decimals: strings</item>
/// <item>text, JSON and native values: strings; bytes: base64; dates and times: ISO 8601; identifiers: lower-case hex with hyphens</item>
/// <item>intervals: <c>{"months":1,"days":2,"microseconds":3}</c>; null: null; a cell the log did not carry is left out</item>
/// <item>text that is not UTF-8: <c>{"$utf8":"…base64…"}</c>; a cell of another type that the column's own form would hide:
/// <c>{"$blob":"…base64…"}</c>, <c>{"$text":"…"}</c>, <c>{"$float":"NaN"}</c>, <c>{"$integer":"5"}</c></item>
/// <item>a cell that was too long for where rejects are kept: <c>{"$cut":"…bytes…"}</c>, the one form that is not lossless</item>
/// </list>
/// </summary>
public static partial class RowJson
{
    private static readonly JsonWriterOptions Options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>All columns of the row.</summary>
    /// <param name="row">0-based.</param>
    public static string Write(RowBatch batch, int row) => Write(batch, row, [.. Enumerable.Range(0, batch.Columns.Length)]);

    /// <summary>Some columns of the row, in the order given.</summary>
    /// <param name="columns">0-based places in <see cref="RowBatch.Columns"/>.</param>
    public static string Write(RowBatch batch, int row, IReadOnlyList<int> columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, batch.Rows);
        var text = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(text, Options))
        {
            json.WriteStartObject();
            foreach (var place in columns)
            {
                if (batch.Absent?[place]?[row] == true) continue;
                var column = batch.Columns[place];
                json.WritePropertyName(column.Schema.Name);
                if (column.IsNull(row)) json.WriteNullValue();
                else if (column.Stray(row) is { } cell) WriteStray(json, column.Schema.Type.Kind, cell);
                else WriteCell(json, column, row);
            }
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static void WriteCell(Utf8JsonWriter json, Column column, int row)
    {
        switch (column)
        {
            case Int64Column whole: WriteWhole(json, column.Schema.Type.Kind, whole.Values[row]); break;
            case Float64Column real: WriteFloat(json, real.Values[row]); break;
            case Fixed16Column wide when column.Schema.Type.Kind == TypeKind.Uuid:
                json.WriteStringValue(Uuid(wide.Values[row]));
                break;
            case Fixed16Column wide: WriteInterval(json, wide.Values[row]); break;
            case BytesColumn bytes when column.Schema.Type.Kind == TypeKind.Bytes: json.WriteBase64StringValue(bytes[row]); break;
            case BytesColumn bytes: WriteText(json, bytes[row]); break;
        }
    }

    private static void WriteWhole(Utf8JsonWriter json, TypeKind kind, long value)
    {
        switch (kind)
        {
            case TypeKind.Bool when value is 0 or 1: json.WriteBooleanValue(value == 1); break;
            case TypeKind.UnsignedInteger: json.WriteNumberValue((ulong)value); break;
            case TypeKind.Date: json.WriteStringValue(CalendarText.Date(value)); break;
            case TypeKind.Time: json.WriteStringValue(CalendarText.Time(value)); break;
            case TypeKind.DateTime: json.WriteStringValue(CalendarText.DateTime(value)); break;
            case TypeKind.Instant:
                json.WriteStringValue(CalendarText.DateTime(value) + (value is long.MinValue or long.MaxValue ? "" : "Z"));
                break;
            default: json.WriteNumberValue(value); break;
        }
    }

    private static void WriteFloat(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value)) json.WriteNumberValue(value);
        else json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture));
    }

    private static string Uuid(UInt128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    private static void WriteInterval(Utf8JsonWriter json, UInt128 value)
    {
        json.WriteStartObject();
        json.WriteNumber("months", (int)(uint)(value >> 96));
        json.WriteNumber("days", (int)(uint)(value >> 64));
        json.WriteNumber("microseconds", (long)(ulong)value);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> utf8)
    {
        if (Utf8.IsValid(utf8)) json.WriteStringValue(utf8);
        else WriteTagged(json, "$utf8", Convert.ToBase64String(utf8));
    }

    /// <summary>
    /// A number shows what it is by its form (a float always has a point or an exponent), a string only where the column has no strings.
    /// </summary>
    private static void WriteStray(Utf8JsonWriter json, TypeKind declared, StrayCell cell)
    {
        switch (cell.Kind)
        {
            case TypeKind.Integer when declared is TypeKind.Float32 or TypeKind.Float64:
                WriteTagged(json, "$integer", cell.Number.ToString(CultureInfo.InvariantCulture));
                break;
            case TypeKind.Integer: json.WriteNumberValue(cell.Number); break;
            case TypeKind.Float64:
                var real = BitConverter.Int64BitsToDouble(cell.Number);
                var text = real.ToString("R", CultureInfo.InvariantCulture);
                if (!double.IsFinite(real)) WriteTagged(json, "$float", text);
                else json.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text);
                break;
            case TypeKind.Text when !Utf8.IsValid(cell.Data)
                || declared is TypeKind.Any or TypeKind.Integer or TypeKind.UnsignedInteger or TypeKind.Bool:
                WriteText(json, cell.Data);
                break;
            case TypeKind.Text: WriteTagged(json, "$text", Encoding.UTF8.GetString(cell.Data!)); break;
            default: WriteTagged(json, "$blob", Convert.ToBase64String(cell.Data!)); break;
        }
    }

    private static void WriteTagged(Utf8JsonWriter json, string tag, string value)
    {
        json.WriteStartObject();
        json.WriteString(tag, value);
        json.WriteEndObject();
    }
}
