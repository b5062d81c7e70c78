using System.Text;
using System.Text.Json;

namespace Pawl.Connectors.Files;

/// <summary>
/// Records of JSON Lines: an object a line. Strings are columns without their quotes; numbers, true, false, objects and arrays as they
/// stand; null and an absent member are NULL.
/// </summary>
internal sealed class JsonlParser : RecordParser
{
    private readonly byte[][] names;
    private readonly bool[] areJson;
    private readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    private readonly FieldSlot[] slots;
    private readonly bool[] seen;

    /// <param name="columns">Names of the members, in order.</param>
    /// <param name="areJson">Of which columns a string keeps its quotes.</param>
    public JsonlParser(IReadOnlyList<string> columns, bool[] areJson)
    {
        names = [.. columns.Select(Encoding.UTF8.GetBytes)];
        for (var i = 0; i < columns.Count; i++) places[columns[i]] = i;
        this.areJson = areJson;
        slots = new FieldSlot[columns.Count];
        seen = new bool[columns.Count];
    }

    public override ReadOnlySpan<FieldSlot> Fields => slots;

    public override RecordKind Parse(ReadOnlySpan<byte> text, bool atEnd)
    {
        if (text.Length == 0) return RecordKind.More;
        var end = text.IndexOf((byte)'\n');
        if (end < 0 && !atEnd) return RecordKind.More;
        (Length, Lines) = end < 0 ? (text.Length, 0) : (end + 1, 1);
        var line = text[..Length];
        if (line.TrimEnd(" \t\r\n"u8).Length == 0) return RecordKind.Blank;
        if (Unreadable(line) is { } unreadable) return Broken(unreadable);
        Array.Clear(slots);
        Array.Clear(seen);
        try
        {
            return Members(line);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Broken(e is JsonException ? "no JSON: " + Sentence(e.Message) : "half of a surrogate pair");
        }
    }

    /// <summary>Names of the members of one object, in order.</summary>
    /// <exception cref="JsonException">It is no object.</exception>
    public static List<string> NamesOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        var found = new List<string>();
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new JsonException();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            found.Add(reader.GetString()!);
            reader.Read();
            reader.Skip();
        }
        return found;
    }

    private RecordKind Members(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return Broken("no JSON object");
        for (var next = 0; reader.Read() && reader.TokenType == JsonTokenType.PropertyName; next++)
        {
            // Members usually come in one order.
            var place = next < names.Length && reader.ValueTextEquals(names[next]) ? next
                : places.GetValueOrDefault(reader.GetString()!, -1);
            if (place < 0) return Broken($"a member that is no column: {reader.GetString()}");
            if (seen[place]) return Broken($"a member that is there twice: {reader.GetString()}");
            seen[place] = true;
            next = place;
            reader.Read();
            slots[place] = Slot(ref reader, line, areJson[place]);
        }
        // Whatever stands behind the object.
        while (reader.Read()) { }
        return RecordKind.Row;
    }

    private static FieldSlot Slot(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, bool isJson)
    {
        var start = (int)reader.TokenStartIndex;
        switch (reader.TokenType)
        {
            case JsonTokenType.Null: return default;
            case JsonTokenType.String when !isJson:
                if (!reader.ValueIsEscaped) return new FieldSlot(start + 1, reader.ValueSpan.Length, FieldForm.Plain);
                Check(ref reader);
                return new FieldSlot(start, reader.ValueSpan.Length + 2, FieldForm.Escaped);
            case JsonTokenType.String when reader.ValueIsEscaped:
                Check(ref reader);
                break;
            case JsonTokenType.StartObject or JsonTokenType.StartArray: reader.Skip(); break;
        }
        return new FieldSlot(start, (int)reader.BytesConsumed - start, FieldForm.Plain);
    }

    /// <exception cref="InvalidOperationException">Its escapes are no text.</exception>
    private static void Check(ref Utf8JsonReader reader)
    {
        var room = System.Buffers.ArrayPool<byte>.Shared.Rent(reader.ValueSpan.Length);
        try
        {
            reader.CopyString(room);
        }
        finally
        {
            System.Buffers.ArrayPool<byte>.Shared.Return(room);
        }
    }

    protected override int Unescape(ReadOnlySpan<byte> value, Span<byte> to)
    {
        var reader = new Utf8JsonReader(value);
        reader.Read();
        return reader.CopyString(to);
    }

    private static string Sentence(string message) => message.Split(". LineNumber", 2)[0];
}
