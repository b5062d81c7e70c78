using System.Text.Json;
using Pawl.EndToEnd.Tests.Cli;
using Pawl.EndToEnd.Tests.Crash;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Rejects;

/// <summary>Rejected rows that are looked at and tried again, in the real program, against real targets.</summary>
public sealed class RetryTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Rejects_are_listed_shown_and_written_once_the_target_takes_them(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.UsualAsync(kind);
        await rig.RunAsync();
        var list = await rig.EndsAsync(0, "rejects", "list", rig.JobFile, "--json");
        var cause = Assert.Single(list.Last().GetProperty("data").GetProperty("causes").EnumerateArray());
        Assert.Equal(("not_null", 5), (cause.GetProperty("cause").GetString(), cause.GetProperty("open").GetInt32()));
        var show = (await rig.EndsAsync(0, "rejects", "show", rig.JobFile, "--limit", "2", "--json")).Last().GetProperty("data");
        Assert.Equal(3, show.GetProperty("more").GetInt32());
        var first = show.GetProperty("rows")[0];
        Assert.Equal(("""{"id":200}""", "v", "null", "open", Codes.NullRefused), (Text(first, "where"), Text(first, "column"),
            Text(first, "value"), Text(first, "state"), Text(first, "code")));

        var refused = (await rig.RetryAsync(3)).Last().GetProperty("data");
        Assert.Equal((5, 5), (refused.GetProperty("tables")[0].GetProperty("refused").GetInt32(), refused.GetProperty("open").GetInt32()));
        Assert.Equal("5|1|1", await rig.OneAsync("select count(*), min(attempts), max(attempts) from pawl_retry where state = 'open'"));
        await rig.EndsAsync(0, "verify", rig.JobFile);

        await rig.MendAsync();
        var written = (await rig.RetryAsync(0)).Last().GetProperty("data").GetProperty("tables")[0];
        Assert.Equal((5, 0), (written.GetProperty("written").GetInt32(), written.GetProperty("open").GetInt32()));
        await rig.SameRowsAsync();
        Assert.Equal(0, await rig.BookedAsync());
        await rig.EndsAsync(0, "run", rig.JobFile);
        Assert.Empty((await rig.RetryAsync(0)).Last().GetProperty("data").GetProperty("tables").EnumerateArray());
        Assert.Equal("5|2", await rig.OneAsync("select count(*), min(attempts) from pawl_retry where state = 'written'"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_row_whose_key_has_a_newer_row_is_superseded_and_not_written(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.UsualAsync(kind);
        await rig.RunAsync();
        // The old row would be refused all the same: its key is what counts.
        await rig.Target.ExecuteAsync("insert into t values (400, 'newer', 1);");
        var retried = (await rig.RetryAsync(3)).Last().GetProperty("data").GetProperty("tables")[0];
        Assert.Equal((1, 4), (retried.GetProperty("superseded").GetInt32(), retried.GetProperty("open").GetInt32()));
        Assert.Equal("newer|1", await rig.OneAsync("select v, w from t where id = 400"));
        await rig.EndsAsync(0, "verify", rig.JobFile);
        await rig.MendAsync();
        await rig.RetryAsync(0);
        Assert.Equal("1000|newer", await rig.OneAsync("select count(*), max(case when id = 400 then v end) from t"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_that_is_killed_anywhere_loses_and_doubles_nothing(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        string[] points = ["job-acquired", "lane-raised", "transaction-open:2", "rows-written", "ledger-written:2", "commit-done",
            "rows-written:2", "ledger-written", "commit-done:2", "before-release"];
        await using var rig = await RejectRig.UsualAsync(kind);
        await rig.RunAsync();
        await rig.MendAsync();
        var durable = 0L;
        foreach (var point in points)
        {
            var end = await rig.KilledAsync(point, "rejects", "retry", rig.JobFile);
            var written = await rig.Target.NumberAsync("select count(*) from pawl_retry where state = 'written'");
            // Rows, marks and books are one: none is ahead of the others.
            Assert.Equal((995 + written, 5 - written), (await rig.Target.NumberAsync("select count(*) from t"), await rig.BookedAsync()));
            Assert.True(end.Code is PawlExit.Killed || written == 5, $"{point}: {end}");
            Assert.True(written >= durable, $"{point}: {durable} rows were written, now {written}");
            durable = written;
        }
        Assert.InRange(durable, 1, 5);
        await rig.RetryAsync(0);
        await rig.SameRowsAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_is_refused_while_a_runner_holds_the_job(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.NewAsync(kind, "create table t(id bigint primary key, v text not null, w bigint);", """
            create table t(id integer primary key, v text, w integer);
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 400000)
              insert into t select i, case when i = 5 then null else 'v' || i end, i from n;
            """);
        await using var runner = PawlProcess.Start(rig.Scratch, ["run", rig.JobFile]);
        await Until.TrueAsync(async () => await CommitsAsync(rig) > 1, "a commit");
        var held = await rig.PawlAsync("rejects", "retry", rig.JobFile);
        Assert.True(held.Code == 6 && held.Err.Contains(Codes.JobHeld, StringComparison.Ordinal), held.ToString());
        Assert.False(runner.HasExited, "the run was over before it was in the way");
        await rig.EndsAsync(0, "rejects", "list", rig.JobFile);
        runner.Send(Signal.Interrupt);
        await runner.WaitAsync();
        // An unfinished job's rejects may be tried, too; the run goes on from where it was.
        await rig.RetryAsync(3);
        await rig.RunAsync();
        Assert.Equal("399999|1", $"{await rig.OneAsync("select count(*) from t")}|{await rig.BookedAsync()}");
    }

    private static async Task<long> CommitsAsync(RejectRig rig)
    {
        try
        {
            return await rig.Target.NumberAsync("select coalesce(max(seq), 0) from pawl_ledger");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return 0; // not made yet
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_target_of_format_1_is_read_as_it_is_and_gets_the_new_table_with_the_first_retry(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.UsualAsync(kind);
        await rig.RunAsync();
        await rig.Target.ExecuteAsync("drop table pawl_retry; update pawl_meta set value = '1' where name = 'format';");
        await rig.EndsAsync(0, "rejects", "list", rig.JobFile);
        await rig.EndsAsync(0, "rejects", "show", rig.JobFile, "--all");
        await rig.EndsAsync(0, "verify", rig.JobFile);
        await rig.EndsAsync(0, "run", rig.JobFile);
        await rig.EndsAsync(3, "run", rig.JobFile, "--restart", "--yes");
        Assert.Equal("1|1", await rig.OneAsync("""
            select max(case when name = 'format' then value end), max(case when name = 'min_reader' then value end) from pawl_meta
            """));
        await rig.MendAsync();
        await rig.RetryAsync(0);
        await rig.SameRowsAsync();
        Assert.Equal("3|1", await rig.OneAsync("""
            select max(case when name = 'format' then value end), max(case when name = 'min_reader' then value end) from pawl_meta
            """));
        // A restart takes the rejects of the generation with it, and what came of them.
        await rig.EndsAsync(0, "run", rig.JobFile, "--restart", "--yes");
        Assert.Equal("0|0", await rig.OneAsync("select (select count(*) from pawl_reject), (select count(*) from pawl_retry)"));
    }

    [Fact]
    public async Task Rows_that_the_job_itself_sets_aside_stay_where_they_are()
    {
        await using var rig = await RejectRig.NewAsync(StoreKind.Sqlite, "create table t(id bigint primary key, v text, w bigint);", """
            create table t(id integer primary key, v text, w integer); insert into t values (1, 'a', 1), (2, 'b', 'two'), (3, x'00ff', 3);
            """, "reject_limit: 10, mistyped: reject");
        await rig.RunAsync();
        await rig.RetryAsync(3);
        Assert.Equal("1|2", $"{await rig.OneAsync("select count(*) from t")}|{await rig.BookedAsync()}");
        await rig.EndsAsync(0, "verify", rig.JobFile, "--level", "digest");
    }

    private static string? Text(JsonElement of, string name) => of.GetProperty(name).GetString();
}
