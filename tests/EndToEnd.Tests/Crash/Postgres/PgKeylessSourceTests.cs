using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>
/// A table without a key is read by row addresses inside one snapshot, which ends with the process: after a kill it is never continued, it
/// says so, and begins anew when asked to.
/// </summary>
public sealed class PgKeylessSourceTests
{
    private static readonly KillScenario Scenario = new()
    {
        Name = "pg-keyless",
        From = StoreKind.Postgres15,
        To = StoreKind.Postgres15,
        DoublesWouldShow = true,
        Source = """
            create table events(kind text, at int);
            insert into events select case when i % 5 = 0 then null else 'kind ' || i % 11 end, i / 3 from generate_series(1, 2000) i;
            insert into events select 'same', 1 from generate_series(1, 300);
            create table orders(id int primary key, note text);
            insert into orders select i, 'note ' || i from generate_series(1, 500) i;
            """,
        Tables = "public.events: {target: events}\npublic.orders: {target: orders}",
        Copies = [CopiedTable.Plain("events", ["ctid"], "kind", "at"), CopiedTable.Plain("orders", ["id"], "id", "note")],
    };

    [Fact]
    public async Task Killed_half_way_it_is_refused_by_name_and_comes_out_exact_when_begun_anew()
    {
        using var scratch = new Scratch();
        await using var source = await Stores.SourceAsync(Scenario, scratch);
        await using var trial = await KillTrial.NewAsync(Scenario, source);
        await trial.KillAtAsync("commit-done:4");

        var refused = await trial.RunAsync();

        var told = refused.ToString();
        Assert.True(refused.Code == 3 && told.Contains(Codes.SnapshotLost, StringComparison.Ordinal), told);
        await trial.LookAsync();
        var again = await trial.RunAsync("--restart", "--tables", "public.events", "--yes");
        Assert.True(again.Code == 0, again.ToString());
        trial.ForgetProgress();
        await trial.FinishAsync(again: true);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }
}
