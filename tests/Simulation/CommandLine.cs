using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Pawl.Simulation;

/// <summary>The command line of the simulation.</summary>
internal static class CommandLine
{
    private const string Usage = """
        pawl-sim --seeds A..B [--jobs N] [--json]     run the seeds A to B (both included)
        pawl-sim --replay SEED [--trace]              run one seed again; --trace prints everything that happens
        In the planted build also:
        --bug NAME …                                  any of the above with that bug on
        --planted-check [--limit N]                   every planted bug must be found within N seeds (3000)
        --planted-table                               the same for five ranges of seeds, as a Markdown table
        """;

    public static int Run(string[] args)
    {
#if PLANTED
        if (PlantedBugs.Run(args) is { } code) return code;
#endif
        if (Value(args, "--replay") is { } seed) return Replay(ulong.Parse(seed, CultureInfo.InvariantCulture), args.Contains("--trace"));
        if (Value(args, "--seeds") is { } range)
        {
            var parts = range.Split("..");
            var from = ulong.Parse(parts[0], CultureInfo.InvariantCulture);
            var to = parts.Length > 1 ? ulong.Parse(parts[1], CultureInfo.InvariantCulture) : from;
            var jobs = int.Parse(Value(args, "--jobs") ?? "1", CultureInfo.InvariantCulture);
            return Campaign(from, to, jobs, args.Contains("--json"));
        }
        Console.Error.WriteLine(Usage);
        return 2;
    }

    public static string? Value(string[] args, string name)
    {
        var at = Array.IndexOf(args, name);
        return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
    }

    private static int Replay(ulong seed, bool trace)
    {
        var outcome = Simulator.Run(seed, trace);
        foreach (var line in outcome.Trace) Console.WriteLine(line);
        Console.WriteLine(outcome.Violation is null
            ? $"seed {seed}: holds, {outcome.Steps} steps, trace {outcome.Hash:x16}"
            : $"seed {seed}: {outcome.Violation.Invariant} broken, trace {outcome.Hash:x16}\n  {outcome.Violation.Explanation}");
        return outcome.Violation is null ? 0 : 1;
    }

    private static int Campaign(ulong from, ulong to, int jobs, bool json)
    {
        var clock = Stopwatch.StartNew();
        var campaign = Simulation.Campaign.Run(from, to, jobs, maxFailures: 10);
        clock.Stop();
        if (json) WriteJson(campaign, from, to, jobs, clock.Elapsed);
        else WriteText(campaign, from, to, clock.Elapsed);
        return campaign.Holds ? 0 : 1;
    }

    private static void WriteText(Campaign campaign, ulong from, ulong to, TimeSpan time)
    {
        Console.WriteLine($"seeds {from}..{to}: {campaign.Seeds} run in {time.TotalSeconds:F1} s, {campaign.Seeds / time.TotalSeconds:F0} seeds/s, "
            + $"{campaign.Steps} steps, hash {campaign.Hash:x16}");
        foreach (var (name, value) in campaign.Tally.All) Console.WriteLine($"  {name,-26}{value,14}");
        foreach (var failure in campaign.Failures)
        {
            Console.WriteLine($"seed {failure.Seed}: {failure.Violation!.Invariant} broken: {failure.Violation.Explanation}");
            Console.WriteLine($"  replay: dotnet run --project tests/Simulation -c Release -- --replay {failure.Seed} --trace");
        }
        foreach (var name in campaign.Absent) Console.WriteLine($"never happened: {name}; such a campaign proves nothing");
        Console.WriteLine(campaign.Holds ? "0 violations" : $"{campaign.Failures.Count} violations");
    }

    private static void WriteJson(Campaign campaign, ulong from, ulong to, int jobs, TimeSpan time) =>
        Console.WriteLine(JsonSerializer.Serialize(new
    {
        from,
        to,
        jobs,
        seeds = campaign.Seeds,
        seconds = Math.Round(time.TotalSeconds, 1),
        steps = campaign.Steps,
        hash = campaign.Hash.ToString("x16", CultureInfo.InvariantCulture),
        violations = campaign.Failures.Select(f => new { seed = f.Seed, invariant = f.Violation!.Invariant, f.Violation.Explanation }),
        never = campaign.Absent,
        tally = campaign.Tally.All.ToDictionary(t => t.Name, t => t.Value),
    }, new JsonSerializerOptions { WriteIndented = true }));
}
