using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Pawl.Cli.Hosting;
using Pawl.Telemetry;

namespace Pawl.Cli.Demo;

/// <summary>Another process of this same program, as a user would start it.</summary>
internal sealed class Worker : IDisposable
{
    /// <summary>128 + SIGKILL: how a shell, and .NET, report a process that was killed.</summary>
    public const int Killed = 137;
    private readonly Process process;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private Worker(Process process, Action<RunEvent>? heard)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        errors = ReadAsync(process.StandardError, heard);
    }

    public int Id => process.Id;

    /// <param name="killAt">Where it is to kill itself; null = it may live.</param>
    /// <param name="heard">Told of every event on stderr, from another thread; null = stderr is kept as text.</param>
    public static Worker Start(string folder, IEnumerable<string> arguments, string? killAt, Action<RunEvent>? heard)
    {
        var self = Environment.ProcessPath ?? throw new InvalidOperationException("this process has no path");
        var start = new ProcessStartInfo(self)
        {
            WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
                RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8, StandardErrorEncoding = Encoding.UTF8,
        };
        // Under "dotnet pawl.dll" the path is dotnet's.
        if (Path.GetFileNameWithoutExtension(self) == "dotnet") start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "pawl.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        start.Environment[KillSwitch.Variable] = killAt ?? "";
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{self} could not be started");
        process.StandardInput.Close();
        return new Worker(process, heard);
    }

    /// <summary>Waits for the end; cancelling kills the worker.</summary>
    public async Task<(int Exit, string Output, string Errors)> EndAsync(CancellationToken ct)
    {
        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
        return (process.ExitCode, await output, await errors);
    }

    public void Dispose() => process.Dispose();

    private static async Task<string> ReadAsync(StreamReader reader, Action<RunEvent>? heard)
    {
        var rest = new StringBuilder();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (heard is not null && Parse(line) is { } e) heard(e);
            else rest.AppendLine(line);
        }
        return rest.ToString();
    }

    /// <summary>Null for a line that is no event: a warning, or the half line of a process that was killed while writing it.</summary>
    private static RunEvent? Parse(string line)
    {
        if (!line.StartsWith('{') || !line.EndsWith('}')) return null;
        try
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            return new RunEvent
            {
                At = DateTimeOffset.Parse(root.GetProperty("ts").GetString()!, CultureInfo.InvariantCulture),
                Run = Guid.Parse(root.GetProperty("run").GetString()!),
                Job = root.GetProperty("job").GetString()!,
                Code = root.GetProperty("code").GetString()!,
                Table = root.TryGetProperty("table", out var table) ? table.GetString() : null,
                Lane = root.TryGetProperty("lane", out var lane) ? lane.GetString() : null,
                Args = root.GetProperty("args").EnumerateObject().ToDictionary(a => a.Name, a => Value(a.Value)),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException)
        {
            return null;
        }
    }

    private static object? Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.TryGetInt64(out var whole) ? whole : value.GetDouble(),
        JsonValueKind.String => value.GetString(),
        _ => null,
    };
}
