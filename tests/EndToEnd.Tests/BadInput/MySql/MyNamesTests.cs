using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.BadInput.MySql;

/// <summary>Names and texts at the edge of what a server takes, and tables that are one under two names.</summary>
public sealed class MyNamesTests
{
    private static readonly string[] Odd =
    [
        "a`; drop table x;-- ", "it's", "two words", "select", "user", "dot.ted", "Üb 数据 ☃", new('n', 64), new('長', 40), "back\\slash",
        "$1 {0} %s", "star*", "null", "q\"uote", "tab\there", "#hash /* c */",
    ];

    private static string Q(string name) => $"`{name.Trim().Replace("`", "``", StringComparison.Ordinal)}`";

    [Fact]
    public async Task Odd_names_of_tables_and_columns_are_only_names()
    {
        await using var rig = await MyRig.NewAsync(["create table x (id int)", .. Odd.SelectMany(n => new[]
        {
            $"create table {Q(n)} ({Q(n)} int primary key, {Q("o" + n[..Math.Min(n.Length, 20)])} varchar(20))",
            $"insert into {Q(n)} select seq, concat('v', seq) from seq_1_to_250",
        })]);
        await rig.AtTargetAsync("create table x (id int)");
        rig.WriteJob($"'*': {{target: '{{table}}', exclude: [{rig.From}.x]}}");
        await rig.LeaveHalfDoneAsync("commit-done:20");
        await rig.DoneAsync();
        foreach (var name in Odd) await rig.SameRowsAsync(Q(name));
        Assert.Equal(["x"], await rig.RowsAsync("select table_name from information_schema.tables where table_schema = database() "
            + "and table_name = 'x'"));
        var verified = await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile, "--level", "digest");
        Assert.True(verified.Code == 0, verified.ToString());
    }

    [Fact]
    public async Task A_name_that_the_server_cannot_have_is_refused_and_another_can_be_given()
    {
        await using var rig = await MyRig.NewAsync();
        var file = rig.Scratch.At("source.db");
        var longest = new string('t', 65);
        await Sqlite3.RunAsync(file, $"create table {longest}(id integer primary key); create table \"🦀\"(id integer primary key);"
            + "insert into \"🦀\" values (1);");
        rig.Source = "sqlite:" + file;
        rig.WriteJob($"{longest}: {{}}");
        await rig.RefusedAsync(2, Codes.NameTooLong, "64");
        // Names hold characters of the basic plane only. https://mariadb.com/kb/en/identifier-names/
        rig.WriteJob("'🦀': {}", name: "crab");
        var end = await rig.RunAsync();
        Assert.True(end.Code is 1 or 2 && !end.Err.Contains(Codes.Unexpected, StringComparison.Ordinal), end.ToString());
        // A file's name holds fewer characters than a table's, of those that take five bytes there.
        var wide = new string('長', 64);
        await Sqlite3.RunAsync(file, $"create table \"{wide}\"(id integer primary key);");
        rig.WriteJob($"{wide}: {{}}", name: "wide");
        var tooWide = await rig.RunAsync();
        Assert.True(tooWide.Code is 1 or 2 && !tooWide.Err.Contains(Codes.Unexpected, StringComparison.Ordinal), tooWide.ToString());
        rig.WriteJob($"{longest}: short\n'🦀': crab", name: "renamed");
        await rig.DoneAsync();
        Assert.Equal(["1"], await rig.RowsAsync("select id from crab"));
    }

    [Fact]
    public async Task A_latin1_column_that_holds_utf8_bytes_is_copied_as_the_server_reads_it_and_no_byte_is_lost()
    {
        // "ä" and "€" stored by somebody who took latin1 for UTF-8, and every byte that latin1 has.
        await using var rig = await MyRig.NewAsync("create table t (id int primary key, v varchar(300) character set latin1)",
            "insert into t values (1, _latin1 x'c3a4'), (2, _latin1 x'e282ac'), (3, _latin1 x'818d8f909d'), (4, 'plain')",
            "insert into t select 1000 + seq, char(seq using latin1) from seq_1_to_255");
        await rig.DoneAsync();
        await rig.SameRowsAsync(columns: "id, hex(v)");
        await rig.AtTargetAsync("create table u (id int primary key, v longtext character set utf8mb4)");
        rig.WriteJob("'*': u", name: "utf8");
        await rig.DoneAsync();
        Assert.Equal(await rig.Server.RowsAsync(rig.From, "select id, hex(convert(v using utf8mb4)) from t order by id"),
            await rig.RowsAsync("select id, hex(v) from u order by id"));

        var pg = await PgServer.SharedAsync();
        var database = await pg.CreateDatabaseAsync();
        rig.Target = PgRig.At(pg, database);
        rig.WriteJob(name: "pg");
        await rig.DoneAsync();
        Assert.Equal(await rig.Server.RowsAsync(rig.From, "select id, lower(hex(convert(v using utf8mb4))) from t order by id"),
            await pg.RowsAsync(database, "select id, encode(convert_to(v, 'UTF8'), 'hex') from t order by id"));
        await pg.DropAsync(database);
    }

    [Fact]
    public async Task A_table_is_found_without_its_database_and_never_copied_onto_itself()
    {
        await using var rig = await MyRig.WithRowsAsync(300);
        rig.WriteJob("t: {}");
        await rig.DoneAsync();
        await rig.SameRowsAsync();

        rig.Target = rig.Source;
        var whole = $"{rig.From}.t: {{target: t, write: append}}";
        foreach (var ((tables, source), i) in new[]
        {
            ("t: {write: append}", rig.Source), ("'*': {target: '{table}', write: append}", rig.Source),
            (whole, rig.Source), (whole, rig.Source[..rig.Source.LastIndexOf('/')]),
            (whole, rig.Source.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)),
        }.Select((c, i) => (c, i)))
        {
            rig.Source = source;
            rig.WriteJob(tables, name: $"self {i}");
            await rig.RefusedAsync(2, Codes.SourceIsTarget);
        }
        rig.WriteJob("'*': copy", name: "within");
        await rig.DoneAsync();
        Assert.Equal(["300|300"], await rig.Server.RowsAsync(rig.From, "select (select count(*) from t), (select count(*) from copy)"));
    }
}
