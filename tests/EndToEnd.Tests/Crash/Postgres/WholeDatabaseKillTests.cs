using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>
/// A whole database, killed again and again: shards that go into one table, tables that refer to each other in the reverse order of their
/// names, and one whose rows the target refuses.
/// </summary>
public sealed class WholeDatabaseKillTests
{
    private const string Shards = "select shard, id, item from dw.orders order by 1, 2";
    private static readonly string[] Kills = ["plan-saved:3", "commit-done:4", "target-prepared:4", "lane-final:2", "table-finished:2"];

    [Fact]
    public async Task Killed_again_and_again_every_table_arrives_once_and_the_bad_one_alone_stays_behind()
    {
        string[] shops = ["shop_1", "shop_2", "shop_3"];
        await using var rig = await PgRig.NewAsync([
            .. shops.SelectMany(s => (string[])[$"create schema {s}", $"create table {s}.orders (id int primary key, item text unique)",
                $"insert into {s}.orders select i, '{s} ' || i from generate_series(1, 400) i"]),
            "create table z_parents (id int primary key, v text)", "insert into z_parents select i, 'p' from generate_series(1, 300) i",
            "create table a_children (id int primary key, parent int)", "insert into a_children select i, 1 + i % 300 from generate_series(1, 900) i",
            "create table k_bad (id int primary key, v text)", "insert into k_bad select i, 'b' from generate_series(1, 250) i",
            "create table e_left_out (id int)", "create table f_empty (id int primary key)",
        ]);
        await rig.AtTargetAsync("create schema dw", "create table dw.z_parents (id int primary key, v text)",
            "create table dw.a_children (id int primary key, parent int references dw.z_parents)",
            "create table dw.k_bad (id int primary key, v text, constraint small check (id <> 222))");
        rig.WriteJob("""
            "shop_*.orders": {target: dw.orders, source_column: shard, source_value: "{schema}"}
            "public.*": {target: "dw.{table}", exclude: [public.e_*]}
            public.k_bad: {splits: 1}
            """, "parallel: 3\ndefaults: {commit: {rows: 100}, on_error: {retry: {times: 2, backoff: 10ms..20ms}}}");
        foreach (var at in Kills)
        {
            var end = await PawlProcess.RunAsync(rig.Scratch, ["run", rig.JobFile], ("PAWL_KILL_AT", at));
            Assert.True(end.Code == PawlExit.Killed, $"{at}\n{end}");
            // What refers to others never comes before them.
            Assert.Equal(["0"], await rig.RowsAsync("select count(*) from dw.a_children c where not exists (select from dw.z_parents p where p.id = c.parent)"));
        }
        var partly = await rig.RefusedAsync(3, "PAWL-601", "public.k_bad", "public.a_children", "dw.orders");
        Assert.DoesNotContain("e_left_out", partly.Out);
        await CheckAsync("200");
        await rig.AtTargetAsync("alter table dw.k_bad drop constraint small");
        await rig.DoneAsync("--tables", "public.k*", "public.z_parents");
        await CheckAsync("250");
        PgRig.Expect(await rig.RunAsync("--tables", "public.k_bd"), 2, "PAWL-108", "public.k_bad");

        // One shard begun anew, and killed: the rows of the others are not touched.
        var again = await PawlProcess.RunAsync(rig.Scratch, ["run", rig.JobFile, "--restart", "--yes", "--tables", "shop_2.*"],
            ("PAWL_KILL_AT", "commit-done:2"));
        Assert.True(again.Code == PawlExit.Killed, again.ToString());
        Assert.Equal(["shop_1|400", "shop_3|400"], await rig.RowsAsync("select shard, count(*) from dw.orders where shard <> 'shop_2' group by 1 order by 1"));
        await rig.DoneAsync();
        await CheckAsync("250");
        var verified = await PawlProcess.RunAsync(rig.Scratch, ["verify", rig.JobFile, "--level", "digest"]);
        Assert.True(verified.Code == 0, verified.ToString());

        async Task CheckAsync(string bad)
        {
            var wanted = await rig.Server.RowsAsync(rig.From, string.Join(" union all ",
                shops.Select(s => $"select '{s}' as shard, id, item from {s}.orders")) + " order by 1, 2");
            Assert.Equal(wanted, await rig.RowsAsync(Shards));
            Assert.Equal([$"300|900|{bad}|0|2"], await rig.RowsAsync("select (select count(distinct id) from dw.z_parents), "
                + "(select count(*) from dw.a_children), (select count(*) from dw.k_bad), (select count(*) from dw.f_empty), "
                + "(select count(*) from pg_index where indrelid = 'dw.orders'::regclass and indisunique)"));
        }
    }
}
