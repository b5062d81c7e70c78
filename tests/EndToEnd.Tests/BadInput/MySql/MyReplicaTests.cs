using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>A MariaDB server that follows another one, by GTID.</summary>
public sealed class MariaDbPair : IAsyncLifetime
{
    internal MariaDbServer Primary { get; private set; } = null!;
    internal MariaDbServer Replica { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Primary = await MariaDbServer.StartAsync("--log-bin=bin", "--sync-binlog=1");
        Replica = await MariaDbServer.StartAsync("--log-bin=bin", "--sync-binlog=1", "--server-id=2");
        await Primary.ExecuteAsync(null, "create user repl@'127.0.0.1'", "grant replication slave on *.* to repl@'127.0.0.1'",
            "create user etl@'127.0.0.1'", "grant select, process on *.* to etl@'127.0.0.1'", "create database shop");
        await Primary.ExecuteAsync("shop", "create table t (id int primary key, v longtext)",
            "insert into t select seq, concat('v', seq) from seq_1_to_300");
        await Replica.ExecuteAsync(null, FormattableString.Invariant(
            $"change master to master_host = '127.0.0.1', master_port = {Primary.Port}, master_user = 'repl', master_use_gtid = slave_pos"),
            "start slave");
        await CaughtUpAsync();
    }

    internal async Task CaughtUpAsync()
    {
        var written = (await Primary.RowsAsync(null, "select @@global.gtid_binlog_pos"))[0];
        Assert.Equal(["0"], await Replica.RowsAsync(null, $"select master_gtid_wait('{written}', 60)"));
    }

    public async ValueTask DisposeAsync()
    {
        await Replica.DisposeAsync();
        await Primary.DisposeAsync();
    }
}

/// <summary>What a replica may be: a source that knows less than its primary, and no target.</summary>
public sealed class MyReplicaTests(MariaDbPair pair) : IClassFixture<MariaDbPair>
{
    private const string Incremental = "shop.t: {target: t, mode: incremental, cursor: id, write: upsert}";

    [Theory]
    [InlineData("root", true, "a replica does not know")]
    [InlineData("etl", true, "a replica does not know")]
    [InlineData("root", false, "a replica does not know")]
    [InlineData("etl", false, "GRANT REPLICA MONITOR ON *.* TO 'etl'@'127.0.0.1'")]
    public async Task An_incremental_table_of_a_replica_needs_a_lag_also_while_the_replica_stands_still(string user, bool isRunning,
        string words)
    {
        await using var rig = await MyRig.NewAsync();
        rig.Source = MyRig.At(pair.Replica, "shop", user);
        if (!isRunning) await pair.Replica.ExecuteAsync(null, "stop slave");
        try
        {
            rig.WriteJob(Incremental);
            PgRig.Expect(await PawlProcess.RunAsync(rig.Scratch, ["doctor", rig.JobFile]), 2, Codes.LagNeeded, words);
            PgRig.Expect(await rig.RunAsync(), 2, Codes.LagNeeded, words);
            rig.WriteJob("shop.t: {target: t, mode: incremental, cursor: id, write: upsert, lag: 100ms}");
            await rig.DoneAsync();
        }
        finally
        {
            await pair.Replica.ExecuteAsync(null, "start slave");
        }
        Assert.Equal(300, await rig.CountAsync());
    }

    [Fact]
    public async Task A_primary_needs_none_and_a_snapshot_of_a_replica_neither()
    {
        await using var rig = await MyRig.NewAsync();
        rig.Source = MyRig.At(pair.Primary, "shop", "etl");
        rig.WriteJob(Incremental, name: "from primary");
        await rig.DoneAsync();
        rig.Source = MyRig.At(pair.Replica, "shop", "etl");
        rig.WriteJob("shop.t: u", name: "from replica");
        await rig.DoneAsync();
        Assert.Equal((300, 300), (await rig.CountAsync(), await rig.CountAsync("u")));
        var doctor = await PawlProcess.RunAsync(rig.Scratch, ["doctor", rig.JobFile]);
        Assert.True(doctor.Code == 0 && doctor.Out.Contains("a replica", StringComparison.Ordinal), doctor.ToString());
    }

    [Fact]
    public async Task A_replica_is_no_target_and_whoever_may_write_there_nevertheless_is_warned()
    {
        await using var rig = await MyRig.WithRowsAsync(50);
        await pair.Primary.ExecuteAsync(null, "create database if not exists dw");
        await pair.CaughtUpAsync();
        // Root may write whatever read_only says: asked of the setting, not tried.
        rig.Target = MyRig.At(pair.Replica, "dw");
        rig.WriteJob();
        await pair.Replica.ExecuteAsync(null, "set global read_only = 1");
        try
        {
            await rig.RefusedAsync(2, Codes.ServerReadOnly, "read only");
            PgRig.Expect(await PawlProcess.RunAsync(rig.Scratch, ["doctor", rig.JobFile]), 2, Codes.ServerReadOnly);
        }
        finally
        {
            await pair.Replica.ExecuteAsync(null, "set global read_only = 0");
        }
        Assert.Equal(["0"], await pair.Replica.RowsAsync(null, "select count(*) from information_schema.tables where table_schema = 'dw'"));
        var doctor = await PawlProcess.RunAsync(rig.Scratch, ["doctor", rig.JobFile]);
        Assert.True(doctor.Code == 0 && doctor.Out.Contains(FormattableString.Invariant($"a replica of 127.0.0.1:{pair.Primary.Port} that"),
            StringComparison.Ordinal), doctor.ToString());
        await rig.DoneAsync();
        Assert.Equal(["50"], await pair.Replica.RowsAsync("dw", "select count(*) from t"));
        await pair.Replica.ExecuteAsync("dw", "drop table t");
    }
}
