using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Engine;

public sealed class EventQueueTests
{
    private static readonly TableSchema Schema = Model.Rows.Schema(("id", LogicalType.Int64));

    private static RowsEvent Rows(int rows)
    {
        var batch = new RowBatch(Schema) { Rows = rows };
        for (var i = 0; i < rows; i++) ((Int64Column)batch.Columns[0]).Append(i);
        return new RowsEvent(Schema.Name, 0, batch, null);
    }

    [Fact]
    public async Task Events_come_out_in_order_and_then_the_end()
    {
        var queue = new EventQueue(8, 1 << 20);
        var (first, second) = (Rows(1), Rows(2));
        Assert.True(await queue.WriteAsync(first, default));
        Assert.True(await queue.WriteAsync(second, default));
        Assert.True(queue.TryRead(out var e));
        Assert.Same(first, e);
        Assert.True(queue.TryRead(out e));
        Assert.Same(second, e);
        Assert.False(queue.TryRead(out _));
        queue.End();
        Assert.True(queue.TryRead(out e));
        Assert.Null(e);
    }

    [Fact]
    public async Task A_writer_waits_for_room_in_events()
    {
        var queue = new EventQueue(2, 1 << 20);
        await queue.WriteAsync(Rows(1), default);
        await queue.WriteAsync(Rows(1), default);
        var third = queue.WriteAsync(Rows(1), default).AsTask();
        Assert.False(third.IsCompleted);
        Assert.True(queue.TryRead(out _));
        Assert.True(await third);
    }

    [Fact]
    public async Task A_writer_waits_for_room_in_bytes_but_a_giant_passes_alone()
    {
        var queue = new EventQueue(64, 100);
        Assert.True(await queue.WriteAsync(Rows(1000), default));
        var next = queue.WriteAsync(Rows(1), default).AsTask();
        Assert.False(next.IsCompleted);
        Assert.True(queue.TryRead(out _));
        Assert.True(await next);
    }

    [Fact]
    public async Task A_failure_comes_after_the_events_before_it()
    {
        var queue = new EventQueue(8, 1 << 20);
        await queue.WriteAsync(Rows(1), default);
        queue.End(new PawlException(Fault.Transient, Codes.Busy));
        Assert.True(queue.TryRead(out var e));
        Assert.NotNull(e);
        Assert.Equal(Codes.Busy, Assert.Throws<PawlException>(() => queue.TryRead(out _)).Code);
    }

    [Fact]
    public async Task Closing_frees_a_waiting_writer_and_is_never_taken_for_the_end()
    {
        var queue = new EventQueue(1, 1 << 20);
        await queue.WriteAsync(Rows(1), default);
        var waiting = queue.WriteAsync(Rows(1), default).AsTask();
        queue.Close();
        Assert.False(await waiting);
        Assert.Throws<ObjectDisposedException>(() => queue.TryRead(out _));
        queue.End();
        Assert.Throws<ObjectDisposedException>(() => queue.TryRead(out _));
        await queue.WaitAsync();
    }

    [Fact]
    public async Task A_cancelled_writer_gives_its_batch_back_and_throws()
    {
        var queue = new EventQueue(1, 1 << 20);
        await queue.WriteAsync(Rows(1), default);
        using var cancel = new CancellationTokenSource();
        var late = Rows(3);
        var waiting = queue.WriteAsync(late, cancel.Token).AsTask();
        await cancel.CancelAsync();
        queue.Nudge();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, late.Batch.Columns[0].Count);
    }

    [Fact]
    public async Task A_nudge_wakes_the_reader_that_waits_for_nothing()
    {
        var queue = new EventQueue(1, 1 << 20);
        var waiting = queue.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        queue.Nudge();
        await waiting;
        Assert.False(queue.TryRead(out _));
    }
}
