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

/// <summary>Whole jobs from files to a database through the engine.</summary>
public sealed class FilesJobTests : IDisposable
{
    private readonly FilesFolder folder = new();
    private readonly Scratch scratch = new();
    private int seed = 500;

    public void Dispose()
    {
        folder.Dispose();
        scratch.Dispose();
    }

    [Fact]
    public async Task Files_arrive_as_tables_and_a_finished_job_does_nothing()
    {
        folder.Write("orders.csv", "id,name\n1,\n2,\"\"\n3,\"a\nb\"\n");
        folder.Write("log/1.csv", "k\nx\n");
        folder.Write("log/2.csv", "k\ny\n");
        var first = await RunAsync(Job(new TableRule { Pattern = new TablePattern("*") }));
        Assert.Equal(RunStatus.Done, first.Status);
        Assert.Equal(["t1|null", "t2|t", "t3|ta\nb"], Scratch.Rows(scratch.Target, "select * from orders order by id"));
        Assert.Equal(["tx", "ty"], Scratch.Rows(scratch.Target, "select * from log order by k"));
        Assert.Equal(RunStatus.NothingToDo, (await RunAsync(Job(new TableRule { Pattern = new TablePattern("*") }))).Status);
        Assert.Equal(["i3"], Scratch.Rows(scratch.Target, "select count(*) from orders"));
    }

    [Fact]
    public async Task Records_that_are_no_rows_stop_the_table_unless_the_job_rejects_them()
    {
        folder.Write("t.csv", "id,v\n1,a\n2\n3,c\nx,d\n");
        var stopped = await RunAsync(Job(Rule(StrayPolicy.Keep)));
        var error = Assert.Single(stopped.Tables).Error!;
        Assert.Equal(Codes.RecordBroken, error.Code);
        Assert.Equal("t.csv:3", error.Details["where"]);
    }

    [Fact]
    public async Task Rejected_records_and_cells_are_stored_with_file_and_line_and_the_books_balance()
    {
        folder.Write("t.csv", "id,v\n1,a\n2\n3,c\nx,d\n5,\"open");
        var done = await RunAsync(Job(Rule(StrayPolicy.Reject), VerifyLevel.Digest));
        Assert.Null(done.Error);
        Assert.Equal(["i1|ta", "i3|tc"], Scratch.Rows(scratch.Target, "select * from t order by id"));
        Assert.Equal(["tPAWL-613|tt.csv:3|t{\"$offset\":9,\"$record\":\"2\"}",
                "tPAWL-613|tt.csv:6|t{\"$offset\":19,\"$record\":\"5,\\\"open\"}",
                "tPAWL-602|tt.csv:5|t{\"id\":\"x\",\"v\":\"d\"}"],
            Scratch.Rows(scratch.Target, "select code, row_where, row_json from pawl_reject order by code desc, row_where"));
        var table = Assert.Single(done.Tables);
        Assert.True(table.Verdict?.Equal, "verified");
    }

    [Fact]
    public async Task A_growing_file_is_verified_up_to_the_size_it_was_planned_with()
    {
        folder.Write("t.csv", "id,v\n1,a\n");
        var grown = false;
        var job = Job(Rule(StrayPolicy.Keep), VerifyLevel.Count);
        var done = await RunAsync(job, e =>
        {
            if (e.Code != EventCodes.TablePlanned || grown) return;
            grown = true;
            folder.Append("t.csv", "2,later\n3,la");
        });
        Assert.True(grown);
        Assert.Equal(RunStatus.Done, done.Status);
        Assert.Equal(["i1|ta"], Scratch.Rows(scratch.Target, "select * from t"));
    }

    private static TableRule Rule(StrayPolicy strays) =>
        new() { Pattern = new TablePattern("t"), Strays = strays, RejectLimit = 10 };

    private JobSpec Job(TableRule rule, VerifyLevel level = VerifyLevel.Count) => new()
    {
        Name = "files",
        Source = FilesFolder.At(folder.Root, "csv", ("types", "t.id:bigint")),
        Target = Scratch.At(scratch.Target),
        Tables = [rule],
        VerifyAfterRun = level,
    };

    private Task<RunSummary> RunAsync(JobSpec job, Action<RunEvent>? heard = null) => new JobRunner(new JobHost
    {
        Time = TimeProvider.System,
        Random = new Random(1),
        Ids = new IdSource(new Random(Interlocked.Increment(ref seed))),
        Connectors = new Both(),
        Events = new Heard(heard),
        Runner = "test",
    }).RunAsync(job, new RunOptions(), new RunSignals(default, default));

    private sealed class Both : IConnectors
    {
        public IReadOnlyList<Connector> All { get; } = [new CsvConnector(), new JsonlConnector(), new SqliteConnector()];
        public Connector For(Endpoint at) => All.First(c => c.Spec.Schemes.Contains(at.Scheme));
    }

    private sealed class Heard(Action<RunEvent>? heard) : IRunEvents
    {
        public void Emit(RunEvent e) => heard?.Invoke(e);
    }
}
