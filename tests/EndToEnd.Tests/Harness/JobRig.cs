using Xunit;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>A source file, a target in a folder of its own and a job file between them; most tests need no more.</summary>
internal sealed class JobRig : IDisposable
{
    public JobRig()
    {
        Source = Scratch.At("source.db");
        Target = Scratch.At("out/target.db");
        JobFile = Scratch.At("job.yaml");
        Directory.CreateDirectory(Path.GetDirectoryName(Target)!);
    }

    public Scratch Scratch { get; } = new();
    public string Source { get; set; }
    public string Target { get; set; }
    public string JobFile { get; }

    /// <summary>A rig whose source holds what the script makes, and a job for all its tables.</summary>
    public static async Task<JobRig> WithAsync(string sourceScript)
    {
        var rig = new JobRig();
        await Sqlite3.RunAsync(rig.Source, sourceScript);
        rig.WriteJob();
        return rig;
    }

    /// <summary>Table <c>t(id, v)</c> with that many rows, keyed by id.</summary>
    public static Task<JobRig> WithRowsAsync(int rows) => WithAsync($"""
        create table t(id integer primary key, v text);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < {rows}) insert into t select i, 'value ' || i from n;
        """);

    /// <param name="tables">Lines under <c>tables:</c>.</param>
    /// <param name="more">Further lines at the top level.</param>
    public void WriteJob(string tables = "'*': {}",
        string more = "defaults: {commit: {rows: 100}, on_error: {retry: {times: 1, backoff: 10ms..20ms}}}",
        string name = "rig")
    {
        File.WriteAllText(JobFile, $"""
            version: 1
            name: {name}
            source: sqlite:{Source}
            target: sqlite:{Target}
            {more}
            tables:
            {string.Join("\n", tables.Split('\n').Select(l => "  " + l))}

            """);
    }

    /// <summary><c>pawl run</c> on the job file.</summary>
    public Task<PawlExit> RunAsync(params string[] more) => PawlProcess.RunAsync(Scratch, ["run", JobFile, .. more]);

    /// <summary>Runs until the third commit is durable, then dies.</summary>
    public async Task LeaveHalfDoneAsync(string killAt = "commit-done:3")
    {
        var end = await PawlProcess.RunAsync(Scratch, ["run", JobFile], ("PAWL_KILL_AT", killAt));
        Assert.True(end.Code == PawlExit.Killed, end.ToString());
    }

    /// <summary>A run that must end with that exit code and name that error.</summary>
    public async Task<PawlExit> RefusedAsync(int exit, string code, params string[] more)
    {
        var end = await RunAsync(more);
        Assert.True(end.Code == exit
            && (end.Out + end.Err).Contains(code, StringComparison.Ordinal), $"wanted exit {exit} and {code}\n{end}");
        return end;
    }

    public async Task DoneAsync(params string[] more)
    {
        var end = await RunAsync(more);
        Assert.True(end.Code == 0, end.ToString());
    }

    public Task<long> CountAsync(string table) => Sqlite3.NumberAsync(Target, $"select count(*) from {Sqlite3.Name(table)}");

    /// <summary>The target has the table, and something in it.</summary>
    public async Task<bool> HasRowsAsync(string table) => File.Exists(Target)
        && await Sqlite3.NumberAsync(Target, $"select count(*) from sqlite_schema where name = {Sqlite3.Text(table)}") == 1
        && await CountAsync(table) > 0;

    /// <summary>Source and target table hold the same rows, every one as often; told by SQL alone.</summary>
    public async Task SameRowsAsync(string table, string? target = null)
    {
        var columns = await Sqlite3.RunAsync(Source, $"select name from pragma_table_info({Sqlite3.Text(table)}) order by cid;");
        var row = string.Join("||','||", columns.Select(c => $"quote({Sqlite3.Name(c)})"));
        var differing = await Sqlite3.ValueAsync(Target, $"""
            attach {Sqlite3.Text(Source)} as s;
            with a as (select {row} as r, count(*) as n from s.{Sqlite3.Name(table)} group by 1),
              b as (select {row} as r, count(*) as n from main.{Sqlite3.Name(target ?? table)} group by 1)
            select (select count(*) from (select * from a except select * from b))
              + (select count(*) from (select * from b except select * from a))
            """);
        Assert.Equal("0", differing);
    }

    public void Dispose() => Scratch.Dispose();
}
