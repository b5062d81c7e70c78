using Pawl.Contracts;

namespace Pawl.Jobs;

/// <summary>A job as it is to be run: the job file with defaults filled in, secrets resolved and URLs parsed. Immutable.</summary>
public sealed record JobSpec
{
    public required string Name { get; init; }
    /// <summary>Earlier names, so that a renamed job keeps its progress.</summary>
    public IReadOnlyList<string> Was { get; init; } = [];
    public required Endpoint Source { get; init; }
    public required Endpoint Target { get; init; }
    /// <summary>In the order of the file. A table takes the most specific pattern that matches it.</summary>
    public required IReadOnlyList<TableRule> Tables { get; init; }
    public CommitPolicy Commit { get; init; } = new();
    public RetryPolicy Retry { get; init; } = new();
    /// <summary>Create target tables that are absent (<c>schema.create</c>). Default true.</summary>
    public bool CreateTables { get; init; } = true;
    /// <summary>What becomes of a table whose source has other columns than its plan (<c>schema.changes</c>). Default: it stops.</summary>
    public SchemaChanges Changes { get; init; } = SchemaChanges.Fail;
    /// <summary>Verification after a run. Default <see cref="VerifyLevel.Count"/>.</summary>
    public VerifyLevel VerifyAfterRun { get; init; } = VerifyLevel.Count;
    /// <summary>Read all tables as they were at one moment (<c>consistency: one-snapshot</c>). Default: not.</summary>
    public Consistency Consistency { get; init; } = Consistency.Mixed;
    /// <summary>Lanes at work at the same time, 1–64. Default 2. The target's MaxWriters bounds it as well.</summary>
    public int Parallel { get; init; } = 2;
    /// <summary>Row data held in memory by all lanes together, in bytes, 16 MB–64 GB. Default 64 MB.</summary>
    public long MemoryBytes { get; init; } = 64L << 20;
    /// <summary>Absolute path of the job file; null for a job made in memory.</summary>
    public string? File { get; init; }
}

/// <summary>What one entry under <c>tables:</c> says, defaults merged in.</summary>
public sealed record TableRule
{
    /// <summary>Glob over the source's table names.</summary>
    public required TablePattern Pattern { get; init; }
    /// <summary>Target name, may hold <c>{schema}</c> and <c>{table}</c>. Default <c>{table}</c>.</summary>
    public string Target { get; init; } = "{table}";
    public IReadOnlyList<TablePattern> Exclude { get; init; } = [];
    public WriteMode Write { get; init; } = WriteMode.Insert;
    /// <summary>A replace may publish no rows where the target holds some. Default: not.</summary>
    public bool AllowEmpty { get; init; }
    /// <summary>A condition in the source's own language; code.</summary>
    public string? Where { get; init; }
    /// <summary>Source columns to carry, in this order; null = all.</summary>
    public IReadOnlyList<string>? Select { get; init; }
    /// <summary>Source columns to leave out.</summary>
    public IReadOnlyList<string> Drop { get; init; } = [];
    /// <summary>Source column → target column.</summary>
    public IReadOnlyDictionary<string, string> Rename { get; init; } = new Dictionary<string, string>();
    /// <summary>Target column → constant: long, double, string, bool or null.</summary>
    public IReadOnlyDictionary<string, object?> Set { get; init; } = new Dictionary<string, object?>();
    /// <summary>
    /// Target column that says which source table a row comes from, so that several may go into one; null = none. Of a rule that
    /// <see cref="Set"/> names it in, that is its value.
    /// </summary>
    public string? SourceColumn { get; init; }
    /// <summary>What stands in it; may hold <c>{schema}</c> and <c>{table}</c>. Default: the source table's whole name.</summary>
    public string SourceValue { get; init; } = "{schema}.{table}";
    /// <summary>A cell of another type than its column's (<c>on_error.mistyped</c>): keep (default) | reject | stop.</summary>
    public StrayPolicy Strays { get; init; } = StrayPolicy.Keep;
    /// <summary>Rows that may be rejected before the table fails. Default 0: the first bad row stops the table.</summary>
    public long RejectLimit { get; init; }
    /// <summary>Of those, by <see cref="Model.RejectCause"/> (<c>on_error.causes</c>); 0 = stop. Default: no limits by cause.</summary>
    public IReadOnlyDictionary<string, long> CauseLimits { get; init; } = new Dictionary<string, long>();
    /// <summary>Causes with the word <c>set_null</c>: the cell becomes null instead.</summary>
    public IReadOnlyList<string> NullCauses { get; init; } = [];
    /// <summary>How rows are found from the second run on; null = every row once.</summary>
    public CursorRule? Cursor { get; init; }
    /// <summary>Splits wanted; null = chosen from the size.</summary>
    public int? Splits { get; init; }
    /// <summary>Line of the entry in the job file, 1-based; 0 = none.</summary>
    public int Line { get; init; }
}

/// <summary>An incremental table: each run takes what has come since the last.</summary>
/// <param name="Columns">The cursor, and, where they are stated, the key's columns behind it.</param>
/// <param name="Overlap">Read again before the last bound. Default 0.</param>
/// <param name="Lag">No writing transaction is open longer; null = to be measured.</param>
/// <param name="Zone">Offset of a cursor without a zone; null = not stated.</param>
public sealed record CursorRule(IReadOnlyList<string> Columns, TimeSpan Overlap, TimeSpan? Lag, TimeSpan? Zone)
{
    public CursorOptions Options => new() { Column = Columns[0], Overlap = Overlap, Lag = Lag, Zone = Zone };
}

/// <summary>A group is committed when any of the three is reached.</summary>
public sealed record CommitPolicy
{
    /// <summary>Rows, 1–100 million. Default 50 000.</summary>
    public long Rows { get; init; } = 50_000;
    /// <summary>Payload in bytes, 64 KB–1 TB. Default 64 MB.</summary>
    public long Bytes { get; init; } = 64L << 20;
    /// <summary>Time since the group's first row. Default 5 s.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>Retries of one lane or step for Transient and Throttled faults. The count starts again whenever the lane commits.</summary>
public sealed record RetryPolicy
{
    /// <summary>0–1000. Default 10.</summary>
    public int Times { get; init; } = 10;
    /// <summary>First wait. Default 1 s.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromSeconds(1);
    /// <summary>Longest wait. Default 60 s.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(60);
    /// <summary>Retries of the whole run, 0–100 000. Default 200.</summary>
    public int RunBudget { get; init; } = 200;
}

public enum VerifyLevel { None, Count, Digest }
