namespace Pawl.Model;

/// <summary>
/// Every failure Pawl knows, as data. Texts for people are made at the edge from <see cref="Code"/> and <see cref="Details"/>.
/// Not thread-safe while being built; do not change after throwing.
/// </summary>
public class PawlException : Exception
{
    public PawlException(Fault fault, string code, Exception? inner = null, params (string Name, object? Value)[] details)
        : base(Plain(code, details), inner)
    {
        Fault = fault;
        Code = code;
        Details = details.ToDictionary(d => d.Name, d => Convert.ToString(d.Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    public PawlException(Fault fault, string code, params (string Name, object? Value)[] details) : this(fault, code, null, details) { }

    public Fault Fault { get; }

    /// <summary>One of <see cref="Codes"/>, e.g. <c>PAWL-401</c>.</summary>
    public string Code { get; }

    /// <summary>Arguments of the text: table, file, endpoint, native code, position … Never a secret.</summary>
    public IReadOnlyDictionary<string, string?> Details { get; }

    private static string Plain(string code, (string Name, object? Value)[] details) =>
        details.Length == 0 ? code : $"{code} {string.Join(", ", details.Select(d => $"{d.Name}={d.Value}"))}";
}

/// <summary>
/// The answer to COMMIT was lost: it may or may not have happened. Resolved by fencing and reading the ledger, never by guessing.
/// </summary>
public sealed class CommitUnknownException(Exception? inner, params (string Name, object? Value)[] details)
    : PawlException(Fault.Transient, Codes.CommitUnknown, inner, details);
