using Microsoft.Data.Sqlite;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>Everything that can be wrong with a file is told by a code of its own.</summary>
public sealed class SqliteFaultTests
{
    [Fact]
    public async Task A_missing_source_and_a_missing_folder_are_named()
    {
        using var scratch = new Scratch();
        var source = await Thrown(() => Scratch.OpenAsync(scratch.Source));
        Assert.Equal((Fault.Configuration, Codes.FileMissing, scratch.Source), (source.Fault, source.Code, source.Details["file"]));
        var folder = Path.Combine(scratch.Folder, "none");
        var target = await Thrown(() => ConnectAsync(Path.Combine(folder, "t.db")));
        Assert.Equal((Codes.FileMissing, folder), (target.Code, target.Details["file"]));
    }

    [Fact]
    public async Task A_directory_is_no_database()
    {
        using var scratch = new Scratch();
        Assert.Equal(Codes.FileIsDirectory, (await Thrown(() => Scratch.OpenAsync(scratch.Folder))).Code);
        Assert.Equal(Codes.FileIsDirectory, (await Thrown(() => ConnectAsync(scratch.Folder))).Code);
    }

    [Theory]
    [InlineData("this is a text file, and long enough to be looked at as a header of a database file by anybody who opens it so")]
    [InlineData("short")]
    public async Task A_file_of_something_else_is_no_database(string content)
    {
        using var scratch = new Scratch();
        await File.WriteAllTextAsync(scratch.Source, content);
        Assert.Equal((Fault.Configuration, Codes.NotADatabase), Key(await Thrown(() => Scratch.OpenAsync(scratch.Source))));
        Assert.Equal((Fault.Configuration, Codes.NotADatabase), Key(await Thrown(() => ConnectAsync(scratch.Source))));
        Assert.Equal(content, await File.ReadAllTextAsync(scratch.Source));
    }

    [Fact]
    public async Task A_damaged_page_stops_the_read()
    {
        using var scratch = new Scratch();
        Fill(scratch.Source, 5_000);
        await using (var stream = new FileStream(scratch.Source, FileMode.Open))
        {
            stream.Position = 4096 * 20;
            await stream.WriteAsync(Enumerable.Repeat((byte)0xA5, 4096 * 3).ToArray());
        }
        var thrown = await Thrown(async () =>
        {
            await using var source = await Scratch.OpenAsync(scratch.Source);
            return await source.ReadAsync(await source.TableAsync("t"));
        });
        Assert.Equal((Fault.Configuration, Codes.DatabaseCorrupt), Key(thrown));
    }

    [Fact]
    public async Task A_file_that_was_cut_short_stops_the_read()
    {
        using var scratch = new Scratch();
        Fill(scratch.Source, 5_000);
        await using (var stream = new FileStream(scratch.Source, FileMode.Open)) stream.SetLength(4096 * 10);
        var thrown = await Thrown(async () =>
        {
            await using var source = await Scratch.OpenAsync(scratch.Source);
            return await source.ReadAsync(await source.TableAsync("t"));
        });
        Assert.Equal(Codes.DatabaseCorrupt, thrown.Code);
    }

    [Fact]
    public async Task A_locked_target_gives_up_in_time_and_names_the_holder()
    {
        using var scratch = new Scratch();
        await using var session = await ConnectAsync(scratch.Target, busy: TimeSpan.FromMilliseconds(150));
        using var other = Scratch.Connect(scratch.Target);
        Scratch.Execute(other, "create table x(a)");
        Scratch.Execute(other, "begin immediate");
        var thrown = await Thrown(async () => { await session.BeginAsync(default); return 0; });
        Assert.Equal((Fault.Transient, Codes.Busy), Key(thrown));
        if (File.Exists("/proc/locks"))
        {
            Assert.Equal(FormattableString.Invariant($"pid {Environment.ProcessId} (this process)"), thrown.Details["holder"]);
        }
        Scratch.Execute(other, "rollback");
        await session.BeginAsync(default);
        await session.EndAsync(commit: true);
    }

    [Fact]
    public async Task A_wait_for_a_lock_ends_when_the_lock_is_let_go()
    {
        using var scratch = new Scratch();
        await using var session = await ConnectAsync(scratch.Target, busy: TimeSpan.FromSeconds(60));
        using var other = Scratch.Connect(scratch.Target);
        Scratch.Execute(other, "create table x(a)");
        Scratch.Execute(other, "begin immediate");
        var waiting = session.BeginAsync(default).AsTask();
        Scratch.Execute(other, "commit");
        await waiting;
        await session.EndAsync(commit: false);
    }

    [Fact]
    public async Task A_wait_for_a_lock_can_be_cancelled()
    {
        using var scratch = new Scratch();
        await using var session = await ConnectAsync(scratch.Target, busy: TimeSpan.FromSeconds(600));
        using var other = Scratch.Connect(scratch.Target);
        Scratch.Execute(other, "create table x(a)");
        Scratch.Execute(other, "begin immediate");
        using var cancel = new CancellationTokenSource();
        var waiting = session.BeginAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task A_full_disk_is_temporary_and_leaves_nothing_behind()
    {
        using var scratch = new Scratch();
        var database = new SqliteDatabase(scratch.Target, new SqliteOptions(), TimeProvider.System);
        await using var session = await database.OpenAsync(default);
        await session.RunAsync(file => file.Execute("create table t(v)"), default);
        await session.RunAsync(file => file.Number("pragma max_page_count = 10"), default);
        await session.BeginAsync(default);
        var thrown = await Thrown(() => session.RunAsync(file => file.Execute("insert into t values (zeroblob(1000000))"), default));
        Assert.Equal((Fault.Transient, Codes.DiskFull), Key(thrown));
        await session.EndAsync(commit: false);
        Assert.Equal(["i0"], Scratch.Rows(scratch.Target, "select count(*) from t"));
    }

    [Fact]
    public async Task A_file_that_may_not_be_written_is_a_matter_of_rights()
    {
        using var scratch = new Scratch();
        scratch.Run(scratch.Target, "create table t(v)");
        using var file = SqliteFile.Open(scratch.Target, SqliteAccess.Read, TimeSpan.Zero);
        var thrown = await Thrown(() => Task.FromResult(file.Execute("insert into t values (1)")));
        Assert.Equal((Fault.Permission, Codes.AccessDenied), Key(thrown));
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_is_a_matter_of_rights()
    {
        // Not even root creates files there.
        if (!Directory.Exists("/sys/kernel")) Assert.Skip("needs /sys");
        var thrown = await Thrown(() => ConnectAsync("/sys/kernel/pawl.db"));
        Assert.Equal((Fault.Permission, Codes.AccessDenied), Key(thrown));
    }

    [Theory]
    [InlineData("no_such = 1")]
    [InlineData("id =")]
    [InlineData("id < 5) or (1 = 1")]
    [InlineData("1 = 1; drop table t")]
    public async Task A_wrong_condition_is_told_as_such(string where)
    {
        using var scratch = new Scratch();
        Fill(scratch.Source, 3);
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        var options = new ReadOptions { Where = where };
        var planned = await Thrown(async () => await source.Source.PlanAsync(table, options, default));
        Assert.Equal((Fault.Configuration, Codes.ExpressionInvalid), Key(planned));
        Assert.NotEqual("", planned.Details["cause"]);
        var counted = await Thrown(async () => await ((ICountsRows)source.Source).CountAsync(table, options, default));
        Assert.Equal(Codes.ExpressionInvalid, counted.Code);
    }

    [Theory]
    [InlineData("busy", "5", Codes.OptionInvalid)]
    [InlineData("busy", "-1s", Codes.OptionInvalid)]
    [InlineData("busy", "11m", Codes.OptionInvalid)]
    [InlineData("busy", "99999999999999999999s", Codes.OptionInvalid)]
    [InlineData("mode", "ro", Codes.OptionUnknown)]
    public async Task A_wrong_option_is_refused(string name, string value, string code)
    {
        using var scratch = new Scratch();
        Fill(scratch.Source, 1);
        Assert.Equal((Fault.Configuration, code), Key(await Thrown(() => Scratch.OpenAsync(scratch.Source, (name, value)))));
    }

    [Theory]
    [InlineData("drop table t; create table t(id integer primary key, v text); insert into t values (1, 'x')")]
    [InlineData("alter table t add column w")]
    [InlineData("vacuum")]
    public async Task A_table_that_is_not_the_planned_one_any_more_is_not_read(string change)
    {
        using var scratch = new Scratch();
        Fill(scratch.Source, 3);
        await using var source = await Scratch.OpenAsync(scratch.Source);
        var table = await source.TableAsync("t");
        scratch.Run(scratch.Source, "insert into t values (100, 'y')", "delete from t where id = 1", "update t set v = 'z'");
        Assert.Equal(table.Identity, (await source.TableAsync("t")).Identity);
        Assert.Equal(3, (await source.ReadAsync(table)).Count);
        scratch.Run(scratch.Source, change);
        Assert.Equal((Fault.PositionLost, Codes.TableRecreated), Key(await Thrown(() => source.ReadAsync(table))));
    }

    [Fact]
    public async Task Another_file_behind_the_same_path_is_another_source_and_a_moved_one_is_not()
    {
        using var scratch = new Scratch();
        Fill(scratch.Source, 1);
        var identity = SqliteIdentity.Of(scratch.Source);
        var moved = Path.Combine(scratch.Folder, "moved.db");
        File.Move(scratch.Source, moved);
        Assert.Equal(identity.Text, SqliteIdentity.Of(moved).Text);
        Fill(scratch.Source, 1);
        Assert.NotEqual(identity.Text, SqliteIdentity.Of(scratch.Source).Text);
        var link = Path.Combine(scratch.Folder, "link.db");
        File.CreateSymbolicLink(link, moved);
        await using var source = await Scratch.OpenAsync(link);
        Assert.Equal((identity.Text, SqliteIdentity.Resolve(moved)), (source.Source.Identity.Text, source.Source.Identity.Display));
    }

    [Fact]
    public async Task A_job_into_a_locked_file_ends_as_temporary_and_goes_on_afterwards()
    {
        using var scratch = new Scratch();
        Fill(scratch.Source, 100);
        var job = SqliteJobs.Job(scratch) with
        {
            Target = Scratch.At(scratch.Target, ("busy", "50ms")),
            Retry = new Jobs.RetryPolicy { Times = 1, BackoffMin = TimeSpan.FromMilliseconds(1),
                BackoffMax = TimeSpan.FromMilliseconds(2) },
        };
        using (var other = Scratch.Connect(scratch.Target))
        {
            Scratch.Execute(other, "pragma journal_mode = wal");
            Scratch.Execute(other, "begin immediate");
            var stopped = await SqliteJobs.RunAsync(job);
            Assert.Equal(RunStatus.Failed, stopped.Status);
            Assert.Equal(Fault.Transient, stopped.Error!.Fault);
        }
        Assert.Equal(RunStatus.Done, (await SqliteJobs.RunAsync(job)).Status);
        Assert.Equal(["i100"], Scratch.Rows(scratch.Target, "select count(*) from t"));
    }

    private static void Fill(string path, int rows)
    {
        using var connection = Scratch.Connect(path);
        Scratch.Execute(connection, "create table t(id integer primary key, v text)");
        Scratch.Execute(connection, "insert into t with n(i) as (select 1 union all select i + 1 from n where i < "
            + FormattableString.Invariant($"{rows}) select i, 'some text to fill pages with, number ' || i from n"));
    }

    private static (Fault, string) Key(PawlException e) => (e.Fault, e.Code);

    private static async Task<ITargetSession> ConnectAsync(string path, TimeSpan? busy = null) =>
        await new SqliteDatabase(path, new SqliteOptions { Busy = busy ?? TimeSpan.FromSeconds(2) },
            TimeProvider.System).ConnectAsync(default);

    private static async Task<PawlException> Thrown<T>(Func<Task<T>> call) => await Assert.ThrowsAnyAsync<PawlException>(call);
}
