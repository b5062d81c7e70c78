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
        var addName = Name(Both("A name for it: letters, digits, _ and -.", "给它的名字：字母、数字、_ 和 -。"));
        var url = new Argument<string>("url")
        {
            Description = Both("Its address, without a password: postgres://user@host/database, sqlite:file.db.",
                "它的地址，不含密码：postgres://user@host/database、sqlite:file.db。"), HelpName = "url",
        };
        var piped = new Option<bool>("--password-stdin") { Description = Both("Take the password from standard input.", "从标准输入读取密码。") };
        var none = new Option<bool>("--no-password") 
        {
            Description = Both("Save none: the server asks for none, or a pgpass file has it.",
                "不保存密码：服务器不需要，或 pgpass 文件中已有。"),
        };
        var add = new Command("add", Both("Save a connection; asks for the password without showing it.", "保存一个连接；询问密码且不显示。"))
        {
            addName, url, piped, none,
        }
            .Does("conn add", (shell, parse, ct) => ConnAdding.RunAsync(shell, parse.GetValue(addName)!, parse.GetValue(url)!,
                parse.GetValue(piped), parse.GetValue(none), ct));
        var list = new Command("list", Both("List the saved connections.", "列出已保存的连接。")).Does("conn list",
            (shell, _, _) => Task.FromResult(List(shell)));
        var testName = Name(Both("A saved connection.", "已保存连接的名字。"));
        var test = new Command("test", Both("Look at a saved connection as doctor does.", "像 doctor 一样检查一个已保存的连接。")) { testName }
            .Does("conn test", (shell, parse, ct) => TestAsync(shell, parse.GetValue(testName)!, ct));
        var discoverName = Name(Both("A saved connection, or an address.", "已保存连接的名字，或地址。"));
        var tables = VerbRun.TablesOption();
        var discover = new Command("discover", Both("List the databases and tables there are.", "列出那里有哪些数据库和表。")) { discoverName, tables }
            .Does("conn discover", (shell, parse, ct) => ConnDiscovering.RunAsync(shell, parse.GetValue(discoverName)!,
                parse.GetValue(tables) ?? [], ct));
        var removeName = Name(Both("A saved connection.", "已保存连接的名字。"));
        var remove = new Command("remove", Both("Forget a saved connection and its password.", "删除已保存的连接及其密码。")) { removeName }
            .Does("conn remove", (shell, parse, ct) => RemoveAsync(shell, parse.GetValue(removeName)!, ct));
        return new Command("conn", Both("Save connections under a name, test them, look what is there.", "以名字保存连接，测试它们，查看其中有什么。"))
        {
            add, list, test, discover, remove,
        };
    }

    private static Argument<string> Name(string description) => new("name") { Description = description, HelpName = "name" };

    private static int List(Shell shell)
    {
        var store = SavedConnections.InHome();
        var connectors = new ConnectorScan();
        var table = new TextTable(new("name", "名称"), new("address", "地址"), new("password", "密码"));
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
            table.AddPainted(paint, name, address, secret switch
            {
                "saved" => Both("saved", "已保存"),
                "reference" => Both("reference", "引用"),
                "none" => Both("none", "无"),
                _ => secret,
            });
            data.Add(new Pairs { ["name"] = name, ["address"] = address, ["password"] = secret });
        }
        shell.Data["connections"] = data;
        if (table.Count > 0) shell.Say(table.Lines(shell.Width, shell.OutPaint));
        else shell.Say(Both("No connection is saved yet: pawl conn add NAME URL", "尚未保存任何连接：pawl conn add NAME URL"));
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
        shell.Say(Both($"Removed {name}.", $"已删除 {name}。"));
        shell.Data["removed"] = name;
        return ExitCode.Done;
    }
}
