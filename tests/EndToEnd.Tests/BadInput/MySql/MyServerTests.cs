using System.Diagnostics;
using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>A MariaDB server whose settings its tests change, one after another.</summary>
public sealed class OddMariaDb : IAsyncLifetime
{
    internal MariaDbServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await MariaDbServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>Until the end of the test; sessions that are open keep what they have.</summary>
    internal async Task<IAsyncDisposable> SetAsync(string name, string value)
    {
        var before = (await Server.RowsAsync(null, $"select @@global.{name}"))[0];
        await Server.ExecuteAsync(null, $"set global {name} = {value}");
        return new Restored(Server, $"set global {name} = {(long.TryParse(before, out _) ? before : $"'{before}'")}");
    }

    private sealed class Restored(MariaDbServer server, string statement) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await server.ExecuteAsync(null, statement);
    }
}

/// <summary>Servers that are set up otherwise, full, or end what Pawl is doing in the middle of it.</summary>
public sealed class MyServerTests(OddMariaDb odd) : IClassFixture<OddMariaDb>
{
    private static readonly string Patient = "defaults: {commit: {rows: 500}, on_error: {retry: {times: 20, backoff: 10ms..50ms}}}";

    [Fact]
    public async Task Without_local_infile_the_rows_go_by_insert()
    {
        await using var _ = await odd.SetAsync("local_infile", "0");
        await using var rig = await MyRig.WithRowsAsync(3_000, odd.Server);
        var before = await odd.Server.RowsAsync(null, "show global status like 'Com_load'");
        await rig.DoneAsync();
        await rig.SameRowsAsync();
        Assert.Equal(before, await odd.Server.RowsAsync(null, "show global status like 'Com_load'"));
    }

    [Fact]
    public async Task Local_infile_that_is_switched_off_in_the_middle_changes_the_way_and_not_the_rows()
    {
        await using var rig = await MyRig.WithRowsAsync(40_000, odd.Server);
        rig.WriteJob(more: Patient);
        await using var pawl = PawlProcess.Start(rig.Scratch, ["run", rig.JobFile, "--progress", "json"]);
        Assert.True(await pawl.SaidAsync("\"lane.committed\"", 3), "it ended before its server was changed");
        await using var _ = await odd.SetAsync("local_infile", "0");
        var end = await pawl.WaitAsync();
        Assert.True(end.Code == 0, end.ToString());
        await rig.SameRowsAsync();
    }

    [Theory]
    [InlineData("?load_data=off")]
    [InlineData("?bulk=off&load_data=off")]
    public async Task Values_beyond_the_targets_packets_are_refused_with_their_size_and_those_within_arrive(string options)
    {
        await using var rig = await MyRig.WithRowsAsync(50, "if(seq = 7, repeat('0123456789abcdef', 1310720), repeat('x', 900000))",
            odd.Server);
        await using var _ = await odd.SetAsync("max_allowed_packet", "1048576");
        rig.WriteJob(options: options);
        await rig.RefusedAsync(1, Codes.ValueTooLarge, "max_allowed_packet", "20971520 bytes, at most 104");
        Assert.Equal(["0"], await rig.RowsAsync("select count(*) from t where id = 7"));
        rig.WriteJob("'*': {target: u, transform: {where: id <> 7}}", options: options, name: "within");
        await rig.DoneAsync();
        Assert.Equal(["49|44100000"], await rig.RowsAsync("select count(*), sum(length(v)) from u"));
    }

    [Fact]
    public async Task A_source_whose_packets_have_become_small_gives_the_large_values_that_it_holds()
    {
        await using var rig = await MyRig.WithRowsAsync(30, "if(seq = 7, repeat('0123456789abcdef', 1310720), repeat('x', 900000))",
            odd.Server);
        var other = await MariaDbServer.SharedAsync();
        var there = await other.CreateDatabaseAsync();
        rig.Target = MyRig.At(other, there);
        await using var _ = await odd.SetAsync("max_allowed_packet", "1048576");
        rig.WriteJob();
        await rig.DoneAsync();
        const string Sums = "select id, length(v), md5(v) from t order by id";
        Assert.Equal(await odd.Server.RowsAsync(rig.From, Sums), await other.RowsAsync(there, Sums));
        await other.DropAsync(there);
    }

    [Fact]
    public async Task A_server_that_takes_no_writes_is_no_target_and_one_that_stops_taking_them_is_gone_on_with()
    {
        await using var rig = await MyRig.WithRowsAsync(60_000, odd.Server);
        var user = await rig.UserAsync($"all on {rig.From}.*", $"all on {rig.To}.*");
        rig.Target = MyRig.At(rig.Server, rig.To, user);
        rig.WriteJob(more: Patient);
        await using (await odd.SetAsync("read_only", "1"))
        {
            await rig.RefusedAsync(2, Codes.ServerReadOnly, "read only");
        }
        await using (var pawl = PawlProcess.Start(rig.Scratch, ["run", rig.JobFile, "--progress", "json"]))
        {
            Assert.True(await pawl.SaidAsync("\"lane.committed\"", 3), "it ended before its server was changed");
            await using var _ = await odd.SetAsync("read_only", "1");
            PgRig.Expect(await pawl.WaitAsync(), 2, Codes.ServerReadOnly);
        }
        Assert.InRange(await rig.CountAsync(), 1_500, 59_999);
        await rig.DoneAsync();
        await rig.SameRowsAsync();
    }

    [Fact]
    public async Task A_server_without_strict_mode_cuts_nothing_and_makes_nothing_up()
    {
        await using var _ = await odd.SetAsync("sql_mode", "''");
        await using var rig = await MyRig.NewAsync(odd.Server, "create table d (id int primary key, n int, v varchar(20))",
            "insert into d values (1, 1, 'a'), (2, null, 'b'), (3, 3, null), (4, 4, 'toolong'), (5, 5, 'e'), (6, -1, 'f')");
        // Without strict mode a null of many rows becomes 0 or '', and the server's own answer a warning.
        await rig.AtTargetAsync("create table d (id int primary key, n int not null, v varchar(20) not null, "
            + "check (length(v) < 5), check (n > 0))");
        foreach (var options in new[] { "", "?bulk=off", "?bulk=off&load_data=off" })
        {
            rig.WriteJob("'*': {target: d, on_error: {reject_limit: 9}}", options: options, name: "strict" + options.Length);
            var end = await rig.RunAsync();
            Assert.True(end.Code == 3, end.ToString());
            Assert.Equal(["1|1|a", "5|5|e"], await rig.RowsAsync("select * from d order by id"));
            Assert.Equal(["{\"id\":2}|PAWL-608", "{\"id\":3}|PAWL-608", "{\"id\":4}|PAWL-611", "{\"id\":6}|PAWL-611"],
                await rig.RowsAsync("select row_where, code from pawl_reject order by 1"));
            await rig.AtTargetAsync("delete from pawl_reject");
            await rig.AtTargetAsync("truncate d");
        }
    }

    [Theory]
    [InlineData(true, "select%", "")]
    [InlineData(false, "insert%", "")]
    [InlineData(false, "load data%", "?bulk=off")]
    public async Task Sessions_killed_in_the_middle_of_a_result_or_a_load_are_a_delay_and_no_more(bool atSource, string words, string options)
    {
        await using var rig = await MyRig.WithRowsAsync(60_000, "repeat(char(65 + seq mod 26), 400)", odd.Server);
        rig.WriteJob(more: Patient, options: options);
        var database = atSource ? rig.From : rig.To;
        var killed = 0;
        await using var pawl = rig.Start();
        while (killed < 3 && await Signals.FreezeAsync(pawl))
        {
            // Still there when the process stands still: it is being sent to, or waited for.
            var ids = await odd.Server.RowsAsync(null, $"""
                select id from information_schema.processlist where db = '{database}' and command <> 'Sleep' and info like '{words}'
                """);
            foreach (var id in ids)
            {
                await odd.Server.ExecuteAsync(null, $"kill connection {id}");
                killed++;
            }
            pawl.Send(Signal.Continue);
            await Task.Delay(ids.Count > 0 ? 50 : 3);
        }
        var end = await pawl.WaitAsync();
        Assert.True(end.Code == 0, end.ToString());
        Assert.True(killed > 0, "no session was killed: nothing is shown");
        await rig.SameRowsAsync();
    }

    [Fact]
    public async Task A_full_disk_at_the_target_is_temporary_and_the_copy_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small disk needs root");
        await using var rig = await MyRig.WithRowsAsync(60_000, "concat(repeat('value', 60), seq)", odd.Server);
        var disk = Directory.CreateTempSubdirectory("pawl-disk-").FullName;
        await CommandAsync("mount", "-t", "tmpfs", "-o", "size=50m", "tmpfs", disk);
        try
        {
            await CommandAsync("chown", "mysql:", disk);
            await File.WriteAllBytesAsync(Path.Combine(disk, "ballast"), new byte[30 << 20]);
            // A table that is there, on the small disk: the server's own files have room.
            await rig.AtTargetAsync($"create table t (id int primary key, v longtext) data directory = '{disk}'");
            rig.WriteJob(more: "defaults: {commit: {rows: 2k}, on_error: {retry: {times: 1, backoff: 10ms..20ms}}}\nparallel: 1");

            await rig.RefusedAsync(5, Codes.DiskFull, "The disk is full at mysql://", "What was committed is safe", "df -h");

            var copied = await rig.CountAsync();
            Assert.InRange(copied, 2_000, 58_000);
            Assert.Equal([$"{copied}"], await rig.RowsAsync("select sum(cast(regexp_replace(totals, '.*inserted=([0-9]+).*|.*', "
                + "'\\\\1') as int)) from pawl_ledger l where seq = (select max(seq) from pawl_ledger m where m.lane = l.lane)"));
            File.Delete(Path.Combine(disk, "ballast"));
            await rig.DoneAsync();
            await rig.SameRowsAsync();
        }
        finally
        {
            await rig.AtTargetAsync("drop table if exists t");
            await CommandAsync("umount", "-l", disk);
            Directory.Delete(disk);
        }
    }

    private static async Task CommandAsync(string program, params string[] words)
    {
        using var process = Process.Start(program, words);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', words)}: {process.ExitCode}");
    }
}
