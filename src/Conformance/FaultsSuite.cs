using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Conformance;

/// <summary>
/// The n-th call fails, once or for ever, for every kind of call and every n until a run passes untouched: whatever happens, the next
/// healthy run ends with every row once, and nobody has to clean up.
/// </summary>
public abstract class FaultsSuite
{
    private const int Rows = 24, Slice = 8, MostCalls = 200;

    protected abstract ValueTask<ISinkFixture> OpenAsync();

    [Theory]
    [InlineData(FaultPoint.Connect, false)]
    [InlineData(FaultPoint.Connect, true)]
    [InlineData(FaultPoint.Begin, false)]
    [InlineData(FaultPoint.Begin, true)]
    [InlineData(FaultPoint.Change, false)]
    [InlineData(FaultPoint.Change, true)]
    [InlineData(FaultPoint.Select, false)]
    [InlineData(FaultPoint.Select, true)]
    [InlineData(FaultPoint.Write, false)]
    [InlineData(FaultPoint.Write, true)]
    [InlineData(FaultPoint.CommitNotDelivered, false)]
    [InlineData(FaultPoint.CommitNotDelivered, true)]
    [InlineData(FaultPoint.CommitAnswerLost, false)]
    [InlineData(FaultPoint.CommitAnswerLost, true)]
    [InlineData(FaultPoint.CommitRefused, false)]
    [InlineData(FaultPoint.CommitRefused, true)]
    public async Task A_failing_call_leaves_nothing_that_the_next_run_cannot_finish(FaultPoint point, bool forever)
    {
        for (var nth = 1; ; nth++)
        {
            Assert.True(nth < MostCalls, "a run of three groups makes that many calls");
            await using var fixture = await OpenAsync();
            var plan = Plans.For(fixture, Plans.OrderTable(keyed: false), splits: 1);
            var rows = Plans.Orders(Rows);
            var faults = new FaultPlan(point, nth, forever);
            var failed = await Record.ExceptionAsync(() => CopyAsync(fixture, plan, rows, faults));
            if (!faults.Struck)
            {
                Assert.Null(failed);
                Assert.True(nth > 1, "no such call was made");
                return;
            }
            Assert.True(failed is null or PawlException, $"{point} {nth}: {failed}");
            var durable = await fixture.RowsAsync(plan.Target, ["id"]);
            Assert.Equal(durable.Count, durable.Distinct().Count());
            Assert.Equal(0, durable.Count % Slice);
            await CopyAsync(fixture, plan, rows, null);
            Assert.Equal(rows.Select(Cells.Row).Order(StringComparer.Ordinal),
                (await fixture.RowsAsync(plan.Target, ["id", "note", "amount"])).Order(StringComparer.Ordinal));
        }
    }

    private static async Task CopyAsync(ISinkFixture fixture, TablePlan plan, IReadOnlyList<object?[]> rows, FaultPlan? faults)
    {
        await using var runner = await SinkRunner.StartAsync(fixture, faults);
        var known = (await runner.Store.ReadAsync(runner.Lease.Job, default)).Plans;
        if (known.Count == 0) await runner.BeginAsync(plan);
        await using (var writer = await runner.OpenAsync(plan, 0))
        {
            await new SinkLane(writer, plan, plan.Lane(runner.Lease.Job, 0), rows).RunAsync(Slice);
        }
        await runner.Sink.FinishAsync(plan, runner.Lease, default);
        await runner.ReleaseAsync();
    }
}
