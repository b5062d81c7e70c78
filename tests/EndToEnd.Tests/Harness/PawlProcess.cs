using System.Diagnostics;
using System.Text;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>How a process ended.</summary>
/// <param name="Code">Exit code; 128 + signal when a signal ended it.</param>
/// <param name="Out">All of stdout.</param>
/// <param name="Err">All of stderr.</param>
internal sealed record PawlExit(int Code, string Out, string Err)
{
    public const int Killed = 137;

    public override string ToString() => $"exit {Code}\n--- stdout\n{Out}\n--- stderr\n{Err}";
}

/// <summary>
/// A running <c>pawl</c> (or another program) with its output collected. Started in the scratch folder with that folder's PAWL_HOME, an
/// English language and no terminal. Disposing kills it if it still runs.
/// </summary>
internal sealed class PawlProcess : IAsyncDisposable
{
    private readonly Process process;
    private readonly Task<string> output, errors;
    private readonly Lock gate = new();
    private readonly List<string> said = [];
    private TaskCompletionSource more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PawlProcess(Process process)
    {
        this.process = process;
        Id = process.Id;
        output = process.StandardOutput.ReadToEndAsync();
        errors = ListenAsync();
    }

    public int Id { get; }

    public bool HasExited => process.HasExited;

    /// <param name="settings">Environment variables on top of the usual ones; null removes one.</param>
    public static PawlProcess Start(Scratch at, IEnumerable<string> words, params (string Name, string? Value)[] settings) =>
        StartProgram(PawlProgram.File, at, words, settings);

    /// <summary>The same for a program that starts pawl in turn (setpriv, strace).</summary>
    public static PawlProcess StartProgram(string program, Scratch at, IEnumerable<string> words,
        params (string Name, string? Value)[] settings)
    {
        var info = new ProcessStartInfo(program)
        {
            WorkingDirectory = at.Folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var word in words) info.ArgumentList.Add(word);
        info.Environment["PAWL_HOME"] = at.Home;
        info.Environment["NO_COLOR"] = "1";
        info.Environment["LANG"] = "C.UTF-8";
        info.Environment.Remove("LC_ALL");
        info.Environment.Remove("LC_MESSAGES");
        // Every COPY goes the way of the long ones.
        info.Environment["PAWL_COPY_SOCKET"] = "0";
        info.Environment.Remove("PAWL_KILL_AT");
        foreach (var (name, value) in settings)
        {
            if (value is null) info.Environment.Remove(name);
            else info.Environment[name] = value;
        }
        var process = Process.Start(info)!;
        process.StandardInput.Close();
        return new PawlProcess(process);
    }

    private async Task<string> ListenAsync()
    {
        while (true)
        {
            var line = await process.StandardError.ReadLineAsync();
            TaskCompletionSource told;
            lock (gate)
            {
                if (line is not null) said.Add(line);
                told = more;
                if (line is not null) more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            told.TrySetResult();
            if (line is null) return string.Join("\n", said);
        }
    }

    /// <summary>Waits until that many lines of stderr held the words; false when the process fell silent before.</summary>
    public async Task<bool> SaidAsync(string words, long times)
    {
        for (var at = 0; times > 0;)
        {
            Task next;
            lock (gate)
            {
                for (; at < said.Count; at++)
                {
                    if (said[at].Contains(words, StringComparison.Ordinal)) times--;
                }
                next = more.Task;
            }
            if (times > 0 && errors.IsCompleted) return false;
            if (times > 0) await next;
        }
        return true;
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<PawlExit> RunAsync(Scratch at, IEnumerable<string> words, params (string Name, string? Value)[] settings)
    {
        await using var pawl = Start(at, words, settings);
        return await pawl.WaitAsync();
    }

    public static Task<PawlExit> RunAsync(Scratch at, params string[] words) => RunAsync(at, words, []);

    /// <exception cref="TimeoutException">It was still running after the limit (default 120 s); it is killed.</exception>
    public async Task<PawlExit> WaitAsync(TimeSpan? limit = null)
    {
        using var patience = new CancellationTokenSource(limit ?? TimeSpan.FromSeconds(120));
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"pawl still ran after {limit ?? TimeSpan.FromSeconds(120)}: {await output}\n{await errors}");
        }
        return new PawlExit(process.ExitCode, await output, await errors);
    }

    public void Send(Signal signal) => Signals.Send(Id, signal);

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        await Task.WhenAll(output, errors);
        process.Dispose();
    }
}
