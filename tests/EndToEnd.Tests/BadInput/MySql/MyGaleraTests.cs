using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>A Galera cluster of one node, on loopback.</summary>
public sealed class GaleraNode : IAsyncLifetime
{
    internal MariaDbServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var library = Found();
        var (listen, transfer) = (MyServer.FreePort(), MyServer.FreePort());
        Server = await MariaDbServer.StartAsync("--log-bin=bin", "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2", "--wsrep-on=ON",
            $"--wsrep-provider={library}", "--wsrep-cluster-address=gcomm://", "--wsrep-node-address=127.0.0.1", "--wsrep-sst-method=skip",
            FormattableString.Invariant($"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{listen};base_port={listen};")
                + FormattableString.Invariant($"ist.recv_addr=127.0.0.1:{transfer}"));
        await Until.TrueAsync(async () => (await Server.RowsAsync(null, "show status like 'wsrep_ready'"))[0] == "wsrep_ready|ON",
            "the node to be ready", TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        if (Server is { } server) await server.DisposeAsync();
    }

    /// <summary>It comes with Debian's mariadb-server. Missing it skips the tests, and fails them under CI=true.</summary>
    private static string Found()
    {
        string[] places = ["/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera-4/libgalera_smm.so"];
        if (places.FirstOrDefault(File.Exists) is { } found) return found;
        const string Missing = "Galera is not installed here; ./test.sh installs it with MariaDB";
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail(Missing);
        Assert.Skip(Missing);
        return "";
    }
}

/// <summary>A node of a Galera cluster is no target, and a source like any other as long as it is read whole.</summary>
public sealed class MyGaleraTests(GaleraNode node) : IClassFixture<GaleraNode>
{
    private const string Why = "several nodes take writes, and the locks and reads of one do not see what another is about to commit";

    [Theory]
    [InlineData("insert")]
    [InlineData("upsert")]
    [InlineData("replace")]
    public async Task As_a_target_it_is_refused_before_anything_is_made(string write)
    {
        await using var rig = await MyRig.WithRowsAsync(50);
        var there = await node.Server.CreateDatabaseAsync();
        rig.Target = MyRig.At(node.Server, there);
        rig.WriteJob($"'*': {{target: '{{table}}', write: {write}}}");
        await rig.RefusedAsync(2, Codes.ServerUnfit, "cannot be a target while wsrep_on is ON", Why, "Name another server as target");
        var chinese = await rig.RunAsync("--lang", "zh-CN");
        Assert.True(chinese.Code == 2 && chinese.Err.Contains("wsrep_on 为 ON 时", StringComparison.Ordinal)
            && !chinese.Err.Contains("nodes", StringComparison.Ordinal), chinese.ToString());
        foreach (var verb in new[] { "plan", "doctor" })
        {
            var told = await PawlProcess.RunAsync(rig.Scratch, verb, rig.JobFile);
            PgRig.Expect(told, 2, Codes.ServerUnfit, "wsrep_on", Why);
        }
        Assert.Empty(await node.Server.RowsAsync(there, "show tables"));
    }

    [Fact]
    public async Task As_a_source_it_is_read_like_any_other_server_and_its_increments_need_a_lag()
    {
        await using var rig = await MyRig.NewAsync(node.Server, "create table t (id int primary key, v longtext)",
            "insert into t select seq, concat('value ', seq) from seq_1_to_3000");
        var other = await MariaDbServer.SharedAsync();
        var there = await other.CreateDatabaseAsync();
        rig.Target = MyRig.At(other, there);
        rig.WriteJob(more: PgRig.Hasty + "\nconsistency: one-snapshot");
        foreach (var verb in new[] { "plan", "doctor" })
        {
            var told = await PawlProcess.RunAsync(rig.Scratch, verb, rig.JobFile);
            Assert.True(told.Code == 0, told.ToString());
        }
        rig.WriteJob();
        await rig.LeaveHalfDoneAsync("rows-written:9");
        await rig.DoneAsync();
        Assert.Equal(await rig.Server.RowsAsync(rig.From, "select * from t order by id"),
            await other.RowsAsync(there, "select * from t order by id"));
        await rig.AtSourceAsync("insert into t values (9000, 'later')");
        rig.WriteJob("'*': {target: again, write: upsert, mode: incremental, cursor: id}", name: "windows");
        const string Unseen = "a node of a cluster does not know the transactions of the others";
        await rig.RefusedAsync(2, Codes.LagNeeded, Unseen);
        PgRig.Expect(await PawlProcess.RunAsync(rig.Scratch, "doctor", rig.JobFile), 2, Codes.LagNeeded, Unseen);
        rig.WriteJob("'*': {target: again, write: upsert, mode: incremental, cursor: id, lag: 100ms}", name: "windows");
        await rig.DoneAsync();
        await rig.AtSourceAsync("insert into t values (9001, 'later still')");
        await rig.DoneAsync();
        Assert.Equal(["3002|9001"], await other.RowsAsync(there, "select count(*), max(id) from again"));
        await other.DropAsync(there);
    }
}
