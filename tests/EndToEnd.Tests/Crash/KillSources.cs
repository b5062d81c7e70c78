using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>The sources of some scenarios, made once for the tests of a class; trials only read them.</summary>
public abstract class KillSources : IAsyncLifetime
{
    private readonly Scratch scratch = new();
    private readonly Dictionary<string, TestStore> stores = [];

    private protected KillSources(IReadOnlyList<KillScenario> scenarios) => Scenarios = scenarios;

    internal IReadOnlyList<KillScenario> Scenarios { get; }

    internal TestStore Source(KillScenario scenario) => stores[scenario.Name];

    internal Task<KillTrial> TrialAsync(KillScenario scenario) => KillTrial.NewAsync(scenario, Source(scenario));

    public async ValueTask InitializeAsync()
    {
        foreach (var scenario in Scenarios) stores[scenario.Name] = await Stores.SourceAsync(scenario, scratch);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in stores.Values) await store.DisposeAsync();
        scratch.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>SQLite → SQLite.</summary>
public sealed class SqliteKillSources() : KillSources(KillScenario.All(rows: 9_000));
