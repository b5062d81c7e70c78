using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Files;

/// <summary>
/// Copies of files that are killed at random instants, and whose files are written on, moved, cut short or exchanged meanwhile. The targets
/// have no unique key, so that a row written twice stays twice. <c>PAWL_KILL_SEED</c> repeats the choice of instants.
/// </summary>
public sealed class FilesKillTests
{
    private const int Rows = 6_000;

    [Theory]
    [InlineData("csv", "utf-8", false, "sqlite")]
    [InlineData("csv", "gb18030", false, "sqlite")]
    [InlineData("csv", "utf-8", true, "sqlite")]
    [InlineData("csv", "gb18030", true, "postgres")]
    [InlineData("csv", "utf-8", false, "postgres")]
    [InlineData("jsonl", "utf-8", false, "sqlite")]
    [InlineData("jsonl", "utf-8", true, "postgres")]
    public async Task Killed_at_random_instants_nothing_is_lost_and_nothing_is_doubled(string scheme, string encoding, bool isPacked, string to)
    {
        using var scratch = new Scratch();
        await using var target = await Stores.TargetAsync(to == "sqlite" ? StoreKind.Sqlite : StoreKind.Postgres15, scratch);
        var (text, wanted) = Content(scheme);
        Write(scratch, $"in/log/a.{scheme}{(isPacked ? ".gz" : "")}", text, encoding, isPacked);
        var job = Job(scratch, target, $"{scheme}:in/?encoding={encoding}", "log: log");
        var random = new Random(CampaignSettings.Seed + wanted.Count + scheme.Length + encoding.Length + to.Length + (isPacked ? 1 : 0));
        var kills = 0;
        for (var i = 0; i < 6 && await KillAsync(scratch, job, random); i++)
        {
            kills++;
            // Somebody goes on writing, and moves the file away for a new one.
            var file = Directory.GetFiles(scratch.At("in/log")).Order(StringComparer.Ordinal).First();
            if (i == 1 && !isPacked) await File.AppendAllTextAsync(file, scheme == "csv" ? "later,\"half a rec" : "{\"id\": \"la");
            if (i == 2) File.Move(file, file + ".1");
            var another = scheme == "csv" ? "id,v,w\nnew,new,new\n" : text[..(text.IndexOf('\n') + 1)];
            if (i == 2) Write(scratch, $"in/log/b.{scheme}", another, "utf-8", isPacked: false);
        }
        Assert.True(kills >= 2, $"only {kills} kills struck");
        var end = await PawlProcess.RunAsync(scratch, "run", job);
        Assert.True(end.Code == 0, end.ToString());
        var rows = await target.RowsAsync($"select {target.Cell("id")}, {target.Cell("v")}, {target.Cell("w")} from log;");
        Assert.Equal(wanted.Order(StringComparer.Ordinal), rows.Select(r => string.Join('|', r)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("cut short")]
    [InlineData("rewritten")]
    [InlineData("exchanged")]
    [InlineData("removed")]
    public async Task A_file_that_is_not_the_one_that_was_read_is_refused_and_read_anew_only_when_asked_for(string how)
    {
        using var scratch = new Scratch();
        await using var target = await Stores.TargetAsync(StoreKind.Sqlite, scratch);
        var (text, wanted) = Content("csv");
        Write(scratch, "in/log/a.csv", text, "utf-8", isPacked: false);
        var job = Job(scratch, target, "csv:in/", "log: log");
        var killed = await PawlProcess.RunAsync(scratch, ["run", job], ("PAWL_KILL_AT", "commit-done:5"));
        Assert.Equal(PawlExit.Killed, killed.Code);
        var held = await target.NumberAsync("select count(*) from log");
        Assert.InRange(held, 1, Rows - 1);

        var path = scratch.At("in/log/a.csv");
        var bytes = await File.ReadAllBytesAsync(path);
        switch (how)
        {
            case "cut short":
                await using (var file = File.OpenWrite(path)) file.SetLength(bytes.Length / 2);
                break;
            case "rewritten":
                bytes[200] ^= 1;
                await using (var file = File.OpenWrite(path)) await file.WriteAsync(bytes);
                break;
            default:
                File.Delete(path);
                Write(scratch, how == "removed" ? "in/log/b.csv" : "in/log/a.csv", text, "utf-8", isPacked: false);
                break;
        }
        var refused = await PawlProcess.RunAsync(scratch, "run", job);
        Assert.Contains("PAWL-413", refused.Err + refused.Out);
        Assert.NotEqual(0, refused.Code);
        Assert.Equal(held, await target.NumberAsync("select count(*) from log"));

        Write(scratch, "in/log/a.csv", text, "utf-8", isPacked: false);
        File.Delete(scratch.At("in/log/b.csv"));
        var anew = await PawlProcess.RunAsync(scratch, "run", job, "--restart", "--yes", "--tables", "log");
        Assert.True(anew.Code == 0, anew.ToString());
        var rows = await target.RowsAsync($"select {target.Cell("id")}, {target.Cell("v")}, {target.Cell("w")} from log;");
        Assert.Equal(wanted.Order(StringComparer.Ordinal), rows.Select(r => string.Join('|', r)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Files_go_into_a_table_that_has_types_and_what_does_not_fit_is_rejected_with_file_and_line()
    {
        using var scratch = new Scratch();
        await using var target = await Stores.TargetAsync(StoreKind.Postgres15, scratch);
        await target.ExecuteAsync("""
            create table orders(id int primary key, amount numeric(12,2), placed timestamptz, paid boolean, name varchar(5));
            """);
        scratch.Write("in/orders.csv", "id,amount,placed,paid,name\n1,12.50,2026-01-31T08:00:00+08:00,t,ok\nx,1,,,\n3,1.234,,,\n4\n5,,,,toolong\n"
            + "1,7,,,twice\n6,99,2026-02-01 00:00:00Z,f,six\n");
        var job = Job(scratch, target, "csv:in/?types=id:bigint,amount:decimal(12,2),placed:timestamptz,paid:bool,name:text(5)",
            "orders: {on_error: {mistyped: reject, reject_limit: 100}}");
        var end = await PawlProcess.RunAsync(scratch, "run", job);
        Assert.True(end.Code is 0 or 3, end.ToString());
        Assert.Equal(["1|12.50|t", "6|99.00|f"],
            (await target.RowsAsync("select id::text, amount::text, left(paid::text, 1) from orders order by id;")).Select(r => string.Join('|', r)));
        Assert.Equal(["orders.csv:3", "orders.csv:4", "orders.csv:5", "orders.csv:6", "orders.csv:7"],
            (await target.RowsAsync("select row_where from pawl_reject order by 1;")).Select(r => r[0]));
    }

    /// <summary>Runs, and kills at some instant after a few more commits; false when it came to its end first.</summary>
    private static async Task<bool> KillAsync(Scratch scratch, string job, Random random)
    {
        await using var pawl = PawlProcess.Start(scratch, ["run", job, "--progress", "json"]);
        await pawl.SaidAsync("\"lane.committed\"", random.Next(0, 10));
        await Task.Delay(TimeSpan.FromMilliseconds(4 * random.NextDouble()));
        pawl.Send(Signal.Kill);
        var end = await pawl.WaitAsync();
        Assert.True(end.Code is PawlExit.Killed or 0, end.ToString());
        return end.Code == PawlExit.Killed;
    }

    private static string Job(Scratch scratch, TestStore target, string source, string tables) => scratch.Write("job.yaml", $$"""
        version: 1
        name: files
        source: "{{source}}"
        target: {{target.Address}}
        defaults: {commit: {rows: 10} }
        tables:
          {{tables}}
        """);

    /// <summary>A file's text, and its rows as <see cref="TestStore.Cell"/> has them.</summary>
    private static (string Text, List<string> Rows) Content(string scheme)
    {
        string[] values = ["棘爪", "two\nlines", "cr\r\nlf", "a\"quote", "plain, with comma", "", "|\\丁"];
        var text = new StringBuilder(scheme == "csv" ? "id,v,w\n" : "");
        var rows = new List<string>();
        for (var i = 0; i < Rows; i++)
        {
            var (id, v) = (i.ToString(CultureInfo.InvariantCulture), values[i * 7 % values.Length]);
            text.Append(scheme == "csv" ? $"{id},\"{v.Replace("\"", "\"\"", StringComparison.Ordinal)}\",{(i % 3 == 0 ? "" : "same")}\n"
                : $"{{\"id\": {id}, \"v\": {JsonSerializer.Serialize(v)}, \"w\": {(i % 3 == 0 ? "null" : "\"same\"")}}}\n");
            rows.Add($"'{id}'|'{v}'|{(i % 3 == 0 ? "NULL" : "'same'")}");
        }
        return (text.ToString(), rows);
    }

    private static void Write(Scratch scratch, string name, string text, string encoding, bool isPacked)
    {
        var bytes = encoding == "utf-8" ? new UTF8Encoding(false).GetBytes(text)
            : CodePagesEncodingProvider.Instance.GetEncoding(encoding)!.GetBytes(text);
        Directory.CreateDirectory(Path.GetDirectoryName(scratch.At(name))!);
        using var file = File.Create(scratch.At(name));
        using Stream to = isPacked ? new GZipStream(file, CompressionLevel.Fastest) : file;
        to.Write(bytes);
    }
}
