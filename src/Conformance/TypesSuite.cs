using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Conformance;

/// <summary>What is written is what is read, or it is refused: no value of a claimed type is ever changed.</summary>
public abstract class TypesSuite
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    protected abstract ValueTask<ITypesFixture> OpenAsync();

    [Fact]
    public async Task Every_value_of_every_claimed_type_comes_back_as_it_was_written()
    {
        await using var fixture = await OpenAsync();
        Assert.NotEmpty(fixture.Types);
        foreach (var type in fixture.Types)
        {
            var refused = fixture.Refused(type).Select(Cells.Text).ToHashSet();
            var values = TypeValues.Of(type).Where(v => !refused.Contains(Cells.Text(v))).ToList();
            var (table, read) = await RoundTripAsync(fixture, type, values,
                $"t_{type.Kind}_{type.Length}_{type.Precision}".ToLowerInvariant(), false);
            Assert.Equal(type.Kind, table.Columns[1].Type.Kind);
            AssertEqual(type, values, read);
        }
    }

    [Fact]
    public async Task A_value_the_system_cannot_hold_is_refused_and_nothing_of_its_group_stays()
    {
        await using var fixture = await OpenAsync();
        var number = 0;
        foreach (var type in fixture.Types)
        {
            foreach (var value in fixture.Refused(type))
            {
                var name = $"refused_{number++}";
                var thrown = await Assert.ThrowsAsync<PawlException>(() => RoundTripAsync(fixture, type, [value], name, false));
                Assert.Equal(Fault.Data, thrown.Fault);
                Assert.Empty(await fixture.RowsAsync(fixture.Name(name), ["id"]));
            }
        }
    }

    [Fact]
    public async Task A_cell_of_another_type_than_its_columns_is_kept_exactly_where_the_connector_says_so()
    {
        await using var fixture = await OpenAsync();
        if (!fixture.KeepsStrays) return;
        List<object?> strays = ["text in a number", 1.5, new byte[] { 1, 2, 3 }, 5L, null];
        var (_, numbers) = await RoundTripAsync(fixture, LogicalType.Int64, strays, "strays_integer", true);
        AssertEqual(LogicalType.Int64, strays, numbers);
        strays = [new byte[] { 0, 255 }, "text", null];
        var (_, texts) = await RoundTripAsync(fixture, LogicalType.Text, strays, "strays_text", true);
        AssertEqual(LogicalType.Text, strays, texts);
    }

    private static async Task<(TableSchema Table, List<object?> Read)> RoundTripAsync(ITypesFixture fixture, LogicalType type,
        IReadOnlyList<object?> values, string name, bool dynamic)
    {
        var sample = new SampleTable(name, [new("id", LogicalType.Int64, false), new("value", type)], ["id"], []);
        var plan = Plans.For(fixture, sample, splits: 1);
        if (dynamic)
        {
            var columns = plan.TargetSchema.Columns.Select(c => c with { Dynamic = true }).ToList();
            plan = plan with { TargetSchema = plan.TargetSchema with { Columns = columns } };
        }
        await using (var runner = await SinkRunner.StartAsync(fixture, job: name))
        {
            await runner.BeginAsync(plan);
            await using var writer = await runner.OpenAsync(plan, 0);
            object?[][] rows = [.. values.Select((v, i) => new object?[] { (long)i, v })];
            await new SinkLane(writer, plan, plan.Lane(runner.Lease.Job, 0), rows).RunAsync(4);
        }
        await using var source = await fixture.OpenSourceAsync();
        var table = Assert.Single(await source.DescribeAsync(TablePattern.Literal(plan.Target.ToString()), Ct));
        var read = new List<object?>();
        await foreach (var e in source.ReadAsync(table, new(), new Split { Index = 0 }, null, null, new BatchBudget(3, 1 << 20), Ct))
        {
            if (e is not RowsEvent arrived) continue;
            using var batch = arrived.Batch;
            for (var row = 0; row < batch.Rows; row++) read.Add(Cells.Read(batch.Columns[1], row));
        }
        return (table, read);
    }

    private static void AssertEqual(LogicalType type, IReadOnlyList<object?> expected, List<object?> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            var (left, right) = (Cells.Text(expected[i]), Cells.Text(actual[i]));
            Assert.True(left == right, $"{type}: wrote {Short(left)}, read {Short(right)}");
        }
    }

    private static string Short(string text) => text.Length > 60 ? $"{text[..60]}… ({text.Length})" : text;
}
