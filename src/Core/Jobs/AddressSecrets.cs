using Pawl.Contracts;

namespace Pawl.Jobs;

/// <summary>Secrets that stand in an address as plain text, where others could read them. Pure functions.</summary>
public static class AddressSecrets
{
    /// <summary>Which secret is written out: <c>password</c>, or an option's name; null = none. A placeholder is none.</summary>
    public static string? Written(string address, IEnumerable<ConnectorSpec> connectors)
    {
        if (address.StartsWith("${", StringComparison.Ordinal)) return null;
        var server = address.IndexOf("://", StringComparison.Ordinal);
        // A password may hold anything, also what else would end it: up to the last @ of all.
        var at = server < 0 ? -1 : address.LastIndexOf('@');
        var colon = at < server + 3 ? -1 : address.IndexOf(':', server + 3, at - server - 3);
        if (colon >= 0 && at > colon + 1 && !SecretText.IsOnePlaceholder(address[(colon + 1)..at])) return "password";
        var question = address.IndexOf('?');
        if (question < 0) return null;
        var secret = connectors.SelectMany(c => c.Options).Where(o => o.Secret).Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var pair in address[(question + 1)..].Split('&'))
        {
            var equals = pair.IndexOf('=');
            if (equals > 0 && secret.Contains(pair[..equals]) && equals + 1 < pair.Length
                && !SecretText.IsOnePlaceholder(pair[(equals + 1)..])) return pair[..equals];
        }
        return null;
    }

    /// <summary>The address names a password by a placeholder.</summary>
    public static bool Refers(string address)
    {
        var server = address.IndexOf("://", StringComparison.Ordinal);
        var at = server < 0 ? -1 : address.LastIndexOf('@');
        var colon = at < server + 3 ? -1 : address.IndexOf(':', server + 3, at - server - 3);
        return address.StartsWith("${", StringComparison.Ordinal)
            || (colon >= 0 && at > colon + 1 && SecretText.IsOnePlaceholder(address[(colon + 1)..at]));
    }

    /// <summary>Fit to be shown: stars for whatever looks like a secret.</summary>
    public static string Masked(string address, IEnumerable<ConnectorSpec> connectors) => new SecretMask(connectors).Apply(address);
}
