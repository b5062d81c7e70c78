using System.Text.Json;
using Pawl.EndToEnd.Tests.Cli;
using Pawl.EndToEnd.Tests.Crash;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Rejects;

/// <summary>Cells that the target cannot hold and the job wants as NULL: the row arrives, and every lost value is told.</summary>
public sealed class NullCellTests
{
    private const string Nulls = "causes: {overflow: set_null, text: set_null, type: set_null}";

    private const string Faulty = """
        create table t(id integer primary key, v any, w decimal(3, 0), z text);
        insert into t values (1, 'a', 1, 'z'), (2, 'too long', 1, 'z'), (3, 'c', 7777, 'z'), (4, 'd' || char(0), 1, 'z'),
          (5, 'too long', 7777, 'z'), (6, 'f', 1, 'too long'), (7, 'g', 'text', 'z'), (8, 'h', 8, 'z');
        """;

    private const string Narrow = "create table t(id bigint primary key, v varchar(5), w numeric(3,0), z varchar(5) not null);";

    [Theory]
    [InlineData("")]
    [InlineData("write: upsert")]
    public async Task A_row_arrives_without_the_cells_the_target_cannot_hold(string table)
    {
        await using var rig = await RejectRig.NewAsync(StoreKind.Postgres15, Narrow, Faulty, Nulls + ", reject_limit: 5", table);
        var end = await rig.RunAsync();
        Assert.Contains("set to NULL", end.Out, StringComparison.Ordinal);
        string[] wanted = ["1|a|1", "2||1", "3|c|", "4||1", "5||", "7|g|", "8|h|8"];
        var rows = await rig.Target.RowsAsync("select id, coalesce(v, ''), coalesce(w::text, '') from t order by id;");
        Assert.Equal(wanted, rows.Select(r => string.Join('|', r)));

        var told = await ShownAsync(rig);
        Assert.Equal([
            "2 v nulled overflow \"too long\"", "3 w nulled overflow 7777", "4 v nulled text", "5 v nulled overflow \"too long\"",
            "5 w nulled overflow 7777", "6 z open overflow \"too long\"", "7 w nulled type",
        ], told.Select(t => t.Contains(" text ", StringComparison.Ordinal) || t.Contains(" type ", StringComparison.Ordinal)
            ? t[..t.LastIndexOf(' ')] : t));
        var list = (await rig.EndsAsync(0, "rejects", "list", rig.JobFile, "--json")).Last().GetProperty("data").GetProperty("causes");
        Assert.Equal("overflow 1 4, text 0 1, type 0 1", string.Join(", ", list.EnumerateArray().Select(c =>
            $"{c.GetProperty("cause").GetString()} {c.GetProperty("open").GetInt32()} {c.GetProperty("nulled").GetInt32()}").Order()));
        await rig.EndsAsync(0, "rejects", "export", rig.JobFile, "--to", rig.Scratch.At("out.jsonl"));
        Assert.Equal(7, File.ReadLines(rig.Scratch.At("out.jsonl")).Count());
        await rig.EndsAsync(0, "verify", rig.JobFile);
        if (table.Length > 0) return;

        // Written once is written: a retry is for the row that is not there.
        await rig.Target.ExecuteAsync("alter table t alter z type text;");
        Assert.Equal("1|0", await TriedAsync(rig));
        const string kept = "select (select count(*) from t), (select count(*) from pawl_reject where code like '%/null')";
        Assert.Equal("8|6", await rig.OneAsync(kept));
        // A digest cannot prove what was changed on the way.
        var seen = await rig.EndsAsync(0, "verify", rig.JobFile, "--level", "digest");
        Assert.Contains("not proved", seen.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_of_the_key_is_never_null_and_a_cause_without_a_cell_has_no_such_word()
    {
        await using var rig = await RejectRig.NewAsync(StoreKind.Postgres15, "create table t(id varchar(3) primary key, v int);",
            "create table t(id text not null primary key, v int); insert into t values ('a', 1), ('long key', 2), ('c', 3);", Nulls);
        var stopped = await rig.EndsAsync(1, "run", rig.JobFile);
        Assert.Contains(Codes.ValueBeyond, stopped.Err, StringComparison.Ordinal);
        Assert.Equal("0|0", await rig.OneAsync("select (select count(*) from t), (select count(*) from pawl_reject)"));
        foreach (var cause in new[] { "not_null", "duplicate", "foreign_key", "check", "record", "other" })
        {
            rig.WriteJob($"causes: {{{cause}: set_null}}");
            await rig.EndsAsync(2, "validate", rig.JobFile);
        }
        rig.WriteJob("causes: {overflow: null}");
        Assert.Contains("did you mean set_null?", (await rig.EndsAsync(2, "validate", rig.JobFile)).Err, StringComparison.Ordinal);
        rig.WriteJob(Nulls + ", reject_limit: 1");
        await rig.RunAsync();
        Assert.Equal(["long key id open overflow \"long key\""], await ShownAsync(rig));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_anywhere_each_value_is_told_once(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        // A SQLite table takes a text for a number: there it is the job that finds the cell, in the other case the target.
        var target = postgres ? "create table t(id bigint primary key, v varchar(4));"
            : "create table t(id integer primary key, v integer);";
        await using var rig = await RejectRig.NewAsync(kind, target, $"""
            create table t(id integer primary key, v {(postgres ? "text" : "integer")});
            with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
              insert into t select i, case when i % 90 = 7 then 'beyond' else {(postgres ? "'v'" : "i")} end from n;
            """, Nulls);
        foreach (var point in new[] { "rows-written:2", "ledger-written:2", "commit-done:2" })
        {
            var end = await rig.KilledAsync(point, "run", rig.JobFile);
            Assert.True(end.Code == PawlExit.Killed, $"{point}: {end}");
            if (await rig.Target.NumberAsync("select count(*) from pawl_ledger") == 0) continue;
            Assert.Equal(await rig.Target.NumberAsync("select count(*) from t where v is null"),
                await rig.Target.NumberAsync("select count(*) from pawl_reject"));
        }
        await rig.RunAsync();
        Assert.Equal("1000|12|12|12", await rig.OneAsync("""
            select (select count(*) from t), (select count(*) from t where v is null and id % 90 = 7), (select count(*) from pawl_reject),
              (select count(distinct row_where) from pawl_reject where code like '%/null')
            """));
        // A program that does not know of them would write their rows again.
        Assert.Equal("3", await rig.OneAsync("select value from pawl_meta where name = 'min_reader'"));
        await rig.EndsAsync(0, "run", rig.JobFile);
    }

    private static async Task<string> TriedAsync(RejectRig rig)
    {
        var tried = (await rig.RetryAsync(0)).Last().GetProperty("data").GetProperty("tables")[0];
        return $"{tried.GetProperty("written").GetInt32()}|{tried.GetProperty("open").GetInt32()}";
    }

    private static async Task<IEnumerable<string>> ShownAsync(RejectRig rig)
    {
        var rows = (await rig.EndsAsync(0, "rejects", "show", rig.JobFile, "--json")).Last().GetProperty("data").GetProperty("rows");
        return rows.EnumerateArray().Select(r => $"{Key(r)} {Text(r, "column")} {Text(r, "state")} {Text(r, "cause")} {Text(r, "value")}")
            .Order(StringComparer.Ordinal);
    }

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;

    private static string Key(JsonElement row)
    {
        using var key = JsonDocument.Parse(Text(row, "where"));
        return key.RootElement.GetProperty("id").ToString();
    }
}
