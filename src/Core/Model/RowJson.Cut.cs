using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pawl.Model;

/// <summary>Images that do not fit where rejects are kept.</summary>
public static partial class RowJson
{
    private const string CutMark = "$cut";

    /// <summary>
    /// The image with its longest cells left out, each marked by the bytes it had: <c>{"$cut":"20971520"}</c>. Such a row can be looked at,
    /// and not be written again.
    /// </summary>
    /// <param name="mostBytes">UTF-8. Where even the marks are more, all that can be cut is.</param>
    public static string Cut(string json, int mostBytes)
    {
        using var row = JsonDocument.Parse(json);
        var cells = row.RootElement.EnumerateObject().Select(c => (c.Name, Text: c.Value.GetRawText())).ToArray();
        long bytes = Encoding.UTF8.GetByteCount(json);
        foreach (var place in Enumerable.Range(0, cells.Length).OrderByDescending(i => cells[i].Text.Length))
        {
            var length = Encoding.UTF8.GetByteCount(cells[place].Text);
            var mark = string.Create(CultureInfo.InvariantCulture, $$"""{"{{CutMark}}":"{{length}}"}""");
            if (bytes <= mostBytes || length <= mark.Length) break;
            cells[place].Text = mark;
            bytes += mark.Length - length;
        }
        var text = new ArrayBufferWriter<byte>(256);
        using (var to = new Utf8JsonWriter(text, Options))
        {
            to.WriteStartObject();
            foreach (var (name, cell) in cells)
            {
                to.WritePropertyName(name);
                to.WriteRawValue(cell, skipInputValidation: true);
            }
            to.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    /// <summary>A cell of the image was left out by <see cref="Cut"/>.</summary>
    public static bool IsCut(string json)
    {
        if (!json.Contains($"{{\"{CutMark}\":", StringComparison.Ordinal)) return false;
        using var row = JsonDocument.Parse(json);
        return row.RootElement.EnumerateObject().Any(c => c.Value.ValueKind == JsonValueKind.Object
            && c.Value.TryGetProperty(CutMark, out _));
    }
}
