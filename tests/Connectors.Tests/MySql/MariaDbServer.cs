using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// MariaDB as Debian packs it, with settings for tests. Missing programs skip the test, and fail it under CI=true.
/// </summary>
internal sealed class MariaDbServer : MyServer
{
    private const string Account = "mysql";
    private static readonly Lock Gate = new();
    private static Task<MariaDbServer>? shared;
    private readonly string program;

    private MariaDbServer(string program, string[] settings) : base(Path.GetTempPath(), "maria", settings) => this.program = program;

    /// <summary>The server that all tests of the process share.</summary>
    public static Task<MariaDbServer> SharedAsync()
    {
        lock (Gate) return shared ??= StartAsync();
    }

    /// <summary>A server of the caller's own, with more settings (<c>--name=value</c>).</summary>
    public static Task<MariaDbServer> StartAsync(params string[] settings) => StartAsync(new MariaDbServer(Found(), settings));

    /// <param name="zone">E.g. <c>Europe/Berlin</c>.</param>
    /// <param name="settings">See <see cref="StartAsync(string[])"/>.</param>
    public static Task<MariaDbServer> StartInAsync(string zone, params string[] settings) =>
        StartAsync(new MariaDbServer(Found(), settings) { Zone = zone });

    /// <summary>
    /// A server that starts removes what it takes for its own of temporary tables: also those of another in the same folder.
    /// </summary>
    private string OwnTemporary => $"--tmpdir={Folder}";

    /// <summary>It refuses to run as root.</summary>
    private static string[] OwnAccount => Environment.IsPrivilegedProcess ? [$"--user={Account}"] : [];

    protected override async Task InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess) await RunAsync(Start(Folder, "chown", $"{Account}:", Folder));
        await RunAsync(Start(Folder, ["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db",
            $"--datadir={Data}", OwnTemporary, .. OwnAccount]));
    }

    protected override string[] Arguments() =>
    [
        "--no-defaults", $"--datadir={Data}", OwnTemporary, $"--socket={Socket}", $"--log-error={Log}",
        $"--pid-file={Path.Combine(Folder, "pid")}",
        string.Create(CultureInfo.InvariantCulture, $"--port={Port}"), "--innodb-log-file-size=64M", .. OwnAccount, .. Common,
    ];

    protected override ProcessStartInfo Program(string[] arguments) => Start(Folder, [program, .. arguments]);

    private static string Found()
    {
        string[] places = ["/usr/sbin/mariadbd", "/usr/bin/mariadbd", "/usr/libexec/mariadbd"];
        if (places.FirstOrDefault(File.Exists) is { } found) return found;
        const string Missing = "MariaDB is not installed here; ./test.sh installs it";
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(Missing);
        Assert.Skip(Missing);
        return "";
    }
}
