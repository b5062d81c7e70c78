using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Verbs;

/// <summary><c>run</c> and the verbs that read what it left: verify, progress, checkpoint.</summary>
public sealed class RunTests
{
    [Fact]
    public async Task A_run_copies_everything_and_says_so_in_the_end_table()
    {
        using var shop = await CliShop.CreateAsync();
        var run = await shop.RunAsync("run");
        Assert.True(run.Code == 0, run.ToString());
        Assert.Matches(@"orders +1,000 +1,000 ", run.Out);
        Assert.Contains("verified", run.Out);
        Assert.Matches("Done: 1,100 rows in ", run.Out);
        Assert.DoesNotContain("Done:", run.Err);
        Assert.Contains("orders done", run.Err);
        Assert.Equal(0, await shop.DifferencesAsync());
    }

    [Fact]
    public async Task A_finished_job_run_again_does_nothing()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        var again = await shop.RunAsync("run");
        Assert.Equal(0, again.Code);
        Assert.Contains("Nothing to do", again.Out);
        Assert.Equal(0, await shop.DifferencesAsync());
    }

    [Fact]
    public async Task Json_is_one_envelope_per_line_with_the_summary_last()
    {
        using var shop = await CliShop.CreateAsync();
        var run = await shop.RunAsync("run", "--json");
        var lines = run.Lines();
        Assert.All(lines, l =>
        {
            Assert.Equal(1, l.GetProperty("v").GetInt32());
            Assert.Equal("shop", l.GetProperty("job").GetString());
            Assert.True(Guid.TryParse(l.GetProperty("run").GetString(), out _));
            Assert.EndsWith("Z", l.GetProperty("ts").GetString()!, StringComparison.Ordinal);
        });
        Assert.Contains(lines, l => l.GetProperty("code").GetString() == "lane.committed");
        Assert.Equal("summary", lines[^1].GetProperty("code").GetString());
        Assert.Equal(0, lines[^1].GetProperty("exit").GetInt32());
        Assert.Equal(1_100, lines[^1].GetProperty("data").GetProperty("rows").GetInt64());
        Assert.Single(lines, l => l.TryGetProperty("verb", out _));
        Assert.Empty(run.Err);
    }

    [Fact]
    public async Task Progress_json_goes_to_stderr_and_ends_with_the_exit_code()
    {
        using var shop = await CliShop.CreateAsync();
        var run = await shop.RunAsync("run", "--progress", "json");
        var last = JsonLines.Lines(run.Err)[^1];
        Assert.Equal("summary", last.GetProperty("code").GetString());
        Assert.Equal(0, last.GetProperty("args").GetProperty("exit").GetInt32());
        Assert.Contains("Done:", run.Out);
    }

    [Fact]
    public async Task Quiet_leaves_stderr_empty()
    {
        using var shop = await CliShop.CreateAsync();
        var run = await shop.RunAsync("run", "--quiet");
        Assert.Equal(0, run.Code);
        Assert.Empty(run.Err);
    }

    [Fact]
    public async Task Verify_finds_a_changed_value_by_digest_and_a_lost_row_by_count()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        Assert.Equal(0, (await shop.RunAsync("verify", "--level", "digest")).Code);
        await Sqlite3.RunAsync(shop.Target, "update orders set cents = cents + 1 where id = 500;");
        Assert.Equal(0, (await shop.RunAsync("verify")).Code);
        var changed = await shop.RunAsync("verify", "--level", "digest");
        Assert.Equal(4, changed.Code);
        Assert.Matches(@"orders .*DIFFERS", changed.Out);
        Assert.Matches(@"customers .*equal", changed.Out);
        await Sqlite3.RunAsync(shop.Target, "delete from orders where id = 500;");
        var lost = await shop.RunAsync("verify", "--json");
        Assert.Equal(4, lost.Code);
        Assert.False(lost.Last().GetProperty("data").GetProperty("equal").GetBoolean());
        Assert.Equal(0, (await shop.RunAsync("verify", "--tables", "customers")).Code);
    }

    [Fact]
    public async Task Checkpoint_and_progress_show_the_ledger()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        var list = await shop.RunAsync("checkpoint", "list", "--json");
        var lane = Assert.Single(list.Last().GetProperty("data").GetProperty("lanes").EnumerateArray(),
            l => l.GetProperty("lane").GetString()!.StartsWith("orders/", StringComparison.Ordinal));
        Assert.True(lane.GetProperty("final").GetBoolean());
        Assert.Equal(1_000, lane.GetProperty("total").GetProperty("inserted").GetInt64());
        var shown = await shop.RunAsync("checkpoint", "show", lane.GetProperty("lane").GetString()!);
        Assert.Equal(0, shown.Code);
        Assert.Contains("1,000 inserted", shown.Out);
        var missing = await shop.RunAsync("checkpoint", "show", "orders/g9/s9");
        Assert.Equal(2, missing.Code);
        Assert.Contains("did you mean", missing.Err);
        var progress = await shop.RunAsync("progress");
        Assert.Matches(@"orders +100% +1,000 ", progress.Out);
    }

    [Fact]
    public async Task A_job_the_target_does_not_know_is_said_to_be_unknown()
    {
        using var shop = await CliShop.CreateAsync();
        var progress = await shop.RunAsync("progress");
        Assert.Equal(2, progress.Code);
        Assert.Contains("PAWL-410", progress.Err);
        Assert.Contains("pawl run job.yaml", progress.Err);
    }
}
