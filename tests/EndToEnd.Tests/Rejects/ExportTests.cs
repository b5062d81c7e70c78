using System.Text.Json;
using Pawl.EndToEnd.Tests.Crash;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Rejects;

/// <summary>Rejected rows in files.</summary>
public sealed class ExportTests
{
    private const string Odd = """
        create table t(id integer primary key, v text, w integer);
        insert into t values (1, null, 1), (2, 'comma, "quote"' || char(13, 10) || '换行', 9223372036854775807), (3, '=1+1', -5);
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_rejected_row_is_in_the_file_as_it_was(bool postgres)
    {
        var kind = postgres ? StoreKind.Postgres15 : StoreKind.Sqlite;
        await using var rig = await RejectRig.NewAsync(kind,
            "create table t(id bigint primary key check (id > 9), v text, w bigint);", Odd);
        await rig.RunAsync();
        await rig.EndsAsync(0, "rejects", "export", rig.JobFile, "--to", rig.Scratch.At("out.jsonl"));
        var rows = (await File.ReadAllLinesAsync(rig.Scratch.At("out.jsonl"), TestContext.Current.CancellationToken))
            .Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        Assert.Equal([1, 2, 3], rows.Select(r => r.GetProperty("row").GetProperty("id").GetInt32()));
        Assert.Equal(["check"], rows.Select(r => r.GetProperty("cause").GetString()).Distinct());
        Assert.Equal((JsonValueKind.Null, "comma, \"quote\"\r\n换行", long.MaxValue), (rows[0].GetProperty("row").GetProperty("v").ValueKind,
            rows[1].GetProperty("row").GetProperty("v").GetString(), rows[1].GetProperty("row").GetProperty("w").GetInt64()));

        await rig.EndsAsync(0, "rejects", "export", rig.JobFile, "--to", rig.Scratch.At("out.csv"));
        // Read by a program that knows CSV.
        await Sqlite3.RunAsync(rig.Scratch.At("read.db"), $".import --csv {rig.Scratch.At("out.csv")} c");
        Assert.Equal(rows.Select(r => r.GetProperty("row").GetRawText()),
            (await new SqliteStore(rig.Scratch.At("read.db")).RowsAsync("select \"row\" from c order by rowid;")).Select(r => r[0]));
    }

    [Fact]
    public async Task Another_ending_is_refused_before_anything_is_opened()
    {
        await using var rig = await RejectRig.UsualAsync(StoreKind.Sqlite);
        var end = await rig.EndsAsync(2, "rejects", "export", rig.JobFile, "--to", rig.Scratch.At("out.xlsx"));
        Assert.Contains(".jsonl", end.Err, StringComparison.Ordinal);
        Assert.False(File.Exists(rig.Scratch.At("out.xlsx")));
    }
}
