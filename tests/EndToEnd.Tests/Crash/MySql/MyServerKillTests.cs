using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>How a MariaDB server ends.</summary>
public enum MyServerEnd
{
    /// <summary>SIGKILL.</summary>
    Kill,
    /// <summary>In good order, which ends sessions and what they are doing.</summary>
    ShutDown,
}

/// <summary>See <see cref="ServerKills"/>.</summary>
public sealed class MyServerKillTests(ITestOutputHelper output) : IAsyncLifetime
{
    private MariaDbServer server = null!;
    private ServerKills kills = null!;

    public async ValueTask InitializeAsync()
    {
        server = await MariaDbServer.StartAsync();
        kills = new ServerKills
        {
            Scenarios = MyScenarios.Of,
            DatabaseAsync = async () => await MariaStore.CreateAsync(server),
            Kinds = [StoreKind.MariaDb],
            Ends = new Dictionary<string, Func<Task>>
            {
                [nameof(MyServerEnd.Kill)] = server.CrashAsync,
                [nameof(MyServerEnd.ShutDown)] = server.StopAsync,
            },
            StartAgainAsync = () => server.StartAgainAsync(),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        kills.Dispose();
    }

    [Theory]
    [InlineData(MyScenarios.MariaToMaria)]
    [InlineData(MyScenarios.MariaToPg)]
    [InlineData(MyScenarios.PgToMaria)]
    [InlineData(MyScenarios.SqliteToMaria)]
    public Task A_run_survives_a_server_that_is_ended_and_started_again(string pair) => kills.SurvivedAsync(pair, output);

    public static TheoryData<string, MyServerEnd> GivenUp => new(CampaignSettings.Slice(3,
        (MyScenarios.MariaToPg, MyServerEnd.Kill), (MyScenarios.SqliteToMaria, MyServerEnd.ShutDown),
        (MyScenarios.PgToMaria, MyServerEnd.Kill), (MyScenarios.MariaToMaria, MyServerEnd.ShutDown)));

    [Theory, MemberData(nameof(GivenUp))]
    public Task A_run_that_may_not_wait_ends_as_temporary_and_the_next_one_goes_on(string pair, MyServerEnd end) =>
        kills.GivenUpAsync(pair, end.ToString());
}
