using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Engine;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.KnownFailures;

/// <summary>Elsewhere, pausing the first full load of a table means that it begins again from nothing when it is resumed.</summary>
public sealed class PausedFullLoadTests
{
    private static CopyJob Job(Scratch scratch, string name = "pauses", int parallel = 1, params string[] was) => new()
    {
        From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Name = name, Rows = 100, Parallel = parallel, Was = was,
        Tables = [CopyJob.Table("a")],
    };

    [Fact]
    public async Task A_full_load_that_is_paused_twice_reads_every_row_once()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(2);
        var first = (await Job(scratch).PlanAsync()).Durable.Read;
        await Job(scratch).StoppedAsync(2);
        var second = (await Job(scratch).PlanAsync()).Durable.Read;
        Assert.True(first >= 100 && second >= first + 100, $"{first} {second}");
        Assert.Equal(1000 - second, Assert.Single((await Job(scratch).DoneAsync()).Tables).ThisRun.Read);
        const string all = "select * from a order by id";
        Assert.Equal(Scratch.Rows(scratch.Source, all), Scratch.Rows(scratch.Target, all));
    }

    [Fact]
    public async Task A_full_load_that_an_older_program_left_half_done_goes_on()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(2);
        scratch.Run(scratch.Target, "drop table pawl_retry", "update pawl_meta set value = '1' where name = 'format'",
            "update pawl_job set format = 1",
            """update pawl_plan set "plan" = json_remove("plan", '$.Drift', '$.CauseLimits', '$.SourceClock')""");
        var kept = (await Job(scratch).PlanAsync()).Durable.Read;
        Assert.Equal(1000 - kept, Assert.Single((await Job(scratch).DoneAsync()).Tables).ThisRun.Read);
    }

    [Fact]
    public async Task A_renamed_job_with_another_number_of_writers_goes_on_with_it()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(2);
        var renamed = Job(scratch, "renamed", parallel: 8, "pauses");
        var plan = await renamed.PlanAsync();
        Assert.Equal(TableState.Resumes, plan.State);
        Assert.Equal(1000 - plan.Durable.Read, Assert.Single((await renamed.DoneAsync()).Tables).ThisRun.Read);
        Assert.Equal(RunStatus.NothingToDo, (await Job(scratch, "renamed").RunAsync()).Status);
    }
}
