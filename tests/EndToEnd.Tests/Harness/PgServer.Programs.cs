using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>What the crash tests do with a server beside connecting to it: psql and pg_dump, SIGKILL, copies of its data folder.</summary>
internal sealed partial class PgServer
{
    /// <summary>Client programs speak to servers of their own version and of newer ones.</summary>
    private const int ClientVersion = 15;

    /// <summary>Runs a script in <c>psql</c>: cells divided by U+001F, rows ended by NUL.</summary>
    /// <exception cref="InvalidOperationException">It failed; what had been done by then stays done.</exception>
    public async Task<string> PsqlAsync(string database, string script)
    {
        var info = Client("psql", "-X", "-q", "-A", "-t", "-0", "-F", "\x1f", "-v", "ON_ERROR_STOP=1", "-d", database);
        using var psql = Process.Start(info)!;
        var output = psql.StandardOutput.ReadToEndAsync();
        var errors = psql.StandardError.ReadToEndAsync();
        try
        {
            await psql.StandardInput.WriteAsync(script + "\n");
            psql.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything: its exit code and words say why.
        }
        await psql.WaitForExitAsync();
        if (psql.ExitCode != 0) throw new InvalidOperationException($"psql {database}: {await errors}\n{script}");
        return await output;
    }

    /// <summary>A dump of one database, as <c>pg_dump</c> writes it.</summary>
    public async Task<string> DumpAsync(string database)
    {
        using var dump = Process.Start(Client("pg_dump", "-d", database))!;
        var output = dump.StandardOutput.ReadToEndAsync();
        var errors = dump.StandardError.ReadToEndAsync();
        dump.StandardInput.Close();
        await dump.WaitForExitAsync();
        return dump.ExitCode == 0 ? await output : throw new InvalidOperationException($"pg_dump {database}: {await errors}");
    }

    /// <summary>SIGKILL to the postmaster. Its backends notice by themselves, each when it next looks.</summary>
    public async Task KillPostmasterAsync()
    {
        Signal(Pid, Kill);
        await process!.WaitForExitAsync();
    }

    /// <summary>SIGKILL to the postmaster and every process of the server, as when the machine's memory runs out.</summary>
    public async Task KillAllAsync()
    {
        var all = Processes();
        Signal(Pid, Kill);
        foreach (var pid in all) Signal(pid, Kill);
        await process!.WaitForExitAsync();
    }

    /// <summary>Starts a server again whose processes may still be about to notice that it is gone.</summary>
    public async Task StartWhenGoneAsync()
    {
        var deadline = Stopwatch.StartNew();
        while (Processes().Count > 0)
        {
            if (deadline.Elapsed > TimeSpan.FromSeconds(120)) throw new TimeoutException("processes of the killed server do not end");
            await Task.Delay(10);
        }
        await StartAgainAsync();
    }

    /// <summary>The server's processes: those that have its data folder for their working folder, as nobody else does.</summary>
    private List<int> Processes()
    {
        var found = new List<int>();
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)) continue;
            try
            {
                if (File.ResolveLinkTarget(Path.Combine(entry, "cwd"), returnFinalTarget: false)?.FullName == Data) found.Add(pid);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked, or is somebody else's.
            }
        }
        return found;
    }

    /// <summary>Keeps a copy of the stopped server's data folder. Returns its place.</summary>
    public async Task<string> SaveDataAsync()
    {
        var copy = Path.Combine(folder, "saved");
        await RunAsync("rm", "-rf", copy);
        await RunAsync("cp", "-a", Data, copy);
        return copy;
    }

    /// <summary>Puts a saved copy in the place of the stopped server's data folder.</summary>
    public async Task RestoreDataAsync(string copy)
    {
        await RunAsync("rm", "-rf", Data);
        await RunAsync("cp", "-a", copy, Data);
    }

    /// <summary>Leaves the port for another one; for the stopped server.</summary>
    public void Move() => Port = FreePort();

    private ProcessStartInfo Client(string program, params string[] words)
    {
        var info = new ProcessStartInfo(Path.Combine(Programs(ClientVersion), program))
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8,
        };
        string[] all = ["-h", folder, "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", .. words];
        foreach (var word in all) info.ArgumentList.Add(word);
        info.Environment["PGCLIENTENCODING"] = "UTF8";
        return info;
    }
}
