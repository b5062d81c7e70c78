using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>See <see cref="LostAnswers"/>.</summary>
public sealed class MyLostAnswerTests(MySmallSources sources, ITestOutputHelper output) : IClassFixture<MySmallSources>
{
    private readonly LostAnswers lost = new(sources, MySmallSources.NumberOfRows, output);

    [Theory]
    [InlineData(MyScenarios.MariaToMaria, CommitFault.CutBefore)]
    [InlineData(MyScenarios.PgToMaria, CommitFault.Swallow)]
    [InlineData(MyScenarios.MariaToMaria, CommitFault.Swallow)]
    [InlineData(MyScenarios.SqliteToMaria, CommitFault.DeliverLate)]
    [InlineData(MyScenarios.PgToMaria, CommitFault.HoldOpen)]
    [InlineData(MyScenarios.MariaToPg, CommitFault.Swallow)]
    public Task A_commit_without_an_answer_is_resolved(string pair, CommitFault fault) => lost.SameAsync(pair, fault);

    [Theory]
    [InlineData(MyScenarios.PgToMaria)]
    [InlineData(MyScenarios.MariaToMaria)]
    [InlineData(MyScenarios.SqliteToMaria)]
    public Task Answers_lost_at_random_lose_and_double_nothing(string pair) => lost.RandomAsync(pair);
}
