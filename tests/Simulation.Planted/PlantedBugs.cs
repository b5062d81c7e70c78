using System.Globalization;

namespace Pawl.Simulation;

/// <summary>Turns planted bugs on and asks after how many seeds the simulation finds each.</summary>
internal static class PlantedBugs
{
    private const ulong Between = 100_000;

    /// <summary>Null when the arguments ask for something else.</summary>
    public static int? Run(string[] args)
    {
        var limit = ulong.Parse(CommandLine.Value(args, "--limit") ?? "3000", CultureInfo.InvariantCulture);
        if (args.Contains("--planted-check")) return Check(limit);
        if (args.Contains("--planted-table")) return Table(limit);
        if (CommandLine.Value(args, "--bug") is not { } name) return null;
        Planted.Current = Planted.All.FirstOrDefault(b => b.Name == name).Name;
        if (Planted.Current is not null) return null;
        Console.Error.WriteLine($"no such bug: {name}; there are: {string.Join(", ", Planted.All.Select(b => b.Name))}");
        return 2;
    }

    private static int Check(ulong limit)
    {
        var missed = 0;
        foreach (var (name, _) in Planted.All)
        {
            var found = Find(name, 1, limit);
            Console.WriteLine(found is null ? $"{name,-36} NOT FOUND in {limit} seeds" : $"{name,-36} seed {found.Seed,5}  {Where(found)}");
            if (found is null) missed++;
        }
        Planted.Current = null;
        var clean = Campaign.Run(1, 200, 2, maxFailures: 1);
        Console.WriteLine(clean.Failures.Count == 0 ? "without a bug: nothing found, as it should be" : "found something without a bug");
        Console.WriteLine($"{Planted.All.Length - missed} of {Planted.All.Length} planted bugs found");
        return missed == 0 && clean.Failures.Count == 0 ? 0 : 1;
    }

    private static int Table(ulong limit)
    {
        Console.WriteLine("# Planted bugs and how many seeds it takes to find them\n");
        Console.WriteLine("Written by `pawl-sim-planted --planted-table`. Each bug is one or a few lines planted into a copy of Core's sources (`tests/Simulation.Planted`).");
        Console.WriteLine($"Seeds run until the first violation, starting at seed 1; and the median of five ranges {Between} seeds apart. Replay:");
        Console.WriteLine("`dotnet run --project tests/Simulation.Planted -c Release -- --bug NAME --replay SEED --trace`.\n");
        Console.WriteLine("| Bug | What it does | Broken | Found at seed | Median of 5 |\n|---|---|---|---:|---:|");
        var missed = 0;
        var medians = new List<ulong>();
        foreach (var (name, what) in Planted.All)
        {
            var all = Enumerable.Range(0, 5).Select(i => (ulong)i * Between).Select(s => (Start: s, Found: Find(name, s + 1, s + limit)))
                .ToList();
            var counts = all.Select(a => a.Found is null ? ulong.MaxValue : a.Found.Seed - a.Start).Order().ToList();
            missed += all[0].Found is null ? 1 : 0;
            medians.Add(counts[2]);
            var (where, seed) = all[0].Found is { } first ? (Where(first), $"{first.Seed}") : ("–", "not found");
            var median = counts[2] == ulong.MaxValue ? $"> {limit}" : $"{counts[2]}";
            Console.WriteLine($"| {name} | {what} | {where} | {seed} | {median} |");
        }
        medians.Sort();
        Console.WriteLine($"\n{Planted.All.Length - missed} of {Planted.All.Length} found within {limit} seeds; median of the medians {medians[medians.Count / 2]} seeds.");
        return missed == 0 ? 0 : 1;
    }

    private static Outcome? Find(string name, ulong from, ulong to)
    {
        Planted.Current = name;
        var campaign = Campaign.Run(from, to, 2, maxFailures: 1);
        Planted.Current = null;
        return campaign.Failures.FirstOrDefault();
    }

    private static string Where(Outcome found) => found.Violation!.Invariant;
}
