using Pawl.EndToEnd.Tests.Cli;
using Pawl.EndToEnd.Tests.Crash;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Rejects;

/// <summary>What a row was rejected for, and how many of that may be.</summary>
public sealed class CauseTests
{
    private const string Faulty = """
        create table p(id integer primary key); insert into p values (1);
        create table t(id integer primary key, v text, w integer);
        insert into t values (1, 'a', 1), (2, null, 1), (3, 'a', 1), (4, 'd', 77), (5, 'bad', 1), (6, 'f', 1);
        """;

    private static string Target(StoreKind kind) => $"""
        create table p(id bigint primary key); insert into p values (1);
        create table t(id bigint primary key, v text not null unique check (v <> 'bad'), w bigint references p);
        {(kind == StoreKind.Sqlite ? "" : "alter table t alter w set not null;")}
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refused_row_says_by_name_what_was_wrong_with_it(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.NewAsync(kind, Target(kind), Faulty, "reject_limit: 100");
        await rig.RunAsync();
        var rows = (await rig.EndsAsync(0, "rejects", "show", rig.JobFile, "--json")).Last().GetProperty("data").GetProperty("rows");
        var said = rows.EnumerateArray().Select(r => $"{r.GetProperty("where").GetString()} {r.GetProperty("cause").GetString()}");
        // SQLite minds foreign keys only where a program asks it to.
        string[] wanted = ["""{"id":2} not_null""", """{"id":3} duplicate""", """{"id":4} foreign_key""", """{"id":5} check"""];
        Assert.Equal(kind == StoreKind.Sqlite ? wanted.Where(w => !w.Contains("foreign", StringComparison.Ordinal)) : wanted, said.Order());
    }

    [Fact]
    public async Task Values_that_a_column_cannot_hold_are_told_apart()
    {
        await using var rig = await RejectRig.NewAsync(StoreKind.Postgres15,
            "create table t(id bigint primary key, v varchar(5), w numeric(3,0));", """
            create table t(id integer primary key, v any, w decimal(3, 0));
            insert into t values (1, 'a', 1), (2, 'too long', 1), (3, 'c', 7777), (4, 'd' || char(0), 1), (5, 'e', 'text');
            """);
        await rig.RunAsync();
        var rows = (await rig.EndsAsync(0, "rejects", "show", rig.JobFile, "--json")).Last().GetProperty("data").GetProperty("rows");
        Assert.Equal(["v overflow", "w overflow", "v text", "w type"], rows.EnumerateArray()
            .OrderBy(r => r.GetProperty("where").GetString(), StringComparer.Ordinal)
            .Select(r => $"{r.GetProperty("column").GetString()} {r.GetProperty("cause").GetString()}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_limit_of_one_cause_holds_over_runs_and_may_be_raised(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.UsualAsync(kind, "causes: {not_null: 2}");
        for (var i = 0; i < 2; i++)
        {
            var full = await rig.EndsAsync(1, "run", rig.JobFile);
            Assert.Contains("3 rows were rejected for not_null, the limit is 2", string.Join(' ', full.Err.Split([' ', '\n'],
                StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
            Assert.Equal("2|498", await rig.OneAsync("select (select count(*) from pawl_reject), (select count(*) from t)"));
        }
        rig.WriteJob("causes: {not_null: 5}");
        await rig.RunAsync();
        Assert.Equal("5|995", await rig.OneAsync("select (select count(*) from pawl_reject), (select count(*) from t)"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cause_that_is_to_stop_the_table_does_so_at_its_first_row(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.NewAsync(kind, Target(kind), Faulty, "reject_limit: 100, causes: {check: stop}");
        var stopped = await rig.EndsAsync(1, "run", rig.JobFile);
        Assert.Contains(Codes.CheckFailed, stopped.Err, StringComparison.Ordinal);
        // Nothing of its group is there, the rows set aside before it neither.
        Assert.Equal("0|0", await rig.OneAsync("select (select count(*) from t), (select count(*) from pawl_reject)"));
        // What is not named stops the table where there is no limit for all.
        rig.WriteJob("causes: {not_null: 5, check: 5, foreign_key: 5}");
        Assert.Contains(Codes.DuplicateRefused, (await rig.EndsAsync(1, "run", rig.JobFile)).Err, StringComparison.Ordinal);
        rig.WriteJob("reject_limit: 100, causes: {check: 1}");
        await rig.RunAsync();
    }

    [Fact]
    public async Task A_cause_that_does_not_exist_is_refused_with_the_nearest_one()
    {
        await using var rig = await RejectRig.UsualAsync(StoreKind.Sqlite, "causes: {not_nul: 5}");
        var end = await rig.EndsAsync(2, "validate", rig.JobFile);
        Assert.Contains("not_null", end.Err, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_position_never_passes_a_reject_that_is_not_stored(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.UsualAsync(kind);
        foreach (var point in new[] { "rows-written:2", "ledger-written:2", "commit-done:2", "ledger-written:2", "rows-written:3" })
        {
            var end = await rig.KilledAsync(point, "run", rig.JobFile);
            Assert.True(end.Code == PawlExit.Killed, $"{point}: {end}");
            if (await HasNoLedgerAsync(rig)) continue;
            Assert.Equal(await rig.BookedAsync(), await rig.Target.NumberAsync("select count(*) from pawl_reject"));
        }
        await rig.RunAsync();
        Assert.Equal("5|995", await rig.OneAsync("select (select count(*) from pawl_reject), (select count(*) from t)"));
        await rig.MendAsync();
        await rig.RetryAsync(0);
        await rig.SameRowsAsync();
    }

    private static async Task<bool> HasNoLedgerAsync(RejectRig rig) =>
        await rig.Target.NumberAsync("select count(*) from pawl_ledger") == 0;
}
