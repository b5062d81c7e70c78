using System.Diagnostics;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>A disk that fills up in the middle of a copy.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task A_full_disk_is_a_temporary_failure_and_the_copy_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting a small disk needs root");
        using var rig = await JobRig.WithRowsAsync(120_000);
        var disk = rig.Scratch.At("disk");
        Directory.CreateDirectory(disk);
        await CommandAsync("mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk);
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(disk, "ballast"), new byte[5 << 20]);
            Directory.CreateDirectory(Path.Combine(disk, "out"));
            rig.Target = Path.Combine(disk, "out/target.db");
            rig.WriteJob(more: "defaults: {commit: {rows: 2k}, on_error: {retry: {times: 1, backoff: 10ms..20ms}}}");

            await rig.RefusedAsync(5, Codes.DiskFull);

            var copied = await rig.CountAsync("t");
            Assert.InRange(copied, 1, 119_999);
            Assert.Equal(copied, await Sqlite3.NumberAsync(rig.Target,
                "select substr(totals, 6, instr(totals, ' ') - 6) from pawl_ledger order by seq desc limit 1"));
            File.Delete(Path.Combine(disk, "ballast"));
            await rig.DoneAsync();
            await rig.SameRowsAsync("t");
        }
        finally
        {
            await CommandAsync("umount", disk);
        }
    }

    private static async Task CommandAsync(string program, params string[] words)
    {
        using var process = Process.Start(program, words);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', words)}: {process.ExitCode}");
    }
}
