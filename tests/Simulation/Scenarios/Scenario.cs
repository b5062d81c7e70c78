using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Telemetry;

namespace Pawl.Simulation;

/// <summary>One table of a scenario.</summary>
internal sealed class TableScenario
{
    public required string Name { get; init; }
    /// <summary>As the job says it now.</summary>
    public required TableRule Rule { get; set; }
    public required SourceContent Content { get; init; }
    /// <summary>The target has a unique key.</summary>
    public required bool Unique { get; init; }
    public string Target => Name;
}

internal enum FateKind { Kill, Stall, Cut }

/// <summary>What befalls one runner: at its n-th work item, or at the n-th time it passes a named point.</summary>
internal sealed record Fate(FateKind Kind, int AtItem, string? Point, int Occurrence, long StallTicks);

internal enum NemesisKind
{
    RestoreHard, RestoreSoft, Restart, CutOne, TargetClock, RunnerClock, Pause, Stop, Abort, ChangeSource, ChangeTable,
    ChangeSchema, ChangeWhere,
}

/// <summary>Something that happens to the world when the server has served so many statements.</summary>
internal sealed record Nemesis(NemesisKind Kind, int AtServed);

/// <summary>Everything a seed decides beforehand.</summary>
internal sealed class Scenario
{
    public required Flavour Flavour { get; init; }
    public required FaultRates Faults { get; init; }
    public required IReadOnlyList<TableScenario> Tables { get; init; }
    public required int MaxWriters { get; init; }
    public required int Parallel { get; init; }
    public required CommitPolicy Commit { get; init; }
    public required RetryPolicy Retry { get; init; }
    /// <summary>When runners are started besides the one the supervisor keeps going, in ticks.</summary>
    public required IReadOnlyList<long> Starts { get; init; }
    public required int Launches { get; init; }
    public required IReadOnlyList<Nemesis> Nemeses { get; init; }
    public required double PositionRate { get; init; }
    public required double FateRate { get; init; }
    public required double RestartRate { get; init; }
    /// <summary>How often a long stall is used to take the target back.</summary>
    public required double RestoreRate { get; init; }
    /// <summary>Statements between backups.</summary>
    public required int BackupEvery { get; init; }
    public required bool InOrder { get; init; }
    /// <summary>What was changed is healed by restarting the tables, not by taking the change back.</summary>
    public required bool HealByRestart { get; init; }
    public bool PauseAsked { get; set; }
    /// <summary>Somebody changed the source or the job's definition at some time.</summary>
    public bool Changed { get; set; }

    private static readonly string[] Points =
    [
        CrashPoint.JobAcquired, CrashPoint.PlanSaved, CrashPoint.TargetPrepared, CrashPoint.LaneRaised, CrashPoint.TransactionOpen,
        CrashPoint.RowsWritten, CrashPoint.RowsWritten, CrashPoint.LedgerWritten, CrashPoint.LedgerWritten, CrashPoint.CommitDone,
        CrashPoint.CommitDone, CrashPoint.LaneFinal, CrashPoint.TableFinished, CrashPoint.BeforeRelease,
    ];

    public Fate? NextFate(Rng rng)
    {
        if (!rng.Chance(FateRate)) return null;
        var kind = rng.Below(10) switch { < 5 => FateKind.Kill, < 9 => FateKind.Stall, _ => FateKind.Cut };
        var stall = rng.Below(8) switch
        {
            < 3 => rng.Ticks(0, 20 * TimeSpan.TicksPerSecond),
            < 7 => rng.Ticks(31 * TimeSpan.TicksPerSecond, 200 * TimeSpan.TicksPerSecond),
            _ => TimeSpan.TicksPerHour,
        };
        return rng.Chance(0.6)
            ? new Fate(kind, 0, rng.Pick(Points), rng.Between(1, 6), stall)
            : new Fate(kind, rng.Chance(0.5) ? rng.Between(1, 80) : rng.Between(1, 900), null, 0, stall);
    }
}
