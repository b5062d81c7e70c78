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

/// <summary>SQLite → SQLite.</summary>
public sealed class SqliteKillSources() : KillSources(KillScenario.All(rows: 9_000));
