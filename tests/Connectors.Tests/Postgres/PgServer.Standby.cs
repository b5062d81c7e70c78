using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>A server that follows another one.</summary>
internal sealed partial class PgServer
{
    /// <summary>A hot standby of this server, streaming from it; it has replayed all that is written by now.</summary>
    public async Task<PgServer> FollowAsync()
    {
        var place = Path.Combine(Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"pawl-pg-{Environment.ProcessId}-{Interlocked.Increment(ref number)}"));
        Directory.CreateDirectory(place);
        if (Environment.IsPrivilegedProcess) await RunAsync("chown", "postgres:postgres", place);
        var standby = new PgServer(bin, place, FreePort(), settings);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => standby.End();
        using (var copy = Process.Start(standby.AsServer(Path.Combine(bin, "pg_basebackup"),
            ["-h", folder, "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", "-D", standby.Data, "-R", "-X", "stream",
                "-c", "fast"]))!)
        {
            await copy.WaitForExitAsync();
            Assert.Equal(0, copy.ExitCode);
        }
        await standby.StartAgainAsync();
        var written = (await RowsAsync("postgres", "select pg_current_wal_lsn()"))[0];
        var deadline = Stopwatch.StartNew();
        while ((await standby.RowsAsync("postgres", $"select coalesce(pg_last_wal_replay_lsn() >= '{written}', false)"))[0] != "t")
        {
            if (deadline.Elapsed > TimeSpan.FromSeconds(60))
            {
                Assert.Fail($"the standby does not follow: {string.Join('\n', (await File.ReadAllLinesAsync(standby.Log)).TakeLast(10))}");
            }
            await Task.Delay(20);
        }
        return standby;
    }
}
