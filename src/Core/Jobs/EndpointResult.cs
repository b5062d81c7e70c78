using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>What came of reading an address: an endpoint, or the reasons why not.</summary>
public sealed record EndpointResult(Endpoint? Endpoint, IReadOnlyList<EndpointProblem> Problems);

/// <summary>One thing wrong with an address. Never holds a resolved secret.</summary>
public sealed record EndpointProblem
{
    /// <summary>One of <see cref="Codes"/>.</summary>
    public required string Code { get; init; }
    /// <summary>One of <see cref="JobReasons"/>; null = the code says it all.</summary>
    public string? Reason { get; init; }
    /// <summary>The piece of the address as written, for a caret, passwords out; empty = all of it.</summary>
    public string Part { get; init; } = "";
    public string? Suggestion { get; init; }
    /// <summary><c>scheme</c>, <c>option</c>, <c>value</c>, <c>expected</c>, <c>known</c> …; without what came out of a secret.</summary>
    public IReadOnlyDictionary<string, string?> Details { get; init; } = new Dictionary<string, string?>();

    /// <summary>The same as a fault of the user's configuration.</summary>
    /// <param name="field">Where the address was given: <c>source</c>, <c>target</c>, or the option of a command.</param>
    public PawlException ToException(string field)
    {
        var own = new Dictionary<string, object?> { ["field"] = field, ["reason"] = Reason, ["part"] = Part, ["suggestion"] = Suggestion };
        foreach (var (name, value) in Details) own.TryAdd(name, value);
        return new PawlException(Fault.Configuration, Code, [.. own.Select(d => (d.Key, d.Value))]);
    }
}
