namespace Pawl.Cli.Output;

/// <summary>
/// Where a verb speaks: results to stdout, everything else to stderr. With <c>--json</c> stdout carries JSON lines only and people's texts
/// are not written. Used from the verb's own flow; renderers that write from elsewhere have their own lock.
/// </summary>
public sealed class Shell
{
    public required string Verb { get; init; }
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }
    public bool Json { get; init; }
    public bool Quiet { get; init; }
    public bool Verbose { get; init; }
    public bool OutIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }
    public bool InputIsTerminal { get; init; }
    public required Paint OutPaint { get; init; }
    public required Paint ErrorPaint { get; init; }
    /// <summary>Cells per line; 100 where there is no terminal.</summary>
    public int Width { get; init; } = 100;
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What <c>--json</c> prints under <c>data</c>.</summary>
    public Pairs Data { get; } = [];
    /// <summary>What <c>--json</c> prints under <c>error</c>; null when nothing went wrong.</summary>
    public Pairs? Failure { get; set; }
    public string? Job { get; set; }
    /// <summary>The job file as the user typed it, for advice.</summary>
    public string? JobFile { get; set; }
    public Guid? Run { get; set; }

    public DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>A line of the result.</summary>
    public void Say(string line = "")
    {
        if (!Json) Out.WriteLine(line);
    }

    public void Say(IEnumerable<string> lines)
    {
        foreach (var line in lines) Say(line);
    }

    /// <summary>A line beside the result; silent with <c>--quiet</c> and <c>--json</c>.</summary>
    public void Note(string line = "")
    {
        if (!Json && !Quiet) Error.WriteLine(line);
    }

    /// <summary>Result text that is data by itself (YAML, a schema, a report): written as it is.</summary>
    public void Raw(string text)
    {
        if (Json) return;
        Out.Write(text);
        if (!text.EndsWith('\n')) Out.WriteLine();
    }

    /// <summary>The one line that ends every command under <c>--json</c>.</summary>
    public void Finish(int exit, Pairs? error = null)
    {
        if (Json)
        {
            Out.WriteLine(JsonLine.Object(JsonLine.Head(Now, Job, Run, Telemetry.EventCodes.RunEnded, ("verb", Verb), ("exit", exit),
                ("data", Data.Count > 0 ? Data : null), ("error", error ?? Failure))));
        }
        Out.Flush();
        Error.Flush();
    }

    public static Shell Create(string verb, bool json, bool quiet, bool verbose)
    {
        var outTerminal = !Console.IsOutputRedirected;
        var errorTerminal = !Console.IsErrorRedirected;
        var colour = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") != "dumb";
        return new Shell
        {
            Verb = verb,
            Out = Console.Out,
            Error = Console.Error,
            Json = json,
            Quiet = quiet,
            Verbose = verbose,
            OutIsTerminal = outTerminal,
            ErrorIsTerminal = errorTerminal,
            InputIsTerminal = !Console.IsInputRedirected,
            OutPaint = new Paint(colour && outTerminal),
            ErrorPaint = new Paint(colour && errorTerminal),
            Width = outTerminal || errorTerminal ? TerminalWidth() : 100,
        };
    }

    internal static int TerminalWidth()
    {
        try
        {
            return Console.WindowWidth is > 20 and var width ? width : 80;
        }
        catch (IOException)
        {
            return 80; // the terminal has gone away
        }
    }
}
