using Pawl.Connectors.MySql;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Pawl's own tables in engines that take nothing back.</summary>
public sealed class MyEngineTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData("MyISAM", "pawl_ledger")]
    [InlineData("Aria", "pawl_ledger")]
    [InlineData("MyISAM", "pawl_lane")]
    [InlineData("Aria", "pawl_retry")]
    public async Task A_ledger_that_no_rollback_takes_back_is_refused_before_anything_is_written(string engine, string table)
    {
        await using var to = await MyFixture.NewAsync();
        scratch.Run(scratch.Source, "create table t(id integer primary key, v text)", "insert into t values (1, 'a'), (2, 'b')");
        var job = new CopyJob { From = CopyJob.File(scratch.Source), To = to.Here(), Tables = [CopyJob.Table("t")], Name = "engine" };
        await job.DoneAsync();
        // Its keys are longer than those engines take, but not in a charset of one byte.
        await to.RunAsync($"alter table {table} convert to character set latin1, engine={engine}");
        var before = await StateAsync(to);
        scratch.Run(scratch.Source, "insert into t values (3, 'c')");
        var refused = (await job.RunAsync()).Error;
        Assert.NotNull(refused);
        Assert.Equal((Fault.Configuration, Codes.TargetDependent, "storage", engine, $"{to.Database}.{table}"),
            (refused.Fault, refused.Code, refused.Details["what"], refused.Details["name"], refused.Details["table"]));
        Assert.Equal(before, await StateAsync(to));
        var found = await ProbeAsync(to, new ProbeTable(new TableName(to.Database, "t")));
        Assert.Contains(found.Findings, f => f.Level == FindingLevel.Broken && f.Code == Codes.TargetDependent);
    }

    private static async Task<List<string>> StateAsync(MyFixture to) => [.. await to.RowsAsync("select * from t order by id"),
        .. await to.RowsAsync("select * from pawl_job"), .. await to.RowsAsync("select * from pawl_lane order by lane"),
        .. await to.RowsAsync("select count(*) from pawl_ledger")];

    internal static async Task<ProbeReport> ProbeAsync(MyFixture to, params ProbeTable[] tables) => await new MySqlConnector()
        .ProbeAsync(new ProbeRequest(to.Here()) { Role = ProbeRole.Target, Tables = tables, Lanes = 2 }, default);
}
