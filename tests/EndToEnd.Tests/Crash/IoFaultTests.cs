using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash;

/// <summary>
/// The n-th write or sync of the target's files fails, once or from then on, or kills the process: <c>strace</c> answers in the kernel's
/// place, counting for every thread by itself. Once is mended by a retry; for ever is a temporary failure with its code; a copy goes on
/// exactly afterwards.
/// </summary>
public sealed class IoFaultTests : IAsyncLifetime
{
    private readonly Scratch scratch = new();
    private readonly KillScenario scenario = KillScenario.Keyless(2_000, 1) with { CommitRows = 100,
        Retry = "{times: 2, backoff: 10ms..20ms}" };
    private TestStore source = null!;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/strace"), "strace is not installed");
        source = await Stores.SourceAsync(scenario, scratch);
    }

    public ValueTask DisposeAsync()
    {
        scratch.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("fsync,fdatasync:error=EIO:when=3")]
    [InlineData("fsync,fdatasync:error=EIO:when=12")]
    [InlineData("pwrite64:error=EIO:when=40")]
    [InlineData("pwrite64:error=ENOSPC:when=60")]
    public async Task A_call_that_fails_once_is_mended_by_a_retry(string fault)
    {
        // Once for every thread that comes to it: as many retries as there may be threads.
        await using var trial = await KillTrial.NewAsync(scenario with { Retry = "{times: 20, backoff: 10ms..20ms}" }, source);

        var end = await BrokenAsync(trial, fault);

        Assert.True(end.Code == 0 && end.Out.Contains(" retr", StringComparison.Ordinal), end.ToString());
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    [Theory]
    [InlineData("fsync,fdatasync:error=EIO:when=1+")]
    [InlineData("fsync,fdatasync:error=EIO:when=4+")]
    [InlineData("pwrite64:error=EIO:when=30+")]
    [InlineData("pwrite64:error=ENOSPC:when=80+")]
    public async Task A_call_that_fails_for_ever_is_a_temporary_failure(string fault)
    {
        await using var trial = await KillTrial.NewAsync(scenario, source);

        var end = await BrokenAsync(trial, fault);

        // A commit that meets the fault has an unknown end; before it the fault has its own name.
        var named = new[] { Codes.InputOutput, Codes.DiskFull, Codes.CommitUnknown }.Any(c =>
            end.Err.Contains("error " + c, StringComparison.Ordinal));
        // The calls are counted per thread: a small table may get through on a fresh one, and then the run is done in part.
        Assert.True(end.Code is 5 or 3 && named, end.ToString());
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    [Theory]
    [InlineData("pwrite64:signal=SIGKILL:when=1")]
    [InlineData("pwrite64:signal=SIGKILL:when=9")]
    [InlineData("pwrite64:signal=SIGKILL:when=50")]
    [InlineData("pwrite64:signal=SIGKILL:when=111")]
    [InlineData("fsync,fdatasync:signal=SIGKILL:when=1")]
    [InlineData("fsync,fdatasync:signal=SIGKILL:when=8")]
    [InlineData("fsync,fdatasync:signal=SIGKILL:when=21")]
    public async Task A_kill_in_a_system_call_loses_and_doubles_nothing(string fault)
    {
        await using var trial = await KillTrial.NewAsync(scenario, source);

        var end = await BrokenAsync(trial, fault);

        Assert.True(end.Code == PawlExit.Killed, end.ToString());
        await trial.FinishAsync(again: false);
        Assert.True(trial.Complaints.Count == 0, string.Join("\n", trial.Complaints));
    }

    /// <summary>Only calls on the target's own files are counted and broken.</summary>
    private static Task<PawlExit> BrokenAsync(KillTrial trial, string fault)
    {
        var file = ((SqliteStore)trial.Target).File;
        return trial.RunUnderAsync("strace", "-f", "-qq", "-o", "/dev/null",
            "-P", file, "-P", file + "-wal", "-e", "trace=pwrite64,fsync,fdatasync", "-e", "inject=" + fault);
    }
}
