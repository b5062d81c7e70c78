using System.Diagnostics;
using System.Text;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>
/// SQLite's own command line program: what the tests know about a file they know through it, never through Pawl's code.
/// </summary>
internal static class Sqlite3
{
    /// <summary>Runs a script and returns its output, one line per row, columns divided by <c>|</c>.</summary>
    /// <exception cref="InvalidOperationException">The script failed.</exception>
    public static async Task<IReadOnlyList<string>> RunAsync(string file, string script) =>
        (await OutputAsync(file, script)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Runs a script and returns its output as it is.</summary>
    /// <exception cref="InvalidOperationException">The script failed.</exception>
    public static async Task<string> OutputAsync(string file, string script)
    {
        using var sqlite = Process.Start(Info(file))!;
        var output = sqlite.StandardOutput.ReadToEndAsync();
        var errors = sqlite.StandardError.ReadToEndAsync();
        await sqlite.StandardInput.WriteAsync(".bail on\n.timeout 10000\n" + script + "\n");
        sqlite.StandardInput.Close();
        await sqlite.WaitForExitAsync();
        var wrong = await errors;
        if (sqlite.ExitCode != 0 || wrong.Length > 0) throw new InvalidOperationException($"sqlite3 {file}: {wrong}\n{script}");
        return await output;
    }

    /// <summary>The one value a query gives.</summary>
    public static async Task<string> ValueAsync(string file, string query)
    {
        var lines = await RunAsync(file, query + ";");
        return lines.Count == 1 ? lines[0] : throw new InvalidOperationException($"{lines.Count} rows from: {query}");
    }

    public static async Task<long> NumberAsync(string file, string query) =>
        long.Parse(await ValueAsync(file, query), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A quoted identifier.</summary>
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A quoted text.</summary>
    public static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    internal static ProcessStartInfo Info(string file)
    {
        var info = new ProcessStartInfo("sqlite3")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach (var word in new[] { "-batch", "-init", "/dev/null", file }) info.ArgumentList.Add(word);
        return info;
    }
}

/// <summary>Another process that has a database open, to hold locks in it. Disposing ends it, and with it what it held.</summary>
internal sealed class Sqlite3Session : IAsyncDisposable
{
    private readonly Process process;

    public Sqlite3Session(string file)
    {
        process = Process.Start(Sqlite3.Info(file))!;
        Id = process.Id;
    }

    public int Id { get; }

    /// <summary>Runs statements and returns when they are done.</summary>
    public async Task ExecuteAsync(string script)
    {
        await process.StandardInput.WriteAsync($".bail on\n.timeout 10000\n{script}\nselect 'done with it';\n");
        await process.StandardInput.FlushAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "done with it") return;
        }
        throw new InvalidOperationException($"sqlite3: {await process.StandardError.ReadToEndAsync()}\n{script}");
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }
}
