using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>See <see cref="LostAnswers"/>.</summary>
public sealed class LostAnswerTests(PgSmallSources sources, ITestOutputHelper output) : IClassFixture<PgSmallSources>
{
    private readonly LostAnswers lost = new(sources, PgSmallSources.NumberOfRows, output);

    [Theory]
    [InlineData(PgScenarios.PgToPg, CommitFault.CutBefore)]
    [InlineData(PgScenarios.SqliteToPg, CommitFault.CutBefore)]
    [InlineData(PgScenarios.PgToPg, CommitFault.Swallow)]
    [InlineData(PgScenarios.SqliteToPg, CommitFault.Swallow)]
    [InlineData(PgScenarios.PgToPg, CommitFault.DeliverLate)]
    [InlineData(PgScenarios.SqliteToPg, CommitFault.HoldOpen)]
    public Task A_commit_without_an_answer_is_resolved(string pair, CommitFault fault) => lost.SameAsync(pair, fault);

    [Theory]
    [InlineData(PgScenarios.PgToPg)]
    [InlineData(PgScenarios.SqliteToPg)]
    public Task Answers_lost_at_random_lose_and_double_nothing(string pair) => lost.RandomAsync(pair);
}
