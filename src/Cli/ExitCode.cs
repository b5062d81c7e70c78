using Pawl.Engine;
using Pawl.Model;

namespace Pawl.Cli;

/// <summary>What a process says with its exit code; scripts build on it. The one place that decides.</summary>
public static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Invalid = 2;
    public const int Partial = 3;
    public const int Differences = 4;
    public const int Temporary = 5;
    public const int Fenced = 6;
    public const int CannotResume = 7;
    public const int WorkToDo = 8;
    public const int Interrupted = 130;
    public const int Terminated = 143;

    public static int Of(PawlException e) => e.Code switch
    {
        Codes.CountsDiffer or Codes.DigestsDiffer => Differences,
        Codes.JobHeld or Codes.Fenced => Fenced,
        Codes.JobUnknown or Codes.NotPublished => Invalid,
        _ when e.Code.StartsWith("PAWL-4", StringComparison.Ordinal) => CannotResume,
        _ => e.Fault switch
        {
            Fault.Transient or Fault.Throttled => Temporary,
            Fault.Configuration or Fault.Schema => Invalid,
            Fault.PositionLost => CannotResume,
            Fault.Fenced => Fenced,
            _ => Failed,
        },
    };

    /// <param name="terminated">The run was ended by SIGTERM rather than by Ctrl-C or a pause.</param>
    public static int Of(RunSummary summary, bool terminated) => summary.Status switch
    {
        RunStatus.Interrupted => terminated ? Terminated : Interrupted,
        RunStatus.Paused => Interrupted,
        RunStatus.Fenced => Fenced,
        RunStatus.Failed => summary.Error is { } whole ? Of(whole) : OfTables(summary.Tables),
        _ when summary.Tables.Any(t => t.Verdict is { Equal: false }) => Differences,
        RunStatus.NothingToDo => Done,
        RunStatus.Partial => Partial,
        _ when summary.Tables.Any(t => t.Status == TableStatus.Failed || t.Total.Rejected + t.Total.Nulled > 0) => Partial,
        _ => Done,
    };

    /// <summary>All failed for the same reason: that reason's code; else 1.</summary>
    private static int OfTables(IReadOnlyList<TableOutcome> tables)
    {
        var codes = tables.Where(t => t.Error is not null).Select(t => Of(t.Error!)).Distinct().ToArray();
        return codes.Length == 1 ? codes[0] : Failed;
    }
}
