using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>
/// A table without a key is read by row addresses inside one snapshot, which ends with the process: after a kill it is never continued in
/// another one, it begins anew by itself.
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
            """,
        Tables = "public.events: {target: events, splits: 1}",
        Copies = [CopiedTable.Plain("events", ["ctid"], "kind", "at")],
    };

    [Fact]
    public async Task Killed_half_way_it_begins_anew_and_comes_out_exact()
    {
        using var scratch = new Scratch();
        await using var source = await Stores.SourceAsync(Scenario, scratch);
        await using var trial = await KillTrial.NewAsync(Scenario, source);
        await trial.KillAtAsync("commit-done:4");

        Assert.Equal(400, await trial.Target.NumberAsync("select count(*) from events"));
        trial.ForgetProgress();
        await trial.FinishAsync(again: true);
        Assert.Equal(2, await trial.Target.NumberAsync("select max(generation) from pawl_plan"));
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }
}
