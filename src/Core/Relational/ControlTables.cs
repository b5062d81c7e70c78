namespace Pawl.Relational;

public enum ControlType { Number, Text }

/// <param name="Name">Column name.</param>
/// <param name="Type">64-bit number or text. Text is compared by its bytes (binary collation).</param>
/// <param name="Nullable">May be null.</param>
public sealed record ControlColumn(string Name, ControlType Type, bool Nullable = false);

/// <summary>One of Pawl's own tables, described once for every relational target.</summary>
/// <param name="Name">Unqualified name.</param>
/// <param name="Columns">In order.</param>
/// <param name="Key">Primary key.</param>
/// <param name="Unique">A further unique set; null = none.</param>
public sealed record ControlTable(string Name, IReadOnlyList<ControlColumn> Columns, IReadOnlyList<string> Key,
    IReadOnlyList<string>? Unique = null);

/// <summary>The tables Pawl keeps in the target. Times are milliseconds since 1970 UTC by the target's clock; uuids are text.</summary>
public static class ControlTables
{
    /// <summary>
    /// Written into <c>pawl_meta</c>; rises with every change of the tables below. 1: the six tables of <see cref="First"/>. 2: also
    /// <see cref="Retry"/>, which a target of format 1 gets when rejects are first retried. 3: <see cref="Reject"/> may hold cells that
    /// were written as null; the first of them shuts older programs out.
    /// </summary>
    public const int Format = 3;
    /// <summary>Oldest program format that may read what this one writes.</summary>
    public const int MinReader = 1;

    public static readonly ControlTable Meta = new("pawl_meta",
        [new("name", ControlType.Text), new("value", ControlType.Text)], ["name"]);

    public static readonly ControlTable Job = new("pawl_job",
    [
        new("job", ControlType.Text), new("name", ControlType.Text), new("source", ControlType.Text),
            new("source_display", ControlType.Text),
        new("generation", ControlType.Number), new("epoch", ControlType.Number), new("tick", ControlType.Number),
        new("holder", ControlType.Text, true), new("runner", ControlType.Text, true), new("backend", ControlType.Text, true),
        new("heartbeat", ControlType.Number, true), new("wanted", ControlType.Text), new("format", ControlType.Number),
        new("created_at", ControlType.Number),
    ], ["job"], ["name"]);

    public static readonly ControlTable Plan = new("pawl_plan",
    [
        new("job", ControlType.Text), new("source_table", ControlType.Text), new("generation", ControlType.Number),
        new("phase", ControlType.Text), new("tick", ControlType.Number), new("result_hash", ControlType.Text),
        new("plan", ControlType.Text), new("opened_at", ControlType.Number),
    ], ["job", "source_table", "generation"]);

    public static readonly ControlTable Lane = new("pawl_lane",
    [
        new("job", ControlType.Text), new("lane", ControlType.Text), new("source_table", ControlType.Text),
            new("epoch", ControlType.Number),
        new("tick", ControlType.Number), new("holder", ControlType.Text), new("backend", ControlType.Text, true),
        new("heartbeat", ControlType.Number),
    ], ["job", "lane"]);

    public static readonly ControlTable Ledger = new("pawl_ledger",
    [
        new("job", ControlType.Text), new("lane", ControlType.Text), new("seq", ControlType.Number), new("source_table", ControlType.Text),
        new("epoch", ControlType.Number), new("codec", ControlType.Text, true), new("after_position", ControlType.Text, true),
        new("position", ControlType.Text, true), new("counts", ControlType.Text), new("totals", ControlType.Text),
        new("bytes", ControlType.Number), new("total_bytes", ControlType.Number), new("digest", ControlType.Text, true),
        new("final", ControlType.Number), new("at", ControlType.Number),
    ], ["job", "lane", "seq"]);

    public static readonly ControlTable Reject = new("pawl_reject",
    [
        new("job", ControlType.Text), new("lane", ControlType.Text), new("seq", ControlType.Number), new("number", ControlType.Number),
        new("source_table", ControlType.Text), new("generation", ControlType.Number), new("row_json", ControlType.Text),
        new("column_name", ControlType.Text, true), new("code", ControlType.Text), new("cause", ControlType.Text),
        new("row_where", ControlType.Text, true), new("at", ControlType.Number),
    ], ["job", "lane", "seq", "number"]);

    /// <summary>What came of trying a rejected row again; no row = it was not tried. Its key is the reject's.</summary>
    public static readonly ControlTable Retry = new("pawl_retry",
    [
        new("job", ControlType.Text), new("lane", ControlType.Text), new("seq", ControlType.Number), new("number", ControlType.Number),
        new("source_table", ControlType.Text), new("attempts", ControlType.Number), new("state", ControlType.Text),
        new("at", ControlType.Number),
    ], ["job", "lane", "seq", "number"]);

    /// <summary>Those of format 1. Where they are, there is a ledger.</summary>
    public static readonly IReadOnlyList<ControlTable> First = [Meta, Job, Plan, Lane, Ledger, Reject];

    public static readonly IReadOnlyList<ControlTable> All = [.. First, Retry];
}
