using Pawl.Contracts;

namespace Pawl.Conformance;

/// <summary>An empty target on which a runner has stored a plan and made its table, as before the first row. Owns what it holds.</summary>
internal sealed class BegunTable : IAsyncDisposable
{
    private readonly ISinkFixture fixture;
    private readonly TablePlan plan;
    private readonly SinkRunner runner;

    private BegunTable(ISinkFixture fixture, TablePlan plan, SinkRunner runner)
    {
        this.fixture = fixture;
        this.plan = plan;
        this.runner = runner;
    }

    /// <param name="fixture">Becomes the owner's: disposed with the table, also when beginning fails.</param>
    public static async Task<BegunTable> BeginAsync(ISinkFixture fixture, int splits = 2, long rejectLimit = 0)
    {
        SinkRunner? runner = null;
        try
        {
            var plan = Plans.For(fixture, Plans.OrderTable(), splits: splits, rejectLimit: rejectLimit);
            runner = await SinkRunner.StartAsync(fixture);
            await runner.BeginAsync(plan);
            return new BegunTable(fixture, plan, runner);
        }
        catch
        {
            if (runner is not null) await runner.DisposeAsync();
            await fixture.DisposeAsync();
            throw;
        }
    }

    public void Deconstruct(out ISinkFixture fixture, out TablePlan plan, out SinkRunner runner) =>
        (fixture, plan, runner) = (this.fixture, this.plan, this.runner);

    public async ValueTask DisposeAsync()
    {
        await runner.DisposeAsync();
        await fixture.DisposeAsync();
    }
}
