using System.Diagnostics;
using Pawl.Connectors.Sqlite;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

public sealed class SqliteLockFileTests
{
    [Fact]
    public async Task A_lock_is_held_until_it_is_released_and_leaves_no_file()
    {
        using var scratch = new Scratch();
        var held = SqliteLockFile.TryTake(scratch.Target, "job-1");
        Assert.NotNull(held);
        Assert.True(SqliteLockFile.IsHeld(scratch.Target, "job-1"));
        Assert.False(SqliteLockFile.IsHeld(scratch.Target, "job-2"));
        Assert.Null(SqliteLockFile.TryTake(scratch.Target, "job-1"));
        await held.DisposeAsync();
        Assert.False(SqliteLockFile.IsHeld(scratch.Target, "job-1"));
        Assert.Empty(Directory.GetFiles(scratch.Folder, "*.lock"));
    }

    [Fact]
    public async Task A_left_over_file_holds_nothing_and_is_removed()
    {
        using var scratch = new Scratch();
        var file = scratch.Target + ".pawl-job-1.lock";
        await File.WriteAllTextAsync(file, "");
        Assert.False(SqliteLockFile.IsHeld(scratch.Target, "job-1"));
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_lock_ends_with_the_process_that_held_it()
    {
        if (!File.Exists("/usr/bin/flock")) Assert.Skip("needs flock");
        using var scratch = new Scratch();
        var file = scratch.Target + ".pawl-job-1.lock";
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/flock", [file, "sh", "-c", "echo held; read line"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("held", await process.StandardOutput.ReadLineAsync());
        Assert.True(SqliteLockFile.IsHeld(scratch.Target, "job-1"));
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        // The shell that flock started holds the lock as well, until it is gone too.
        await process.StandardOutput.ReadToEndAsync();
        Assert.False(SqliteLockFile.IsHeld(scratch.Target, "job-1"));
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task Taking_a_lock_removes_the_files_of_the_dead_and_spares_the_living()
    {
        using var scratch = new Scratch();
        await File.WriteAllTextAsync(scratch.Target + ".pawl-dead.lock", "");
        await File.WriteAllTextAsync(scratch.Target + ".notes", "");
        await using var living = SqliteLockFile.TryTake(scratch.Target, "living");
        await using var other = SqliteLockFile.TryTake(scratch.Target, "other");
        Assert.Equal([".notes", ".pawl-living.lock", ".pawl-other.lock"],
            Directory.GetFiles(scratch.Folder).Where(f => f.StartsWith(scratch.Target + ".", StringComparison.Ordinal))
                .Select(f => f[scratch.Target.Length..]).Order(StringComparer.Ordinal));
        Assert.True(SqliteLockFile.IsHeld(scratch.Target, "living"));
    }

    [Fact]
    public void A_name_stays_inside_its_folder()
    {
        using var scratch = new Scratch();
        Assert.NotNull(SqliteLockFile.TryTake(scratch.Target, "../../x/y"));
        Assert.Single(Directory.GetFiles(scratch.Folder, "*.lock"));
    }
}
