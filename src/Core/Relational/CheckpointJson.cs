using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>
/// A checkpoint as JSON, its names in a fixed order, so that two files of one state are the same text. Plans stand in it as they stand in
/// the target. Pure.
/// </summary>
public static class CheckpointJson
{
    private const int Format = 1;

    public static string Write(Checkpoint checkpoint)
    {
        using var bytes = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var to = new Utf8JsonWriter(bytes, options))
        {
            to.WriteStartObject();
            to.WriteNumber("pawl_checkpoint", Format);
            to.WriteString("job", checkpoint.Job);
            to.WriteString("name", checkpoint.Name);
            to.WriteString("source", checkpoint.Source.Text);
            to.WriteString("source_display", checkpoint.Source.Display);
            to.WriteStartArray("tables");
            foreach (var table in checkpoint.Tables) Table(to, table);
            to.WriteEndArray();
            to.WriteEndObject();
        }
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) + "\n";
    }

    /// <exception cref="PawlException"><see cref="Codes.CheckpointInvalid"/>.</exception>
    public static Checkpoint Read(string text, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            var root = document.RootElement;
            if (root.GetProperty("pawl_checkpoint").GetInt32() is var format && format != Format)
            {
                throw Invalid(file, FormattableString.Invariant($"its format is {format}, this version reads {Format}"), null);
            }
            var job = root.GetProperty("job").GetGuid();
            return new Checkpoint(job, Text(root, "name"), new SourceIdentity(Text(root, "source"), Text(root, "source_display")),
                [.. root.GetProperty("tables").EnumerateArray().Select(t => Table(job, t))]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or OverflowException or ArgumentOutOfRangeException)
        {
            throw Invalid(file, e.Message, e);
        }
    }

    private static PawlException Invalid(string file, string cause, Exception? inner) =>
        new(Fault.Configuration, Codes.CheckpointInvalid, inner, ("file", file), ("cause", cause));

    private static void Table(Utf8JsonWriter to, CheckpointTable table)
    {
        to.WriteStartObject();
        to.WriteString("table", table.Plan.Source.ToString());
        to.WriteString("phase", JobRows.Phase(table.Plan.Phase));
        to.WriteNumber("rejects", table.Rejects);
        to.WriteStartArray("lanes");
        foreach (var entry in table.Entries) Entry(to, entry);
        to.WriteEndArray();
        to.WritePropertyName("plan");
        using var plan = JsonDocument.Parse(PlanJson.Write(table.Plan));
        plan.RootElement.WriteTo(to);
        to.WriteEndObject();
    }

    private static CheckpointTable Table(Guid job, JsonElement from)
    {
        var plan = PlanJson.Read(from.GetProperty("plan").GetRawText()) with
        {
            Phase = Enum.Parse<TablePhase>(Text(from, "phase"), ignoreCase: true),
        };
        var entries = from.GetProperty("lanes").EnumerateArray().Select(e => Entry(job, e)).ToArray();
        var lanes = plan.Splits.Select(s => plan.Lane(job, s.Index)).ToHashSet();
        if (entries.Any(e => !lanes.Remove(e.Lane))) throw new FormatException("a lane that the plan does not have");
        return new CheckpointTable(plan, from.GetProperty("rejects").GetInt64(), entries);
    }

    private static void Entry(Utf8JsonWriter to, LedgerEntry entry)
    {
        to.WriteStartObject();
        to.WriteString("lane", entry.Lane.Name);
        to.WriteNumber("seq", entry.Sequence);
        to.WriteBoolean("final", entry.Final);
        to.WriteString("codec", (entry.Position ?? entry.After)?.Codec);
        to.WriteString("after", entry.After?.Text);
        to.WriteString("position", entry.Position?.Text);
        to.WriteString("counts", JobRows.Counts(entry.Counts));
        to.WriteString("totals", JobRows.Counts(entry.Total));
        to.WriteNumber("bytes", entry.Bytes);
        to.WriteNumber("total_bytes", entry.TotalBytes);
        to.WriteString("digest", entry.Digest);
        to.WriteString("at", entry.At?.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
        to.WriteEndObject();
    }

    private static LedgerEntry Entry(Guid job, JsonElement from)
    {
        Position? Place(string name) =>
            from.GetProperty(name).GetString() is { } text ? new Position(Text(from, "codec"), text) : null;
        return new LedgerEntry
        {
            Lane = new LaneId(job, Text(from, "lane")),
            Sequence = from.GetProperty("seq").GetInt64(),
            Final = from.GetProperty("final").GetBoolean(),
            After = Place("after"),
            Position = Place("position"),
            Counts = JobRows.Counts(Text(from, "counts")),
            Total = JobRows.Counts(Text(from, "totals")),
            Bytes = from.GetProperty("bytes").GetInt64(),
            TotalBytes = from.GetProperty("total_bytes").GetInt64(),
            Digest = from.GetProperty("digest").GetString(),
            At = from.GetProperty("at").GetString() is { } at
                ? DateTimeOffset.Parse(at, CultureInfo.InvariantCulture) : null,
        };
    }

    private static string Text(JsonElement from, string name) => from.GetProperty(name).GetString() ?? throw new FormatException(name);
}
