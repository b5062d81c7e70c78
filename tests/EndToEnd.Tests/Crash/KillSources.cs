using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>The sources of some scenarios, each made once for the tests of a class that asks for it; trials only read them.</summary>
public abstract class KillSources : IAsyncDisposable
{
    private readonly Scratch scratch = new();
    private readonly Lock gate = new();
    private readonly Dictionary<string, Task<TestStore>> stores = [];

    private protected KillSources(IReadOnlyList<KillScenario> scenarios) => Scenarios = scenarios;

    internal IReadOnlyList<KillScenario> Scenarios { get; }

    internal Task<TestStore> SourceAsync(KillScenario scenario)
    {
        lock (gate)
        {
            return stores.TryGetValue(scenario.Name, out var store) ? store
                : stores[scenario.Name] = Stores.SourceAsync(scenario, scratch);
        }
    }

    internal async Task<KillTrial> TrialAsync(KillScenario scenario) => await KillTrial.NewAsync(scenario, await SourceAsync(scenario));

    public async ValueTask DisposeAsync()
    {
        foreach (var store in stores.Values) await (await store).DisposeAsync();
        scratch.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The sources of several pairs of databases, whose scenarios are two each.</summary>
public abstract class PairSources : KillSources
{
    private readonly Func<string, int, IReadOnlyList<KillScenario>> of;

    /// <param name="of">Scenarios of a pair with so many rows.</param>
    private protected PairSources(IReadOnlyList<string> pairs, Func<string, int, IReadOnlyList<KillScenario>> of, int rows)
        : base([.. pairs.SelectMany(p => of(p, rows))]) => this.of = of;

    internal IReadOnlyList<KillScenario> Of(string pair)
    {
        var names = of(pair, 1).Select(s => s.Name).ToArray();
        return [.. Scenarios.Where(s => names.Contains(s.Name))];
    }

    /// <summary>Those of a campaign, in turn: the one without unique keys first, so that it has half of the jobs or more.</summary>
    internal IReadOnlyList<KillScenario> InTurn(string pair) => [.. Of(pair).OrderByDescending(s => s.DoublesWouldShow)];
}

/// <summary>SQLite → SQLite.</summary>
public sealed class SqliteKillSources() : KillSources(KillScenario.All(rows: 9_000));
