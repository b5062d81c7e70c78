using System.Diagnostics;
using Pawl.Simulation;
using Xunit;

namespace Pawl.Core.Tests.Simulation;

/// <summary>The engine under simulation: the fixed share of seeds, exact replays, and every planted bug found.</summary>
public sealed class SimulationTests
{
#if DEBUG
    private const ulong FixedSeeds = 1_000;
#else
    private const ulong FixedSeeds = 20_000;
#endif

    [Fact]
    public void The_fixed_range_of_seeds_breaks_no_invariant_and_meets_every_fault()
    {
        var campaign = Campaign.Run(1, FixedSeeds, jobs: 2, maxFailures: 3);
        Assert.True(campaign.Failures.Count == 0, string.Join('\n', campaign.Failures.Select(Tell)));
        Assert.Equal((long)FixedSeeds, campaign.Seeds);
        Assert.Empty(campaign.Absent);
    }

    [Fact]
    public void A_range_of_seeds_that_moves_with_the_day_breaks_no_invariant()
    {
        var from = 10_000_000 + (ulong)DateTime.UtcNow.Date.Subtract(DateTime.UnixEpoch).Days * 1_000;
        var campaign = Campaign.Run(from, from + 499, jobs: 2, maxFailures: 3);
        Assert.True(campaign.Failures.Count == 0, string.Join('\n', campaign.Failures.Select(Tell)));
    }

    /// <summary>Seeds outside the fixed range that once broke an invariant.</summary>
    [Theory]
    [InlineData(131_188)] // a runner that had lost its job locked a plan's row, was stopped, and nobody knew whose session to end
    [InlineData(554_473)] // two restores took an empty target table, the second one between its last check and "done"
    public void A_seed_that_was_found_by_a_larger_campaign_stays_clean(ulong seed)
    {
        var outcome = Simulator.Run(seed);
        Assert.True(outcome.Violation is null, outcome.Violation is null ? "" : Tell(outcome));
    }

    [Fact]
    public void The_same_seed_gives_the_same_trace()
    {
        for (ulong seed = 1; seed <= 150; seed++)
        {
            var first = Simulator.Run(seed);
            var again = Simulator.Run(seed, keepText: seed % 10 == 0);
            Assert.True(first.Hash == again.Hash && first.Steps == again.Steps, $"seed {seed}: {first.Hash:x16} and {again.Hash:x16}");
        }
    }

    [Fact]
    public void Different_seeds_give_different_traces()
    {
        var hashes = Enumerable.Range(1, 100).Select(s => Simulator.Run((ulong)s).Hash).ToHashSet();
        Assert.Equal(100, hashes.Count);
    }

    [Fact]
    public async Task Every_planted_bug_is_found()
    {
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var program = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Simulation.Planted", configuration, "pawl-sim-planted"));
        Assert.True(File.Exists(program), $"{program} is not built");
        using var process = Process.Start(new ProcessStartInfo(program, ["--planted-check", "--limit", "8000"]) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, text);
        Assert.DoesNotContain("NOT FOUND", text, StringComparison.Ordinal);
        Assert.True(text.Split('\n').Count(l => l.Contains(" seed ", StringComparison.Ordinal)) >= 20, text);
    }

    private static string Tell(Outcome outcome) => $"seed {outcome.Seed}: {outcome.Violation!.Invariant}: {outcome.Violation.Explanation}\n"
        + $"  replay: dotnet run --project tests/Simulation -c Release -- --replay {outcome.Seed} --trace";
}
