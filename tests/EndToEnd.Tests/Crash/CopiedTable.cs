using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>What the job does with one table, said once more in SQL for the checker. Names as they are, not quoted.</summary>
internal sealed record CopiedTable
{
    public required string Source { get; init; }
    public required string Target { get; init; }
    /// <summary>What orders the source's rows: key columns as SQL, or <c>rowid</c>.</summary>
    public required IReadOnlyList<string> Key { get; init; }
    /// <summary>Target column → SQL over a source row.</summary>
    public required IReadOnlyList<(string Column, string Sql)> Columns { get; init; }
    public string? Where { get; init; }

    /// <summary>A source row as the target should hold it, as one text that tells every value and type apart.</summary>
    public string Wanted => string.Join("||','||", Columns.Select(c => $"quote({c.Sql})"));

    /// <summary>A target row as such a text.</summary>
    public string Held => string.Join("||','||", Columns.Select(c => $"quote({Sqlite3.Name(c.Column)})"));

    /// <summary>A table carried as it is.</summary>
    public static CopiedTable Plain(string name, IReadOnlyList<string> key, params string[] columns) => new()
    {
        Source = name,
        Target = name,
        Key = key,
        Columns = [.. columns.Select(c => (c, Sqlite3.Name(c)))],
    };
}
