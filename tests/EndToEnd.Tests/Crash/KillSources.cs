using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>The sources of all scenarios, made once for the tests of a class; trials only read them.</summary>
public sealed class KillSources : IAsyncLifetime
{
    private readonly Scratch scratch = new();

    internal IReadOnlyList<KillScenario> Scenarios { get; } = KillScenario.All(rows: 9_000);

    internal string File(KillScenario scenario) => scratch.At(scenario.Name + ".db");

    public async ValueTask InitializeAsync()
    {
        foreach (var scenario in Scenarios) await KillTrial.MakeSourceAsync(scratch, scenario);
    }

    public ValueTask DisposeAsync()
    {
        scratch.Dispose();
        return ValueTask.CompletedTask;
    }
}
