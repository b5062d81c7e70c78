using System.Reflection;

namespace Pawl.Simulation;

/// <summary>
/// What really happened to the runs of a campaign. Counters whose absence would make the campaign prove nothing are required.
/// </summary>
internal sealed class Tally
{
    public long Runs;
    public long Kills;
    public long KillsWithOpenTransaction;
    public long KillsAtNamedPoint;
    public long Stalls;
    public long LongStalls;
    public long TakeOvers;
    public long Fenced;
    public long LostAnswers;
    public long LostCommits;
    public long UnknownCommits;
    public long LateCommits;
    public long RefusedCommits;
    public long ResolvedCommits;
    public long StatementErrors;
    public long SourceErrors;
    public long LockWaits;
    public long TerminatedOpen;
    public long Cuts;
    public long Restarts;
    public long Restores;
    public long ClockJumps;
    public long Pauses;
    public long Stops;
    public long TableRestarts;
    public long SourceChanges;
    public long Refusals;
    public long Rejects;
    public long Retries;
    public long Resumes;
    public long Commits;
    public long RowsWritten;
    public long TablesWithoutKey;

    private static readonly FieldInfo[] Fields = typeof(Tally).GetFields(BindingFlags.Public | BindingFlags.Instance);

    public IEnumerable<(string Name, long Value)> All => Fields.Select(f => (f.Name, (long)f.GetValue(this)!));

    public void Add(Tally other)
    {
        foreach (var field in Fields) field.SetValue(this, (long)field.GetValue(this)! + (long)field.GetValue(other)!);
    }
}
