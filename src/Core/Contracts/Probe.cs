using System.Globalization;
using Pawl.Model;

namespace Pawl.Contracts;

/// <summary>What an endpoint is looked at for.</summary>
public enum ProbeRole
{
    /// <summary>Nobody has said: what can be said of it as either.</summary>
    Any,
    Source,
    Target,
}

/// <summary>One look at an endpoint: <see cref="Connector.ProbeAsync"/>. Immutable.</summary>
public sealed record ProbeRequest(Endpoint At)
{
    public ProbeRole Role { get; init; }
    /// <summary>Ask no more than whether it answers: cheap, for somebody who waits for it to come back.</summary>
    public bool AnswersOnly { get; init; }
    /// <summary>The tables a job would read or write here; empty = none are named, so every table there is.</summary>
    public IReadOnlyList<ProbeTable> Tables { get; init; } = [];
    /// <summary>Lanes at work at the same time; 0 = unknown.</summary>
    public int Lanes { get; init; }
    /// <summary>A source's tables are to be read as they were at one moment.</summary>
    public bool OneSnapshot { get; init; }
    /// <summary>Bytes that are to come into a target, as far as its source can tell; -1 = unknown.</summary>
    public long IncomingBytes { get; init; } = -1;
}

/// <summary>One table that a job reads or writes.</summary>
/// <param name="Name">As the system knows it, with its schema where it has schemas.</param>
public sealed record ProbeTable(TableName Name)
{
    /// <summary>Columns that are read; null = all.</summary>
    public IReadOnlyList<string>? Columns { get; init; }
    /// <summary>How a source's rows are found from the second run on; null = every row once.</summary>
    public CursorOptions? Cursor { get; init; }
    public WriteMode Write { get; init; }
    /// <summary>A target's table may be created when it is absent.</summary>
    public bool Create { get; init; } = true;
    /// <summary>A target's table that is created would have a primary key, as its source has.</summary>
    public bool HasPrimaryKey { get; init; } = true;
    /// <summary>A target's table is to follow changes of its source.</summary>
    public bool Evolves { get; init; }
}

/// <summary>What <see cref="Connector.ProbeAsync"/> found.</summary>
/// <param name="Reachable">The endpoint answered.</param>
/// <param name="Product">Name and version of the system.</param>
/// <param name="Findings">Things to know or to mend, in reading order.</param>
public sealed record ProbeReport(bool Reachable, string Product, IReadOnlyList<ProbeFinding> Findings)
{
    /// <summary>Size of the tables asked for, without indexes; -1 = unknown.</summary>
    public long Bytes { get; init; } = -1;
}

/// <summary>How a finding is meant.</summary>
public enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Good,
    /// <summary>Worth knowing, nothing to do.</summary>
    Note,
    /// <summary>A job runs, though slower or with less protection than it could.</summary>
    Warning,
    /// <summary>A job would stop here.</summary>
    Broken,
}

/// <summary>
/// One thing that was looked at, as data; its text is made at the edge. The code is one of <see cref="FindingCodes"/>, or an error's
/// (<see cref="Codes"/>) where a run would stop with that very error.
/// </summary>
public sealed record ProbeFinding
{
    private ProbeFinding(FindingLevel level, string code, IReadOnlyDictionary<string, string?> details) =>
        (Level, Code, Details) = (level, code, details);

    public FindingLevel Level { get; }
    public string Code { get; }
    /// <summary>Arguments of the text; never a secret.</summary>
    public IReadOnlyDictionary<string, string?> Details { get; }
    /// <summary>
    /// Exactly what to run at the endpoint, in its own language and in this order, by its owner or an administrator. Empty = there is
    /// nothing to do, or what to do is no statement (the text says it).
    /// </summary>
    public IReadOnlyList<string> Mend { get; init; } = [];
    /// <summary>Whose turn it is; only for <see cref="FindingLevel.Broken"/>.</summary>
    public Fault Fault { get; init; } = Fault.Configuration;

    public static ProbeFinding Good(string code, params (string Name, object? Value)[] details) =>
        new(FindingLevel.Good, code, Texts(details));

    public static ProbeFinding Note(string code, params (string Name, object? Value)[] details) =>
        new(FindingLevel.Note, code, Texts(details));

    public static ProbeFinding Warning(string code, params (string Name, object? Value)[] details) =>
        new(FindingLevel.Warning, code, Texts(details));

    public static ProbeFinding Broken(Fault fault, string code, params (string Name, object? Value)[] details) =>
        new(FindingLevel.Broken, code, Texts(details)) { Fault = fault };

    /// <summary>What would stop a run. A grant that the error names is what to run.</summary>
    public static ProbeFinding Of(PawlException e) => new(FindingLevel.Broken, e.Code, e.Details)
    {
        Fault = e.Fault,
        Mend = e.Details.GetValueOrDefault("grant") is { Length: > 0 } grant && !grant.StartsWith("--", StringComparison.Ordinal)
            ? [grant.EndsWith(';') ? grant : grant + ";"] : [],
    };

    private static Dictionary<string, string?> Texts((string Name, object? Value)[] details) =>
        details.ToDictionary(d => d.Name, d => Convert.ToString(d.Value, CultureInfo.InvariantCulture));
}
