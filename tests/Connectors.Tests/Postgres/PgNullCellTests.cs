using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>Cells that the target's column cannot hold and the job wants as NULL, in the other ways to write a table.</summary>
public sealed class PgNullCellTests : IDisposable
{
    private const string Rows = "select id || coalesce(':' || v, '') from t order by id";

    // A column of the source that says its length would be refused for a narrower one before the first row.
    private readonly Sqlite.Scratch scratch = new();

    private async Task<PgFixture> NewAsync()
    {
        scratch.Run(scratch.Source, "create table t(id integer primary key, v any, version integer not null)",
            "insert into t values (1, 'too long', 1), (2, 'ok', 2)");
        var to = await PgFixture.NewAsync();
        await to.RunAsync("create table t (id bigint primary key, v varchar(4), version bigint not null)");
        return to;
    }

    private async Task DoneAsync(PgFixture to, TableRule rule)
    {
        CopyJob job = new() { From = CopyJob.File(scratch.Source), To = to.Here(), Tables = [rule], Name = "nulls" };
        var table = Assert.Single((await job.RunAsync()).Tables);
        Assert.True(table.Error is null, $"{table.Error?.Code} {table.Error?.Message}");
    }

    [Fact]
    public async Task Those_of_one_window_are_told_through_the_next()
    {
        await using var to = await NewAsync();
        var rule = CopyJob.Table("t", "public.t") with
        {
            Write = WriteMode.Upsert, NullCauses = ["overflow"], Cursor = new CursorRule(["version"], default, null, null),
        };
        for (var run = 3; run < 6; run++)
        {
            await DoneAsync(to, rule);
            Assert.Equal(["1", "2:ok"], (await to.RowsAsync(Rows)).Take(2));
            // With the lane that did it, by which it is found.
            Assert.Equal(["PAWL-612/null"], await to.RowsAsync("select code from pawl_reject join pawl_lane using (job, lane)"));
            scratch.Run(scratch.Source, $"insert into t values ({run}, 'new', {run})");
        }
        Assert.Equal(["4"], await to.RowsAsync("select count(*) from t"));
    }

    [Fact]
    public async Task A_staged_copy_is_published_with_them_and_the_next_one_has_its_own()
    {
        await using var to = await NewAsync();
        var rule = CopyJob.Table("t", "public.t") with { Write = WriteMode.Replace, NullCauses = ["overflow"] };
        await DoneAsync(to, rule);
        Assert.Equal(["1", "2:ok"], await to.RowsAsync(Rows));
        Assert.Equal(["1"], await to.RowsAsync("select count(*) from pawl_reject"));
        scratch.Run(scratch.Source, "update t set v = 'fits' where id = 1");
        await DoneAsync(to, rule);
        Assert.Equal(["1:fits", "2:ok"], await to.RowsAsync(Rows));
        Assert.Equal(["0"], await to.RowsAsync("select count(*) from pawl_reject"));
    }

    public void Dispose() => scratch.Dispose();
}
