using System.Runtime.Versioning;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>Files and folders that may not be read or written. Modes mean nothing to root, so pawl runs as somebody else then.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class RightsTests
{
    private const UnixFileMode All = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const UnixFileMode Look = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    [Fact]
    public async Task A_source_that_may_not_be_read_is_a_matter_of_rights()
    {
        using var rig = await OpenRigAsync();
        File.SetUnixFileMode(rig.Source, UnixFileMode.None);
        await RefusedAsync(rig, rig.Source);
        Assert.False(File.Exists(rig.Target));
    }

    [Fact]
    public async Task A_target_that_may_not_be_written_is_a_matter_of_rights()
    {
        using var rig = await OpenRigAsync();
        await Sqlite3.RunAsync(rig.Target, "create table keep(x); insert into keep values(1);");
        File.SetUnixFileMode(rig.Target, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(Path.GetDirectoryName(rig.Target)!, Look);
        await RefusedAsync(rig, rig.Target);
        Assert.Equal(1, await Sqlite3.NumberAsync(rig.Target, "select count(*) from sqlite_schema"));
    }

    [Fact]
    public async Task A_target_folder_that_may_not_be_written_is_a_matter_of_rights()
    {
        using var rig = await OpenRigAsync();
        File.SetUnixFileMode(Path.GetDirectoryName(rig.Target)!, Look);
        await RefusedAsync(rig, Path.GetDirectoryName(rig.Target)!);
        Assert.False(File.Exists(rig.Target));
    }

    [Fact]
    public async Task A_home_that_may_not_be_written_does_not_stop_a_run()
    {
        using var rig = await OpenRigAsync();
        Directory.CreateDirectory(rig.Scratch.Home, Look);
        File.SetUnixFileMode(rig.Scratch.Home, Look);
        var end = await RunAsync(rig);
        Assert.True(end.Code == 0, end.ToString());
        await rig.SameRowsAsync("t");
        Assert.Empty(Directory.EnumerateFileSystemEntries(rig.Scratch.Home));
    }

    /// <summary>Everything in it belongs to whoever is going to run pawl.</summary>
    private static async Task<JobRig> OpenRigAsync()
    {
        var rig = await JobRig.WithRowsAsync(1_000);
        File.SetUnixFileMode(rig.Scratch.Folder, All);
        File.SetUnixFileMode(Path.GetDirectoryName(rig.Target)!, All);
        return rig;
    }

    private static async Task RefusedAsync(JobRig rig, string place)
    {
        var end = await RunAsync(rig);
        Assert.True(end.Code == 1 && end.Err.Contains(Codes.AccessDenied, StringComparison.Ordinal), end.ToString());
        Assert.Contains(Path.GetFileName(place), end.Err);
    }

    private static async Task<PawlExit> RunAsync(JobRig rig)
    {
        if (!Environment.IsPrivilegedProcess) return await rig.RunAsync();
        // The build may lie in a folder only root may enter, so the other user gets a copy.
        var copy = rig.Scratch.At("program");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(PawlProgram.File)!)) File.Copy(file,
            Path.Combine(copy, Path.GetFileName(file)));
        var runtimes = Path.Combine(Path.GetDirectoryName(PawlProgram.File)!, "runtimes");
        var native = Path.Combine(runtimes, "linux-x64", "native");
        if (Directory.Exists(native))
        {
            var there = Directory.CreateDirectory(Path.Combine(copy, "runtimes", "linux-x64", "native")).FullName;
            foreach (var file in Directory.EnumerateFiles(native)) File.Copy(file, Path.Combine(there, Path.GetFileName(file)));
        }
        await using var pawl = PawlProcess.StartProgram("setpriv", rig.Scratch,
            ["--reuid=65534", "--regid=65534", "--clear-groups", Path.Combine(copy, "pawl"), "run", rig.JobFile],
                ("HOME", rig.Scratch.Folder));
        return await pawl.WaitAsync();
    }
}
