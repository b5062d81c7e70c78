using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>The checker can fail on PostgreSQL too: every defect that matters is planted and must be found.</summary>
public sealed class PgTargetCheckTests(PgSmallSources sources) : IClassFixture<PgSmallSources>
{
    private static readonly (string What, string Sql)[] Finished =
    [
        ("a row dropped", "delete from orders where id = -7"),
        ("a row doubled", "insert into orders select * from orders where id = -7"),
        ("a value changed", "update orders set total = total + 0.01 where id = -7"),
        ("trailing zeros lost", "alter table orders alter total type text; update orders set total = rtrim(total, '0') where id = 2000006"),
        ("two values swapped", "update codes set title = case code when 'c1' then 'title 3' else 'title 1' end where code in ('c1', 'c3')"),
        ("a null filled", "update codes set title = '' where title is null"),
        ("a constant lost", "update orders set state = 'new' where id = -9"),
        ("a filtered row carried", "insert into orders select id - 5000, 13, total, state, placed, seen, body from orders limit 1"),
        ("a row for the empty table", "insert into hollow values (1, 'x')"),
        ("a lane not final", "update pawl_ledger set final = 0 where lane like 'public.orders/%/s1'"),
        ("a ledger count that lies", "update pawl_ledger set totals = replace(totals, 'inserted=', 'inserted=1') where final = 1"),
        ("a table not finished", "update pawl_plan set phase = 'copying' where source_table = 'public.orders'"),
        ("a job still held", "update pawl_job set holder = 'x'"),
    ];

    private static readonly (string What, string Sql)[] Halfway =
    [
        ("a row doubled", "insert into orders select * from orders limit 1"),
        ("a row dropped", "delete from orders where id = (select min(id) from orders)"),
        ("rows committed before their ledger entry", "insert into orders (id, customer, total, state) values (1000003000, 1, 1, 'copied')"),
        ("the ledger ahead of the rows", """update pawl_ledger set position = '["2000000000"]' where final = 0"""),
        ("the ledger behind the rows", "update pawl_ledger set position = after_position where final = 0"),
    ];

    [Fact]
    public async Task Every_defect_in_a_finished_target_is_found()
    {
        await using var trial = await TrialAsync(sources.Of(PgScenarios.PgToPg)[1]);
        await trial.FinishAsync(again: false);
        Assert.Empty(trial.Complaints);
        await EachIsFoundAsync((PgStore)trial.Target, Finished, trial.DefectsAsync);
    }

    [Fact]
    public async Task Every_defect_in_a_half_done_target_is_found()
    {
        await using var trial = await TrialAsync(sources.Of(PgScenarios.PgToPg)[1].FirstTable());
        await trial.KillAtAsync("commit-done:6");
        Assert.Empty(trial.Complaints);
        await EachIsFoundAsync((PgStore)trial.Target, Halfway, trial.DefectsHalfwayAsync);
    }

    [Fact]
    public async Task What_is_left_behind_is_found()
    {
        await using var trial = await sources.TrialAsync(sources.Of(PgScenarios.SqliteToPg)[1]);
        await trial.FinishAsync(again: false);
        Assert.Empty(trial.Complaints);
        await trial.Target.ExecuteAsync("create table staging (a int);");
        Assert.Contains("left behind: relation staging", await trial.Target.ResidueAsync(sources.Of(PgScenarios.SqliteToPg)[1].Copies));
    }

    /// <summary>Into a server whose dumps can be taken.</summary>
    private async Task<KillTrial> TrialAsync(KillScenario scenario) =>
        await KillTrial.NewAsync(scenario, await sources.SourceAsync(scenario), await PgStore.CreateAsync(await PgServer.SharedAsync()));

    /// <summary>Each defect is planted into the database as it was found.</summary>
    private static async Task EachIsFoundAsync(PgStore target, (string What, string Sql)[] defects, Func<Task<IReadOnlyList<string>>> look)
    {
        var (sound, missed) = (await target.DumpAsync(), new List<string>());
        foreach (var (what, sql) in defects)
        {
            await target.RestoreAsync(sound);
            Assert.Empty(await look());
            await target.ExecuteAsync(sql + ";");
            if ((await look()).Count == 0) missed.Add(what);
        }
        Assert.Empty(missed);
    }
}
