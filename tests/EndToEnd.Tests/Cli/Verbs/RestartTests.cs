using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Verbs;

public sealed class RestartTests
{
    [Fact]
    public async Task Without_a_terminal_restart_refuses_and_names_the_flag_that_would_answer()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        await Sqlite3.RunAsync(shop.Target, "update orders set note = 'mine' where id = 1;");
        var refused = await shop.RunAsync("run", "--restart");
        Assert.Equal(2, refused.Code);
        Assert.Contains("PAWL-110", refused.Err);
        Assert.Contains("pawl run job.yaml --restart --yes", refused.Err);
        Assert.Contains("1,000 rows", refused.Err);
        Assert.Equal("mine", await Sqlite3.ValueAsync(shop.Target, "select note from orders where id = 1"));
    }

    [Fact]
    public async Task A_restart_killed_before_its_last_table_is_finished_by_a_plain_run()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        await Sqlite3.RunAsync(shop.Target, "update orders set note = 'mine'; update customers set name = 'mine';");
        var killed = await PawlProcess.RunAsync(shop.At, ["run", "--restart", "--yes"], ("PAWL_KILL_AT", "plan-saved"));
        Assert.Equal(137, killed.Code);
        var run = await shop.RunAsync("run");
        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal(0, await Sqlite3.NumberAsync(shop.Target,
            "select (select count(*) from orders where note = 'mine') + (select count(*) from customers where name = 'mine')"));
    }

    [Fact]
    public async Task With_yes_restart_copies_the_chosen_table_anew_and_leaves_the_others()
    {
        using var shop = await CliShop.CreateAsync();
        await shop.RunAsync("run");
        await Sqlite3.RunAsync(shop.Target,
            "update orders set note = 'mine' where id = 1; update customers set name = 'mine' where id = 1;");
        var run = await shop.RunAsync("run", "--restart", "--tables", "orders", "--yes");
        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal(0, await Sqlite3.NumberAsync(shop.Target, "select count(*) from orders where note = 'mine'"));
        Assert.Equal(1_000, await Sqlite3.NumberAsync(shop.Target, "select count(*) from orders"));
        Assert.Equal("mine", await Sqlite3.ValueAsync(shop.Target, "select name from customers where id = 1"));
    }
}
