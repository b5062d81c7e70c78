using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Signals;

/// <summary>A run that is asked to end, by whatever means, keeps what it committed and goes on afterwards.</summary>
public sealed class StopTests
{
    [Theory]
    [InlineData("interrupt", 130)]
    [InlineData("terminate", 143)]
    public async Task One_signal_ends_after_the_commit_in_flight_and_run_goes_on(string signal, int exit)
    {
        using var shop = await CliShop.CreateAsync(rows: 20_000, commitRows: 1);
        PawlExit stopped;
        await using (var run = shop.Start("run"))
        {
            await shop.ReachedAsync(run, 20);
            run.Send(signal == "interrupt" ? Signal.Interrupt : Signal.Terminate);
            stopped = await run.WaitAsync();
        }
        Assert.True(stopped.Code == exit, stopped.ToString());
        Assert.Contains("pawl run job.yaml", stopped.Err);
        Assert.Contains("to be continued", stopped.Out);
        var kept = await Sqlite3.NumberAsync(shop.Target, "select count(*) from orders");
        Assert.InRange(kept, 20, 19_999);
        shop.WriteJob(commitRows: 5_000);
        var again = await shop.RunAsync("run");
        Assert.True(again.Code == 0, again.ToString());
        Assert.Contains("Resuming run", again.Err);
        Assert.Contains($"{kept:N0} rows are kept", again.Err);
        Assert.Equal(0, await shop.DifferencesAsync());
    }

    [Fact]
    public async Task Pause_ends_the_running_process_and_run_continues()
    {
        using var shop = await CliShop.CreateAsync(rows: 400_000, commitRows: 1);
        PawlExit paused;
        await using (var run = shop.Start("run"))
        {
            await shop.ReachedAsync(run, 20);
            var seen = await shop.RunAsync("progress", "--json");
            Assert.True(seen.Last().GetProperty("data").GetProperty("alive").GetBoolean(), seen.ToString());
            var asked = await shop.RunAsync("pause");
            // A file has one writer, and this one leaves little room between its commits: what is temporary is tried again.
            for (var i = 0; i < 2 && asked.Code == 5; i++) asked = await shop.RunAsync("pause");
            Assert.True(asked.Code == 0, asked.ToString());
            Assert.Contains("exit code 130", asked.Out);
            paused = await run.WaitAsync();
        }
        Assert.True(paused.Code == 130, paused.ToString());
        Assert.Contains("Paused", paused.Out);
        shop.WriteJob(commitRows: 5_000);
        var again = await shop.RunAsync("run");
        Assert.True(again.Code == 0, again.ToString());
        Assert.Equal(0, await shop.DifferencesAsync());
    }

    [Fact]
    public async Task A_second_runner_is_turned_away_with_exit_code_6_and_told_who_holds_the_job()
    {
        using var shop = await CliShop.CreateAsync(rows: 200_000, commitRows: 1);
        await using var run = shop.Start("run");
        await shop.ReachedAsync(run, 20);
        var second = await shop.RunAsync("run");
        Assert.True(second.Code == 6, second.ToString());
        Assert.Contains("PAWL-501", second.Err);
        Assert.Contains($"pid {run.Id}", second.Err);
        Assert.False(run.HasExited);
    }

    [Fact]
    public async Task Pausing_a_job_nobody_runs_says_so()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        var asked = await shop.RunAsync("pause");
        Assert.Equal(0, asked.Code);
        Assert.Contains("Nobody runs shop now", asked.Out);
    }

    [Theory]
    [InlineData("nowhere")]
    [InlineData("rows-written:0")]
    [InlineData("rows-written:1:2")]
    public async Task An_unknown_kill_point_is_a_usage_error(string point)
    {
        using var shop = await CliShop.CreateAsync();
        var run = await PawlProcess.RunAsync(shop.At, ["run"], ("PAWL_KILL_AT", point));
        Assert.Equal(2, run.Code);
        Assert.Contains("ledger-written", run.Err);
    }
}
