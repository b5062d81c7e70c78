using System.Text.RegularExpressions;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary>
/// <c>pawl conn add</c>. A saved password belongs to the place it was given for: where anything but the database changes, it has to be
/// given again, or whoever may change an address could have it sent to a server of his own.
/// </summary>
internal static partial class ConnAdding
{
    public static async Task<int> RunAsync(Shell shell, string name, string url, bool piped, bool none, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        if (!SavedConnections.IsName(name))
        {
            throw Unusable($"{name} cannot be a name: at most {SavedConnections.LongestName} letters, digits, _ and -.");
        }
        if (piped && none) throw Unusable("--password-stdin and --no-password exclude each other.");
        if (!Addresses.IsAddress(url) && !url.StartsWith("${", StringComparison.Ordinal)) throw Unusable($"{url} is not an address.");
        Addresses.RefuseSecret(url, connectors);
        var at = Addresses.Read(url, Environment.CurrentDirectory, connectors, Sample);
        var store = SavedConnections.InHome();
        var old = Readable(store, name);
        var kept = old?.Password is not null && IsSamePlace(old, url, at, connectors) ? old.Password : null;
        var password = at.Host is null || AddressSecrets.Refers(url)
            ? piped ? throw Unusable("This address takes no password, or names one itself.") : null
            : Taken(shell, name, at, old, kept, piped, none);
        await store.SaveAsync(new SavedConnection(name, url, Environment.CurrentDirectory, password), ct);
        var secret = password is null ? "without a password" : password == kept ? "its password is kept" : "its password is sealed";
        if (AddressSecrets.Refers(url)) secret = "its password is looked up when it is used";
        shell.Say($"{(old is null ? "Saved" : "Changed")} {name}: {at.Display}{(at.Host is null ? "" : $", {secret}")}.");
        shell.Note($"Next: pawl conn test {name}");
        shell.Data["name"] = name;
        shell.Data["address"] = at.Display;
        shell.Data["password"] = password is not null ? "saved" : AddressSecrets.Refers(url) ? "reference" : "none";
        return ExitCode.Done;
    }

    /// <summary>An entry that cannot be opened any more is what saving anew mends.</summary>
    private static SavedConnection? Readable(SavedConnections store, string name)
    {
        try
        {
            return store.Find(name);
        }
        catch (PawlException e) when (e.Code == Codes.StoreDamaged)
        {
            return null;
        }
    }

    private static string? Taken(Shell shell, string name, Endpoint at, SavedConnection? old, string? kept, bool piped, bool none)
    {
        if (none) return null;
        if (piped) return Password.Read(Console.In) is { Length: > 0 } read ? read : throw Unusable("Standard input held no password.");
        var terminal = shell.InputIsTerminal && shell.ErrorIsTerminal && !shell.Json;
        if (!terminal && kept is not null) return kept;
        var moved = old?.Password is not null && kept is null;
        if (!terminal)
        {
            throw Unusable((moved ? $"The saved password of {name} was given for another place and is not used for this one. " : "")
                + "There is no terminal to ask for a password on: give --password-stdin or --no-password.");
        }
        if (moved) shell.Note($"The saved password of {name} was given for another place and is not used for this one.");
        var hint = kept is not null ? " (Enter keeps the saved one)" : "";
        return Password.Ask($"Password for {at.Display}{hint}: ") is { Length: > 0 } typed ? typed : kept;
    }

    /// <summary>The same server, account and options; the database may be another.</summary>
    private static bool IsSamePlace(SavedConnection old, string url, Endpoint at, ConnectorScan connectors)
    {
        // Two variables may be read as one value here, where they need not be set, and be two servers where the address is used.
        var (before, now) = (OutsideDatabase(old.Address), OutsideDatabase(url));
        if ((before + now).Contains("${", StringComparison.Ordinal) && before != now) return false;
        var was = EndpointParser.Parse(old.Address, old.Folder, Sample, connectors.All.Select(c => c.Spec)).Endpoint;
        return was is not null && was.Scheme == at.Scheme && string.Equals(was.Host, at.Host, StringComparison.OrdinalIgnoreCase)
            && was.Port == at.Port && was.User == at.User && was.Options.Count == at.Options.Count
            && was.Options.All(o => at.Options.GetValueOrDefault(o.Key) == o.Value);
    }

    /// <summary>An address as it is written, without its database.</summary>
    private static string OutsideDatabase(string address) => Database().Replace(address, "$1", 1);

    /// <summary>What follows the authority, up to the options; a placeholder may hold a / or ? of its own.</summary>
    [GeneratedRegex(@"^([^/]*//(?:\$\{[^}]*\}|[^/?])*)/(?:\$\{[^}]*\}|[^?])*", RegexOptions.CultureInvariant)]
    private static partial Regex Database();

    /// <summary>A variable need not be set where a connection is only saved.</summary>
    private static string Sample(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? set : "x";

    private static PawlException Unusable(string cause) => new(Fault.Configuration, Codes.Usage, ("cause", cause));
}
