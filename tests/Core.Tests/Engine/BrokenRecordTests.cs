using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Engine;

/// <summary>Records of a source that are no rows: stored before the position passes them, counted once, or the table stops.</summary>
public sealed class BrokenRecordTests
{
    private readonly EngineWorld world = new();
    private int events;

    public BrokenRecordTests()
    {
        world.Fill("orders", 100);
        world.Rule(r => r with { Strays = StrayPolicy.Reject, RejectLimit = 100 });
        world.Wrap = source => new SourceInTheWay(source) { Change = Broken };
    }

    [Fact]
    public async Task They_are_stored_and_the_books_balance()
    {
        var done = Assert.Single((await world.RunAsync()).Tables);
        Assert.Null(done.Error);
        Assert.True(done.Total is { Read: 100, Rejected: > 0 } && done.Total.Balance, done.Total.ToString());
        Assert.Equal(100 - done.Total.Rejected, world.Rows("orders"));
        Assert.Equal(done.Total.Rejected, Stored());
    }

    [Fact]
    public async Task They_are_stored_once_however_often_the_lane_is_taken_again()
    {
        var failures = 0;
        world.At = point =>
        {
            // After the rejects are written and before anything is durable.
            if (point == Telemetry.CrashPoint.LedgerWritten && failures++ % 3 == 1 && failures < 9)
            {
                throw new PawlException(Fault.Transient, Codes.InputOutput, ("cause", "test"));
            }
        };
        world.Job = world.Job with { Retry = world.Job.Retry with { Times = 50 } };
        var done = Assert.Single((await world.RunAsync()).Tables);
        Assert.True(failures > 4, "nothing was in the way");
        Assert.Null(done.Error);
        Assert.Equal(done.Total.Rejected, Stored());
        Assert.Equal(100, world.Rows("orders") + done.Total.Rejected);
    }

    [Fact]
    public async Task They_stop_a_table_that_rejects_nothing()
    {
        world.Rule(r => r with { Strays = StrayPolicy.Keep });
        var error = Assert.Single((await world.RunAsync()).Tables).Error!;
        Assert.Equal((Codes.RecordBroken, "t:1"), (error.Code, error.Details["where"]));
        Assert.Equal(0, Stored());
    }

    [Fact]
    public async Task The_limit_of_a_table_counts_them()
    {
        world.Rule(r => r with { RejectLimit = 3 });
        Assert.Equal(Codes.RejectLimit, Assert.Single((await world.RunAsync()).Tables).Error!.Code);
        Assert.True(Stored() <= 3, "a group past the limit was committed");
    }

    private int Stored() => world.Target.Control["pawl_reject"].Count;

    /// <summary>Every third event is of records that are no rows, wherever they come.</summary>
    private SourceEvent Broken(SourceEvent e)
    {
        if (e is not RowsEvent rows || ++events % 3 != 0) return e;
        using var batch = rows.Batch;
        return new RejectsEvent(rows.Table, [.. Enumerable.Range(0, batch.Rows).Select(row => new RejectedRow
        {
            Lane = default,
            Table = rows.Table,
            Row = RowJson.Write(batch, row),
            Code = Codes.RecordBroken,
            Cause = "half",
            Where = "t:1",
        })], rows.Commit);
    }
}
