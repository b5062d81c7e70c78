using Pawl.Contracts;
using Pawl.Core.Tests.Model;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Verify;
using Xunit;

namespace Pawl.Core.Tests.Verify;

/// <summary>Numbers of rows, rejected rows, and what they do to a verdict.</summary>
public sealed class TableComparerCountTests
{
    private static readonly TableSchema Keyed =
        Rows.Schema([("id", LogicalType.Int64), ("n", LogicalType.Int64)], new KeySchema([0], KeyKind.Primary));
    private static readonly TableSchema Heap = Rows.Schema(("id", LogicalType.Int64), ("n", LogicalType.Int64));

    private static IEnumerable<object?[]> Some(int count, params long[] without) =>
        Enumerable.Range(1, count).Where(i => !without.Contains(i)).Select(i => new object?[] { (long)i, (long)i * i });

    /// <summary>Every hundredth row holds text in the number column.</summary>
    private static IEnumerable<object?[]> Mistyped(int count) =>
        Some(count).Select(r => (long)r[0]! % 100 == 0 ? [r[0], Rows.Text("x")] : r);

    private static TablePlan Plan(MemoryTable source, StrayPolicy strays = StrayPolicy.Keep) => new()
    {
        Source = source.Schema.Name,
        Target = source.Schema.Name,
        Generation = 1,
        SourceSchema = source.Schema,
        TargetSchema = source.Schema,
        Read = new ReadOptions(),
        Splits = source.Cut(3),
        Strays = strays,
        ResultHash = "",
        SourceIdentity = source.Identity,
    };

    private static Task<TableVerdict> Compare(MemoryTable source, MemoryTable target, long rejected, VerifyLevel level = VerifyLevel.Digest,
        StrayPolicy strays = StrayPolicy.Keep) =>
        TableComparer.CompareAsync(source, target, Plan(source, strays), rejected, level, TestContext.Current.CancellationToken);

    [Theory]
    [InlineData(1_000, 1_500, 0, 1_000, true)]
    [InlineData(1_000, 1_500, 10, 990, true)]
    [InlineData(1_000, 1_500, 0, 999, false)]
    [InlineData(1_000, 999, 0, 1_000, false)]
    [InlineData(1_001, 1_500, 0, 1_000, false)]
    public async Task Rows_added_to_others_are_judged_by_the_ledger_and_the_target_holds_at_least_those(int source, int target,
        long rejected, long appended, bool equal)
    {
        foreach (var level in new[] { VerifyLevel.Count, VerifyLevel.Digest })
        {
            var there = new MemoryTable(Keyed, Some(source));
            var verdict = await TableComparer.CompareAsync(there, new MemoryTable(Keyed, Some(target)),
                Plan(there) with { Write = WriteMode.Append }, rejected, level, TestContext.Current.CancellationToken, appended: appended);
            Assert.Equal((equal, level == VerifyLevel.Count, VerifyLevel.Count), (verdict.Equal, verdict.Conclusive, verdict.Level));
        }
    }

    [Theory]
    [InlineData(1_000, 1_000, 0, true)]
    [InlineData(1_000, 999, 0, false)]
    [InlineData(1_000, 1_001, 0, false)]
    [InlineData(1_000, 990, 10, true)]
    [InlineData(1_000, 1_000, 10, false)]
    [InlineData(1_000, 991, 10, false)]
    public async Task Counts_are_equal_when_the_rejected_rows_make_up_the_difference(int source, int target, long rejected, bool equal)
    {
        foreach (var counts in new[] { true, false })
        {
            MemoryTable there = counts ? new CountingTable(Keyed, Some(source)) : new MemoryTable(Keyed, Some(source));
            MemoryTable here = counts ? new CountingTable(Keyed, Some(target)) : new MemoryTable(Keyed, Some(target));
            var verdict = await Compare(there, here, rejected, VerifyLevel.Count);
            Assert.Equal((equal, true, (long)source, (long)target),
                (verdict.Equal, verdict.Conclusive, verdict.SourceRows, verdict.TargetRows));
            Assert.Null(verdict.SourceDigest);
            Assert.Equal(counts ? 0 : 1, there.Ranges.Count);
        }
    }

    [Fact]
    public async Task Rows_the_policy_keeps_out_are_left_out_again_and_the_rest_is_proved()
    {
        var target = new MemoryTable(Keyed, Mistyped(1_000).Where(r => r[1] is long));
        var verdict = await Compare(new MemoryTable(Keyed, Mistyped(1_000)), target, 10, strays: StrayPolicy.Reject);
        Assert.Equal((true, true, 10L, 10L), (verdict.Equal, verdict.Conclusive, verdict.Rejected, verdict.Excluded));
        Assert.Equal((1_000L, 990L), (verdict.SourceRows, verdict.TargetRows));
        Assert.Equal(verdict.SourceDigest, verdict.TargetDigest);
    }

    [Fact]
    public async Task A_lost_row_beside_rejected_ones_is_found()
    {
        var target = new MemoryTable(Keyed, Mistyped(1_000).Where(r => r[1] is long and not 25));
        var verdict = await Compare(new MemoryTable(Keyed, Mistyped(1_000)), target, 10, strays: StrayPolicy.Reject);
        Assert.False(verdict.Equal);
        Assert.Equal(1, Assert.Single(verdict.Differences).Missing);
    }

    [Fact]
    public async Task Mistyped_rows_that_the_reject_store_does_not_know_are_a_difference()
    {
        var target = new MemoryTable(Keyed, Mistyped(1_000).Where(r => r[1] is long));
        Assert.False((await Compare(new MemoryTable(Keyed, Mistyped(1_000)), target, 9, strays: StrayPolicy.Reject)).Equal);
    }

    [Fact]
    public async Task Mistyped_rows_that_are_kept_are_compared_as_they_are()
    {
        Assert.True((await Compare(new MemoryTable(Keyed, Mistyped(1_000)), new MemoryTable(Keyed, Mistyped(1_000)), 0)).Equal);
        Assert.False((await Compare(new MemoryTable(Keyed, Mistyped(1_000)), new MemoryTable(Keyed, Some(1_000)), 0)).Equal);
    }

    [Fact]
    public async Task Rows_the_server_refused_are_accounted_for_one_by_one()
    {
        var verdict = await Compare(new MemoryTable(Keyed, Some(1_000)), new MemoryTable(Keyed, Some(1_000, 3, 500, 777)), 3);
        Assert.Equal((true, true, 0L), (verdict.Equal, verdict.Conclusive, verdict.Excluded));
        Assert.Empty(verdict.Differences);
    }

    [Fact]
    public async Task A_changed_row_beside_refused_ones_is_found()
    {
        var target = Some(1_000, 3, 500).Select(r => (long)r[0]! == 600 ? [r[0], 1L] : r);
        var verdict = await Compare(new MemoryTable(Keyed, Some(1_000)), new MemoryTable(Keyed, target), 2);
        Assert.False(verdict.Equal);
        Assert.Contains(verdict.Differences, d => d.Extra == 1);
    }

    [Fact]
    public async Task A_lost_row_beside_a_doubled_one_is_not_taken_for_a_refused_one()
    {
        var target = Some(1_000, 3, 500, 600).Append([7L, 49L]);
        Assert.False((await Compare(new MemoryTable(Keyed, Some(1_000)), new MemoryTable(Keyed, target), 2)).Equal);
    }

    [Fact]
    public async Task Without_shared_ranges_refused_rows_leave_the_verdict_open()
    {
        var verdict = await Compare(new MemoryTable(Heap, Some(1_000)), new MemoryTable(Heap, Some(1_000, 3)), 1);
        Assert.Equal((true, false), (verdict.Equal, verdict.Conclusive));
        Assert.NotEqual(verdict.SourceDigest, verdict.TargetDigest);
        var wrong = await Compare(new MemoryTable(Heap, Some(1_000)), new MemoryTable(Heap, Some(1_000, 3)), 2);
        Assert.Equal((false, true), (wrong.Equal, wrong.Conclusive));
    }

    [Fact]
    public async Task A_reader_that_gives_fewer_rows_than_the_system_counts_proves_nothing()
    {
        var source = new CountingTable(Keyed, Some(1_000)) { More = 1 };
        var verdict = await Compare(source, new CountingTable(Keyed, Some(1_000)), 0);
        Assert.Equal((false, false, 1_001L), (verdict.Equal, verdict.Conclusive, verdict.SourceRows));
    }

    [Fact]
    public async Task No_level_is_no_comparison() => await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() =>
        Compare(new MemoryTable(Heap, []), new MemoryTable(Heap, []), 0, VerifyLevel.None));
}
