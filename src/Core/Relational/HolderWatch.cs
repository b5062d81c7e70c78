using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>What looking at the holder of a job came to.</summary>
internal enum HolderFate
{
    /// <summary>Dead or stopped: the job may be taken.</summary>
    Gone,
    /// <summary>The job has been given back, or somebody else has it: look again.</summary>
    Changed,
}

/// <summary>
/// Tells a living holder of a job from a dead or stopped one. Liveness only; safety is the epoch. A holder that has spoken lately
/// (<see cref="Liveness.FreshFor"/>) is alive: told at once. One that has missed some beats is watched from the first sight on: it is alive
/// as soon as its tick moves, and gone when it has been silent for <see cref="Liveness.DeadAfter"/> by the target's clock. So one start
/// either ends at once or has the job well within that time, whenever it comes.
/// </summary>
/// <param name="look">Reads the job's row again; null = it is gone.</param>
internal sealed class HolderWatch(TimeProvider time, Func<CancellationToken, ValueTask<bool>> isLocked,
    Func<CancellationToken, ValueTask<ControlRow?>> look)
{
    private static readonly TimeSpan Poll = Liveness.Beat / 10;

    /// <param name="row">The job's row with its holder, as it was seen first.</param>
    /// <exception cref="PawlException"><see cref="Codes.JobHeld"/>: it is alive.</exception>
    public async ValueTask<HolderFate> WatchAsync(JobClaim claim, ControlRow row, CancellationToken ct)
    {
        if (!await isLocked(ct)) return HolderFate.Gone;
        if (Age(row) is { } age && age < Liveness.FreshFor) throw Held(claim, row);
        claim.Watching?.Invoke(JobRows.Job(row));
        var began = time.GetTimestamp();
        var now = row;
        while (!Silent(now, time.GetElapsedTime(began)))
        {
            await Task.Delay(Poll, time, ct);
            if (await look(ct) is not { } seen || seen.TextOrNull("holder") != row.TextOrNull("holder")) return HolderFate.Changed;
            if (seen.Number("tick") != row.Number("tick")) throw Held(claim, seen);
            if (!await isLocked(ct)) return HolderFate.Gone;
            now = seen;
        }
        return HolderFate.Gone;
    }

    /// <summary>
    /// Old by the target's clock is not enough: the clock may have jumped, and a living holder changes its tick within one beat whatever
    /// the clock says. A heartbeat from the future says nothing, so that only our own watching counts.
    /// </summary>
    private static bool Silent(ControlRow row, TimeSpan watched) =>
        watched >= Liveness.Watch && (Age(row) is { } age && age >= Liveness.DeadAfter || watched >= Liveness.DeadAfter);

    /// <summary>By the target's clock; null when there is none, or one from the future.</summary>
    private static TimeSpan? Age(ControlRow row) => row.Now - row.NumberOrNull("heartbeat") is { } age and >= 0
        ? TimeSpan.FromMilliseconds(age) : null;

    private static PawlException Held(JobClaim claim, ControlRow row) => new(Fault.Fenced, Codes.JobHeld, ("job", claim.Name),
        ("holder", row.TextOrNull("runner")), ("heartbeat_ms", row.Now - row.NumberOrNull("heartbeat")));
}

/// <summary>The times of liveness. None is needed for safety.</summary>
public static class Liveness
{
    /// <summary>How often a holder says that it is alive.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(5);
    /// <summary>A heartbeat younger than this, by the target's clock, is a living holder's: a busy machine delays one or two.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(15);
    /// <summary>A heartbeat older than this, by the target's clock, is a dead or stopped holder.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(30);
    /// <summary>How long a holder is watched at least before it counts as stopped: a beat, and a second for its way.</summary>
    public static readonly TimeSpan Watch = TimeSpan.FromSeconds(6);
}
