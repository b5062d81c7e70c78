using System.Text.Json;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Cli.Output;

/// <summary>A rejected row as people and programs see it.</summary>
internal static class RejectView
{
    /// <summary>Characters of a value or a cause that are shown.</summary>
    private const int Most = 200;

    /// <summary>Those of <see cref="Data"/>, in order.</summary>
    public static readonly IReadOnlyList<string> Names =
        ["table", "lane", "ledger", "number", "state", "attempts", "cause", "code", "column", "said", "where", "at", "tried_at"];

    public static string State(RejectState state) => state.ToString().ToLowerInvariant();

    /// <summary>The state for people.</summary>
    public static string Shown(RejectState state) => state switch
    {
        RejectState.Open => Both("open", "未解决"),
        RejectState.Written => Both("written", "已写入"),
        RejectState.Nulled => Both("set to NULL", "已置空"),
        _ => Both("superseded", "已被取代"),
    };

    /// <summary>The cell at fault as JSON, shortened, without anything a terminal would obey; empty where no column is known.</summary>
    public static string Value(RejectedRow row)
    {
        if (row.Column is null) return "";
        using var cells = JsonDocument.Parse(row.Row);
        return cells.RootElement.TryGetProperty(row.Column, out var cell) ? Plain(cell.GetRawText()) : "";
    }

    public static string Plain(string text) =>
        string.Concat(Cells.Shorten(text, Most).Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' ? ' ' : c));

    public static Pairs Data(StoredReject reject)
    {
        var row = reject.Row;
        return new Pairs
        {
            ["table"] = row.Table.ToString(), ["lane"] = row.Lane.Name, ["ledger"] = reject.Sequence, ["number"] = reject.Number,
            ["state"] = State(reject.State), ["attempts"] = reject.Attempts, ["cause"] = RejectCause.Of(row.Code), ["code"] = row.Code,
            ["column"] = row.Column, ["said"] = row.Cause, ["where"] = row.Where, ["at"] = reject.At, ["tried_at"] = reject.TriedAt,
        };
    }
}
