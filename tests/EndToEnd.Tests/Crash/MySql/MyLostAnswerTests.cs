using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>See <see cref="LostAnswers"/>.</summary>
public sealed class MyLostAnswerTests(MySmallSources sources, ITestOutputHelper output) : IClassFixture<MySmallSources>
{
    private readonly LostAnswers lost = new(sources, MySmallSources.NumberOfRows, output);

    public static TheoryData<string, CommitFault> Faults => new(CampaignSettings.Slice<(string, CommitFault)>(7,
        (MyScenarios.MariaToMaria, CommitFault.CutBefore), (MyScenarios.PgToMaria, CommitFault.Swallow),
        (MyScenarios.MariaToMaria, CommitFault.Swallow), (MyScenarios.SqliteToMaria, CommitFault.DeliverLate),
        (MyScenarios.PgToMaria, CommitFault.HoldOpen), (MyScenarios.MariaToPg, CommitFault.Swallow),
        (MyScenarios.SqliteToMaria, CommitFault.CutBefore), (MyScenarios.MariaToPg, CommitFault.CutBefore),
        (MyScenarios.MariaToPg, CommitFault.HoldOpen), (MyScenarios.MariaToPg, CommitFault.DeliverLate),
        (MyScenarios.SqliteToMaria, CommitFault.Swallow), (MyScenarios.SqliteToMaria, CommitFault.HoldOpen)));

    [Theory, MemberData(nameof(Faults))]
    public Task A_commit_without_an_answer_is_resolved(string pair, CommitFault fault) => lost.SameAsync(pair, fault);

    [Theory]
    [InlineData(MyScenarios.PgToMaria)]
    [InlineData(MyScenarios.MariaToMaria)]
    [InlineData(MyScenarios.MariaToPg)]
    [InlineData(MyScenarios.SqliteToMaria)]
    public Task Answers_lost_at_random_lose_and_double_nothing(string pair) => lost.RandomAsync(pair);
}
