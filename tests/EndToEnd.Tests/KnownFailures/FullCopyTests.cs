using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.KnownFailures;

/// <summary>What other movers of data were seen to do to tables that are copied as a whole.</summary>
public sealed class FullCopyTests
{
    private const string Replace = "t: {write: replace}";

    private static async Task<JobRig> RigAsync(int rows)
    {
        var rig = await JobRig.WithRowsAsync(rows);
        rig.WriteJob(Replace);
        return rig;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Resume_and_overwrite_publish_only_the_last_attempts_rows(bool isFilled)
    {
        using var rig = await RigAsync(500);
        if (isFilled) await rig.DoneAsync();
        await rig.LeaveHalfDoneAsync();
        await rig.LeaveHalfDoneAsync("commit-done:1");
        await rig.DoneAsync();
        await rig.SameRowsAsync("t");
        Assert.Equal(500, await rig.CountAsync("t"));
    }

    [Theory]
    [InlineData("delete from t", "PAWL-318", 1)]
    [InlineData("alter table t rename to gone", "PAWL-301", 2)]
    [InlineData("damaged", "PAWL-208", 2)]
    public async Task A_failing_source_empties_the_target(string failure, string code, int exit)
    {
        using var rig = await RigAsync(3_000);
        await rig.DoneAsync();
        await rig.DoneAsync();
        if (failure == "damaged")
        {
            await using var file = new FileStream(rig.Source, FileMode.Open);
            file.Seek(file.Length / 2, SeekOrigin.Begin);
            await file.WriteAsync(new byte[file.Length / 2]);
        }
        else
        {
            await Sqlite3.RunAsync(rig.Source, failure + ";");
        }
        await rig.RefusedAsync(exit, code);
        await rig.RefusedAsync(exit, code);
        Assert.Equal(3_000, await rig.CountAsync("t"));
    }

    [Fact]
    public async Task Every_second_run_is_empty()
    {
        using var rig = await RigAsync(300);
        for (var run = 1; run <= 4; run++)
        {
            await rig.DoneAsync();
            await rig.SameRowsAsync("t");
            Assert.Equal(300, await rig.CountAsync("t"));
            await Sqlite3.RunAsync(rig.Source, $"update t set v = 'run {run}' where id % 3 = 0;");
        }
    }

    [Fact]
    public async Task Plan_progress_and_verify_tell_what_is_staged_and_how_it_is_published()
    {
        using var rig = await RigAsync(500);
        await rig.DoneAsync();
        var plan = await PawlProcess.RunAsync(rig.Scratch, "plan", rig.JobFile);
        Assert.Contains("published by rename, because nothing depends on the table", plan.Out);
        Assert.Contains("copy it anew and replace", plan.Out);
        await Sqlite3.RunAsync(rig.Target, "create view seen as select id from t;");
        Assert.Contains("delete and insert in one transaction, because of: view seen",
            (await PawlProcess.RunAsync(rig.Scratch, "plan", rig.JobFile)).Out);
        await rig.LeaveHalfDoneAsync();
        Assert.Contains("staging", (await PawlProcess.RunAsync(rig.Scratch, "progress", rig.JobFile)).Out);
        var verify = await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile);
        Assert.True(verify.Code == 2 && (verify.Out + verify.Err).Contains("PAWL-415", StringComparison.Ordinal), verify.ToString());
        var restart = await PawlProcess.RunAsync(rig.Scratch, "run", rig.JobFile, "--restart", "--yes");
        Assert.Contains("the target keeps its rows until the new copy is published", restart.Err);
        Assert.Equal(0, (await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile)).Code);
    }
}
