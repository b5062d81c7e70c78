using Pawl.Connectors.Tests.KnownFailures;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>Tables that go back to an earlier place: what is read again, and that nothing else is touched.</summary>
public sealed class RewindTests
{
    private static CopyJob Job(Scratch scratch, WriteMode write = WriteMode.Upsert, bool isIncremental = false) => new()
    {
        From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Name = "back", Rows = 100, Parallel = 1,
        Tables = [CopyJob.Table("a") with
        {
            Write = write, Cursor = isIncremental ? new CursorRule(["id"], default, null, null) : null,
        }],
    };

    private static async Task<RewindForecast> RewindAsync(CopyJob job, RewindPoint to)
    {
        var rewinder = new JobRewinder(job.Host());
        var forecast = Assert.Single(await rewinder.PlanAsync(job.Job(), [], to, default));
        if (forecast.Error is null) await rewinder.RewindAsync(job.Job(), [], to, default);
        else await Assert.ThrowsAsync<PawlException>(() => rewinder.RewindAsync(job.Job(), [], to, default));
        return forecast;
    }

    private static async Task<long> ReadAsync(CopyJob job) => Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read;

    private static void Same(Scratch scratch) => Assert.Equal(Scratch.Rows(scratch.Source, "select * from a order by id"),
        Scratch.Rows(scratch.Target, "select * from a order by id"));

    [Fact]
    public async Task A_table_under_way_goes_back_to_an_entry_of_its_ledger()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(5);
        var durable = (await Job(scratch).PlanAsync()).Durable.Read;
        // What was broken in the target behind that entry comes right, what lies before it stays as it is.
        scratch.Run(scratch.Target, "update a set v = 'broken' where id in (1, 250)");
        var forecast = await RewindAsync(Job(scratch), new RewindPoint(Sequence: 2));
        Assert.Equal((durable - 200, false, 1, 0), (forecast.RowsAgain, forecast.Removes, forecast.Lanes, forecast.FromStart));
        Assert.Equal(800, await ReadAsync(Job(scratch)));
        Assert.Equal(["tbroken"], Scratch.Rows(scratch.Target, "select v from a where v not like 'v%'"));
        Assert.Equal(["i1000"], Scratch.Rows(scratch.Target, "select count(*) from a"));
    }

    [Fact]
    public async Task A_finished_table_whose_ledger_is_shortened_goes_back_to_its_start()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).DoneAsync();
        Assert.True((await RewindAsync(Job(scratch), new RewindPoint(Time: DateTimeOffset.UtcNow.AddDays(1)))).IsUntouched);
        Assert.Equal(RunStatus.NothingToDo, (await Job(scratch).RunAsync()).Status);
        scratch.Run(scratch.Target, "update a set v = 'broken' where id = 1");
        var forecast = await RewindAsync(Job(scratch), new RewindPoint(Time: DateTimeOffset.UtcNow.AddDays(-1)));
        Assert.Equal((1000, 1), (forecast.RowsAgain, forecast.FromStart));
        Assert.Equal(1000, await ReadAsync(Job(scratch)));
        Same(scratch);
    }

    [Fact]
    public async Task An_incremental_table_reads_again_from_a_value_of_its_cursor()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        var job = Job(scratch, isIncremental: true);
        await job.DoneAsync();
        scratch.Run(scratch.Source, "update a set v = 'changed' where id in (899, 900, 950)", "insert into a values (1001, 'new')");
        await job.DoneAsync();
        var forecast = await RewindAsync(job, new RewindPoint(Cursor: "900"));
        Assert.Equal(102, forecast.RowsAgain);
        Assert.Equal(102, await ReadAsync(job));
        Assert.Equal(["i900", "i950"], Scratch.Rows(scratch.Target, "select id from a where v = 'changed' order by id"));
        Assert.Equal(RunStatus.NothingToDo, (await job.RunAsync()).Status);
    }

    [Fact]
    public async Task Nothing_goes_forward_and_no_row_is_written_twice()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        var job = Job(scratch, isIncremental: true);
        await job.DoneAsync();
        Assert.Equal(Codes.RewindImpossible, (await RewindAsync(job, new RewindPoint(Cursor: "5000"))).Error?.Code);

        using var once = new Scratch();
        AddedTableTests.Fill(once, "a");
        await Job(once, WriteMode.Insert).StoppedAsync(5);
        Assert.Equal(Codes.RewindImpossible, (await RewindAsync(Job(once, WriteMode.Insert), new RewindPoint(Sequence: 2))).Error?.Code);
        var start = await RewindAsync(Job(once, WriteMode.Insert), new RewindPoint(IsStart: true));
        Assert.True(start.Removes);
        Assert.Equal(1000, await ReadAsync(Job(once, WriteMode.Insert)));
        Same(once);

        using var added = new Scratch();
        AddedTableTests.Fill(added, "a");
        await Job(added, WriteMode.Append).DoneAsync();
        Assert.Equal(Codes.RewindImpossible, (await RewindAsync(Job(added, WriteMode.Append), new RewindPoint(IsStart: true))).Error?.Code);
    }
}
