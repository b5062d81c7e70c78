using System.Globalization;
using System.Text;
using Pawl.EndToEnd.Tests.BadInput.MySql;
using Pawl.EndToEnd.Tests.BadInput.Postgres;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>CSV and JSON Lines into MariaDB and out of it, with records that are no rows, values that do not fit, and kills.</summary>
public sealed class MyFilesKillTests
{
    private const int Rows = 4_000;
    private static readonly string[] Points = ["target-prepared:1", "rows-written:2", "ledger-written:3", "commit-done:4", "lane-final:1"];
    private static readonly string[] Values =
        ["棘爪 🦀", "two\nlines", "cr\r\nlf", "a\"quote", "plain, with comma", "", "|\\丁\\N", " blanks  "];

    private static string Quoted(string value) => $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Hex(string value) => Convert.ToHexString(Encoding.UTF8.GetBytes(value));

    [Theory]
    [InlineData("insert", "")]
    [InlineData("upsert", "")]
    [InlineData("replace", "")]
    [InlineData("insert", "?load_data=off")]
    public async Task What_is_no_row_and_what_does_not_fit_is_set_aside_once_whatever_is_killed(string write, string options)
    {
        await using var rig = await MyRig.NewAsync();
        var text = new StringBuilder("id,n,v,at\n");
        var (good, bad) = (new List<string>(), 0);
        for (var i = 1; i <= Rows; i++)
        {
            var value = Values[i % Values.Length];
            var record = (i % 100) switch
            {
                11 => $"{i},1\n",
                22 => $"x{i},1,v,2026-01-01\n",
                33 => $"{i},300,v,2026-01-01\n",
                44 => $"{i},1,{new string('w', 41)},2026-01-01\n",
                55 => $"{i},1,v,2026-02-31\n",
                66 => $"{i},,v,2026-01-01\n",
                _ => null,
            };
            text.Append(record ?? string.Create(CultureInfo.InvariantCulture, $"{i},{i % 100},{Quoted(value)},2026-01-31\n"));
            if (record is null) good.Add(FormattableString.Invariant($"{i}|{i % 100}|{Hex(value)}|2026-01-31"));
            else bad++;
        }
        rig.Scratch.Write("t.csv", text.ToString());
        rig.Source = "csv:t.csv?types=id:int,n:int,v:text(50),at:date&key=id";
        await rig.AtTargetAsync("create table t (id int primary key, n tinyint not null, v varchar(40), at date) character set utf8mb4");
        // Values may be set aside, records may not: the first of them stops the table, and says where it is.
        rig.WriteJob("t: {target: t, write: " + write + ", on_error: {mistyped: reject, causes: {type: 1000, not_null: 1000, "
            + "overflow: 1000}}}", options: options);
        await rig.RefusedAsync(1, Codes.RecordBroken, "t.csv:");

        rig.WriteJob("t: {target: t, write: " + write + ", on_error: {mistyped: reject, reject_limit: 1000}}", options: options);
        foreach (var point in Points)
        {
            var killed = await PawlProcess.RunAsync(rig.Scratch, ["run", rig.JobFile], ("PAWL_KILL_AT", point));
            // A copy that is replaced is prepared once; its last point may be passed by the run before.
            Assert.True(killed.Code == PawlExit.Killed, $"{point}: {killed}");
        }
        var end = await rig.RunAsync();
        Assert.True(end.Code == 3, end.ToString());
        Assert.Equal(good, await rig.RowsAsync("select id, n, hex(v), at from t order by id"));
        Assert.Equal([$"{bad}|{bad}"], await rig.RowsAsync("select count(*), count(distinct row_where, code, cause) from pawl_reject"));
        Assert.Equal(["PAWL-602|80", "PAWL-608|40", "PAWL-612|80", "PAWL-613|40"],
            await rig.RowsAsync("select code, count(*) from pawl_reject group by code order by code"));
        // Only a copy that replaces is made again, and meets them again.
        Assert.Equal(write == "replace" ? 3 : 0, (await rig.RunAsync()).Code);
        Assert.Equal([$"{good.Count}|{bad}"], await rig.RowsAsync("select (select count(*) from t), count(*) from pawl_reject"));
    }

    [Theory]
    [InlineData("csv", "")]
    [InlineData("csv", "?compression=gzip")]
    [InlineData("jsonl", "")]
    public async Task Rows_that_go_into_files_and_come_back_are_the_same_ones_whatever_is_killed(string scheme, string options)
    {
        var cases = string.Join(' ', Values.Select((v, i) => $"when {i} then convert(x'{Hex(v)}' using utf8mb4)"));
        await using var rig = await MyRig.NewAsync(
            "create table t (id bigint primary key, v text, b varbinary(9), at datetime(6), n decimal(30,10)) character set utf8mb4",
            $"insert into t select seq * 3, case seq % {Values.Length} {cases} end, unhex(lpad(hex(seq), 6, '0')), "
            + $"timestamp '2026-10-25 00:30:00.000001' + interval seq minute, seq / 7 from seq_1_to_{Rows}",
            "insert into t (id) values (1)");
        var here = rig.Target;
        rig.Target = $"{scheme}:out/";
        rig.WriteJob("'*': {target: t, splits: 3}", options: options, name: "there");
        string[] out_ = ["rows-written:2", "part-published:3", "ledger-written:3", "commit-done:4", "lane-final:1"];
        foreach (var point in out_)
        {
            var killed = await PawlProcess.RunAsync(rig.Scratch, ["run", rig.JobFile], ("PAWL_KILL_AT", point));
            Assert.True(killed.Code == PawlExit.Killed, $"{point}: {killed}");
        }
        await rig.DoneAsync();
        var verified = await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile, "--level", "digest");
        Assert.True(verified.Code == 0, verified.ToString());

        (rig.Source, rig.Target) = ($"{scheme}:out/", here);
        await rig.AtTargetAsync("create table t (id bigint, v longtext, b longblob, at datetime(6), n decimal(30,10)) "
            + "character set utf8mb4");
        rig.WriteJob("t: {target: t}", name: "back");
        foreach (var point in Points)
        {
            var killed = await PawlProcess.RunAsync(rig.Scratch, ["run", rig.JobFile], ("PAWL_KILL_AT", point));
            Assert.True(killed.Code == PawlExit.Killed, $"{point}: {killed}");
        }
        await rig.DoneAsync();
        verified = await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile, "--level", "digest");
        Assert.True(verified.Code == 0, verified.ToString());
        Assert.Equal(Rows + 1, await rig.CountAsync());
        await rig.SameRowsAsync(columns: "id, hex(v), hex(b), at, n");
    }

    [Fact]
    public async Task A_text_that_no_file_of_commas_can_hold_is_set_aside_with_its_key_or_stops_the_table()
    {
        await using var rig = await MyRig.NewAsync("create table t (id int primary key, v varchar(20), b varbinary(9))",
            "insert into t select seq, if(seq in (7, 90), concat('a', char(0 using utf8mb4), 'b'), 'fine'), x'00ff' from seq_1_to_120");
        rig.Target = "csv:out/";
        rig.WriteJob("'*': t");
        await rig.RefusedAsync(1, Codes.TextUnfit, "NUL");
        rig.WriteJob("'*': {target: t, on_error: {causes: {text: 5}}}");
        Assert.Equal(3, (await rig.RunAsync()).Code);
        var told = await PawlProcess.RunAsync(rig.Scratch, "rejects", "list", rig.JobFile);
        Assert.True(told.Code == 0 && told.Out.Contains("text      2", StringComparison.Ordinal), told.ToString());
        var lines = Directory.GetFiles(rig.Scratch.At("out/t"), "part-*").SelectMany(File.ReadAllLines).Where(l => l != "id,v,b").ToArray();
        Assert.Equal(118, lines.Length);
        Assert.Contains("8,fine,\\x00ff", lines);
        // JSON has a way to write it.
        rig.Target = "jsonl:json/";
        rig.WriteJob("'*': t", name: "json");
        await rig.DoneAsync();
        PgRig.Expect(await PawlProcess.RunAsync(rig.Scratch, "verify", rig.JobFile, "--level", "digest"), 0, "t");
    }
}
