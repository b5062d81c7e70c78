using System.Globalization;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>What the environment asks of the campaigns; without it they run the slice that CI has time for.</summary>
internal static class CampaignSettings
{
    /// <summary>A number from the environment; null = not set.</summary>
    public static int? Number(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text
        ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    /// <summary><c>PAWL_KILL_SEED</c>.</summary>
    public static int Seed => Number("PAWL_KILL_SEED") ?? 20_260_101;

    /// <summary><c>PAWL_KILL_TRIAL</c>: only this trial of the seed.</summary>
    public static int? Only => Number("PAWL_KILL_TRIAL");

    /// <summary>This is the campaign that is written down, with all the time it needs.</summary>
    public static bool IsRecorded => Environment.GetEnvironmentVariable("PAWL_CRASH_RECORD") is { Length: > 0 };

    /// <summary>Data of a theory: all of it in a recorded campaign, else the first so many, which CI has time for.</summary>
    public static IEnumerable<T> Slice<T>(int ofCi, params T[] all) => IsRecorded ? all : all.Take(ofCi);

    /// <summary>What came out of one trial, with what repeats it.</summary>
    public static IEnumerable<string> Told(KillTrial trial, int number, string more) =>
        trial.Complaints.Select(c => $"PAWL_KILL_SEED={Seed} PAWL_KILL_TRIAL={number} ({more}): {c}");

    /// <summary>
    /// Writes what a campaign came to into the folder <c>PAWL_CRASH_RECORD</c>, one figure a line; nothing when it is not set.
    /// </summary>
    public static async Task RecordAsync(string campaign, string pair, IEnumerable<(string Name, long Value)> figures)
    {
        if (Environment.GetEnvironmentVariable("PAWL_CRASH_RECORD") is not { Length: > 0 } folder) return;
        var lines = figures.Select(f => string.Create(CultureInfo.InvariantCulture, $"{campaign}\t{pair}\t{f.Name}\t{f.Value}"));
        var name = $"{campaign}.{pair.Replace(" ", "", StringComparison.Ordinal)}.{Seed}.tsv";
        await File.WriteAllLinesAsync(Path.Combine(folder, name), lines);
    }
}
