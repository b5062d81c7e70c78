using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;
using static Pawl.Connectors.Tests.MySql.MyWriting;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>Upserts into tables with unique indexes beside the key: a row changes the row of its key, and nobody else's.</summary>
public class MyUpsertTests
{
    private const string Users = "create table users (id int auto_increment primary key, email varchar(50) character set utf8mb4 not null "
        + "unique, code varchar(9) character set utf8mb4 collate utf8mb4_general_ci not null unique, "
        + "name varchar(20) character set utf8mb4)";

    private protected virtual MyWay Way => MyWay.Bulk;

    private protected virtual async Task<MySinkFixture> FixtureAsync() => await MySinkFixture.OpenAsync(way: Way);

    private static TablePlan Plan(MySinkFixture fixture, long rejectLimit = 0) => fixture.Plan("users",
        [
            Column("code", new(TypeKind.Text, 9), nullable: false), Column("email", new(TypeKind.Text, 50)),
            Column("name", new(TypeKind.Text, 20)),
        ], write: WriteMode.Upsert, rejectLimit: rejectLimit);

    [Fact]
    public async Task A_row_that_meets_a_strangers_unique_value_is_refused_although_a_row_of_its_key_is_there()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync(Users, "insert into users (email, code, name) values ('a@x', 'A', 'ann'), ('b@x', 'B', 'bob')");
        // What one statement does by itself: bob gets the name that was meant for ann.
        await using (var naive = await fixture.Server.ConnectAsync(fixture.Database))
        {
            await naive.ExecuteAsync("start transaction", default);
            await naive.ExecuteAsync("insert into users (code, email, name) values ('A', 'b@x', 'new A') on duplicate key update "
                + "email = values(email), name = values(name)", default);
            Assert.Equal(["A|a@x|ann", "B|b@x|new A"],
                await MyServer.RowsAsync(naive, "select code, email, name from users order by code"));
            await naive.ExecuteAsync("rollback", default);
        }
        var refused = await fixture.RefusedAsync(Plan(fixture), ["A", "b@x", "new A"]);
        Assert.Equal((Fault.Data, Codes.RowRefused, """{"code":"A"}"""), (refused.Fault, refused.Code, refused.Details["where"]));
        Assert.Equal(["A|a@x|ann", "B|b@x|bob"], await fixture.QueryAsync("select code, email, name from users order by code"));
        var written = await fixture.WriteAsync(Plan(fixture, rejectLimit: 9),
            [["A", "b@x", "new A"], ["B", "b@x", "new B"], ["C", "c@x", "new C"], ["D", "a@x", "new D"]]);
        Assert.Equal(new WriteCounts { Inserted = 1, Updated = 1, Rejected = 2 }, written.Counts);
        Assert.Equal([(Codes.DuplicateRefused, """{"code":"A"}"""), (Codes.DuplicateRefused, """{"code":"D"}""")],
            written.Rejected.Select(r => (r.Code, r.Where)).OrderBy(r => r.Where, StringComparer.Ordinal));
        Assert.Equal(["A|a@x|ann", "B|b@x|new B", "C|c@x|new C"],
            await fixture.QueryAsync("select code, email, name from users order by code"));
    }

    [Fact]
    public async Task Rows_are_counted_as_they_are_where_a_key_is_one_of_several()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync(Users, "insert into users (email, code, name) values ('a@x', 'a', 'ann'), ('b@x', 'B', 'bob'), "
            + "('c@x', 'C', null), ('d@x', 'D', 'dan')");
        // A lets go of the address that E takes; the server takes A for a, and the row takes the new key.
        var written = await fixture.WriteAsync(Plan(fixture), [["E", "a@x", "eve"], ["B", "b@x", "first"], ["A", "z@x", "ann"],
            ["C", "c@x", null], ["B", "b@x", "last"], ["D", "d@x", null], ["F", "f@x", null]]);
        Assert.Equal(new WriteCounts { Inserted = 2, Updated = 3, Unchanged = 1, Collapsed = 1 }, written.Counts);
        Assert.Equal(["A|z@x|ann", "B|b@x|last", "C|c@x|∅", "D|d@x|∅", "E|a@x|eve", "F|f@x|∅"],
            await fixture.QueryAsync("select code, email, name from users order by code"));
        var again = await fixture.WriteAsync(Plan(fixture), [["F", "f@x", null], ["A", "z@x", "ann"]]);
        Assert.Equal(new WriteCounts { Unchanged = 2 }, again.Counts);
    }

    /// <summary>One over a whole longtext has MariaDB alone.</summary>
    [Theory]
    [InlineData("note longtext character set utf8mb4, unique (note)")]
    [InlineData("note varchar(50) character set utf8mb4, unique (note(3))")]
    [InlineData("note varchar(50) character set utf8mb4, fold varchar(50) as (left(note, 3)) stored unique")]
    public async Task Unique_indexes_of_every_kind_keep_a_stranger_from_being_overwritten(string columns)
    {
        await using var fixture = await FixtureAsync();
        if (columns.Contains("longtext", StringComparison.Ordinal) && !await fixture.IsMariaDbAsync()) return;
        await fixture.RunAsync($"create table t (id bigint primary key, n bigint, {columns})",
            "insert into t (id, n, note) values (1, 1, 'ann'), (2, 2, 'bob')");
        ColumnSchema[] written = [Id, Column("n", LogicalType.Int64), Column("note", new(TypeKind.Text, 50))];
        foreach (var id in new[] { 1L, 3L })
        {
            var refused = await fixture.RefusedAsync(fixture.Plan("t", written, write: WriteMode.Upsert), [id, 9L, "bob"]);
            Assert.Equal((Codes.RowRefused, $$"""{"id":{{id}}}"""), (refused.Code, refused.Details["where"]));
        }
        Assert.Equal(["1|1|ann", "2|2|bob"], await fixture.QueryAsync("select id, n, note from t order by id"));
    }

    [Fact]
    public async Task A_unique_index_that_comes_between_two_groups_is_seen()
    {
        await using var fixture = await FixtureAsync();
        await fixture.RunAsync("create table t (id bigint primary key, note varchar(50) character set utf8mb4)",
            "insert into t values (1, 'ann'), (2, 'bob')");
        var plan = fixture.Plan("t", [Id, Column("note", new(TypeKind.Text, 50))], write: WriteMode.Upsert);
        await using var database = fixture.Open(SinkRunner.Context());
        await using var session = await database.ConnectAsync(default);
        using var batch = Cells.Batch(plan.TargetSchema, [[3L, "cat"]]);
        await session.BeginAsync(default);
        await session.WriteRowsAsync(plan, Lane, [batch], default);
        await session.EndAsync(commit: true);
        await fixture.RunAsync("alter table t add unique (note(2))");
        await session.BeginAsync(default);
        var altered = await Assert.ThrowsAsync<PawlException>(async () => await session.WriteRowsAsync(plan, Lane, [batch], default));
        Assert.Equal(Codes.TargetAltered, altered.Code);
        await session.EndAsync(commit: false);
    }
}

/// <summary>The same where rows go by LOAD DATA LOCAL.</summary>
public sealed class MyLoadUpsertTests : MyUpsertTests
{
    private protected override MyWay Way => MyWay.Load;
}

/// <summary>The same where rows go by INSERT.</summary>
public sealed class MyInsertUpsertTests : MyUpsertTests
{
    private protected override MyWay Way => MyWay.Insert;
}

/// <summary>The same into MySQL.</summary>
[Trait("needs", "mysql")]
public sealed class MySqlUpsertTests : MyUpsertTests
{
    private protected override MyWay Way => MyWay.Load;

    private protected override async Task<MySinkFixture> FixtureAsync() =>
        await MySinkFixture.OpenAsync(await MySqlServer.SharedAsync(), Way);
}
