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
            throw Unusable(Both($"{name} cannot be a name: at most {SavedConnections.LongestName} letters, digits, _ and -.",
                $"{name} 不能作名字：最多 {SavedConnections.LongestName} 个字母、数字、_ 和 -。"));
        }
        if (piped && none) throw Unusable(Both("--password-stdin and --no-password exclude each other.",
            "--password-stdin 与 --no-password 不能同时使用。"));
        if (!Addresses.IsAddress(url) && !url.StartsWith("${", StringComparison.Ordinal))
        {
            throw Unusable(Both($"{url} is not an address.", $"{url} 不是地址。"));
        }
        Addresses.RefuseSecret(url, connectors);
        var at = Addresses.Read(url, Environment.CurrentDirectory, connectors, Sample);
        var store = SavedConnections.InHome();
        var old = Readable(store, name);
        var kept = old?.Password is not null && IsSamePlace(old, url, at, connectors) ? old.Password : null;
        var password = at.Host is null || AddressSecrets.Refers(url)
            ? piped ? throw Unusable(Both("This address takes no password, or names one itself.", "该地址不需要密码，或已自行指明。")) : null
            : Taken(shell, name, at, old, kept, piped, none);
        await store.SaveAsync(new SavedConnection(name, url, Environment.CurrentDirectory, password), ct);
        var secret = password is null ? Both("without a password", "不带密码")
            : password == kept ? Both("its password is kept", "沿用原密码") : Both("its password is sealed", "密码已加密存放");
        if (AddressSecrets.Refers(url)) secret = Both("its password is looked up when it is used", "密码在使用时查取");
        var what = at.Display + (at.Host is null ? "" : Both(", ", "，") + secret);
        shell.Say(old is null ? Both($"Saved {name}: {what}.", $"已保存 {name}：{what}。")
            : Both($"Changed {name}: {what}.", $"已更改 {name}：{what}。"));
        shell.Note(Both("Next: ", "下一步：") + $"pawl conn test {name}");
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
        if (piped) return Password.Read(Console.In) is { Length: > 0 } read ? read : throw Unusable(Both("Standard input held no password.",
            "标准输入中没有密码。"));
        var terminal = shell.InputIsTerminal && shell.ErrorIsTerminal && !shell.Json;
        if (!terminal && kept is not null) return kept;
        var moved = old?.Password is not null && kept is null;
        if (!terminal)
        {
            throw Unusable((moved ? Moved(name) + Both(" ", "") : "")
                + Both("There is no terminal to ask for a password on: give --password-stdin or --no-password.",
                    "没有终端可以询问密码：请给出 --password-stdin 或 --no-password。"));
        }
        if (moved) shell.Note(Moved(name));
        var hint = kept is not null ? Both(" (Enter keeps the saved one)", "（回车沿用已保存的）") : "";
        return Password.Ask(Both($"Password for {at.Display}{hint}: ", $"{at.Display} 的密码{hint}：")) is { Length: > 0 } typed ? typed : kept;
    }

    private static string Moved(string name) => Both(
        $"The saved password of {name} was given for another place and is not used for this one.",
        $"{name} 已保存的密码属于另一个地方，不会用于此处。");

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
