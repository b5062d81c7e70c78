using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>How a server ends without being asked.</summary>
public enum ServerEnd
{
    /// <summary>SIGQUIT: its processes end at once and write nothing.</summary>
    Immediate,
    /// <summary>SIGKILL to every process.</summary>
    KillAll,
    /// <summary>SIGKILL to the postmaster alone: the backends go on until they notice.</summary>
    KillPostmaster,
}

/// <summary>See <see cref="ServerKills"/>.</summary>
public sealed class ServerKillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private PgServer server = null!;
    private ServerKills kills = null!;

    public async ValueTask InitializeAsync()
    {
        server = await PgServer.StartAsync();
        kills = new ServerKills
        {
            Scenarios = PgScenarios.Of,
            DatabaseAsync = async () => await PgStore.CreateAsync(server),
            Kinds = [StoreKind.Postgres15, StoreKind.Postgres18],
            Ends = new Dictionary<string, Func<Task>>
            {
                [nameof(ServerEnd.Immediate)] = server.CrashAsync,
                [nameof(ServerEnd.KillAll)] = server.KillAllAsync,
                [nameof(ServerEnd.KillPostmaster)] = server.KillPostmasterAsync,
            },
            StartAgainAsync = server.StartWhenGoneAsync,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        kills.Dispose();
    }

    [Theory]
    [InlineData(PgScenarios.PgToPg)]
    [InlineData(PgScenarios.SqliteToPg)]
    [InlineData(PgScenarios.PgToSqlite)]
    public Task A_run_survives_a_server_that_is_killed_and_started_again(string pair) => kills.SurvivedAsync(pair, output);

    [Theory]
    [InlineData(PgScenarios.PgToPg, ServerEnd.KillAll)]
    [InlineData(PgScenarios.SqliteToPg, ServerEnd.Immediate)]
    [InlineData(PgScenarios.PgToSqlite, ServerEnd.KillPostmaster)]
    public Task A_run_that_may_not_wait_ends_as_temporary_and_the_next_one_goes_on(string pair, ServerEnd end) =>
        kills.GivenUpAsync(pair, end.ToString());
}
