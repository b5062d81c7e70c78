namespace Pawl.Contracts;

/// <summary>
/// One end of a job, parsed from its URL: <c>scheme://user@host:port/database?option=value</c> or <c>scheme:path?option=value</c>.
/// Immutable.
/// </summary>
public sealed record Endpoint
{
    public required string Scheme { get; init; }
    public string? Host { get; init; }
    public int? Port { get; init; }
    public string? User { get; init; }

    /// <summary>A secret: never printed, not part of equality of what is shown.</summary>
    public string? Password { get; init; }

    /// <summary>Database name, or file path made absolute against the job file's folder.</summary>
    public string Path { get; init; } = "";
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Safe to print: no password, no secret option.</summary>
    public string Display { get; init; } = "";

    public override string ToString() => Display;
}
