using Pawl.Connectors.Tests.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>MariaDB with lower_case_table_names=1: it keeps names in lower case, and finds them however they are written.</summary>
public sealed class CaselessMariaDb : IAsyncLifetime
{
    internal MariaDbServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await MariaDbServer.StartAsync("--lower-case-table-names=1");

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>Whole jobs from, into and between servers that tell the case of table names apart, and such that do not.</summary>
public sealed class MyCaseTests(CaselessMariaDb caseless) : IClassFixture<CaselessMariaDb>
{
    private const string Patterns = "'*': '{table}'";

    private static async Task<PawlExit> PawlAsync(MyRig rig, int code, params string[] words)
    {
        var end = await PawlProcess.RunAsync(rig.Scratch, words);
        Assert.True(end.Code == code, end.ToString());
        return end;
    }

    /// <summary>A rig between two servers; true = one where case tells nothing.</summary>
    private async Task<(MyRig Rig, MyServer To, string Database)> BetweenAsync(bool from, bool to, params string[] statements)
    {
        var (source, target) = (from ? caseless.Server : await MariaDbServer.SharedAsync(),
            to ? caseless.Server : await MariaDbServer.SharedAsync());
        var rig = await MyRig.NewAsync(source, statements);
        var database = await target.CreateDatabaseAsync();
        // A database too is called as its user likes where case tells nothing.
        rig.Target = MyRig.At(target, to ? database.ToUpperInvariant() : database);
        if (from) rig.Source = MyRig.At(source, rig.From.ToUpperInvariant());
        return (rig, target, database);
    }

    [Theory]
    [InlineData(false, true, "insert")]
    [InlineData(false, true, "upsert")]
    [InlineData(false, true, "replace")]
    [InlineData(true, false, "upsert")]
    [InlineData(true, true, "replace")]
    [InlineData(false, false, "upsert")]
    public async Task Names_of_mixed_case_are_copied_resumed_restarted_and_verified(bool from, bool to, string write)
    {
        var (rig, server, database) = await BetweenAsync(from, to,
            "create table `OrderLines` (`Id` int primary key, `Note` varchar(20))", "create table `Ärger` (`Id` int primary key, v int)",
            "insert into `OrderLines` select seq, concat('line ', seq) from seq_1_to_1200", "insert into `Ärger` values (1, 1)");
        await using var _ = rig;
        rig.WriteJob($"'*': {{target: '{{table}}', write: {write}}}");
        await PawlAsync(rig, 0, "plan", rig.JobFile);
        await PawlAsync(rig, 0, "doctor", rig.JobFile);
        await rig.LeaveHalfDoneAsync("rows-written:5");
        var progress = await PawlAsync(rig, 0, "progress", rig.JobFile);
        Assert.Contains(from ? "orderlines" : "OrderLines", progress.Out);
        await rig.DoneAsync();
        await SameAsync();
        await PawlAsync(rig, 0, "verify", rig.JobFile, "--level", "digest");
        // Begun anew: what was there is found again, emptied, changed by key or replaced, and is no other table.
        await rig.AtSourceAsync("update `OrderLines` set `Note` = 'x' where `Id` = 9", "insert into `OrderLines` values (5000, 'new')");
        if (write != "upsert") await rig.AtSourceAsync("delete from `OrderLines` where `Id` between 5 and 7");
        await PawlAsync(rig, 0, "run", rig.JobFile, "--restart", "--yes");
        await SameAsync();
        Assert.Equal(2, (await server.RowsAsync(database, "show tables")).Count(t => !t.StartsWith("pawl_", StringComparison.Ordinal)));

        async Task SameAsync() => Assert.Equal(await rig.Server.RowsAsync(rig.From, "select * from `OrderLines` order by 1"),
            await server.RowsAsync(database, $"select * from `{Name(to, from)}` order by 1"));
        await server.DropAsync(database);
    }

    private static string Name(bool to, bool from) => to || from ? "orderlines" : "OrderLines";

    [Fact]
    public async Task A_target_may_be_called_in_another_case_than_it_has()
    {
        var (rig, server, database) = await BetweenAsync(false, true, "create table t (id int primary key, v int)",
            "insert into t select seq, seq from seq_1_to_900");
        await using var _ = rig;
        await server.ExecuteAsync(database, "create table `Orders` (id int primary key, v int)");
        foreach (var write in new[] { "insert", "upsert", "replace" })
        {
            await server.ExecuteAsync(database, "delete from orders");
            rig.WriteJob($"t: {{target: OrDeRs, write: {write}}}", name: write);
            await rig.LeaveHalfDoneAsync("rows-written:4");
            await rig.DoneAsync();
            Assert.Equal(["900|900"], await server.RowsAsync(database, "select count(*), max(v) from orders"));
            await PawlAsync(rig, 0, "verify", rig.JobFile, "--level", "digest");
        }
        Assert.Equal(["orders"], (await server.RowsAsync(database, "show tables")).Where(t =>
            !t.StartsWith("pawl_", StringComparison.Ordinal)));
        await server.DropAsync(database);
    }

    [Fact]
    public async Task Tables_that_differ_by_case_alone_are_refused_before_anything_is_written()
    {
        var (rig, server, database) = await BetweenAsync(false, true, "create table items (id int primary key)",
            "create table `Items` (id int primary key)", "insert into items values (1)", "insert into `Items` values (2)");
        await using var _ = rig;
        foreach (var (tables, i) in new[]
        {
            Patterns, "items: {}\nItems: {}", "items: same\nItems: SAME", $"items: same\nItems: {database}.same",
            $"items: {database.ToUpperInvariant()}.Same\nItems: same",
        }.Select((t, i) => (t, i)))
        {
            rig.WriteJob(tables, name: $"clash {i}");
            foreach (var verb in new[] { "plan", "run" })
            {
                var end = await PawlProcess.RunAsync(rig.Scratch, verb, rig.JobFile);
                PgRig.Expect(end, 2, Codes.TargetClash, "Items", "items");
            }
        }
        Assert.DoesNotContain(await server.RowsAsync(database, "show tables"), t => !t.StartsWith("pawl_", StringComparison.Ordinal));
        rig.WriteJob("items: {}\nItems: items_2", name: "apart");
        await rig.DoneAsync();
        Assert.Equal(["1|2"], await server.RowsAsync(database, "select (select id from items), (select id from items_2)"));
        await server.DropAsync(database);
    }

    [Fact]
    public async Task A_source_table_may_be_called_in_any_case_and_patterns_mind_the_one_that_it_has()
    {
        var (rig, server, database) = await BetweenAsync(true, false, "create table `Orders` (id int primary key)",
            "insert into `Orders` select seq from seq_1_to_900");
        await using var _ = rig;
        foreach (var (name, i) in new[] { "Orders", "orders", $"{rig.From.ToUpperInvariant()}.OrDers" }.Select((n, i) => (n, i)))
        {
            rig.WriteJob($"{name}: Orders_{i}", name: $"named {i}");
            Assert.Contains("1, about ", (await PawlAsync(rig, 0, "doctor", rig.JobFile)).Out);
            await rig.LeaveHalfDoneAsync("rows-written:4");
            await rig.DoneAsync();
            await PawlAsync(rig, 0, "verify", rig.JobFile, "--level", "digest");
            Assert.Equal(["900"], await server.RowsAsync(database, $"select count(*) from `Orders_{i}`"));
        }
        rig.WriteJob("'*.Ord*': {}", name: "pattern");
        await rig.RefusedAsync(2, Codes.PatternEmpty, "Ord*");
        await server.DropAsync(database);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Tables_that_refer_to_each_other_are_filled_in_order_however_they_are_called(bool to)
    {
        var (rig, server, database) = await BetweenAsync(false, to, "create table `AChild` (id int primary key, parent int)",
            "create table `ZParent` (id int primary key)", "insert into `ZParent` select seq from seq_1_to_300",
            "insert into `AChild` select seq, 301 - seq from seq_1_to_300");
        await using var _ = rig;
        await server.ExecuteAsync(database, "create table `ZParent` (id int primary key)",
            "create table `AChild` (id int primary key, parent int, foreign key (parent) references `ZParent` (id))");
        foreach (var (tables, i) in new[] { Patterns, $"'*': '{database}.{{table}}'" }.Select((t, i) => (t, i)))
        {
            await server.ExecuteAsync(database, "delete from `AChild`", "delete from `ZParent`");
            rig.WriteJob(tables, name: $"tied {i}");
            await rig.DoneAsync();
            Assert.Equal(["300|300"], await server.RowsAsync(database, "select (select count(*) from `AChild`), count(*) from `ZParent`"));
        }
        await server.DropAsync(database);
    }
}
