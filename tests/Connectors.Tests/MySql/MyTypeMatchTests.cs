using Pawl.Contracts;
using Pawl.Model;
using Xunit;
using static Pawl.Connectors.Tests.MySql.MyWriting;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Columns that look the same and would make another value of one.</summary>
public sealed class MyTypeMatchTests
{
    [Theory]
    [InlineData("enum('new','done')", "enum('New','Done')")]
    [InlineData("enum('new','done')", "enum('new','Done')")]
    [InlineData("set('x','y')", "set('X','y')")]
    public async Task Words_in_other_letters_are_other_words(string source, string target)
    {
        await using var fixture = await MySinkFixture.OpenAsync();
        await fixture.RunAsync($"create table t (id bigint primary key, e {target} character set utf8mb4 collate utf8mb4_general_ci)");
        var word = source.Split('\'')[1];
        // What the server makes of it by itself, without a warning.
        await fixture.RunAsync($"insert into t values (1, '{source.Split('\'')[3]}')");
        Assert.Equal([target.Split('\'')[3]], await fixture.QueryAsync("select e from t"));
        foreach (var nullable in new[] { true, false })
        {
            var column = Column("e", LogicalType.Text, source, nullable: nullable) with { Collation = "utf8mb4_general_ci" };
            var refused = await fixture.RefusedAsync(fixture.Plan("t", [Id, column], keys: nullable ? 1 : 2).FromServer(), [2L, word]);
            Assert.Equal((Fault.Schema, Codes.TargetTypeUnfit, "e"), (refused.Fault, refused.Code, refused.Details["column"]));
        }
        await fixture.RunAsync($"create table s (id bigint primary key, e {source} character set utf8mb4 collate utf8mb4_general_ci)");
        var same = Column("e", LogicalType.Text, source) with { Collation = "utf8mb4_general_ci" };
        await fixture.WriteAsync(fixture.Plan("s", [Id, same]).FromServer(), [[2L, word]]);
        Assert.Equal([word], await fixture.QueryAsync("select e from s"));
    }

    /// <summary>PostgreSQL's json, or a file's column that is called so, is no json of MySQL.</summary>
    [Theory]
    [InlineData(TypeKind.Text, "text", false)]
    [InlineData(TypeKind.Text, "json", false)]
    [InlineData(TypeKind.Any, "json", true)]
    [InlineData(TypeKind.Any, "", true)]
    [InlineData(TypeKind.Json, "json", false)]
    [InlineData(TypeKind.Json, "", true)]
    [InlineData(TypeKind.Native, "json", false)]
    [Trait("needs", "mysql")]
    public async Task Nothing_but_its_own_goes_into_a_json_column_of_MySQL(TypeKind kind, string native, bool dynamic)
    {
        await using var fixture = await MySinkFixture.OpenAsync(await MySqlServer.SharedAsync());
        await fixture.RunAsync("create table t (id bigint primary key, j json)",
            """insert into t values (1, '{"b":1.10, "a":1, "b":2}')""");
        Assert.Equal(["""{"a": 1, "b": 2}"""], await fixture.QueryAsync("select j from t"));
        var plan = fixture.Plan("t", [Id, Column("j", new(kind), native, dynamic)]);
        object?[] row = [2L, """{"b":1, "a":2}"""];
        foreach (var one in new[] { plan, plan.FromServer(mariaDb: true) })
        {
            var refused = await fixture.RefusedAsync(one, row);
            Assert.Equal((Fault.Schema, Codes.TargetTypeUnfit, "j"), (refused.Fault, refused.Code, refused.Details["column"]));
        }
        Assert.Equal(["1"], await fixture.QueryAsync("select count(*) from t"));
    }

    [Fact]
    [Trait("needs", "mysql")]
    public async Task A_json_of_MySQL_goes_into_one_as_it_is()
    {
        await using var fixture = await MySinkFixture.OpenAsync(await MySqlServer.SharedAsync());
        await fixture.RunAsync("create table t (id bigint primary key, j json)");
        var plan = fixture.Plan("t", [Id, Column("j", new(TypeKind.Json), "json")]).FromServer(mariaDb: false);
        await fixture.WriteAsync(plan, [[1L, """{"a": 2, "b": 1.5}"""]]);
        Assert.Equal(["""{"a": 2, "b": 1.5}"""], await fixture.QueryAsync("select j from t"));
    }
}
