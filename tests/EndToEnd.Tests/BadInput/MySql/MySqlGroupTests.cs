using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>MySQL's group replication, one node on loopback: with one primary it is a target, with several it is none.</summary>
[Trait("needs", "mysql")]
public sealed class MySqlGroupTests
{
    private const string Why = "several nodes take writes, and the locks and reads of one do not see what another is about to commit";

    [Fact]
    public async Task With_several_primaries_it_is_refused_before_anything_is_made_and_is_a_source()
    {
        await using var server = await GroupAsync(single: false);
        await using var rig = await MyRig.WithRowsAsync(500);
        var there = await server.CreateDatabaseAsync();
        rig.Target = MyRig.At(server, there);
        rig.WriteJob();
        await rig.RefusedAsync(2, Codes.ServerUnfit, "while group_replication_single_primary_mode is OFF", Why);
        foreach (var verb in new[] { "plan", "doctor" })
        {
            PgRig.Expect(await PawlProcess.RunAsync(rig.Scratch, verb, rig.JobFile), 2, Codes.ServerUnfit,
                "group_replication_single_primary_mode", Why);
        }
        Assert.Empty(await server.RowsAsync(there, "show tables"));

        await server.ExecuteAsync(there, "create table t (id int primary key, v longtext)",
            "insert into t with recursive n(i) as (select 1 union all select i + 1 from n where i < 900) select i, concat('v', i) from n");
        (rig.Source, rig.Target) = (rig.Target, MyRig.At(rig.Server, rig.To));
        rig.WriteJob(name: "from");
        await rig.LeaveHalfDoneAsync("rows-written:5");
        await rig.DoneAsync();
        Assert.Equal(await server.RowsAsync(there, "select * from t order by id"), await rig.RowsAsync("select * from t order by id"));
        rig.WriteJob("'*': {target: again, write: upsert, mode: incremental, cursor: id}", name: "windows");
        await rig.RefusedAsync(2, Codes.LagNeeded, "a node of a cluster does not know the transactions of the others");
    }

    [Fact]
    public async Task With_one_primary_it_is_a_target_and_a_secondary_takes_no_writes()
    {
        await using var server = await GroupAsync(single: true);
        await using var rig = await MyRig.WithRowsAsync(3_000);
        var there = await server.CreateDatabaseAsync();
        rig.Target = MyRig.At(server, there);
        rig.WriteJob();
        await rig.LeaveHalfDoneAsync("rows-written:9");
        await rig.DoneAsync();
        Assert.Equal(await rig.Server.RowsAsync(rig.From, "select * from t order by id"),
            await server.RowsAsync(there, "select * from t order by id"));
        Assert.Equal(0, (await PawlProcess.RunAsync(rig.Scratch, "doctor", rig.JobFile)).Code);
        // What the members that are not the primary have set.
        await server.ExecuteAsync(null, "set global super_read_only = on");
        rig.WriteJob("'*': u", name: "second");
        await rig.RefusedAsync(2, Codes.ServerReadOnly, "read only");
    }

    private static async Task<MySqlServer> GroupAsync(bool single)
    {
        var place = FormattableString.Invariant($"127.0.0.1:{MyServer.FreePort()}");
        var server = await MySqlServer.StartAsync("--log-bin=bin", "--gtid-mode=ON", "--enforce-gtid-consistency=ON",
            "--report-host=127.0.0.1", "--plugin-load-add=group_replication.so", $"--group-replication-group-name={Guid.NewGuid()}",
            $"--group-replication-local-address={place}", $"--group-replication-group-seeds={place}",
            "--group-replication-start-on-boot=OFF", $"--group-replication-single-primary-mode={(single ? "ON" : "OFF")}",
            $"--group-replication-enforce-update-everywhere-checks={(single ? "OFF" : "ON")}");
        await server.ExecuteAsync(null, "set global group_replication_bootstrap_group = on", "start group_replication");
        await Until.TrueAsync(async () => (await server.RowsAsync(null,
            "select member_state, member_role, @@super_read_only from performance_schema.replication_group_members"))
            is ["ONLINE|PRIMARY|0"], "the group to be there", TimeSpan.FromSeconds(60));
        return server;
    }
}
