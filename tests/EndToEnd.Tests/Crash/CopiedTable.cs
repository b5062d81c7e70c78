namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>What the job does with one table, said once more in SQL for the checker. Names as they are, not quoted.</summary>
internal sealed record CopiedTable
{
    public required string Source { get; init; }
    public required string Target { get; init; }
    /// <summary>What orders the source's rows: key columns as SQL, or <c>rowid</c>.</summary>
    public required IReadOnlyList<string> Key { get; init; }
    /// <summary>Target column → SQL over a source row for what it should hold.</summary>
    public required IReadOnlyList<(string Column, string Sql)> Columns { get; init; }
    public string? Where { get; init; }

    /// <summary>A table carried as it is.</summary>
    public static CopiedTable Plain(string name, IReadOnlyList<string> key, params string[] columns) => new()
    {
        Source = name,
        Target = name,
        Key = key,
        Columns = [.. columns.Select(c => (c, $"\"{c}\""))],
    };
}
