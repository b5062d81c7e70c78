using Pawl.Cli.Output;
using Pawl.Cli.Texts;
using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>One line for people from one event.</summary>
public static class EventLine
{
    /// <summary>Null for a code without a text.</summary>
    public static string? Of(RunEvent e, DateTimeOffset now) =>
        EventTexts.Find(e.Code) is { } text ? Singular(Template.Fill(text.Line.Text, name => Argument(e, name, now)).Trim()) : null;

    private static string Singular(string line) => line.Contains(" 1 ", StringComparison.Ordinal)
        ? line.Replace(" 1 rows", " 1 row", StringComparison.Ordinal).Replace(" 1 splits", " 1 split", StringComparison.Ordinal) : line;

    private static string? Argument(RunEvent e, string name, DateTimeOffset now) => name switch
    {
        "run" => Figures.RunName(e.Run),
        "job" => e.Job,
        "table" => e.TableName(),
        "lane" => e.Lane,
        "title" => e.Text("code") is { } code ? ErrorTexts.Find(code)?.Title.Text : null,
        "last_commit" => e.Long("last_commit_ms") is { } ms ? Commit(DateTimeOffset.FromUnixTimeMilliseconds(ms), now) : null,
        "estimated_rows" or "rows_durable" or "rows_kept" => e.Long(name) is > 0 and var rows ? Figures.Full(rows) : null,
        "bytes" or "in_flight_bytes" => e.Long(name) is { } bytes ? Figures.Bytes(bytes) : null,
        "ms" or "wait_ms" or "heartbeat_ms" => e.Long(name) is { } time ? Figures.Took(TimeSpan.FromMilliseconds(time)) : null,
        "splits" => e.Long(name) is { } splits ? Figures.Plural(splits, Noun.Split) : null,
        "tables" => e.Long(name) is { } tables ? Figures.Plural(tables, Noun.Table) : null,
        "status" => Status(e.Text(name)),
        "level" => e.Text(name)?.ToLowerInvariant(),
        _ => e.Long(name) is { } number ? Figures.Full(number) : e.Text(name) is { } text ? DetailTexts.Value(name, text) : null,
    };

    private static string Commit(DateTimeOffset at, DateTimeOffset now) =>
        Figures.TimeOfDay(at, now) + Both(", ", "，") + Figures.Ago(now - at);

    private static string? Status(string? status) => status switch
    {
        "NothingToDo" => Both("has nothing to do", "无事可做"),
        "Done" => Both("is done", "已完成"),
        "Partial" => Both("is done in part", "部分完成"),
        "Failed" => Both("failed", "失败"),
        "Interrupted" => Both("was interrupted", "被中断"),
        "Paused" => Both("is paused", "已暂停"),
        "Fenced" => Both("was fenced off", "已被隔离"),
        _ => status,
    };
}
