using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Pawl.Jobs;

/// <summary>
/// The JSON Schema (draft 2020-12) of the job file, made from <see cref="JobFieldDocs"/>. Pure; fields that do not work yet are not in it.
/// </summary>
public static class JobSchema
{
    /// <summary>Names may look like numbers or words in YAML (<c>2024: archive</c>) and are text all the same.</summary>
    private static readonly string[] TextTypes = ["string", "number", "boolean"];

    /// <param name="language">Of <c>description</c>: <c>en</c> or <c>zh-CN</c>. <c>x-description-zh-CN</c> is always there.</param>
    public static string ToJson(string language = "en")
    {
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            json.WriteString("$schema", "https://json-schema.org/draft/2020-12/schema");
            json.WriteString("$id", "urn:pawl:job:1");
            json.WriteString("title", "Pawl job");
            WriteObject(json, "", language);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }

    private static void WriteObject(Utf8JsonWriter json, string path, string language)
    {
        var fields = JobFieldDocs.Under(path).Where(f => f.Capability is null && f.Name != "*").ToList();
        json.WriteString("type", "object");
        json.WriteBoolean("additionalProperties", false);
        WriteStrings(json, "required", fields.Where(f => f.Required).Select(f => f.Name));
        json.WriteStartObject("properties");
        foreach (var field in fields)
        {
            json.WriteStartObject(field.Name);
            json.WriteString("description", field.Text(language));
            json.WriteString("x-description-zh-CN", field.Chinese);
            if (field.Default is { } value) WriteDefault(json, value);
            WriteKind(json, field, language);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteKind(Utf8JsonWriter json, JobField field, string language)
    {
        switch (field.Kind)
        {
            case FieldKind.Text:
                WriteText(json, field);
                break;
            case FieldKind.Code:
            case FieldKind.Url:
                json.WriteString("type", "string");
                json.WriteNumber("minLength", 1);
                json.WriteNumber("maxLength", field.MaxLength);
                break;
            case FieldKind.Choice:
                json.WriteStartArray("enum");
                foreach (var word in field.Allowed) WriteWord(json, word);
                json.WriteEndArray();
                break;
            case FieldKind.Flag:
                json.WriteString("type", "boolean");
                break;
            case FieldKind.Count when field.Allowed.Count > 0:
                WriteEither(json, () => WriteNumber(json, field, Quantity.CountPattern, Quantity.Count),
                    () => WriteStrings(json, "enum", field.Allowed));
                break;
            case FieldKind.Count:
                WriteNumber(json, field, Quantity.CountPattern, Quantity.Count);
                break;
            case FieldKind.Size:
                WriteNumber(json, field, Quantity.SizePattern, Quantity.Size);
                break;
            case FieldKind.Duration:
            case FieldKind.DurationRange:
                json.WriteString("type", "string");
                json.WriteString("pattern", field.Kind == FieldKind.Duration ? Quantity.DurationPattern : Quantity.DurationRangePattern);
                break;
            case FieldKind.Texts:
                WriteEither(json, () => WriteText(json, field), () => WriteTextList(json, field, 0));
                break;
            case FieldKind.Map:
                WriteEither(json, () => WriteObject(json, field.Path, language), () => json.WriteString("type", "null"));
                break;
            case FieldKind.Tables:
                WriteTables(json, field, language);
                break;
            default:
                WriteEither(json, () => WriteOpenMap(json, field), () => json.WriteString("type", "null"));
                break;
        }
    }

    private static void WriteTables(Utf8JsonWriter json, JobField field, string language)
    {
        WriteEither(json, () => WriteTextList(json, field, 1), () =>
        {
            json.WriteString("type", "object");
            json.WriteNumber("minProperties", 1);
            json.WriteStartObject("additionalProperties");
            WriteEither(json, () => WriteText(json, JobFieldDocs.At("tables.*.target")!), () => json.WriteString("type", "null"),
                () => WriteObject(json, "tables.*", language));
            json.WriteEndObject();
        });
    }

    private static void WriteOpenMap(Utf8JsonWriter json, JobField field)
    {
        json.WriteString("type", "object");
        json.WriteStartObject("additionalProperties");
        if (field.Kind == FieldKind.Names) WriteText(json, field);
        else WriteStrings(json, "type", [.. TextTypes, "null"]);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, JobField field)
    {
        WriteStrings(json, "type", TextTypes);
        json.WriteNumber("minLength", 1);
        json.WriteNumber("maxLength", field.MaxLength);
    }

    private static void WriteTextList(Utf8JsonWriter json, JobField field, int least)
    {
        json.WriteString("type", "array");
        json.WriteNumber("minItems", least);
        json.WriteBoolean("uniqueItems", true);
        json.WriteStartObject("items");
        WriteText(json, field);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, JobField field, string pattern, Func<string, long?> parse) => WriteEither(json,
        () =>
        {
            json.WriteString("type", "integer");
            if (field.Min is { } min) json.WriteNumber("minimum", parse(min)!.Value);
            if (field.Max is { } max) json.WriteNumber("maximum", parse(max)!.Value);
        },
        () =>
        {
            json.WriteString("type", "string");
            json.WriteString("pattern", pattern);
        });

    private static void WriteEither(Utf8JsonWriter json, params Action[] schemas)
    {
        json.WriteStartArray("anyOf");
        foreach (var schema in schemas)
        {
            json.WriteStartObject();
            schema();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteDefault(Utf8JsonWriter json, string value)
    {
        json.WritePropertyName("default");
        if (value is "{}" or "[]" or "true" or "false") json.WriteRawValue(value);
        else WriteWord(json, value.Trim('"'));
    }

    /// <summary>As YAML reads it: digits alone are a number.</summary>
    private static void WriteWord(Utf8JsonWriter json, string word)
    {
        if (long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) json.WriteNumberValue(number);
        else json.WriteStringValue(word);
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> words)
    {
        json.WriteStartArray(name);
        foreach (var word in words) json.WriteStringValue(word);
        json.WriteEndArray();
    }
}
