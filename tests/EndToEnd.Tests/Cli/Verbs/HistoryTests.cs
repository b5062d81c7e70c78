using System.Text.Json;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Verbs;

/// <summary>The history of runs is a mirror: good to have, and nothing is lost without it.</summary>
public sealed class HistoryTests
{
    [Fact]
    public async Task Runs_are_listed_shown_and_reported()
    {
        using var shop = await CliShop.CreateAsync();
        Assert.Contains("No run is recorded yet", (await shop.RunAsync("runs", "list")).Out);
        Assert.Equal(2, (await shop.RunAsync("runs", "show")).Code);
        var killed = await PawlProcess.RunAsync(shop.At, ["run"], ("PAWL_KILL_AT", "ledger-written:3"));
        Assert.Equal(PawlExit.Killed, killed.Code);
        Assert.Equal(0, (await shop.RunAsync("run")).Code);

        var runs = (await shop.RunAsync("runs", "list", "--json")).Last().GetProperty("data").GetProperty("runs").EnumerateArray()
            .ToArray();
        Assert.Equal(["done", "lost"], runs.Select(r => r.GetProperty("status").GetString()!));
        Assert.Equal(0, runs[0].GetProperty("exit").GetInt32());
        var id = runs[0].GetProperty("run").GetString()!;
        var shown = await shop.RunAsync("runs", "show", id.Replace("-", "")[..6]);
        Assert.True(shown.Code == 0, shown.ToString());
        Assert.Contains("Resuming run", shown.Out);

        var markdown = await shop.RunAsync("runs", "report");
        Assert.Equal(0, markdown.Code);
        Assert.Contains("without a word", markdown.Out);
        Assert.Contains("| Rows not copied again | ", markdown.Out);
        var report = JsonDocument.Parse((await shop.RunAsync("runs", "report", id, "--format", "json")).Out).RootElement;
        Assert.True(report.GetProperty("resumed").GetBoolean());
        Assert.Equal(1_100, report.GetProperty("rows_kept").GetInt64() + report.GetProperty("rows_copied").GetInt64());
        Assert.True(report.GetProperty("proved").GetBoolean());
    }

    [Fact]
    public async Task The_html_report_loads_nothing_from_elsewhere()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        Assert.Equal(0, (await shop.RunAsync("runs", "report", "--format", "html", "-o", "report.html")).Code);
        var html = await File.ReadAllTextAsync(shop.At.At("report.html"), TestContext.Current.CancellationToken);
        Assert.StartsWith("<!doctype html>", html, StringComparison.Ordinal);
        Assert.Contains("prefers-color-scheme:dark", html);
        foreach (var outside in new[] { "http:", "https:", "src=", "<link", "@import", "<script", "url(" }) Assert.DoesNotContain(outside,
            html);
    }

    [Fact]
    public async Task Deleting_the_history_between_two_runs_loses_no_progress()
    {
        using var shop = await CliShop.CreateAsync();
        var killed = await PawlProcess.RunAsync(shop.At, ["run"], ("PAWL_KILL_AT", "ledger-written:3"));
        Assert.Equal(PawlExit.Killed, killed.Code);
        Directory.Delete(shop.At.Home, recursive: true);
        var kept = await Sqlite3.NumberAsync(shop.Target, "select (select count(*) from orders) + (select count(*) from customers)");
        Assert.True(kept > 0);
        var again = (await shop.RunAsync("run", "--json")).Last();
        Assert.Equal(0, again.GetProperty("exit").GetInt32());
        Assert.Equal(1_100 - kept, again.GetProperty("data").GetProperty("rows").GetInt64());
        Assert.Equal(0, await shop.DifferencesAsync());
    }

    [Fact]
    public async Task Deleting_the_history_under_a_running_job_does_not_stop_it()
    {
        using var shop = await CliShop.CreateAsync(rows: 200_000, commitRows: 1);
        await using var run = shop.Start("run");
        await shop.ReachedAsync(run, 20);
        await Until.TrueAsync(() => Task.FromResult(Directory.Exists(shop.At.Home)), "the history");
        Directory.Delete(shop.At.Home, recursive: true);
        var reached = await Sqlite3.NumberAsync(shop.Target, "select count(*) from orders");
        await shop.ReachedAsync(run, (int)reached + 20);
        run.Send(Signal.Interrupt);
        var stopped = await run.WaitAsync();
        Assert.True(stopped.Code == 130, stopped.ToString());
    }

    [Fact]
    public async Task A_history_that_cannot_be_written_is_a_warning_said_once()
    {
        using var shop = await CliShop.CreateAsync();
        shop.At.Write("home", "not a folder");
        var run = await shop.RunAsync("run");
        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal(2, run.Err.Split("warning: history").Length);
        Assert.Equal(0, await shop.DifferencesAsync());
    }
}
