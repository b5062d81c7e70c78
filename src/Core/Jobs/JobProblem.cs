using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>What came of reading a job file: a job, or the reasons why not. Exactly one of the two is empty.</summary>
/// <param name="Job">Null when there is any problem.</param>
/// <param name="Problems">All that was found, in the order of the file.</param>
public sealed record JobFileResult(JobSpec? Job, IReadOnlyList<JobProblem> Problems);

/// <summary>One thing wrong with a job file, as data; texts are made at the edge. Never holds a resolved secret. Immutable.</summary>
public sealed record JobProblem
{
    /// <summary>One of <see cref="Codes"/>.</summary>
    public required string Code { get; init; }
    /// <summary>Absolute path of the job file.</summary>
    public required string File { get; init; }
    /// <summary>1-based; 0 = the file as a whole.</summary>
    public int Line { get; init; }
    /// <summary>1-based, in UTF-16 units; 0 = the file as a whole.</summary>
    public int Column { get; init; }
    /// <summary>
    /// The line as written, secrets replaced by stars of the same length, tabs by one space; null = the file as a whole, or a line of
    /// more than 2 000 characters.
    /// </summary>
    public string? SourceLine { get; init; }
    /// <summary>UTF-16 units to underline from <see cref="Column"/> on, at least 1 where there is a line.</summary>
    public int CaretLength { get; init; }
    /// <summary>Path of the field, <c>tables.orders.write</c>; empty = the document.</summary>
    public string Field { get; init; } = "";
    /// <summary>What was probably meant, as it would be written; null = no idea.</summary>
    public string? Suggestion { get; init; }
    /// <summary>
    /// Arguments of the text: <c>reason</c> (a <see cref="JobReasons"/>), <c>value</c> (as written), <c>expected</c>, <c>capability</c>,
    /// <c>name</c>, <c>option</c>, <c>line</c> (of the other place) …
    /// </summary>
    public IReadOnlyDictionary<string, string?> Details { get; init; } = new Dictionary<string, string?>();

    /// <summary>The same as a fault of the user's configuration, for hosts that stop at the first problem.</summary>
    public PawlException ToException()
    {
        var own = new Dictionary<string, object?>
        {
            ["file"] = File, ["line"] = Line, ["column"] = Column, ["field"] = Field, ["suggestion"] = Suggestion,
        };
        foreach (var (name, value) in Details) own.TryAdd(name, value);
        return new PawlException(Fault.Configuration, Code, [.. own.Select(d => (d.Key, d.Value))]);
    }
}
