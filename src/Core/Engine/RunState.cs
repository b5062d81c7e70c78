using Pawl.Model;

namespace Pawl.Engine;

/// <summary>What a run has come to so far; the summary is computed from it.</summary>
internal sealed class RunState
{
    public List<TableRun> Tables { get; } = [];
    /// <summary>Names and patterns that matched nothing.</summary>
    public List<(string Name, PawlException Error)> Missing { get; } = [];
    public ResumeInfo? Resumed { get; set; }
    /// <summary>What stopped the whole run.</summary>
    public PawlException? Error { get; set; }

    public RunSummary Summary(RunContext run, bool stopped, TimeSpan time)
    {
        var tables = Tables.Select(t => t.Outcome()).ToList();
        tables.AddRange(Missing.Select(m =>
            new TableOutcome { Source = m.Name, Target = "", Status = TableStatus.Failed, Error = m.Error }));
        return new RunSummary
        {
            Run = run.Run,
            Status = Status(run, tables, stopped),
            Tables = tables,
            Error = Error,
            Time = time,
            Retries = run.Retries,
            Resumed = Resumed,
        };
    }

    private RunStatus Status(RunContext run, List<TableOutcome> tables, bool stopped)
    {
        if (Error is { Fault: Fault.Fenced }) return RunStatus.Fenced;
        if (Error is not null) return RunStatus.Failed;
        var failed = tables.Count(t => t.Status == TableStatus.Failed);
        if (stopped && (tables.Count == 0 || tables.Any(t => t.Status == TableStatus.Interrupted)))
        {
            return run.PauseAsked ? RunStatus.Paused : RunStatus.Interrupted;
        }
        if (failed == tables.Count) return tables.Count == 0 ? RunStatus.NothingToDo : RunStatus.Failed;
        if (failed > 0) return RunStatus.Partial;
        return tables.All(t => t.Status == TableStatus.AlreadyDone) ? RunStatus.NothingToDo : RunStatus.Done;
    }
}
