using Pawl.Connectors.Tests.KnownFailures;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>
/// Tables of a file that are altered after their copy began. No place in them can be trusted any more (docs/decisions/0007), so that they
/// are only ever read from their beginning.
/// </summary>
public sealed class SqliteDriftTests
{
    private static CopyJob Job(Scratch scratch, SchemaChanges changes, WriteMode write = WriteMode.Insert, bool isIncremental = false) => new()
    {
        From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Name = "drift", Rows = 100, Changes = changes,
        Tables = [CopyJob.Table("t") with
        {
            Write = write, Cursor = isIncremental ? new CursorRule(["id"], default, null, null) : null,
        }],
    };

    private static void Fill(Scratch scratch) => AddedTableTests.Fill(scratch, "t");

    private static void Same(Scratch scratch) => Assert.Equal(Scratch.Rows(scratch.Source, "select * from t order by id"),
        Scratch.Rows(scratch.Target, "select * from t order by id"));

    [Fact]
    public async Task A_half_done_copy_begins_anew_with_the_column_and_is_refused_where_nobody_said_so()
    {
        using var scratch = new Scratch();
        Fill(scratch);
        await Job(scratch, SchemaChanges.Fail).StoppedAsync(3);
        scratch.Run(scratch.Source, "alter table t add column extra int default 7");
        Assert.Equal(Codes.SchemaChanged, (await Job(scratch, SchemaChanges.Fail).FailedAsync()).Code);
        Assert.Equal(Codes.SchemaChanged, (await Job(scratch, SchemaChanges.Ignore).FailedAsync()).Code);
        var job = Job(scratch, SchemaChanges.Evolve);
        var plan = await job.PlanAsync();
        Assert.Equal((TableState.Restarts, DriftAnswer.CopiedAnew), (plan.State, plan.Answer));
        Assert.Equal(1000, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Same(scratch);
    }

    [Fact]
    public async Task Between_windows_everything_is_read_again_and_written_over()
    {
        using var scratch = new Scratch();
        Fill(scratch);
        var job = Job(scratch, SchemaChanges.Evolve, WriteMode.Upsert, isIncremental: true);
        await job.DoneAsync();
        scratch.Run(scratch.Source, "alter table t add column extra int default 7", "insert into t values (1001, 'new', 8)");
        Assert.Equal(1001, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Same(scratch);
    }

    [Fact]
    public async Task Rows_that_are_written_once_and_may_be_gone_at_the_source_are_never_removed_for_a_column()
    {
        using var scratch = new Scratch();
        Fill(scratch);
        var job = Job(scratch, SchemaChanges.Evolve, isIncremental: true);
        await job.DoneAsync();
        scratch.Run(scratch.Source, "delete from t where id < 500", "alter table t add column extra int");
        Assert.Equal(Codes.SchemaChanged, (await job.FailedAsync()).Code);
        Assert.Equal(["i1000"], Scratch.Rows(scratch.Target, "select count(*) from t"));
    }

    [Fact]
    public async Task A_whole_copy_under_way_is_staged_anew_with_the_column()
    {
        using var scratch = new Scratch();
        Fill(scratch);
        await Job(scratch, SchemaChanges.Fail, WriteMode.Replace).DoneAsync();
        await Job(scratch, SchemaChanges.Fail, WriteMode.Replace).StoppedAsync(3);
        scratch.Run(scratch.Source, "alter table t add column extra int default 7");
        Assert.Equal(Codes.SchemaChanged, (await Job(scratch, SchemaChanges.Fail, WriteMode.Replace).FailedAsync()).Code);
        await Job(scratch, SchemaChanges.Evolve, WriteMode.Replace).DoneAsync();
        Same(scratch);
    }

    [Fact]
    public async Task A_table_on_another_page_is_another_table()
    {
        using var scratch = new Scratch();
        Fill(scratch);
        await Job(scratch, SchemaChanges.Fail).StoppedAsync(3);
        scratch.Run(scratch.Source, "alter table t rename to old", "create table t(id integer primary key, v text, extra int)");
        Assert.Equal(Codes.SchemaChanged, (await Job(scratch, SchemaChanges.Evolve).FailedAsync()).Code);
        Assert.NotEqual(["i0"], Scratch.Rows(scratch.Target, "select count(*) from t"));
    }
}
