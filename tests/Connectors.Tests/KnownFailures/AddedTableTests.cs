using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.KnownFailures;

/// <summary>
/// Elsewhere, adding one table to a running job makes every other table of it copy from the beginning again. Progress belongs to a table
/// here, and a change of the job file is that table's alone.
/// </summary>
public sealed class AddedTableTests
{
    private static CopyJob Job(Scratch scratch, params string[] tables) => new()
    {
        From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Name = "grows", Rows = 100, Parallel = 1,
        Tables = [.. tables.Select(t => CopyJob.Table(t))],
    };

    internal static void Fill(Scratch scratch, params string[] tables)
    {
        foreach (var table in tables)
        {
            scratch.Run(scratch.Source, $"create table {table}(id integer primary key, v text)", $"insert into {table} with recursive "
                + "n(i) as (select 1 union all select i + 1 from n where i < 1000) select i, 'v' || i from n");
        }
    }

    [Fact]
    public async Task Adding_a_table_leaves_those_that_are_done_and_goes_on_with_the_half_done_one()
    {
        using var scratch = new Scratch();
        Fill(scratch, "a", "b", "c");
        await Job(scratch, "a", "b").StoppedAsync(13);
        var plan = (await Job(scratch, "a", "b", "c").ReportAsync()).Tables.ToDictionary(t => t.Source);
        Assert.Equal((TableState.Finished, TableState.Resumes, TableState.New), (plan["a"].State, plan["b"].State, plan["c"].State));
        var kept = plan["b"].Durable.Read;
        Assert.InRange(kept, 100, 900);
        const string Ledger = "select lane, seq, epoch, at from pawl_ledger where source_table = 'a'";
        var ledger = Scratch.Rows(scratch.Target, Ledger);

        var read = (await Job(scratch, "a", "b", "c").DoneAsync()).Tables.ToDictionary(t => t.Source, t => t.ThisRun.Read);
        Assert.Equal((0, 1000 - kept, 1000), (read["a"], read["b"], read["c"]));
        Assert.Equal(ledger, Scratch.Rows(scratch.Target, Ledger));
        foreach (var table in new[] { "a", "b", "c" })
        {
            Assert.Equal(Scratch.Rows(scratch.Source, $"select * from {table} order by id"),
                Scratch.Rows(scratch.Target, $"select * from {table} order by id"));
        }
    }

    [Fact]
    public async Task Taking_a_table_out_and_back_in_loses_nothing_of_it()
    {
        using var scratch = new Scratch();
        Fill(scratch, "a", "b");
        await Job(scratch, "a", "b").StoppedAsync(13);
        var plan = await Job(scratch, "a").ReportAsync();
        Assert.Equal(["b"], plan.Left.Select(t => t.Source));
        Assert.Equal(LeftReason.NotInJob, plan.Left[0].Reason);
        Assert.InRange(plan.Left[0].Rows, 100, 900);
        Assert.Equal(RunStatus.NothingToDo, (await Job(scratch, "a").RunAsync()).Status);
        var summary = await Job(scratch, "a", "b").DoneAsync();
        Assert.Equal(1000 - plan.Left[0].Rows, summary.Tables.Single(t => t.Source == "b").ThisRun.Read);
    }

    [Fact]
    public async Task A_table_that_a_pattern_no_longer_finds_is_named_and_its_rows_stay()
    {
        using var scratch = new Scratch();
        Fill(scratch, "a", "b");
        var job = new CopyJob
        {
            From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Name = "all", Parallel = 1,
            Tables = [new TableRule { Pattern = new TablePattern("*") }],
        };
        await job.DoneAsync();
        Assert.Empty((await job.ReportAsync()).Left);
        scratch.Run(scratch.Source, "drop table b");
        var left = Assert.Single((await job.ReportAsync()).Left);
        Assert.Equal(("b", LeftReason.NotAtSource, 1000, true), (left.Source, left.Reason, left.Rows, left.IsFinished));
        Assert.Equal(RunStatus.NothingToDo, (await job.RunAsync()).Status);
        Assert.Equal(["i1000"], Scratch.Rows(scratch.Target, "select count(*) from b"));
    }
}
