using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Engine;

public sealed class OpenGroupTests : IDisposable
{
    private static readonly TableSchema Schema = Model.Rows.Schema(("id", LogicalType.Int64));
    private static readonly LaneId Lane = new(Guid.Parse("00000000-0000-0000-0000-000000000001"), "t/g1/s0");
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource abort = new();

    public void Dispose()
    {
        stop.Dispose();
        abort.Dispose();
    }

    private RunContext Run(long rows = 100, long bytes = 1 << 20, TimeSpan? every = null)
    {
        var world = new EngineWorld();
        return new RunContext(world.Host, world.Job with
        {
            Commit = new CommitPolicy { Rows = rows, Bytes = bytes, Every = every ?? TimeSpan.FromHours(1) },
        }, Guid.Empty, stop, abort);
    }

    private static RowsEvent Rows(int rows, string? at)
    {
        var batch = new RowBatch(Schema) { Rows = rows };
        for (var i = 0; i < rows; i++) ((Int64Column)batch.Columns[0]).Append(i);
        return new RowsEvent(Schema.Name, 0, batch, at is null ? null : new Position("c/1", at));
    }

    private static LedgerEntry Before(long sequence, string at) => new()
    {
        Lane = Lane,
        Sequence = sequence,
        Position = new Position("c/1", at),
        Counts = new WriteCounts { Read = 5, Inserted = 5 },
        Total = new WriteCounts { Read = 50, Inserted = 50 },
        TotalBytes = 400,
    };

    [Fact]
    public void A_group_commits_only_where_the_source_gave_a_position_for_its_last_row()
    {
        var group = new OpenGroup(null, Run());
        Assert.False(group.MayCommit);
        group.Add(Rows(1, "1"));
        Assert.True(group.MayCommit);
        group.Add(Rows(1, null));
        Assert.False(group.MayCommit);
        group.Add(new ProgressEvent(null));
        Assert.False(group.MayCommit);
        group.Add(new ProgressEvent(new Position("c/1", "9")));
        Assert.True(group.MayCommit);
        Assert.Equal("9", group.Entry(Lane, null, default, false).Position?.Text);
    }

    [Fact]
    public void The_position_never_passes_a_row_that_has_none()
    {
        var group = new OpenGroup(null, Run());
        group.Add(Rows(1, "1"));
        group.Add(Rows(1, null));
        Assert.Equal("1", group.Entry(Lane, null, default, true).Position?.Text);
    }

    [Fact]
    public void An_entry_carries_on_the_sequence_the_totals_and_the_position()
    {
        var before = Before(7, "70");
        var group = new OpenGroup(before, Run());
        var empty = group.Entry(Lane, before, default, true);
        Assert.Equal("70", empty.Position?.Text);
        group.Add(Rows(3, "73"));
        var entry = group.Entry(Lane, before, new WriteCounts { Read = 3, Inserted = 3 }, false);
        Assert.Equal((8, 53, 53, "70", "73", false),
            (entry.Sequence, entry.Total.Read, entry.Total.Inserted, entry.After?.Text, entry.Position?.Text, entry.Final));
        Assert.Equal((24, 424), (entry.Bytes, entry.TotalBytes));
    }

    [Fact]
    public void A_lane_that_never_saw_a_row_ends_without_a_position()
    {
        var entry = new OpenGroup(null, Run()).Entry(Lane, null, default, true);
        Assert.Null(entry.Position);
        Assert.Equal((1, true), (entry.Sequence, entry.Final));
    }

    [Theory]
    [InlineData(10_000, 1L << 20, false, false)]
    [InlineData(3_340, 1L << 20, false, true)]
    [InlineData(10_000, 64, false, true)]
    [InlineData(10_000, 1L << 20, true, true)]
    public void A_group_is_full_by_rows_or_bytes_and_gets_old(long rows, long bytes, bool aged, bool due)
    {
        var group = new OpenGroup(Before(1, "1"), Run(rows, bytes, aged ? TimeSpan.Zero : null));
        group.Add(Rows(10, "11"));
        Assert.Equal(due, group.IsFull || group.IsOld);
        Assert.Equal(aged, group.IsOld);
    }

    [Fact]
    public void Batches_fill_a_group_without_going_past_its_limit()
    {
        foreach (var rows in new long[] { 1, 10, 4_096, 4_097, 50_000, 1_000_000 })
        {
            var run = Run(rows);
            var group = new OpenGroup(Before(1, "1"), run);
            var taken = 0L;
            do
            {
                group.Add(Rows(run.Batches.Rows, "1"));
                taken += run.Batches.Rows;
            }
            while (!group.IsFull && taken < rows * 2);
            Assert.InRange(taken, Math.Min(rows, 4_096) / 2, rows);
        }
    }

    [Fact]
    public void Batches_of_many_lanes_fit_into_the_memory_of_the_run()
    {
        var run = Run(bytes: 64 << 20);
        run.Workers = 64;
        Assert.True(run.Batches.Bytes * 8 * 64 <= run.Job.MemoryBytes, $"{run.Batches.Bytes} bytes a batch");
    }
}
