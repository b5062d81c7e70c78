using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pawl.Telemetry;

namespace Pawl.Cli.Output;

/// <summary>
/// One JSON object per line. The envelope is the same for events and results: <c>v</c> (1), <c>ts</c> (UTC), <c>job</c>, <c>run</c>,
/// <c>code</c>,
/// then what belongs to the code. Written by hand, without reflection, so that start-up stays short.
/// </summary>
public static class JsonLine
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions Pretty = new() { Encoder = Options.Encoder, Indented = true };

    public static string OfEvent(RunEvent e) =>
        Object(Head(e.At, e.Job, e.Run, e.Code, ("table", e.Table), ("lane", e.Lane), ("args", e.Args)));

    /// <summary>The pairs every line starts with, and some more; null values of the further ones are left out.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> Head(DateTimeOffset at, string? job, Guid? run, string code,
        params (string Name, object? Value)[] more)
    {
        yield return new("v", 1L);
        yield return new("ts", at.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        yield return new("job", job);
        yield return new("run", run?.ToString());
        yield return new("code", code);
        foreach (var (name, value) in more)
        {
            if (value is not null) yield return new(name, value);
        }
    }

    /// <param name="pairs">Values: null, string, bool, long, int, double, Guid, nested pairs, or a sequence of those.</param>
    public static string Object(IEnumerable<KeyValuePair<string, object?>> pairs, bool indented = false)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, indented ? Pretty : Options)) Write(json, pairs);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string s: json.WriteStringValue(s); break;
            case bool b: json.WriteBooleanValue(b); break;
            case int i: json.WriteNumberValue(i); break;
            case long l: json.WriteNumberValue(l); break;
            case double d when double.IsFinite(d): json.WriteNumberValue(d); break;
            case DateTimeOffset at: json.WriteStringValue(at.ToUniversalTime()); break;
            case IEnumerable<KeyValuePair<string, object?>> pairs:
                json.WriteStartObject();
                foreach (var (name, inner) in pairs)
                {
                    json.WritePropertyName(name);
                    Write(json, inner);
                }
                json.WriteEndObject();
                break;
            case IEnumerable<KeyValuePair<string, string?>> texts:
                Write(json, texts.Select(t => new KeyValuePair<string, object?>(t.Key, t.Value)));
                break;
            case IEnumerable many:
                json.WriteStartArray();
                foreach (var inner in many) Write(json, inner);
                json.WriteEndArray();
                break;
            default: json.WriteStringValue(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)); break;
        }
    }
}
