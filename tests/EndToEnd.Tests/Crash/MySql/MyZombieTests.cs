using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>See <see cref="Zombies"/>.</summary>
public sealed class MyZombieTests(MyZombieTests.Sources sources, ITestOutputHelper output) : IClassFixture<MyZombieTests.Sources>
{
    /// <summary>More rows than a runner copies before it is stopped.</summary>
    public sealed class Sources() : MySources(40_000);

    private readonly Zombies zombies = new(sources, output);

    public static TheoryData<string> Pairs => new(CampaignSettings.Slice(2,
        MyScenarios.MariaToMaria, MyScenarios.PgToMaria, MyScenarios.MariaToPg, MyScenarios.SqliteToMaria));

    [Theory, MemberData(nameof(Pairs))]
    public Task A_runner_stopped_inside_a_load_is_taken_over_and_fenced_when_it_wakes(string pair) => zombies.StoppedAsync(pair);

    [Theory, MemberData(nameof(Pairs))]
    public Task A_runner_killed_inside_a_load_is_continued_at_once(string pair) => zombies.KilledAsync(pair);
}
