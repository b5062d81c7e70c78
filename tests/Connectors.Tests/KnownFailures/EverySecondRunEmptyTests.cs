using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.KnownFailures;

/// <summary>A run that takes the state of the one before for its own finds nothing to read, every second time.</summary>
public sealed class EverySecondRunEmptyTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_run_brings_what_has_come_since_the_last(bool idleBetween)
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await PgFixture.NewAsync();
        await from.RunAsync("create table t (id bigint generated always as identity primary key, v text)",
            "insert into t (v) values ('first')");
        var rule = CopyJob.Table("public.t", "public.t") with { Cursor = new CursorRule(["id"], default, null, null) };
        CopyJob job = new() { From = from.Here(), To = to.Here(), Tables = [rule], Name = "second" };
        for (var run = 1; run <= 5; run++)
        {
            if (run > 1) await from.RunAsync("insert into t (v) values ('more')");
            Assert.Equal(1, (await job.RunAsync()).Tables.Single().ThisRun.Read);
            Assert.Equal([$"{run}"], await to.RowsAsync("select count(*) from public.t"));
            if (!idleBetween) continue;
            Assert.Equal(RunStatus.NothingToDo, (await job.RunAsync()).Status);
            Assert.Equal([$"{run}"], await to.RowsAsync("select count(*) from public.t"));
        }
    }

    [Fact]
    public async Task Each_full_copy_has_all_rows()
    {
        using var scratch = new Sqlite.Scratch();
        scratch.Run(scratch.Source, "create table t(id integer primary key, v text)",
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 500) insert into t select i, 'v' || i from n");
        CopyJob job = new()
        {
            From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Tables = [CopyJob.Table("t")], Name = "full",
        };
        for (var run = 1; run <= 4; run++)
        {
            Assert.Equal(500, (await job.DoneAsync(restart: run > 1)).Tables.Single().ThisRun.Read);
            Assert.Equal(Sqlite.Scratch.Rows(scratch.Source, "select * from t"), Sqlite.Scratch.Rows(scratch.Target, "select * from t"));
            // A run that nobody asked to begin anew neither reads nor empties.
            Assert.Equal(RunStatus.NothingToDo, (await job.RunAsync()).Status);
            Assert.Equal(500, Sqlite.Scratch.Rows(scratch.Target, "select id from t").Count);
        }
    }
}
