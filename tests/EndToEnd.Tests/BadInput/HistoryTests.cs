using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>The history of runs is a mirror for people: whatever happens to it, progress is where it was.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task A_history_deleted_between_kill_and_resume_loses_no_progress()
    {
        using var rig = await WithHistoryAsync();
        await rig.LeaveHalfDoneAsync();
        Directory.Delete(rig.Scratch.Home, recursive: true);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_history_deleted_under_a_running_job_does_not_stop_it()
    {
        using var rig = await JobRig.WithRowsAsync(60_000);
        await using var pawl = PawlProcess.Start(rig.Scratch, ["run", rig.JobFile]);
        await Until.TrueAsync(() => rig.HasRowsAsync("t"), "the first rows");
        await Until.TrueAsync(() => Task.FromResult(Directory.Exists(rig.Scratch.Home)), "the history");
        Directory.Delete(rig.Scratch.Home, recursive: true);
        var end = await pawl.WaitAsync();
        Assert.True(end.Code == 0, end.ToString());
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_corrupted_history_does_not_stop_a_run()
    {
        using var rig = await WithHistoryAsync();
        await rig.LeaveHalfDoneAsync();
        foreach (var file in Directory.EnumerateFiles(rig.Scratch.Home)) await File.WriteAllTextAsync(file, new string('#', 10_000));
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_locked_history_does_not_stop_a_run()
    {
        using var rig = await WithHistoryAsync();
        await rig.LeaveHalfDoneAsync();
        var history = Assert.Single(Directory.EnumerateFiles(rig.Scratch.Home, "*.db"));
        await using var holder = new Sqlite3Session(history);
        await holder.ExecuteAsync("begin immediate;");
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    /// <summary>A run that is over has left a history; one that dies in its first instants may not have come to it.</summary>
    private static async Task<JobRig> WithHistoryAsync()
    {
        var rig = await JobRig.WithRowsAsync(1_000);
        var target = rig.Target;
        rig.Target = rig.Scratch.At("out/before.db");
        rig.WriteJob(name: "before");
        await rig.DoneAsync();
        rig.Target = target;
        rig.WriteJob();
        return rig;
    }

    [Fact]
    public async Task A_file_where_the_home_folder_belongs_does_not_stop_a_run()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await File.WriteAllTextAsync(rig.Scratch.Home, "a file");
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }
}
