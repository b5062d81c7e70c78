using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// MySQL, from a Debian root that is unpacked beside the system; the environment variable names it. Without the variable the tests that
/// need MySQL are not there.
/// </summary>
internal sealed class MySqlServer : MyServer
{
    private const string Variable = "PAWL_MYSQL_ROOT";
    private static readonly Lock Gate = new();
    private static Task<MySqlServer>? shared;
    private readonly string root;

    private MySqlServer(string root, string[] settings) : base(Path.Combine(root, "tmp"), "mysql", settings) => this.root = root;

    /// <summary>Only root may enter it.</summary>
    private static string Root()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } root && Environment.IsPrivilegedProcess) return root;
        Assert.Skip($"{Variable} names no root that holds MySQL");
        return "";
    }

    /// <summary>The server that all tests of the process share.</summary>
    public static Task<MySqlServer> SharedAsync()
    {
        lock (Gate) return shared ??= StartAsync();
    }

    /// <summary>A server of the caller's own, with more settings (<c>--name=value</c>).</summary>
    public static Task<MySqlServer> StartAsync(params string[] settings) =>
        StartAsync(new MySqlServer(Root(), settings));

    /// <inheritdoc cref="MariaDbServer.StartInAsync"/>
    public static Task<MySqlServer> StartInAsync(string zone, params string[] settings) =>
        StartAsync(new MySqlServer(Root(), settings) { Zone = zone });

    protected override async Task InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(root, "var/lib/mysql-files"));
        await RunAsync(Inside("--no-defaults", "--initialize-insecure", "--user=root", $"--datadir={Seen(Data)}"));
        // Root comes in over TCP as 127.0.0.1, which is not localhost where names are not looked up.
        var start = Path.Combine(Folder, "start.sql");
        await File.WriteAllTextAsync(start, "create user if not exists root@'127.0.0.1' identified by '';\n"
            + "grant all on *.* to root@'127.0.0.1' with grant option;\n");
    }

    protected override string[] Arguments() =>
    [
        "--no-defaults", $"--datadir={Seen(Data)}", $"--socket={Seen(Socket)}", $"--log-error={Seen(Log)}", "--user=root", "--mysqlx=OFF",
        $"--pid-file={Seen(Path.Combine(Folder, "pid"))}", $"--init-file={Seen(Path.Combine(Folder, "start.sql"))}",
        string.Create(CultureInfo.InvariantCulture, $"--port={Port}"), "--skip-log-bin", .. Common,
    ];

    protected override ProcessStartInfo Program(string[] arguments) => Inside(arguments);

    private ProcessStartInfo Inside(params string[] arguments)
    {
        var start = Start("/", ["chroot", root, "/usr/sbin/mysqld", .. arguments]);
        start.Environment["TMPDIR"] = "/tmp";
        return start;
    }

    /// <summary>A path as it is called inside.</summary>
    private string Seen(string path) => "/" + Path.GetRelativePath(root, path);
}
