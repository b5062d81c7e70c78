using Pawl.Connectors.Tests.KnownFailures;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>Positions as a file: out of a target, beside another, and into one that holds the rows and no ledger.</summary>
public sealed class CheckpointTests
{
    private static CopyJob Job(Scratch scratch, WriteMode write = WriteMode.Insert, bool isIncremental = false) => new()
    {
        From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Name = "moves", Rows = 100, Parallel = 1,
        Tables = [CopyJob.Table("a") with
        {
            Write = write, Cursor = isIncremental ? new CursorRule(["id"], default, null, null) : null,
        }],
    };

    private static Task<Checkpoint> ReadAsync(CopyJob job) => new JobCheckpoints(job.Host()).ReadAsync(job.Job(), default);

    /// <summary>Through its text, as a user's file goes.</summary>
    private static async Task<Checkpoint> ExportAsync(CopyJob job)
    {
        var text = CheckpointJson.Write(await ReadAsync(job));
        var read = CheckpointJson.Read(text, "file");
        Assert.Equal(text, CheckpointJson.Write(read));
        return read;
    }

    /// <summary>A dump without Pawl's own tables, put into another database.</summary>
    private static void Forget(Scratch scratch) => scratch.Run(scratch.Target,
        [.. Scratch.Rows(scratch.Target, "select name from sqlite_schema where type = 'table' and name like 'pawl_%'")
            .Select(name => $"drop table {name[1..]}")]);

    private static async Task<PawlException?> ImportAsync(CopyJob job, Checkpoint from)
    {
        try
        {
            await new JobCheckpoints(job.Host()).ImportAsync(job.Job(), from, [], default);
            return null;
        }
        catch (PawlException e)
        {
            return e;
        }
    }

    private static void Same(Scratch scratch) => Assert.Equal(Scratch.Rows(scratch.Source, "select * from a order by id"),
        Scratch.Rows(scratch.Target, "select * from a order by id"));

    [Fact]
    public async Task A_half_done_copy_goes_on_in_a_target_that_got_its_ledger_from_a_file()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(3);
        var file = await ExportAsync(Job(scratch));
        Forget(scratch);
        Assert.Equal(Codes.TargetNotEmpty, (await Job(scratch).FailedAsync()).Code);
        Forget(scratch);
        Assert.Null(await ImportAsync(Job(scratch), file));
        Assert.Equal(1000 - file.Tables[0].Total.Read, Assert.Single((await Job(scratch).DoneAsync()).Tables).ThisRun.Read);
        Same(scratch);
    }

    [Fact]
    public async Task A_target_that_lacks_a_row_or_has_one_too_many_takes_no_position()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(3);
        var file = await ExportAsync(Job(scratch));
        Forget(scratch);
        scratch.Run(scratch.Target, "delete from a where id = 5");
        Assert.Equal(Codes.ImportRefused, (await ImportAsync(Job(scratch), file))?.Code);
        scratch.Run(scratch.Target, "insert into a values (5, 'v5'), (100000, 'stranger')");
        Assert.Equal(Codes.ImportRefused, (await ImportAsync(Job(scratch), file))?.Code);
        scratch.Run(scratch.Target, "delete from a where id = 100000");
        Assert.Null(await ImportAsync(Job(scratch), file));
    }

    [Fact]
    public async Task A_ledger_that_is_there_is_never_written_over()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(3);
        var old = await ExportAsync(Job(scratch));
        await Job(scratch).DoneAsync();
        Assert.Equal((Codes.ImportRefused, "the target has a ledger of this job"),
            await ImportAsync(Job(scratch), old) is { } e ? (e.Code, e.Details["cause"]) : default);
    }

    [Fact]
    public async Task Another_source_another_definition_and_appended_rows_are_refused()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(3);
        var file = await ExportAsync(Job(scratch));
        Forget(scratch);
        var where = new CopyJob
        {
            From = CopyJob.File(scratch.Source), To = CopyJob.File(scratch.Target), Name = "moves", Tables = [CopyJob.Table("a") with { Where = "id > 1" }],
        };
        Assert.Equal(Codes.DefinitionChanged, (await ImportAsync(where, file))?.Code);
        File.Copy(scratch.Source, scratch.Source + ".copy");
        File.Move(scratch.Source + ".copy", scratch.Source, overwrite: true);
        Assert.Equal(Codes.SourceReplaced, (await ImportAsync(Job(scratch), file))?.Code);

        using var other = new Scratch();
        AddedTableTests.Fill(other, "a");
        await Job(other, WriteMode.Append).StoppedAsync(3);
        var appended = await ExportAsync(Job(other, WriteMode.Append));
        Forget(other);
        Assert.Equal(Codes.ImportRefused, (await ImportAsync(Job(other, WriteMode.Append), appended))?.Code);
    }

    [Fact]
    public async Task Rows_that_were_written_over_by_several_windows_are_believed_only_where_the_source_has_as_many()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        var job = Job(scratch, WriteMode.Upsert, isIncremental: true);
        await job.DoneAsync();
        scratch.Run(scratch.Source, "insert into a values (1001, 'new')");
        await job.DoneAsync();
        var file = await ExportAsync(job);
        Forget(scratch);
        scratch.Run(scratch.Target, "delete from a where id = 5");
        Assert.Equal(Codes.ImportRefused, (await ImportAsync(job, file))?.Code);
        scratch.Run(scratch.Target, "insert into a values (5, 'v5')");
        Assert.Null(await ImportAsync(job, file));
        scratch.Run(scratch.Source, "insert into a values (1002, 'newer')");
        Assert.Equal(1, Assert.Single((await job.DoneAsync()).Tables).ThisRun.Read);
        Same(scratch);
    }

    [Fact]
    public async Task The_difference_of_two_files_says_which_lane_moved_and_by_how_much()
    {
        using var scratch = new Scratch();
        AddedTableTests.Fill(scratch, "a");
        await Job(scratch).StoppedAsync(2);
        var before = await ExportAsync(Job(scratch));
        Assert.Empty(CheckpointStep.Between(before, before));
        await Job(scratch).StoppedAsync(2);
        var after = await ExportAsync(Job(scratch));
        var forward = Assert.Single(CheckpointStep.Between(before, after));
        var rows = after.Tables[0].Total.Read - before.Tables[0].Total.Read;
        Assert.Equal((CheckpointChange.Forward, "a/g1/s0", rows), (forward.Change, forward.Lane, forward.Rows));
        Assert.Equal((CheckpointChange.Back, -rows),
            CheckpointStep.Between(after, before).Select(s => (s.Change, s.Rows)).Single());
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("""{"pawl_checkpoint": 2}""")]
    [InlineData("""{"pawl_checkpoint": 1, "job": "x", "name": "n", "source": "s", "source_display": "s", "tables": []}""")]
    public void What_is_no_checkpoint_is_told_as_such(string text) =>
        Assert.Equal(Codes.CheckpointInvalid, Assert.Throws<PawlException>(() => CheckpointJson.Read(text, "file")).Code);
}
