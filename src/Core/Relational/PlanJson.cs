using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>
/// A plan as JSON. Written out by hand: a generated serializer compiles some hundreds of methods for the enums alone each time a run
/// starts, which took a fifth of a second. Names are those of the records; what is null is left out; unknown names are skipped. Pure.
/// </summary>
internal static class PlanJson
{
    public static string Write(TablePlan plan)
    {
        using var bytes = new MemoryStream();
        using (var to = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default })) Plan(to, plan);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <exception cref="JsonException">Not what <see cref="Write"/> writes.</exception>
    public static TablePlan Read(string text)
    {
        using var document = JsonDocument.Parse(text);
        try
        {
            return Plan(document.RootElement);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new JsonException(e.Message, e);
        }
    }

    private static void Plan(Utf8JsonWriter to, TablePlan plan)
    {
        to.WriteStartObject();
        Name(to, "Source", plan.Source);
        Name(to, "Target", plan.Target);
        to.WriteNumber("Generation", plan.Generation);
        Table(to, "SourceSchema", plan.SourceSchema);
        Table(to, "TargetSchema", plan.TargetSchema);
        to.WriteStartObject("Read");
        if (plan.Read.Columns is { } columns) Texts(to, "Columns", columns);
        Text(to, "Where", plan.Read.Where);
        to.WriteNumber("Splits", plan.Read.Splits);
        Text(to, "Snapshot", plan.Read.Snapshot);
        if (plan.Read.Window is { } window) Window(to, window);
        to.WriteEndObject();
        to.WriteStartArray("Splits");
        foreach (var split in plan.Splits) Split(to, split);
        to.WriteEndArray();
        to.WriteString("Write", plan.Write.ToString());
        if (plan.Stage is { } stage) Name(to, "Stage", stage);
        to.WriteBoolean("AllowEmpty", plan.AllowEmpty);
        to.WriteStartObject("Columns");
        to.WriteStartObject("Rename");
        foreach (var (from, name) in plan.Columns.Rename) to.WriteString(from, name);
        to.WriteEndObject();
        to.WriteStartObject("Set");
        foreach (var (name, constant) in plan.Columns.Set) Constant(to, name, constant);
        to.WriteEndObject();
        Text(to, "SourceColumn", plan.Columns.SourceColumn);
        to.WriteEndObject();
        to.WriteString("Strays", plan.Strays.ToString());
        to.WriteBoolean("Create", plan.Create);
        to.WriteNumber("RejectLimit", plan.RejectLimit);
        to.WriteStartObject("CauseLimits");
        foreach (var (cause, limit) in plan.CauseLimits) to.WriteNumber(cause, limit);
        to.WriteEndObject();
        to.WriteStartArray("NullCauses");
        foreach (var cause in plan.NullCauses) to.WriteStringValue(cause);
        to.WriteEndArray();
        to.WriteString("ResultHash", plan.ResultHash);
        to.WriteStartObject("SourceIdentity");
        to.WriteString("Text", plan.SourceIdentity.Text);
        to.WriteString("Display", plan.SourceIdentity.Display);
        to.WriteEndObject();
        to.WriteNumber("RowsBefore", plan.RowsBefore);
        Text(to, "SourceMark", plan.SourceMark);
        Text(to, "SourceClock", plan.SourceClock);
        to.WriteStartArray("Drift");
        foreach (var drift in plan.Drift) Drift(to, drift);
        to.WriteEndArray();
        to.WriteString("Phase", plan.Phase.ToString());
        to.WriteEndObject();
    }

    private static TablePlan Plan(JsonElement from)
    {
        var read = from.GetProperty("Read");
        var identity = from.GetProperty("SourceIdentity");
        var columns = Maybe(from, "Columns");
        return new TablePlan
        {
            Source = Name(from.GetProperty("Source")),
            Target = Name(from.GetProperty("Target")),
            Generation = from.GetProperty("Generation").GetInt64(),
            SourceSchema = Table(from.GetProperty("SourceSchema")),
            TargetSchema = Table(from.GetProperty("TargetSchema")),
            Read = new ReadOptions
            {
                Columns = Maybe(read, "Columns") is { } chosen ? Texts(chosen) : null,
                Where = Text(read, "Where"),
                Splits = Maybe(read, "Splits")?.GetInt32() ?? 1,
                Snapshot = Text(read, "Snapshot"),
                Window = Maybe(read, "Window") is { } window ? Window(window) : null,
            },
            Splits = [.. from.GetProperty("Splits").EnumerateArray().Select(Split)],
            Write = OneOf(from, "Write", WriteMode.Insert),
            Stage = Maybe(from, "Stage") is { } stage ? Name(stage) : null,
            AllowEmpty = Maybe(from, "AllowEmpty")?.GetBoolean() ?? false,
            Columns = new ColumnChanges
            {
                Rename = columns is { } c && Maybe(c, "Rename") is { } rename
                    ? rename.EnumerateObject().ToDictionary(p => p.Name, p => Required(p.Value)) : new Dictionary<string, string>(),
                Set = columns is { } d && Maybe(d, "Set") is { } set
                    ? set.EnumerateObject().ToDictionary(p => p.Name, p => Constant(p.Value)) : new Dictionary<string, object?>(),
                SourceColumn = columns is { } s ? Text(s, "SourceColumn") : null,
            },
            Strays = OneOf(from, "Strays", StrayPolicy.Keep),
            Create = Maybe(from, "Create")?.GetBoolean() ?? true,
            RejectLimit = Maybe(from, "RejectLimit")?.GetInt64() ?? 0,
            CauseLimits = Maybe(from, "CauseLimits")?.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt64())
                ?? new Dictionary<string, long>(),
            NullCauses = Maybe(from, "NullCauses") is { } nulls ? Texts(nulls) : [],
            ResultHash = Required(from.GetProperty("ResultHash")),
            SourceIdentity = new SourceIdentity(Required(identity.GetProperty("Text")), Required(identity.GetProperty("Display"))),
            RowsBefore = Maybe(from, "RowsBefore")?.GetInt64() ?? 0,
            SourceMark = Text(from, "SourceMark"),
            SourceClock = Text(from, "SourceClock"),
            Drift = Maybe(from, "Drift") is { } drift ? [.. drift.EnumerateArray().Select(Drift)] : [],
            Phase = OneOf(from, "Phase", TablePhase.Copying),
        };
    }

    private static void Drift(Utf8JsonWriter to, ColumnDrift drift)
    {
        to.WriteStartObject();
        to.WriteString("Column", drift.Column);
        to.WriteString("Kind", drift.Kind.ToString());
        to.WriteString("From", drift.From);
        to.WriteString("To", drift.To);
        to.WriteEndObject();
    }

    private static ColumnDrift Drift(JsonElement from) => new(Required(from.GetProperty("Column")),
        OneOf<DriftKind>(from.GetProperty("Kind")), Text(from, "From") ?? "", Text(from, "To") ?? "");

    private static void Window(Utf8JsonWriter to, CursorWindow window)
    {
        to.WriteStartObject("Window");
        to.WriteString("Column", window.Column);
        Text(to, "After", window.After);
        to.WriteBoolean("AfterIncluded", window.AfterIncluded);
        Text(to, "Through", window.Through);
        to.WriteBoolean("ThroughIncluded", window.ThroughIncluded);
        to.WriteEndObject();
    }

    private static CursorWindow Window(JsonElement from) => new()
    {
        Column = Required(from.GetProperty("Column")),
        After = Text(from, "After"),
        AfterIncluded = from.GetProperty("AfterIncluded").GetBoolean(),
        Through = Text(from, "Through"),
        ThroughIncluded = from.GetProperty("ThroughIncluded").GetBoolean(),
    };

    private static void Table(Utf8JsonWriter to, string name, TableSchema table)
    {
        to.WriteStartObject(name);
        Name(to, "Name", table.Name);
        to.WriteStartArray("Columns");
        foreach (var column in table.Columns) Column(to, column);
        to.WriteEndArray();
        to.WriteStartObject("Key");
        to.WriteStartArray("Columns");
        foreach (var place in table.Key.Columns) to.WriteNumberValue(place);
        to.WriteEndArray();
        to.WriteString("Kind", table.Key.Kind.ToString());
        to.WriteEndObject();
        to.WriteString("Identity", table.Identity);
        to.WriteNumber("EstimatedRows", table.EstimatedRows);
        Text(to, "NativeDefinition", table.NativeDefinition);
        to.WriteStartArray("UniqueSets");
        foreach (var set in table.UniqueSets)
        {
            to.WriteStartArray();
            foreach (var column in set) to.WriteStringValue(column);
            to.WriteEndArray();
        }
        to.WriteEndArray();
        to.WriteEndObject();
    }

    private static TableSchema Table(JsonElement from)
    {
        var key = from.GetProperty("Key");
        return new TableSchema
        {
            Name = Name(from.GetProperty("Name")),
            Columns = [.. from.GetProperty("Columns").EnumerateArray().Select(Column)],
            Key = new KeySchema([.. key.GetProperty("Columns").EnumerateArray().Select(p => p.GetInt32())],
                OneOf(key, "Kind", KeyKind.None)),
            Identity = Required(from.GetProperty("Identity")),
            EstimatedRows = Maybe(from, "EstimatedRows")?.GetInt64() ?? -1,
            NativeDefinition = Text(from, "NativeDefinition"),
            UniqueSets = Maybe(from, "UniqueSets") is { } sets ? [.. sets.EnumerateArray().Select(Texts)] : [],
        };
    }

    private static void Column(Utf8JsonWriter to, ColumnSchema column)
    {
        to.WriteStartObject();
        to.WriteString("Name", column.Name);
        to.WriteStartObject("Type");
        to.WriteString("Kind", column.Type.Kind.ToString());
        to.WriteNumber("Length", column.Type.Length);
        to.WriteNumber("Precision", column.Type.Precision);
        to.WriteNumber("Scale", column.Type.Scale);
        to.WriteEndObject();
        to.WriteString("NativeType", column.NativeType);
        to.WriteBoolean("Nullable", column.Nullable);
        to.WriteBoolean("Dynamic", column.Dynamic);
        to.WriteBoolean("Generated", column.Generated);
        Text(to, "Collation", column.Collation);
        to.WriteEndObject();
    }

    private static ColumnSchema Column(JsonElement from)
    {
        var type = from.GetProperty("Type");
        return new ColumnSchema
        {
            Name = Required(from.GetProperty("Name")),
            Type = new LogicalType(OneOf<TypeKind>(type.GetProperty("Kind")), Maybe(type, "Length")?.GetInt32() ?? 0,
                Maybe(type, "Precision")?.GetInt32() ?? 0, Maybe(type, "Scale")?.GetInt32() ?? 0),
            NativeType = Text(from, "NativeType") ?? "",
            Nullable = Maybe(from, "Nullable")?.GetBoolean() ?? true,
            Dynamic = Maybe(from, "Dynamic")?.GetBoolean() ?? false,
            Generated = Maybe(from, "Generated")?.GetBoolean() ?? false,
            Collation = Text(from, "Collation"),
        };
    }

    private static void Split(Utf8JsonWriter to, Split split)
    {
        to.WriteStartObject();
        to.WriteNumber("Index", split.Index);
        Place(to, "After", split.After);
        Place(to, "Through", split.Through);
        to.WriteString("Lifetime", split.Lifetime.ToString());
        to.WriteNumber("EstimatedRows", split.EstimatedRows);
        to.WriteEndObject();
    }

    private static Split Split(JsonElement from) => new()
    {
        Index = from.GetProperty("Index").GetInt32(),
        After = Place(from, "After"),
        Through = Place(from, "Through"),
        Lifetime = OneOf(from, "Lifetime", SplitLifetime.Durable),
        EstimatedRows = Maybe(from, "EstimatedRows")?.GetInt64() ?? -1,
    };

    private static void Place(Utf8JsonWriter to, string name, Position? place)
    {
        if (place is null) return;
        to.WriteStartObject(name);
        to.WriteString("Codec", place.Codec);
        to.WriteString("Text", place.Text);
        to.WriteEndObject();
    }

    private static Position? Place(JsonElement from, string name) => Maybe(from, name) is { } place
        ? new Position(Required(place.GetProperty("Codec")), Required(place.GetProperty("Text"))) : null;

    private static void Name(Utf8JsonWriter to, string property, TableName name)
    {
        to.WriteStartObject(property);
        Text(to, "Schema", name.Schema);
        to.WriteString("Name", name.Name);
        to.WriteEndObject();
    }

    private static TableName Name(JsonElement from) => new(Text(from, "Schema"), Required(from.GetProperty("Name")));

    /// <summary>JSON number without point ↔ long, with ↔ double; text, bool, null as they are.</summary>
    private static void Constant(Utf8JsonWriter to, string name, object? constant)
    {
        to.WritePropertyName(name);
        switch (constant)
        {
            case null: to.WriteNullValue(); break;
            case bool b: to.WriteBooleanValue(b); break;
            case long l: to.WriteNumberValue(l); break;
            case double d when double.IsFinite(d):
                var text = d.ToString("R", CultureInfo.InvariantCulture);
                to.WriteRawValue(text.AsSpan().IndexOfAny(".eE") >= 0 ? text : text + ".0");
                break;
            // A double without a JSON form travels as text with a mark; a text of the user that starts with the mark carries it twice.
            case double d: to.WriteStringValue("\0" + d.ToString(CultureInfo.InvariantCulture)); break;
            case string s when s.StartsWith('\0'): to.WriteStringValue("\0" + s); break;
            default: to.WriteStringValue((string)constant); break;
        }
    }

    private static object? Constant(JsonElement from) => from.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => from.GetString() switch
        {
            "\0NaN" => double.NaN,
            "\0Infinity" => double.PositiveInfinity,
            "\0-Infinity" => double.NegativeInfinity,
            ['\0', ..] marked => marked[1..],
            var text => text,
        },
        JsonValueKind.Number when from.GetRawText().AsSpan().IndexOfAny(".eE") < 0 => from.GetInt64(),
        JsonValueKind.Number => from.GetDouble(),
        _ => throw new FormatException($"a constant cannot be {from.ValueKind}"),
    };

    private static void Texts(Utf8JsonWriter to, string name, IReadOnlyList<string> texts)
    {
        to.WriteStartArray(name);
        foreach (var text in texts) to.WriteStringValue(text);
        to.WriteEndArray();
    }

    private static IReadOnlyList<string> Texts(JsonElement from) => [.. from.EnumerateArray().Select(Required)];

    private static void Text(Utf8JsonWriter to, string name, string? text)
    {
        if (text is not null) to.WriteString(name, text);
    }

    private static string? Text(JsonElement from, string name) => Maybe(from, name)?.GetString();

    private static string Required(JsonElement from) => from.GetString() ?? throw new FormatException("null");

    private static JsonElement? Maybe(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static T OneOf<T>(JsonElement from, string name, T usual) where T : struct, Enum =>
        Maybe(from, name) is { } value ? OneOf<T>(value) : usual;

    private static T OneOf<T>(JsonElement from) where T : struct, Enum
    {
        var text = Required(from);
        return Enum.TryParse<T>(text, out var value) && !char.IsAsciiDigit(text[0]) ? value
            : throw new FormatException($"{typeof(T).Name} '{text}'");
    }
}
