using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>The checker of the campaigns is no proof unless it can fail: every defect that matters is planted and must be found.</summary>
public sealed class TargetCheckTests : IAsyncLifetime
{
    private readonly Scratch scratch = new();
    private readonly KillScenario keyless = KillScenario.Keyless(2_000, 3), keyed = KillScenario.Keyed(2_000, 3, bareTarget: true);
    private TestStore keylessSource = null!, keyedSource = null!;

    public async ValueTask InitializeAsync()
    {
        keylessSource = await Stores.SourceAsync(keyless, scratch);
        keyedSource = await Stores.SourceAsync(keyed, scratch);
    }

    public ValueTask DisposeAsync()
    {
        scratch.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("a row dropped", "delete from events where rowid = 77")]
    [InlineData("the last row dropped", "delete from events where rowid = (select max(rowid) from events)")]
    [InlineData("a row doubled", "insert into events select * from events where rowid = 400")]
    [InlineData("one of many equal rows doubled", "insert into events select * from events where kind = 'same' limit 1")]
    [InlineData("a value changed", "update events set at = at + 1 where rowid = 100")]
    [InlineData("two values swapped", "update events set at = case rowid when 100 then 34 else 33 end where rowid in (100, 103)")]
    [InlineData("a type changed", "update events set body = cast(body as text) where rowid = 3")]
    [InlineData("a null filled", "update events set kind = '' where rowid = 5")]
    [InlineData("a constant lost", "update views set origin = '' where rowid = 9")]
    [InlineData("a filtered row carried", "insert into views select url, visitor, 29, origin, version from views limit 1")]
    [InlineData("a row for the empty table", "insert into hollow values(1, 'x')")]
    [InlineData("a lane not final", "update pawl_ledger set final = 0 where lane = 'events/g1/s1' and final = 1")]
    [InlineData("a ledger count that lies", "update pawl_ledger set totals = replace(totals, 'inserted=', 'inserted=1') where final = 1")]
    [InlineData("a table not finished", "update pawl_plan set phase = 'copying' where source_table = 'events'")]
    [InlineData("a job still held", "update pawl_job set holder = 'x'")]
    public async Task A_defect_in_a_finished_target_is_found(string defect, string sql)
    {
        await using var trial = await KillTrial.NewAsync(keyless, keylessSource);
        await trial.FinishAsync(again: false);
        Assert.Empty(trial.Complaints);

        await trial.Target.ExecuteAsync(sql + ";");

        Assert.True((await trial.DefectsAsync()).Count > 0, $"not found: {defect}");
    }

    [Theory]
    [InlineData("case changed in a text key",
        "update codes set code = lower(code) where rowid = (select min(rowid) from codes where code glob 'C*')")]
    [InlineData("a row doubled", "insert into codes select * from codes where rowid = 10")]
    [InlineData("rows committed before their ledger entry",
        "insert into codes select region, code, title from s.codes where code like '%1999'")]
    [InlineData("the ledger ahead of the rows", "update pawl_ledger set position = 'i:9000000' where lane like 'orders/%' and final = 0")]
    [InlineData("the ledger behind the rows", "update pawl_ledger set position = after_position where lane like 'orders/%' and final = 0")]
    [InlineData("the last commit's rows lost", "delete from orders where rowid > (select max(rowid) - 100 from orders)")]
    public async Task A_defect_in_a_half_done_target_is_found(string defect, string sql)
    {
        await using var trial = await KillTrial.NewAsync(keyed with { CommitRows = 100 }, keyedSource);
        await trial.KillAtAsync("commit-done:28");
        Assert.Empty(trial.Complaints);

        await trial.Target.ExecuteAsync($"attach {Sqlite3.Text(((SqliteStore)keyedSource).File)} as s;\n{sql};");

        Assert.True((await trial.DefectsHalfwayAsync()).Count > 0, $"not found: {defect}");
    }

    [Fact]
    public void A_file_left_behind_is_found()
    {
        using var folder = new Scratch();
        folder.Write("target.db", "x");
        folder.Write("target.db-wal", "x");
        Assert.Empty(TargetCheck.Residue(folder.At("target.db")));
        folder.Write("target.db.lock", "x");
        Assert.Single(TargetCheck.Residue(folder.At("target.db")));
    }
}
