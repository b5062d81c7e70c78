using Pawl.Cli.Output;

namespace Pawl.Cli.Progress;

/// <summary>Chooses how a run is shown: live on a terminal, plain lines elsewhere, JSON lines on stdout with <c>--json</c>.</summary>
internal static class RunViews
{
    /// <param name="asked"><c>--progress</c>; null = choose.</param>
    public static IRunView Open(Shell shell, string? asked, Board board)
    {
        var live = shell.ErrorIsTerminal && Environment.GetEnvironmentVariable("TERM") is not ("dumb" or null or "");
        if (asked is null && shell.Json) return new JsonView(shell.Out);
        return (asked ?? (shell.Quiet ? "none" : live ? "live" : "plain")) switch
        {
            "none" => new SilentView(),
            "json" => new JsonView(shell.Error),
            // Asked for on something that cannot move its cursor: plain is what can be had.
            "live" when live => new LiveView(shell, board),
            _ => new PlainView(shell, board),
        };
    }
}
