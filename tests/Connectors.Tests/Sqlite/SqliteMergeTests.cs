using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>Tables of one file in one table of another, each known by the value of a column.</summary>
public sealed class SqliteMergeTests
{
    private const string Look = "select shard, id, item from orders order by shard, id";

    private static TableRule Rule => new() { Pattern = new TablePattern("orders_*"), Target = "orders", SourceColumn = "shard" };

    private static void Shard(Scratch scratch, string name) => scratch.Run(scratch.Source,
        $"create table {name} (id integer primary key autoincrement, item text not null, unique (item))",
        $"create index {name}_item on {name} (item desc)",
        $"with recursive n(i) as (select 1 union all select i + 1 from n where i < 400) insert into {name} (item) select '{name} ' || i from n");

    private static string Union(params string[] shards) =>
        string.Join(" union all ", shards.Select(s => $"select '{s}', id, item from {s}")) + " order by 1, 2";

    private static async Task<RunSummary> DoneAsync(Scratch scratch, RunOptions? options = null)
    {
        var job = SqliteJobs.Job(scratch, Rule) with { VerifyAfterRun = VerifyLevel.Digest };
        var summary = await SqliteJobs.RunAsync(job, options: options);
        Assert.All(summary.Tables, t => Assert.Null(t.Error));
        Assert.All(summary.Tables.Where(t => t.Status == TableStatus.Done), t => Assert.True(t.Verdict!.Equal));
        return summary;
    }

    [Fact]
    public async Task Tables_become_one_and_each_can_be_begun_anew_by_itself()
    {
        using var scratch = new Scratch();
        foreach (var name in new[] { "orders_1", "orders_2" }) Shard(scratch, name);
        Assert.Equal(RunStatus.Done, (await DoneAsync(scratch)).Status);
        Assert.Equal(Scratch.Rows(scratch.Source, Union("orders_1", "orders_2")), Scratch.Rows(scratch.Target, Look));
        Assert.Equal(["tprimary key (\"shard\", \"id\")"], Scratch.Rows(scratch.Target,
            "select substr(sql, instr(sql, 'primary key'), 27) from sqlite_schema where name = 'orders'"));
        Assert.Equal(["tshard,item"], Scratch.Rows(scratch.Target, "select group_concat(name) from pragma_index_info((select name from "
            + "pragma_index_list('orders') where \"unique\" and origin <> 'pk'))"));
        Assert.Equal(RunStatus.NothingToDo, (await DoneAsync(scratch)).Status);

        Shard(scratch, "orders_3");
        scratch.Run(scratch.Target, "update orders set item = 'touched ' || id where shard = 'orders_1'");
        scratch.Run(scratch.Source, "delete from orders_2 where id > 100");
        await DoneAsync(scratch, new RunOptions { Restart = true, Tables = [new TablePattern("orders_2"), new TablePattern("orders_3")] });
        Assert.Equal(["torders_1|i400|i400", "torders_2|i100|i0", "torders_3|i400|i0"], Scratch.Rows(scratch.Target,
            "select shard, count(*), sum(item like 'touched%') from orders group by 1 order by 1"));
    }

    [Fact]
    public async Task Rows_of_strangers_are_never_mixed_with()
    {
        using var scratch = new Scratch();
        Shard(scratch, "orders_1");
        scratch.Run(scratch.Target, "create table orders (shard text, id integer, item text)", "insert into orders values ('x', 1, 'y')");
        var refused = await SqliteJobs.RunAsync(SqliteJobs.Job(scratch, Rule));
        Assert.Equal(Codes.TargetNotEmpty, Assert.Single(refused.Tables).Error?.Code);
        Assert.Equal(["i1"], Scratch.Rows(scratch.Target, "select count(*) from orders"));
    }
}
