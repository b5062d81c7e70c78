using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl conn add|list|test|discover|remove</c>: connections saved under a name, their passwords sealed.</summary>
internal static class ConnVerb
{
    public static Command Create()
    {
        var addName = Name("A name for it: letters, digits, _ and -.");
        var url = new Argument<string>("url")
        {
            Description = "Its address, without a password: postgres://user@host/database, sqlite:file.db.", HelpName = "url",
        };
        var piped = new Option<bool>("--password-stdin") { Description = "Take the password from standard input." };
        var none = new Option<bool>("--no-password") { Description = "Save none: the server asks for none, or a pgpass file has it." };
        var add = new Command("add", "Save a connection; asks for the password without showing it.") { addName, url, piped, none }
            .Does("conn add", (shell, parse, ct) => ConnAdding.RunAsync(shell, parse.GetValue(addName)!, parse.GetValue(url)!,
                parse.GetValue(piped), parse.GetValue(none), ct));
        var list = new Command("list", "List the saved connections.").Does("conn list", (shell, _, _) => Task.FromResult(List(shell)));
        var testName = Name("A saved connection.");
        var test = new Command("test", "Look at a saved connection as doctor does.") { testName }
            .Does("conn test", (shell, parse, ct) => TestAsync(shell, parse.GetValue(testName)!, ct));
        var discoverName = Name("A saved connection, or an address.");
        var tables = VerbRun.TablesOption();
        var discover = new Command("discover", "List the databases and tables there are.") { discoverName, tables }
            .Does("conn discover", (shell, parse, ct) => ConnDiscovering.RunAsync(shell, parse.GetValue(discoverName)!,
                parse.GetValue(tables) ?? [], ct));
        var removeName = Name("A saved connection.");
        var remove = new Command("remove", "Forget a saved connection and its password.") { removeName }
            .Does("conn remove", (shell, parse, ct) => RemoveAsync(shell, parse.GetValue(removeName)!, ct));
        return new Command("conn", "Save connections under a name, test them, look what is there.") { add, list, test, discover, remove };
    }

    private static Argument<string> Name(string description) => new("name") { Description = description, HelpName = "name" };

    private static int List(Shell shell)
    {
        var store = SavedConnections.InHome();
        var connectors = new ConnectorScan();
        var table = new TextTable(new("name"), new("address"), new("password"));
        var data = new List<Pairs>();
        PawlException? shut = null;
        foreach (var name in store.Names)
        {
            var (address, secret, paint) = ("", "", (Func<string, string>?)shell.OutPaint.Red);
            try
            {
                var saved = store.Find(name)!;
                (address, paint) = (Shown(saved, connectors), null);
                secret = saved.Password is not null ? "saved" : AddressSecrets.Refers(saved.Address) ? "reference" : "none";
            }
            catch (PawlException e) when (e.Code is Codes.StoreDamaged or Codes.StoreLocked)
            {
                shut ??= e;
                secret = e.Code;
            }
            table.AddPainted(paint, name, address, secret);
            data.Add(new Pairs { ["name"] = name, ["address"] = address, ["password"] = secret });
        }
        shell.Data["connections"] = data;
        if (table.Count > 0) shell.Say(table.Lines(shell.Width, shell.OutPaint));
        else shell.Say("No connection is saved yet: pawl conn add NAME URL");
        return shut is null ? ExitCode.Done : throw shut;
    }

    /// <summary>The address with placeholders as they are: nothing is looked up, so nothing can fail.</summary>
    public static string Shown(SavedConnection saved, ConnectorScan connectors)
    {
        var read = EndpointParser.Parse(saved.Address, saved.Folder, _ => "x", connectors.All.Select(c => c.Spec));
        return read.Endpoint?.Display ?? AddressSecrets.Masked(saved.Address, connectors.All.Select(c => c.Spec));
    }

    private static async Task<int> TestAsync(Shell shell, string name, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        return await DoctorVerb.OneAsync(shell, connectors, Known(name, connectors), ct);
    }

    /// <exception cref="PawlException"><see cref="Codes.ConnectionUnknown"/>.</exception>
    private static Endpoint Known(string name, ConnectorScan connectors) => SavedConnections.InHome().Find(name) is not null
        ? Addresses.Parse(name, connectors) : throw Unknown(name);

    private static PawlException Unknown(string name) => new(Fault.Configuration, Codes.ConnectionUnknown, ("name", name),
        ("suggestion", NearestName.Of(name, SavedConnections.InHome().Names)));

    private static async Task<int> RemoveAsync(Shell shell, string name, CancellationToken ct)
    {
        if (!await SavedConnections.InHome().RemoveAsync(name, ct)) throw Unknown(name);
        shell.Say($"Removed {name}.");
        shell.Data["removed"] = name;
        return ExitCode.Done;
    }
}
