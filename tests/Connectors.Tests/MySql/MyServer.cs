using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Pawl.Connectors.MySql.Protocol;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>
/// A real server on 127.0.0.1, a free port and a data folder of its own; ended by its process id at the end of the process. Its root has
/// no password.
/// </summary>
internal abstract partial class MyServer : IAsyncDisposable
{
    private const int Kill = 9, Terminate = 15, Continue = 18, Halt = 19;
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private static int number;
    private readonly string[] settings;
    private Process? process;
    private int databases;

    protected MyServer(string place, string kind, string[] settings)
    {
        this.settings = settings;
        Folder = Path.Combine(place, string.Create(CultureInfo.InvariantCulture,
            $"pawl-{kind}-{Environment.ProcessId}-{Interlocked.Increment(ref number)}"));
        Port = FreePort();
    }

    public int Port { get; private set; }

    /// <summary>The zone of the machine, as the server takes it, and of its sessions.</summary>
    public string Zone { get; protected init; } = "UTC";

    /// <summary>Everything of this server's.</summary>
    public string Folder { get; }

    /// <summary>The data folder.</summary>
    public string Data => Path.Combine(Folder, "data");

    /// <summary>What the server says.</summary>
    public string Log => Path.Combine(Folder, "server.log");

    /// <summary>The unix socket.</summary>
    public string Socket => Path.Combine(Folder, "s.sock");

    public int Pid => process!.Id;

    /// <summary>Where it is; the password is none.</summary>
    public MyOptions Options(string? database = null, string user = "root") => new()
    {
        Host = "127.0.0.1", Port = Port, User = user, Database = database, AllowLoad = true,
        Display = string.Create(CultureInfo.InvariantCulture, $"mysql://{user}@127.0.0.1:{Port}/{database}"),
    };

    protected static async Task<T> StartAsync<T>(T server) where T : MyServer
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => server.End();
        try
        {
            Directory.CreateDirectory(server.Folder);
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
    /// <param name="more">Settings for this time only, <c>--name=value</c>; they win over the others.</param>
    public async Task StartAgainAsync(params string[] more)
    {
        var start = Program([.. Arguments(), .. settings, .. more]);
        start.Environment["TZ"] = Zone;
        process = Process.Start(start)!;
        var since = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                // The unix socket: TLS may be demanded of everybody else.
                await using var connection = await MyConnection.OpenAsync(Options() with { Socket = Socket }, default);
                return;
            }
            catch (Exception e) when (e is IOException or SocketException && since.Elapsed < StartTime)
            {
                if (process.HasExited) Assert.Fail($"the server ended: {(File.Exists(Log) ? await File.ReadAllTextAsync(Log) : "")}");
                await Task.Delay(20);
            }
        }
    }

    /// <summary>Ends it in good order.</summary>
    public async Task StopAsync()
    {
        Signal(Pid, Terminate);
        await process!.WaitForExitAsync();
    }

    /// <summary>Ends it with SIGKILL; <see cref="StartAgainAsync"/> recovers it.</summary>
    public async Task CrashAsync()
    {
        Signal(Pid, Kill);
        await process!.WaitForExitAsync();
    }

    /// <summary>Keeps a copy of the stopped server's data folder. Returns its place.</summary>
    public async Task<string> SaveDataAsync()
    {
        var copy = Path.Combine(Folder, "saved");
        await RunAsync(Start(Folder, "rm", "-rf", copy));
        await RunAsync(Start(Folder, "cp", "-a", Data, copy));
        return copy;
    }

    /// <summary>Puts a saved copy in the place of the stopped server's data folder.</summary>
    public async Task RestoreDataAsync(string copy)
    {
        await RunAsync(Start(Folder, "rm", "-rf", Data));
        await RunAsync(Start(Folder, "cp", "-a", copy, Data));
    }

    /// <summary>Leaves the port for another one; for the stopped server.</summary>
    public void Move() => Port = FreePort();

    /// <summary>It is there, and does nothing, until <see cref="Thaw"/>.</summary>
    public async Task FreezeAsync()
    {
        Signal(Pid, Halt);
        // A signal takes its time to reach every thread, and one that runs may still answer.
        while (Directory.GetDirectories($"/proc/{Pid}/task").Any(t => !IsStopped(Path.Combine(t, "stat")))) await Task.Delay(5);
    }

    public void Thaw() => Signal(Pid, Continue);

    /// <summary>A new, empty database; dropped by <see cref="DropAsync"/>, or with the server.</summary>
    /// <param name="options">E.g. <c>character set latin1</c>.</param>
    public async Task<string> CreateDatabaseAsync(string options = "")
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"db{Interlocked.Increment(ref databases)}");
        await ExecuteAsync(null, $"create database {name} {options}");
        return name;
    }

    public Task DropAsync(string database) => ExecuteAsync(null, $"drop database if exists {database}");

    public async Task<MyConnection> ConnectAsync(string? database = null, string user = "root") =>
        await MyConnection.OpenAsync(Options(database, user), default);

    /// <summary>Statements, one after another, as root.</summary>
    public async Task ExecuteAsync(string? database, params string[] statements)
    {
        await using var connection = await ConnectAsync(database);
        foreach (var statement in statements) await connection.ExecuteAsync(statement, default);
    }

    /// <summary>Rows, every cell as the server writes it; ∅ for null, | between cells.</summary>
    public async Task<List<string>> RowsAsync(string? database, string sql)
    {
        await using var connection = await ConnectAsync(database);
        return await RowsAsync(connection, sql);
    }

    public static async Task<List<string>> RowsAsync(MyConnection connection, string sql) =>
        [.. (await connection.RowsAsync(sql, default)).Select(row => string.Join('|', row.Select(cell => cell ?? "∅")))];

    public ValueTask DisposeAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    protected abstract Task InitializeAsync();

    /// <summary>Arguments of the server that every kind has its own way of saying.</summary>
    protected abstract string[] Arguments();

    /// <summary>How the server is run.</summary>
    protected abstract ProcessStartInfo Program(string[] arguments);

    protected static string[] Common =>
    [
        "--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=500", "--innodb-buffer-pool-size=256M",
        "--innodb-flush-log-at-trx-commit=1", "--local-infile=1", "--character-set-server=utf8mb4", "--max-allowed-packet=64M",
        "--server-id=1",
    ];

    protected static ProcessStartInfo Start(string folder, params string[] all)
    {
        var start = new ProcessStartInfo(all[0]) { WorkingDirectory = folder, UseShellExecute = false };
        foreach (var argument in all[1..]) start.ArgumentList.Add(argument);
        start.Environment["TZ"] = "UTC";
        return start;
    }

    protected static async Task RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardError = start.RedirectStandardOutput = true;
        using var run = Process.Start(start)!;
        var output = await Task.WhenAll(run.StandardOutput.ReadToEndAsync(), run.StandardError.ReadToEndAsync());
        await run.WaitForExitAsync();
        Assert.True(run.ExitCode == 0, $"{start.FileName}: {string.Join('\n', output)}");
    }

    /// <param name="stat">E.g. <c>4711 (mariadbd) T …</c>; a thread that has ended is as still as one can be.</param>
    private static bool IsStopped(string stat)
    {
        try
        {
            var text = File.ReadAllText(stat);
            return text.AsSpan(text.LastIndexOf(')') + 1).TrimStart() is ['T', ..];
        }
        catch (IOException)
        {
            return true;
        }
    }

    private void End()
    {
        if (process is { HasExited: false })
        {
            Signal(process.Id, Continue);
            // Nobody needs its data any more, and a good end writes much.
            Signal(process.Id, Kill);
            process.WaitForExit(5_000);
        }
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Signal(int pid, int signal) => _ = SendSignal(pid, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int pid, int signal);
}
