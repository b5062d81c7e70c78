using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Crash.Files;

/// <summary>
/// Copies into files that are killed, stopped and taken over. Nothing in a file has a key, so that a row written twice stays twice; the
/// files are read here by code of its own.
/// </summary>
public sealed class FilesTargetKillTests
{
    private const int Rows = 6_000;

    [Fact]
    public async Task Killed_at_one_named_point_after_another_nothing_is_lost_and_nothing_is_doubled()
    {
        using var scratch = new Scratch();
        var wanted = await SourceAsync(scratch);
        var job = Job(scratch, "csv:out/");
        foreach (var point in new[]
        {
            CrashPoint.PlanSaved, CrashPoint.RowsWritten, CrashPoint.PartPublished, CrashPoint.PartPublished + ":3",
            CrashPoint.LedgerWritten + ":2", CrashPoint.TableFinished,
        })
        {
            var killed = await PawlProcess.RunAsync(scratch, ["run", job], ("PAWL_KILL_AT", point));
            Assert.True(killed.Code == PawlExit.Killed, point + ": " + killed);
            var durable = Known(scratch);
            var rows = Read(scratch, durable);
            Assert.Equal(rows.Count, rows.Distinct().Count());
            Assert.Subset(wanted.ToHashSet(), rows.ToHashSet());
            // What a reader may see beyond that is one part, and no half of one.
            Assert.InRange(Parts(scratch).Except(durable).Count(), 0, 1);
            Read(scratch, Parts(scratch));
            Assert.False(File.Exists(scratch.At("out/t/_SUCCESS")) && point != CrashPoint.TableFinished, "not finished yet");
        }
        await FinishedAsync(scratch, job, wanted);
    }

    [Theory]
    [InlineData("csv:out/?compression=gzip", "sqlite")]
    [InlineData("csv:out/", "postgres")]
    public async Task Killed_at_random_instants_nothing_is_lost_and_nothing_is_doubled(string target, string from)
    {
        using var scratch = new Scratch();
        var random = new Random(CampaignSettings.Seed + target.Length + from.Length);
        await using var store = from == "postgres" ? await Stores.TargetAsync(StoreKind.Postgres15, scratch) : null;
        var wanted = await SourceAsync(scratch, store);
        var job = Job(scratch, target, store?.Address);
        var kills = 0;
        for (var i = 0; i < 6; i++)
        {
            await using var pawl = PawlProcess.Start(scratch, ["run", job, "--progress", "json"]);
            await pawl.SaidAsync("\"lane.committed\"", random.Next(0, 6));
            await Task.Delay(TimeSpan.FromMilliseconds(3 * random.NextDouble()));
            pawl.Send(Signal.Kill);
            var end = await pawl.WaitAsync();
            Assert.True(end.Code is PawlExit.Killed or 0, end.ToString());
            if (end.Code == 0) break;
            kills++;
            var rows = Read(scratch, Known(scratch));
            Assert.Equal(rows.Count, rows.Distinct().Count());
        }
        Assert.True(kills >= 2, $"only {kills} kills struck");
        await FinishedAsync(scratch, job, wanted);
    }

    [Fact]
    public async Task A_stopped_runner_is_taken_over_and_publishes_nothing_when_it_wakes()
    {
        using var scratch = new Scratch();
        var wanted = await SourceAsync(scratch);
        var job = Job(scratch, "csv:out/", every: true);
        await using var sleeper = PawlProcess.Start(scratch, ["run", job, "--progress", "json"]);
        await sleeper.SaidAsync("\"lane.committed\"", 3);
        // Not inside the gate: who is stopped there holds up everybody until it wakes or dies, and is named.
        await Until.TrueAsync(async () =>
        {
            Assert.True(await Signals.FreezeAsync(sleeper), "it ended before it could be stopped");
            if (IsFree(scratch.At("out/.pawl/lock"))) return true;
            sleeper.Send(Signal.Continue);
            await Task.Delay(2);
            return false;
        }, "an instant to stop it");
        var held = await PawlProcess.RunAsync(scratch, "run", job);
        Assert.True(held.Code == 6 && held.Err.Contains(Codes.JobHeld, StringComparison.Ordinal), held.ToString());
        GrowOld(scratch.At("out/.pawl/journal"));

        var heir = await PawlProcess.RunAsync(scratch, "run", job);
        Assert.True(heir.Code == 0, heir.ToString());
        var parts = Parts(scratch);
        sleeper.Send(Signal.Continue);
        var fenced = await sleeper.WaitAsync();
        Assert.True(fenced.Code == 6 && fenced.Err.Contains(Codes.Fenced, StringComparison.Ordinal), fenced.ToString());
        Assert.Equal(parts, Parts(scratch));
        await FinishedAsync(scratch, job, wanted);
    }

    private static async Task FinishedAsync(Scratch scratch, string job, List<string> wanted)
    {
        var end = await PawlProcess.RunAsync(scratch, "run", job);
        Assert.True(end.Code == 0, end.ToString());
        Assert.Equal(wanted.Order(StringComparer.Ordinal), Read(scratch, Parts(scratch)).Order(StringComparer.Ordinal));
        Assert.True(File.Exists(scratch.At("out/t/_SUCCESS")), "finished");
        Assert.Equal([".pawl-table", "_SUCCESS"],
            Directory.GetFiles(scratch.At("out/t")).Select(p => Path.GetFileName(p)).Where(n => !n.StartsWith("part-")).Order(StringComparer.Ordinal));
    }

    private static string Job(Scratch scratch, string target, string? source = null, bool every = false) => scratch.Write("job.yaml", $$"""
        version: 1
        name: files
        source: "{{source ?? "sqlite:source.db"}}"
        target: "{{target}}"
        defaults: {commit: {rows: {{(every ? 20 : 15)}} } }
        tables:
          {{(source is null ? "t" : "public.t")}}: {target: t, splits: 2}
        """);

    /// <summary>Rows with all that has to be quoted in them, and the same as texts.</summary>
    private static async Task<List<string>> SourceAsync(Scratch scratch, TestStore? store = null)
    {
        string[] values = ["棘爪", "two\nlines", "cr\r\nlf", "a\"quote", "plain, with comma", "", "|\\丁"];
        var (script, rows) = (new StringBuilder("create table t(id integer primary key, v text, w text);\nbegin;\n"), new List<string>());
        for (var i = 0; i < Rows; i++)
        {
            var v = values[i * 7 % values.Length];
            script.Append(CultureInfo.InvariantCulture, $"insert into t values ({i}, '{v}', {(i % 3 == 0 ? "null" : "'same'")});\n");
            rows.Add(FormattableString.Invariant($"{i}|{v}|{(i % 3 == 0 ? "NULL" : "same")}"));
        }
        script.Append("commit;\n");
        if (store is null) await Sqlite3.RunAsync(scratch.At("source.db"), script.ToString());
        else await store.ExecuteAsync(script.ToString());
        return rows;
    }

    private static string[] Parts(Scratch scratch) => !Directory.Exists(scratch.At("out/t")) ? []
        : [.. Directory.GetFiles(scratch.At("out/t"), "part-*").Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    /// <summary>The parts that the books know: the journal's whole lines, one after another.</summary>
    private static string[] Known(Scratch scratch)
    {
        var parts = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in Lines(scratch.At("out/.pawl/journal")))
        {
            foreach (var edit in JsonDocument.Parse(line[17..]).RootElement.EnumerateArray().Where(e => e[0].GetString() == "pawl_part"))
            {
                if (edit[1].ValueKind == JsonValueKind.Null) parts.Remove(edit[2][1].GetString()!);
                else parts.Add(edit[1][1].GetString()!);
            }
        }
        return [.. parts];
    }

    private static IEnumerable<string> Lines(string journal) => !File.Exists(journal) ? []
        : File.ReadAllText(journal).Split('\n').Skip(1).Where(line => line.Length > 17 && line.StartsWith(Hash(line[17..]), StringComparison.Ordinal));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    /// <summary>What an hour of sleep does to a heartbeat, as a line of the journal.</summary>
    private static void GrowOld(string journal)
    {
        var job = Lines(journal).SelectMany(line => JsonDocument.Parse(line[17..]).RootElement.EnumerateArray())
            .Last(e => e[0].GetString() == "pawl_job")[1].EnumerateArray().ToList();
        var row = job.Select((value, i) => i == 10 ? (value.GetInt64() - 3_600_000).ToString(CultureInfo.InvariantCulture) : value.GetRawText());
        var text = $"[[\"pawl_job\",[{string.Join(',', row)}]]]";
        File.AppendAllText(journal, $"{Hash(text)} {text}\n");
    }

    private static bool IsFree(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static List<string> Read(Scratch scratch, IEnumerable<string> parts)
    {
        var rows = new List<string>();
        foreach (var part in parts)
        {
            using var file = File.OpenRead(scratch.At("out/t/" + part));
            using Stream content = part.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
            var text = new StreamReader(content, new UTF8Encoding(false, true)).ReadToEnd();
            Assert.EndsWith("\n", text);
            rows.AddRange(part.Contains(".csv", StringComparison.Ordinal) ? Csv(text) : Json(text));
        }
        return rows;
    }

    private static IEnumerable<string> Json(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
    {
        var row = JsonDocument.Parse(line).RootElement;
        var w = row.GetProperty("w");
        return $"{row.GetProperty("id")}|{row.GetProperty("v")}|{(w.ValueKind == JsonValueKind.Null ? "NULL" : w.ToString())}";
    });

    private static IEnumerable<string> Csv(string text)
    {
        var (record, field, inside, quoted) = (new List<string>(), new StringBuilder(), false, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (inside && c == '"' && i + 1 < text.Length && text[i + 1] == '"') field.Append(text[i++]);
            else if (c == '"') (inside, quoted) = (!inside, true);
            else if (inside || c is not (',' or '\n')) field.Append(c);
            else
            {
                record.Add(field.Length == 0 && !quoted ? "NULL" : field.ToString());
                (quoted, field) = (false, new StringBuilder());
                if (c == ',') continue;
                if (record is not ["id", "v", "w"]) yield return string.Join('|', record);
                record.Clear();
            }
        }
        Assert.True(record.Count == 0 && field.Length == 0, "a part ends with its last record");
    }
}
