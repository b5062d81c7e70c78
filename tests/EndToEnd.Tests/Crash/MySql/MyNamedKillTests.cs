using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>SIGKILL at the named points with MariaDB at one end or both. See <see cref="NamedKills"/>.</summary>
public sealed class MyNamedKillTests(MyKillSources sources) : IClassFixture<MyKillSources>
{
    public static TheoryData<string, string, int> Points() => NamedKills.Points(MyScenarios.Pairs);

    public static TheoryData<string, string, string, int> Rows() => NamedKills.Rows(MyScenarios.Pairs);

    [Theory, MemberData(nameof(Points))]
    public async Task A_kill_at_a_named_point_loses_and_doubles_nothing(string pair, string point, int scenario)
    {
        await using var trial = await sources.TrialAsync(sources.Of(pair)[scenario]);
        await NamedKills.OnceAsync(trial, point);
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task Two_kills_in_a_row_lose_and_double_nothing(string pair, string first, string second, int scenario)
    {
        await using var trial = await sources.TrialAsync(sources.Of(pair)[scenario]);
        await NamedKills.TwiceAsync(trial, first, second);
    }
}
