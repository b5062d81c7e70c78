using Pawl.Cli.Output;
using Pawl.Cli.Texts;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Hosting;

/// <summary>Addresses and names of saved connections as they are typed on a command line.</summary>
internal static class Addresses
{
    /// <summary>It starts with a scheme: <c>postgres://…</c>, <c>sqlite:…</c>. A single letter is a drive.</summary>
    public static bool IsAddress(string text) => text.IndexOf(':') is var colon and > 1 && char.IsAsciiLetter(text[0])
        && text[..colon].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.') && !File.Exists(text);

    /// <exception cref="PawlException">It is no address, no such name, or holds a secret that everybody can read by now.</exception>
    public static Endpoint Parse(string text, ConnectorScan connectors)
    {
        RefuseSecret(text, connectors);
        return Read(text, Environment.CurrentDirectory, connectors);
    }

    /// <summary>As <see cref="Parse"/>, for a command that takes secrets out of addresses itself.</summary>
    public static Endpoint Read(string text, string folder, ConnectorScan connectors, Func<string, string?>? environment = null)
    {
        var result = EndpointParser.Parse(text, folder, environment ?? Environment.GetEnvironmentVariable,
            connectors.All.Select(c => c.Spec), SavedConnections.InHome());
        if (result.Endpoint is { } endpoint) return endpoint;
        var problem = result.Problems[0];
        var details = problem.Details.ToDictionary(d => d.Key, d => (object?)d.Value);
        if (problem.Suggestion is { } near) details["suggestion"] = near;
        if (problem.Reason is { } reason && ReasonTexts.Find(reason) is { } words)
        {
            details["cause"] = Template.Fill(words.Text, n => problem.Details.GetValueOrDefault(n));
        }
        throw new PawlException(Fault.Configuration, problem.Code, [.. details.Select(d => (d.Key, d.Value))]);
    }

    /// <exception cref="PawlException"><see cref="Codes.SecretOnCommandLine"/>.</exception>
    public static void RefuseSecret(string address, ConnectorScan connectors)
    {
        var specs = connectors.All.Select(c => c.Spec).ToArray();
        if (AddressSecrets.Written(address, specs) is not { } what) return;
        throw new PawlException(Fault.Configuration, Codes.SecretOnCommandLine, ("secret", what),
            ("address", AddressSecrets.Masked(address, specs)));
    }
}
