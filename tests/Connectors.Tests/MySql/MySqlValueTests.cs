using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>What MySQL has and MariaDB has not, or writes in another way.</summary>
[Trait("needs", "mysql")]
public sealed class MySqlValueTests
{
    [Fact]
    public async Task Values_of_MySQL_are_read_as_they_are()
    {
        await using var fixture = await MyFixture.NewAsync(await MySqlServer.SharedAsync());
        await fixture.RunAsync("create table t (id int primary key, j json, f float, r double, u bigint unsigned, b bit(64), "
            + "l varchar(9) character set latin1, g varchar(9) "
            + "character set gbk, dt datetime(6), ts timestamp(6) null, y year, z decimal(65,30), g2 int as (id + 1), "
            + "inv int invisible, p point, e enum('a','é'))",
            "insert into t (id, j, f, r, u, b, l, g, dt, ts, y, z, inv, p, e) "
            + "values (1, '{\"a\": 1}', 0.1, 5e-324, 18446744073709551615, 5, "
            + "'é€', '中', '2024-01-31 00:00:00.000001', '2024-01-31', 2155, 1.5, 3, point(1, 2), 'é')");
        await using var source = await fixture.SourceAsync();
        Assert.Equal("""
            {"id":1,"j":"{\"a\": 1}","f":0.10000000149011612,"r":5E-324,"u":18446744073709551615,"b":5,"l":"é€","g":"中",
            "dt":"2024-01-31T00:00:00.000001","ts":"2024-01-31T00:00:00Z","y":2155,"z":"1.500000000000000000000000000000","g2":2,"inv":3,
            "p":"AAAAAAEBAAAAAAAAAAAA8D8AAAAAAAAAQA==","e":"é"}
            """.Replace("\n", "", StringComparison.Ordinal), Assert.Single(await source.AllAsync("t")));
        Assert.StartsWith("mysql uuid ", source.Source.Identity.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task MySQL_keeps_the_sign_of_a_zero_and_it_is_read_and_written(bool loads)
    {
        var server = await MySqlServer.SharedAsync();
        await using var fixture = await MyFixture.NewAsync(server);
        await fixture.RunAsync("create table t (id int primary key, d double, f float)",
            "insert into t values (1, -0e0, -0e0), (2, 0, 0), (3, -1e-400, '-0')");
        await using var source = await fixture.SourceAsync();
        Assert.Equal(["""{"id":1,"d":-0,"f":-0}""", """{"id":2,"d":0,"f":0}""", """{"id":3,"d":-0,"f":-0}"""], await source.AllAsync("t"));
        await using var sink = await MySinkFixture.OpenAsync(server, loads ? MyWay.Load : MyWay.Insert);
        await sink.RunAsync("create table t (id bigint primary key, d double, f float)");
        await sink.WriteAsync(sink.Plan("t", [MyWriting.Id, MyWriting.Column("d", LogicalType.Float64),
            MyWriting.Column("f", new(TypeKind.Float32))]), [[1L, -0.0, 0.0], [2L, 0.0, -0.0]]);
        // The sign of a zero shows in the angle.
        Assert.Equal(["1|1|0", "2|0|1"], await sink.QueryAsync("select id, atan2(d, -1e0) < 0, atan2(f, -1e0) < 0 from t order by id"));
    }

    [Theory]
    [InlineData("k varchar(20) collate utf8mb4_0900_ai_ci", "k", "('b'),('A'),('c '),('é1'),('z'),(''),('棘')")]
    [InlineData("a int not null, b enum('z','y')", "a desc, b", "(1,'z'),(1,'y'),(2,'z')")]
    public async Task Reading_goes_on_after_any_row(string columns, string key, string rows)
    {
        await using var fixture = await MyFixture.NewAsync(await MySqlServer.SharedAsync());
        await fixture.RunAsync($"create table t ({columns} not null, unique key u ({key}))", $"insert into t values {rows}");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        Assert.Equal(KeyKind.Unique, table.Key.Kind);
        var step = await source.ReadAsync(table, rows: 1);
        for (var from = 0; from < step.Count; from++)
        {
            Assert.Equal(step.Skip(from + 1).Select(s => s.Row), (await source.ReadAsync(table, after: step[from].Commit)).Select(s =>
                s.Row));
        }
        var read = new List<string>();
        foreach (var split in await source.Source.PlanAsync(table, new ReadOptions { Splits = 4 }, default))
        {
            read.AddRange((await source.ReadAsync(table, split: split)).Select(r => r.Row));
        }
        Assert.Equal(step.Select(s => s.Row), read);
    }

    [Fact]
    public async Task A_moment_and_a_bound_are_known()
    {
        await using var fixture = await MyFixture.NewAsync(await MySqlServer.SharedAsync());
        await fixture.RunAsync("create table t (id int auto_increment primary key, at timestamp(6))",
            "insert into t (at) values (now(6)), (now(6))");
        await using var source = await fixture.SourceAsync();
        var table = await source.TableAsync("t");
        var read = new ReadOptions { Snapshot = await ((IHoldsMoments)source.Source).HoldAsync(default) };
        await fixture.RunAsync("delete from t where id = 1");
        Assert.Equal(2, (await source.ReadAsync(table, read)).Count);
        var bound = await ((IReadsWindows)source.Source).BoundAsync(table, new CursorOptions { Column = "id" }, true, default);
        Assert.Equal("2", bound.Value);
        Assert.NotNull(await ((ITellsTheTime)source.Source).ClockAsync(default));
        var request = new ProbeRequest(fixture.Here()) { Role = ProbeRole.Source };
        var report = await new Connectors.MySql.MySqlConnector().ProbeAsync(request, default);
        Assert.DoesNotContain(report.Findings, f => f.Level == FindingLevel.Broken);
    }
}
