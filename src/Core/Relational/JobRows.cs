using System.Globalization;
using System.Text;
using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>How records lie in the control tables. Pure functions; readable by a person with any SQL client.</summary>
internal static class JobRows
{
    public static JobRecord Job(ControlRow row) => new()
    {
        Id = row.Id("job"),
        Name = row.Text("name"),
        Source = new SourceIdentity(row.Text("source"), row.Text("source_display")),
        Epoch = row.Number("epoch"),
        Generation = row.Number("generation"),
        Wanted = row.Text("wanted") == "pause" ? WantedState.Pause : WantedState.Run,
        Runner = row.TextOrNull("holder") is null ? null : row.TextOrNull("runner"),
        HeartbeatAge = row.TextOrNull("holder") is null || row.NumberOrNull("heartbeat") is not { } beat
            ? null : TimeSpan.FromMilliseconds(row.Now - beat),
        Format = checked((int)row.Number("format")),
    };

    public static string Wanted(WantedState state) => state == WantedState.Pause ? "pause" : "run";

    public static (string Column, object? Value)[] Ledger(LedgerEntry entry, TableName? table, long epoch) =>
    [
        ("job", Id(entry.Lane.Job)), ("lane", entry.Lane.Name), ("seq", entry.Sequence), ("source_table", Owner(table)),
        ("epoch", epoch), ("codec", (entry.Position ?? entry.After)?.Codec), ("after_position", entry.After?.Text),
        ("position", entry.Position?.Text), ("counts", Counts(entry.Counts)), ("totals", Counts(entry.Total)),
        ("bytes", entry.Bytes), ("total_bytes", entry.TotalBytes), ("digest", entry.Digest), ("final", entry.Final ? 1L : 0L),
        ("at", Computed.Now),
    ];

    public static LedgerEntry Ledger(ControlRow row)
    {
        var codec = row.TextOrNull("codec");
        return new LedgerEntry
        {
            Lane = new LaneId(row.Id("job"), row.Text("lane")),
            Sequence = row.Number("seq"),
            Epoch = row.Number("epoch"),
            After = Place(codec, row.TextOrNull("after_position")),
            Position = Place(codec, row.TextOrNull("position")),
            Counts = Counts(row, "counts"),
            Total = Counts(row, "totals"),
            Bytes = row.Number("bytes"),
            TotalBytes = row.Number("total_bytes"),
            Digest = row.TextOrNull("digest"),
            Final = row.Number("final") == 1,
            At = Time(row, "at"),
        };
    }

    private static Position? Place(string? codec, string? text) => codec is null || text is null ? null : new Position(codec, text);

    /// <summary><c>read=50000 inserted=50000</c>; fields that are 0 are left out.</summary>
    public static string Counts(WriteCounts counts)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in Fields(counts))
        {
            if (value == 0) continue;
            if (text.Length > 0) text.Append(' ');
            text.Append(name).Append('=').Append(value.ToString(CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    private static (string Name, long Value)[] Fields(WriteCounts c) =>
    [
        ("read", c.Read), ("expanded", c.Expanded), ("inserted", c.Inserted), ("updated", c.Updated), ("unchanged", c.Unchanged),
        ("filtered", c.Filtered), ("collapsed", c.Collapsed), ("rejected", c.Rejected),
        ("nulled", c.Nulled),
    ];

    private static WriteCounts Counts(ControlRow row, string column)
    {
        try
        {
            return Counts(row.Text(column));
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw row.Wrong(column, e);
        }
    }

    /// <exception cref="FormatException">Not what <see cref="Counts(WriteCounts)"/> writes.</exception>
    public static WriteCounts Counts(string text)
    {
        var fields = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var field in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var at = field.IndexOf('=', StringComparison.Ordinal);
            if (at < 0 || !fields.TryAdd(field[..at], long.Parse(field.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture)))
            {
                throw new FormatException(field);
            }
        }
        long Field(string name) => fields.GetValueOrDefault(name);
        return new WriteCounts
        {
            Read = Field("read"), Expanded = Field("expanded"), Inserted = Field("inserted"), Updated = Field("updated"),
            Unchanged = Field("unchanged"), Filtered = Field("filtered"), Collapsed = Field("collapsed"), Rejected = Field("rejected"),
            Nulled = Field("nulled"),
        };
    }

    private static DateTimeOffset Time(ControlRow row, string column)
    {
        try
        {
            return DateTimeOffset.FromUnixTimeMilliseconds(row.Number(column));
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw row.Wrong(column, e);
        }
    }

    public static (string Column, object? Value)[] Reject(RejectedRow row, long generation, long sequence, int number) =>
    [
        ("job", Id(row.Lane.Job)), ("lane", row.Lane.Name), ("seq", sequence), ("number", (long)number),
        ("source_table", row.Table.ToString()), ("generation", generation), ("row_json", row.Row), ("column_name", row.Column),
        ("code", row.IsNulled ? row.Code + NulledMark : row.Code), ("cause", row.Cause), ("row_where", row.Where), ("at", Computed.Now),
    ];

    /// <summary>Behind the code of a row that was written without the cell.</summary>
    private const string NulledMark = "/null";

    /// <param name="tried">Its row in <see cref="ControlTables.Retry"/>; null = never tried again.</param>
    public static StoredReject Reject(ControlRow row, LaneId lane, TableName table, ControlRow? tried) => new()
    {
        Row = new RejectedRow
        {
            Lane = lane,
            Table = table,
            Row = row.Text("row_json"),
            Column = row.TextOrNull("column_name"),
            Code = IsNulled(row) ? row.Text("code")[..^NulledMark.Length] : row.Text("code"),
            IsNulled = IsNulled(row),
            Cause = row.Text("cause"),
            Where = row.TextOrNull("row_where"),
        },
        Sequence = row.Number("seq"),
        Number = row.Number("number"),
        At = Time(row, "at"),
        State = IsNulled(row) ? RejectState.Nulled : tried is null ? RejectState.Open
            : Enum.TryParse<RejectState>(tried.Text("state"), ignoreCase: true, out var state) ? state : throw tried.Wrong("state"),
        Attempts = tried?.Number("attempts") ?? 0,
        TriedAt = tried is null ? null : Time(tried, "at"),
    };

    private static bool IsNulled(ControlRow row) => row.Text("code").EndsWith(NulledMark, StringComparison.Ordinal);

    /// <summary>Whose lane it is; <c>*</c> where it belongs to no single table, so that closing one does not take it along.</summary>
    public static string Owner(TableName? table) => table?.ToString() ?? "*";

    public static string Id(Guid id) => id.ToString("D");

    public static string State(RejectState state) => state.ToString().ToLowerInvariant();

    public static string Phase(TablePhase phase) => phase.ToString().ToLowerInvariant();

    public static string Plan(TablePlan plan) => PlanJson.Write(plan);

    public static TablePlan Plan(ControlRow row)
    {
        try
        {
            return PlanJson.Read(row.Text("plan")) with
            {
                Phase = Enum.TryParse<TablePhase>(row.Text("phase"), ignoreCase: true, out var phase) ? phase : throw row.Wrong("phase"),
            };
        }
        catch (JsonException e)
        {
            throw new PawlException(Fault.PositionLost, Codes.LedgerInconsistent, e, ("table", row.Text("source_table")), ("what", "plan"));
        }
    }
}
