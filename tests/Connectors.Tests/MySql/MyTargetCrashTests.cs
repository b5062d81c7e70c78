using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Telemetry;
using Pawl.Verify;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Jobs into MariaDB whose server goes away, and tables that several others are merged into.</summary>
public sealed class MyTargetCrashTests
{
    private static Endpoint At(MySinkFixture fixture) => new()
    {
        Scheme = "mysql", Host = "127.0.0.1", Port = fixture.Server.Port, Path = fixture.Database, User = "root",
        Display = FormattableString.Invariant($"mysql://root@127.0.0.1:{fixture.Server.Port}/{fixture.Database}"),
        Options = new Dictionary<string, string>(),
    };

    [Theory]
    [InlineData(WriteMode.Insert)]
    [InlineData(WriteMode.Replace)]
    public async Task A_server_that_is_killed_and_comes_back_has_every_row_once(WriteMode write)
    {
        await using var server = await MariaDbServer.StartAsync();
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync(server);
        // No key: a row that came twice would stay.
        await from.RunAsync("create table t (id bigint, v text)", "insert into t select i, 'v' || i from generate_series(1, 20000) i",
            "alter table t add primary key (id)");
        await to.RunAsync("create table t (id bigint, v longtext)");
        var commits = 0;
        Task? crash = null;
        var rule = CopyJob.Table("public.t", $"{to.Database}.t") with { Write = write };
        CopyJob Job() => new()
        {
            From = from.Here(), To = At(to), Tables = [rule], Name = "crash", Rows = 500, Verify = VerifyLevel.Digest,
            At = e => { if (e.Code == EventCodes.LaneCommitted && ++commits == 7) crash = server.CrashAsync(); },
        };
        var first = await Record.ExceptionAsync(async () => Assert.NotEqual(RunStatus.Done, (await Job().RunAsync()).Status));
        Assert.True(first is null or Pawl.Model.PawlException, first?.ToString());
        await crash!;
        await server.StartAgainAsync();
        Assert.NotEqual(["20000"], await to.QueryAsync("select count(*) from t"));
        await Job().DoneAsync();
        Assert.Equal(["20000|20000"], await to.QueryAsync("select count(*), count(distinct id) from t"));
    }

    [Fact]
    public async Task Several_tables_become_one_and_starting_one_over_leaves_the_others()
    {
        await using var from = await PgFixture.NewAsync();
        await using var to = await MySinkFixture.OpenAsync();
        foreach (var shop in new[] { "shop_1", "shop_2" })
        {
            await from.RunAsync($"create schema {shop}", $"create table {shop}.orders (id int primary key, item text)",
                $"insert into {shop}.orders select i, '{shop} ' || i from generate_series(1, 300) i");
        }
        var rule = new TableRule
        {
            Pattern = new TablePattern("shop_*.orders"), Target = $"{to.Database}.orders", SourceColumn = "shard", SourceValue = "{schema}",
        };
        CopyJob Job() => new() { From = from.Here(), To = At(to), Tables = [rule], Name = "merge", Verify = VerifyLevel.Digest };
        await Job().DoneAsync();
        Assert.Equal(["shop_1|300|shop_1 7", "shop_2|300|shop_2 7"], await to.QueryAsync(
            "select shard, count(*), max(if(id = 7, item, null)) from orders group by shard order by 1"));
        await from.RunAsync("delete from shop_2.orders where id > 100");
        await Job().DoneAsync(restart: true);
        Assert.Equal(["shop_1|300", "shop_2|100"], await to.QueryAsync("select shard, count(*) from orders group by shard order by 1"));
    }
}
