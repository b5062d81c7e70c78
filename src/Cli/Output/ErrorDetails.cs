using System.Globalization;
using Pawl.Model;

namespace Pawl.Cli.Output;

/// <summary>
/// The arguments of an error by the names its text uses. Whoever threw it may have called the same thing by a nearer name
/// (<c>holder</c> for <c>runner</c>); the text's own name is looked for first. Immutable.
/// </summary>
public sealed class ErrorDetails(PawlException error, IReadOnlyDictionary<string, string?> context)
{
    private static readonly Dictionary<string, string[]> Nearer = new()
    {
        ["cause"] = ["message", "why", "what"],
        ["change"] = ["changed"],
        ["runner"] = ["holder"],
        ["was"] = ["known"],
        ["now"] = ["source"],
        ["endpoint"] = ["source", "target"],
        ["target"] = ["table"],
        ["table"] = ["second"],
        ["other"] = ["first"],
        ["name"] = ["table"],
        ["where"] = ["row"],
        ["type"] = ["declared"],
        ["found"] = ["needs"],
        ["known"] = ["has"],
        ["expected"] = ["rows"],
        ["books"] = ["counts"],
        ["age"] = ["heartbeat_ms"],
    };
    /// <summary>Advice that an error goes without where it brings a better one.</summary>
    private static readonly Dictionary<string, (string Unless, string Value)> Usual = new() { ["memory"] = ("raise", "2GB") };

    private readonly HashSet<string> used = [];

    /// <summary>Null when neither error nor context knows it.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var key in Nearer.GetValueOrDefault(name, []).Prepend(name))
            {
                if (error.Details.GetValueOrDefault(key) is not { Length: > 0 } value) continue;
                used.Add(key);
                return key == "heartbeat_ms" ? Age(value) : DetailTexts.Value(key, value);
            }
            return context.GetValueOrDefault(name) ?? (Usual.TryGetValue(name, out var usual) && !error.Details.ContainsKey(usual.Unless)
                ? usual.Value : null);
        }
    }

    /// <summary>What no text has asked for yet.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Left => error.Details.Where(d => !used.Contains(d.Key)
        && !string.IsNullOrEmpty(d.Value));

    private static string Age(string milliseconds) => long.TryParse(milliseconds, CultureInfo.InvariantCulture, out var ms)
        ? Figures.Took(TimeSpan.FromMilliseconds(ms)) : milliseconds;
}
