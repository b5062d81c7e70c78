using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.Postgres;

/// <summary>Servers that are full, busy, slow, or cut off in the middle of a copy.</summary>
public sealed class PgServerTests
{
    [Fact]
    public async Task A_full_disk_at_the_target_is_temporary_and_the_copy_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small disk needs root");
        await using var rig = await PgRig.NewAsync("create table t (id int primary key, v text)",
            "insert into t select i, repeat('value', 60) || i from generate_series(1, 60000) i");
        var disk = Directory.CreateTempSubdirectory("pawl-disk-").FullName;
        await CommandAsync("mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", disk);
        var space = $"small{Guid.NewGuid():N}"[..12];
        try
        {
            await CommandAsync("chown", "postgres:postgres", disk);
            await File.WriteAllBytesAsync(Path.Combine(disk, "ballast"), new byte[10 << 20]);
            // A table that is there, on the small disk: the server's own files have room.
            await rig.Server.ExecuteAsync(rig.To, $"create tablespace {space} location '{disk}'",
                $"create table t (id int primary key using index tablespace {space}, v text) tablespace {space}");
            rig.WriteJob("public.t: t",
                "defaults: {commit: {rows: 2k}, on_error: {retry: {times: 1, backoff: 10ms..20ms}}}\nparallel: 1");

            await rig.RefusedAsync(5, Codes.DiskFull, "The disk is full at postgres://", "No space left on device",
                "What was committed is safe", "df -h");

            var copied = await rig.CountAsync();
            Assert.InRange(copied, 2_000, 58_000);
            Assert.Equal([$"{copied}"], await rig.RowsAsync("select sum(substr(totals, 6, strpos(totals, ' ') - 6)::int) from (select distinct "
                + "on (lane) totals from pawl_ledger order by lane, seq desc) x"));
            File.Delete(Path.Combine(disk, "ballast"));
            await rig.DoneAsync();
            await rig.SameRowsAsync();
        }
        finally
        {
            await rig.AtTargetAsync("drop table if exists t", $"drop tablespace if exists {space}");
            await CommandAsync("umount", disk);
            Directory.Delete(disk);
        }
    }

    [Theory]
    [InlineData(15)]
    [InlineData(18)]
    public async Task Time_limits_of_a_role_do_not_end_its_copy(int version)
    {
        var server = await PgServer.SharedAsync(version);
        await using var rig = await PgRig.NewAsync(server, "create table t (id int primary key, v text)",
            "insert into t select i, 'v' || i from generate_series(1, 3000) i",
            // Every tenth row of a thousand takes its time: the copy takes longer than any of the limits.
            "create view slow as select id, v || pg_sleep(case when id % 100 = 0 then 0.03 else 0 end)::text as v from t");
        var role = await rig.RoleAsync("superuser");
        foreach (var limit in new[] { "statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout",
            version >= 17 ? "transaction_timeout" : "lock_timeout" })
        {
            await server.ExecuteAsync("postgres", $"alter role {role} set {limit} = '300ms'");
        }
        (rig.Source, rig.Target) = (PgRig.At(server, rig.From, role), PgRig.At(server, rig.To, role));
        rig.WriteJob("public.slow: t", "defaults: {commit: {rows: 100}, on_error: {retry: {times: 0}}}",
            sourceOptions: "?view_key=public.slow(id)");
        await rig.DoneAsync();
        await rig.SameRowsAsync();
    }

    [Fact]
    public async Task A_statement_limit_in_the_address_ends_a_slow_copy_and_says_so()
    {
        await using var rig = await PgRig.NewAsync("create table t (id int primary key)", "insert into t select generate_series(1, 50)",
            "create view slow as select id, pg_sleep(0.2)::text as v from t");
        rig.WriteJob("public.slow: t", sourceOptions: "?view_key=public.slow(id)&statement_timeout=1s");
        await rig.RefusedAsync(5, Codes.StatementCancelled, "A statement on public.slow was ended at postgres://",
            "canceling statement due to statement timeout", "Raise statement_timeout in the URL");
    }

    [Fact]
    public async Task No_free_connection_is_waited_for_and_told()
    {
        await using var rig = await PgRig.WithRowsAsync(100);
        var role = await rig.RoleAsync("superuser");
        await rig.Server.ExecuteAsync("postgres", $"alter role {role} nosuperuser connection limit 0");
        await rig.AtTargetAsync($"grant create on schema public to {role}");
        rig.Target = PgRig.At(rig.Server, rig.To, role);
        rig.WriteJob();
        await rig.RefusedAsync(5, Codes.TooManyConnections, "has no free connection", $"too many connections for role \"{role}\"",
            "Use fewer lanes (parallel) or raise the limit");
        await rig.Server.ExecuteAsync("postgres", $"alter role {role} connection limit 20");
        await rig.DoneAsync();
        await rig.SameRowsAsync();
    }

    [Fact]
    public async Task A_full_server_is_waited_for_and_told()
    {
        await using var server = await PgServer.StartAsync(15, "max_connections=10", "superuser_reserved_connections=0", "max_wal_senders=0",
            "wal_level=replica");
        await using var rig = await PgRig.WithRowsAsync(100);
        rig.Target = PgRig.At(server, "postgres");
        rig.WriteJob();
        var others = new List<Npgsql.NpgsqlConnection>();
        for (var i = 0; i < 10; i++) others.Add(await server.ConnectAsync("postgres"));
        await rig.RefusedAsync(5, Codes.TooManyConnections, "has no free connection", "sorry, too many clients already");
        foreach (var other in others) await other.DisposeAsync();
        await rig.DoneAsync();
    }

    [Fact]
    public async Task A_table_that_somebody_has_locked_is_waited_for_a_bounded_time_and_the_session_is_named()
    {
        await using var rig = await PgRig.WithRowsAsync(1_000);
        await rig.AtTargetAsync("create table t (id int primary key, v text)");
        rig.WriteJob(options: "?lock_timeout=200ms");
        await using (var other = await rig.SomebodyAsync("set application_name = 'nightly load'", "begin", "lock table t in share mode"))
        {
            var pid = other.ProcessID;
            await rig.RefusedAsync(5, Codes.Busy, "The table public.t is locked by session " + pid,
                "(nightly load, user postgres, idle in transaction", $"select pg_terminate_backend({pid})", "pawl run");
        }
        await rig.DoneAsync();
        await rig.SameRowsAsync();
    }

    [Fact]
    public async Task A_server_that_stands_still_for_a_while_delays_the_copy_and_no_more()
    {
        await using var server = await PgServer.StartAsync();
        await using var rig = await PgRig.WithRowsAsync(100_000);
        rig.Target = PgRig.At(server, "postgres");
        rig.WriteJob(more: "defaults: {commit: {rows: 500}}");
        await using var pawl = rig.Start();
        await Until.TrueAsync(async () => (await server.RowsAsync("postgres",
            "select coalesce(pg_relation_size(to_regclass('public.t')) > 100000, false)"))[0] == "t" || pawl.HasExited,
            "the first commits");
        Assert.False(pawl.HasExited);
        var backends = await server.RowsAsync("postgres", "select pid from pg_stat_activity where application_name like 'pawl/%'");
        int[] stopped = [.. backends.Select(b => int.Parse(b, null)), server.Pid];
        foreach (var pid in stopped) Signals.Send(pid, Signal.Stop);
        await Task.Delay(TimeSpan.FromSeconds(3));
        foreach (var pid in stopped) Signals.Send(pid, Signal.Continue);
        var end = await pawl.WaitAsync();
        Assert.True(end.Code == 0, end.ToString());
        Assert.Equal(["100000|100000"], await server.RowsAsync("postgres", "select count(*), count(distinct id) from t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cable_that_is_cut_in_the_middle_is_a_delay_and_no_more(bool atSource)
    {
        await using var rig = await PgRig.NewAsync("create table t (id int primary key, v text)",
            "insert into t select i, repeat('v', 200) || i from generate_series(1, 30000) i");
        await using var cable = new Cable(rig.Server.Port, atSource ? 1_500_000 : 200_000);
        if (atSource) rig.Source = PgRig.At(rig.Server, rig.From, port: cable.Port);
        else rig.Target = PgRig.At(rig.Server, rig.To, port: cable.Port);
        rig.WriteJob(more: "defaults: {commit: {rows: 500}, on_error: {retry: {times: 8, backoff: 50ms..500ms}}}");
        await rig.DoneAsync();
        Assert.InRange(cable.Cuts, 1, 40);
        await rig.SameRowsAsync();
    }

    private static async Task CommandAsync(string program, params string[] words)
    {
        using var process = Process.Start(program, words);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', words)}: {process.ExitCode}");
    }

    /// <summary>
    /// A way to a server that is cut, both ends reset at once, whenever a connection has carried that many bytes; each later one carries
    /// twice as many, so that there is an end to it.
    /// </summary>
    private sealed class Cable : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly int server;
        private readonly Task accepting;
        private long bytes;
        private int cuts;

        public Cable(int server, long bytes)
        {
            (this.server, this.bytes) = (server, bytes);
            listener.Start();
            accepting = AcceptAsync();
        }

        public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;
        public int Cuts => Volatile.Read(ref cuts);

        private async Task AcceptAsync()
        {
            var lines = new List<Task>();
            try
            {
                while (true) lines.Add(CarryAsync(await listener.AcceptSocketAsync()));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                await Task.WhenAll(lines);
            }
        }

        private async Task CarryAsync(Socket near)
        {
            using var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await far.ConnectAsync(IPAddress.Loopback, server);
            var left = Interlocked.Read(ref bytes);
            async Task OneWayAsync(Socket from, Socket to)
            {
                var buffer = new byte[8192];
                try
                {
                    while (await from.ReceiveAsync(buffer) is > 0 and var count)
                    {
                        if (Interlocked.Add(ref left, -count) < 0)
                        {
                            if (Interlocked.Exchange(ref left, long.MaxValue / 2) < 0)
                            {
                                Interlocked.Increment(ref cuts);
                                Interlocked.Add(ref bytes, Interlocked.Read(ref bytes));
                            }
                            break;
                        }
                        await to.SendAsync(buffer.AsMemory(0, count));
                    }
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    // Cut, or closed by one of the two.
                }
                // Linger 0: the other end meets a reset, not an orderly end.
                foreach (var end in new[] { near, far })
                {
                    try
                    {
                        end.LingerState = new LingerOption(true, 0);
                        end.Close();
                    }
                    catch (Exception e) when (e is SocketException or ObjectDisposedException)
                    {
                        // It is closed already.
                    }
                }
            }
            await Task.WhenAll(OneWayAsync(near, far), OneWayAsync(far, near));
        }

        public async ValueTask DisposeAsync()
        {
            listener.Stop();
            await accepting;
        }
    }
}
