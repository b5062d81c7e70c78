using Pawl.Conformance;
using Pawl.Connectors.Tests.Postgres;
using Pawl.Connectors.Tests.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;
using static Pawl.Connectors.Tests.MySql.MyWriting;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Servers that want a primary key in every table.</summary>
public abstract class MyPrimaryKeyTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose()
    {
        scratch.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract Task<MyServer> StrictAsync();

    private protected abstract string Setting { get; }

    [Fact]
    public async Task A_server_that_wants_a_primary_key_in_every_table_gets_one()
    {
        await using var server = await StrictAsync();
        foreach (var way in Enum.GetValues<MyWay>())
        {
            await using var fixture = await MySinkFixture.OpenAsync(server, way);
            await fixture.RunAsync("create table t (id bigint primary key, v bigint)", "insert into t values (1, 1)");
            var plan = fixture.Plan("t", [Id, Column("v", LogicalType.Int64)], write: WriteMode.Upsert);
            Assert.Equal(new WriteCounts { Inserted = 1, Updated = 1 }, (await fixture.WriteAsync(plan, [[1L, 2L], [2L, 2L]])).Counts);
        }
        await using var to = await MyFixture.NewAsync(server);
        scratch.Run(scratch.Source, "create table t(id integer primary key, v text)", "insert into t values (1, 'a')",
            "create table bare(v text)", "insert into bare values ('a')");
        CopyJob Job(string name) => new()
        {
            From = CopyJob.File(scratch.Source), To = to.Here(), Tables = [CopyJob.Table(name) with { Write = WriteMode.Replace }],
            Name = $"strict {name}",
        };
        await Job("t").DoneAsync();
        await Job("t").DoneAsync();
        Assert.Equal(["1|a"], await to.RowsAsync("select * from t"));
        var refused = await Job("bare").FailedAsync();
        Assert.Equal((Fault.Configuration, Codes.ServerUnfit, Setting, "ON"),
            (refused.Fault, refused.Code, refused.Details["setting"], refused.Details["value"]));
        foreach (var hasKey in new[] { true, false })
        {
            var report = await MyEngineTests.ProbeAsync(to, new ProbeTable(new TableName(to.Database, "fresh")) { HasPrimaryKey = hasKey });
            Assert.Equal(!hasKey, report.Findings.Any(f => f.Level == FindingLevel.Broken && f.Code == Codes.ServerUnfit));
        }
    }
}

public sealed class MariaDbPrimaryKeyTests : MyPrimaryKeyTests
{
    private protected override async Task<MyServer> StrictAsync() => await MariaDbServer.StartAsync($"--{Setting}=1");

    private protected override string Setting => "innodb_force_primary_key";
}

[Trait("needs", "mysql")]
public sealed class MySqlPrimaryKeyTests : MyPrimaryKeyTests
{
    private protected override async Task<MyServer> StrictAsync() => await MySqlServer.StartAsync($"--{Setting}=1");

    private protected override string Setting => "sql_require_primary_key";
}
