using System.Text;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput;

/// <summary>Files that are missing, are something else, are damaged, locked or out of reach.</summary>
public sealed class FileTests
{
    [Fact]
    public async Task A_missing_source_is_named_and_not_created()
    {
        using var rig = new JobRig();
        rig.WriteJob();
        var end = await rig.RefusedAsync(2, Codes.FileMissing);
        Assert.Contains(rig.Source, end.Err.ReplaceLineEndings("").Replace("  ", "", StringComparison.Ordinal));
        Assert.False(File.Exists(rig.Source));
        Assert.False(File.Exists(rig.Target));
    }

    [Fact]
    public async Task A_missing_folder_of_the_target_is_named()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        rig.Target = rig.Scratch.At("nowhere/target.db");
        rig.WriteJob();
        await rig.RefusedAsync(2, Codes.FileMissing);
        Assert.False(Directory.Exists(rig.Scratch.At("nowhere")));
    }

    [Fact]
    public async Task A_folder_instead_of_a_file_is_refused_on_both_sides()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        var (source, folder) = (rig.Source, Directory.CreateDirectory(rig.Scratch.At("folder.db")).FullName);
        rig.Target = folder;
        rig.WriteJob();
        await rig.RefusedAsync(2, Codes.FileIsDirectory);
        (rig.Source, rig.Target) = (folder, rig.Scratch.At("out/target.db"));
        rig.WriteJob();
        await rig.RefusedAsync(2, Codes.FileIsDirectory);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        Assert.True(File.Exists(source));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_refused_and_left_alone()
    {
        using var rig = await JobRig.WithRowsAsync(10);
        var text = string.Concat(Enumerable.Repeat("just a text, and not a short one\n", 100));
        var source = rig.Source;
        rig.Source = rig.Scratch.Write("text.db", text);
        rig.WriteJob();
        await rig.RefusedAsync(2, Codes.NotADatabase);
        (rig.Target, rig.Source) = (rig.Source, source);
        rig.WriteJob();
        await rig.RefusedAsync(2, Codes.NotADatabase);
        Assert.Equal(text, await File.ReadAllTextAsync(rig.Target));
    }

    [Fact]
    public async Task A_damaged_source_stops_at_the_damage_and_the_mended_one_goes_on()
    {
        using var rig = await JobRig.WithRowsAsync(20_000);
        var good = await File.ReadAllBytesAsync(rig.Source);
        await using (var file = File.OpenWrite(rig.Source))
        {
            file.Position = good.Length / 2 / 4096 * 4096;
            await file.WriteAsync(Encoding.ASCII.GetBytes(new string('#', 40 * 4096)));
        }
        rig.WriteJob("t: {splits: 1}");

        await rig.RefusedAsync(2, Codes.DatabaseCorrupt);

        await using (var file = File.OpenWrite(rig.Source)) await file.WriteAsync(good);
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_target_locked_by_another_process_is_waited_for_then_its_holder_named()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        rig.Target += "?busy=300ms";
        rig.WriteJob();
        rig.Target = rig.Target[..^"?busy=300ms".Length];
        await Sqlite3.RunAsync(rig.Target, "pragma journal_mode = wal; create table other(x);");
        await using (var holder = new Sqlite3Session(rig.Target))
        {
            await holder.ExecuteAsync("begin immediate; insert into other values(1);");
            var end = await rig.RefusedAsync(5, Codes.Busy);
            Assert.Contains($"pid {holder.Id}", end.Err + end.Out);
            Assert.Contains("sqlite3", end.Err + end.Out);
        }
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_source_locked_by_another_process_is_waited_for_then_its_holder_named()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        var source = rig.Source;
        rig.Source += "?busy=300ms";
        rig.WriteJob();
        rig.Source = source;
        await using (var holder = new Sqlite3Session(source))
        {
            await holder.ExecuteAsync("begin exclusive;");
            var end = await rig.RefusedAsync(5, Codes.Busy);
            Assert.Contains($"pid {holder.Id}", end.Err + end.Out);
        }
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
    }

    [Fact]
    public async Task A_lock_that_goes_away_in_time_costs_only_the_wait()
    {
        using var rig = await JobRig.WithRowsAsync(1_000);
        await Sqlite3.RunAsync(rig.Target, "pragma journal_mode = wal; create table other(x);");
        var holder = new Sqlite3Session(rig.Target);
        await holder.ExecuteAsync("begin immediate;");
        await using var pawl = PawlProcess.Start(rig.Scratch, ["run", rig.JobFile]);
        await Task.Delay(1_500);
        Assert.False(pawl.HasExited);
        await holder.DisposeAsync();
        var end = await pawl.WaitAsync();
        Assert.True(end.Code == 0, end.ToString());
        await rig.SameRowsAsync("t");
    }
}
