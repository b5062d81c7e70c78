using Pawl.Connectors.Files;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;
using Scratch = Pawl.Connectors.Tests.Sqlite.Scratch;

namespace Pawl.Connectors.Tests.Files;

/// <summary>Whole jobs from a database into files through the engine.</summary>
public sealed class FilesTargetJobTests : IDisposable
{
    private readonly FilesFolder folder = new();
    private readonly Scratch scratch = new();
    private int seed = 900;

    public void Dispose()
    {
        folder.Dispose();
        scratch.Dispose();
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    public async Task A_table_arrives_is_verified_by_digest_and_a_finished_job_does_nothing(string scheme)
    {
        Fill(1_000);
        var job = Job(scheme, VerifyLevel.Digest, ("compression", "gzip"));
        var first = await RunAsync(job);
        Assert.Null(first.Error);
        Assert.Equal(RunStatus.Done, first.Status);
        Assert.All(first.Tables, t => Assert.True(t.Verdict is { Equal: true, Conclusive: true }, t.Source));
        Assert.All(first.Tables, t => Assert.Equal(Guarantee.OncePerPublishedUnit, t.Guarantee));
        Assert.Equal(["empty", "odd/name", "orders"], first.Tables.Select(t => t.Target).Order(StringComparer.Ordinal));
        Assert.Equal(RunStatus.NothingToDo, (await RunAsync(job)).Status);
        var parts = Directory.GetFiles(Path.Combine(folder.Root, "orders"), "part-*");
        Assert.True(parts.Length > 1, "more than one commit");
        Assert.True(File.Exists(Path.Combine(folder.Root, "empty", "_SUCCESS")));

        var again = await RunAsync(job, restart: true);
        Assert.Equal(RunStatus.Done, again.Status);
        var anew = Directory.GetFiles(Path.Combine(folder.Root, "orders"), "part-*");
        Assert.Equal(parts.Length, anew.Length);
        Assert.Empty(anew.Intersect(parts));

        // A value changed behind the books is found.
        var part = Directory.GetFiles(Path.Combine(folder.Root, "orders"), "part-*").Order(StringComparer.Ordinal).First();
        File.Delete(part);
        var verdicts = await new JobVerifier(Host()).VerifyAsync(job, VerifyLevel.Count, [new TablePattern("orders")], default);
        Assert.False(Assert.Single(verdicts).Equal);
    }

    [Fact]
    public async Task What_was_written_is_a_source_with_types()
    {
        Fill(50);
        Assert.Equal(RunStatus.Done, (await RunAsync(Job("csv", VerifyLevel.Count))).Status);
        await using var source = await folder.OpenAsync("csv");
        var table = await FilesFolder.TableAsync(source, "orders");
        Assert.Equal([TypeKind.Integer, TypeKind.Text, TypeKind.Float64, TypeKind.Bytes], table.Columns.Select(c => c.Type.Kind));
        var (rows, broken) = await folder.ReadAsync("orders");
        Assert.Empty(broken);
        Assert.Equal(50, rows.Count);
        Assert.Contains("""{"id":3,"name":"","total":0.75,"body":"AP8="}""", rows);
        Assert.Equal(50, await ((ICountsRows)source).CountAsync(table, new ReadOptions(), default));
    }

    [Fact]
    public async Task Into_a_folder_with_other_files_nothing_is_inserted_and_the_source_is_no_target()
    {
        Fill(10);
        folder.Write("orders/mine.csv", "id\n1\n");
        var refused = await RunAsync(Job("csv", VerifyLevel.Count));
        Assert.Equal(Codes.TargetNotEmpty, refused.Tables.Single(t => t.Source == "orders").Error!.Code);
        Assert.Equal("id\n1\n", File.ReadAllText(Path.Combine(folder.Root, "orders/mine.csv")));
        var onto = new TableRule { Pattern = new TablePattern("orders"), Target = "copy" };
        var itself = Job("csv", VerifyLevel.Count) with { Name = "same", Source = FilesFolder.At(folder.Root), Tables = [onto] };
        var same = await RunAsync(itself);
        Assert.Equal(Codes.SourceIsTarget, same.Tables.Single().Error!.Code);
    }

    [Fact]
    public async Task Two_jobs_append_to_one_table_and_neither_touches_the_others_rows()
    {
        Fill(120);
        var rule = new TableRule { Pattern = new TablePattern("orders"), Write = WriteMode.Append };
        var one = Job("csv", VerifyLevel.Count) with { Tables = [rule] };
        Assert.Equal(RunStatus.Done, (await RunAsync(one)).Status);
        Assert.Equal(RunStatus.Done, (await RunAsync(one with { Name = "other" })).Status);
        Assert.Equal(240, (await folder.ReadAsync("orders")).Rows.Count);
        Assert.False(File.Exists(Path.Combine(folder.Root, "orders", "_SUCCESS")), "others may still add");
    }

    [Theory]
    [InlineData("stops")]
    [InlineData("is set aside")]
    [InlineData("becomes null")]
    public async Task A_text_that_a_file_cannot_hold_goes_the_way_the_job_says(string how)
    {
        scratch.Run(scratch.Source, "create table bad(id integer primary key, v text)",
            "insert into bad values (1, 'a'), (2, 'b' || char(0) || 'c'), (3, 'd'), (4, cast(x'ff' as text))");
        var done = await RunAsync(Job("csv", VerifyLevel.Count) with
        {
            Tables =
            [
                new TableRule
                {
                    Pattern = new TablePattern("bad"), RejectLimit = how == "is set aside" ? 5 : 0,
                    NullCauses = how == "becomes null" ? ["text"] : [],
                },
            ],
        });
        var table = Assert.Single(done.Tables);
        if (how == "stops")
        {
            Assert.Equal((Codes.TextUnfit, "v"), (table.Error!.Code, table.Error.Details["column"]));
            return;
        }
        Assert.Null(table.Error);
        var rows = (await folder.ReadAsync("bad")).Rows;
        Assert.Equal(how == "becomes null" ? 4 : 2, rows.Count);
        Assert.Equal(how == "becomes null" ? 0 : 2, table.Total.Rejected);
        Assert.Equal(how == "becomes null" ? 2 : 0, table.Total.Nulled);
        Assert.Contains("""{"id":3,"v":"d"}""", rows);
        Assert.Equal(how == "becomes null", rows.Contains("""{"id":2,"v":null}"""));
    }

    [Fact]
    public async Task A_full_disk_is_a_temporary_failure_and_the_copy_goes_on_when_there_is_room()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess && OperatingSystem.IsLinux(), "mounting a small disk needs root");
        Fill(30_000);
        var disk = Path.Combine(folder.Root, "disk");
        Directory.CreateDirectory(disk);
        await CommandAsync("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk);
        try
        {
            var ballast = Path.Combine(disk, "ballast");
            await File.WriteAllBytesAsync(ballast, new byte[1_650_000], TestContext.Current.CancellationToken);
            var job = Job("csv", VerifyLevel.Digest) with
            {
                Target = FilesFolder.At(Path.Combine(disk, "out/")), Commit = new CommitPolicy { Rows = 2_000 },
                Tables = [new TableRule { Pattern = new TablePattern("orders") }], Retry = new RetryPolicy { Times = 0 },
            };
            var full = await RunAsync(job);
            Assert.Equal(Codes.DiskFull, (full.Error ?? Assert.Single(full.Tables).Error)!.Code);
            var held = Directory.GetFiles(Path.Combine(disk, "out/orders"), "part-*").Length;
            Assert.InRange(held, 1, 14);
            File.Delete(ballast);
            var done = await RunAsync(job);
            Assert.True(Assert.Single(done.Tables).Verdict is { Equal: true, TargetRows: 30_000 }, "equal");
        }
        finally
        {
            await CommandAsync("umount", disk);
        }
    }

    private static async Task CommandAsync(string program, params string[] words)
    {
        using var process = System.Diagnostics.Process.Start(program, words);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    private void Fill(int rows) => scratch.Run(scratch.Source,
        "create table orders(id integer primary key, name text, total real, body blob)",
        $"""
        with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows})
        insert into orders select i, case i % 3 when 0 then '' when 1 then null else 'a "quote", a
        line' end, i / 4.0, x'00ff' from n
        """,
        "create table \"odd/name\"(\"a,b\" text, c integer)", "insert into \"odd/name\" values ('x', 1), (null, 2)",
        "create table empty(a integer, b text)");

    private JobSpec Job(string scheme, VerifyLevel level, params (string Name, string Value)[] options) => new()
    {
        Name = "out",
        Source = Scratch.At(scratch.Source),
        Target = FilesFolder.At(folder.Root, scheme, options),
        Tables = [new TableRule { Pattern = new TablePattern("*") }],
        Commit = new CommitPolicy { Rows = 100 },
        VerifyAfterRun = level,
    };

    private JobHost Host() => new()
    {
        Time = TimeProvider.System,
        Random = new Random(1),
        Ids = new IdSource(new Random(Interlocked.Increment(ref seed))),
        Connectors = new Three(),
        Events = new Deaf(),
        Runner = "test",
    };

    private Task<RunSummary> RunAsync(JobSpec job, bool restart = false) =>
        new JobRunner(Host()).RunAsync(job, new RunOptions { Restart = restart }, new RunSignals(default, default));

    private sealed class Three : IConnectors
    {
        public IReadOnlyList<Connector> All { get; } = [new CsvConnector(), new JsonlConnector(), new SqliteConnector()];
        public Connector For(Endpoint at) => All.First(c => c.Spec.Schemes.Contains(at.Scheme));
    }

    private sealed class Deaf : IRunEvents
    {
        public void Emit(RunEvent e) { }
    }
}
