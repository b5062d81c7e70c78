using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Verbs;

public sealed class InitTests
{
    [Fact]
    public async Task Init_writes_a_job_that_runs_as_it_stands()
    {
        using var shop = await CliShop.CreateAsync();
        File.Delete(shop.At.At("job.yaml"));
        Directory.CreateDirectory(shop.At.At("jobs"));
        var init = await shop.RunAsync("init", "--from", "sqlite:shop.db", "--to", "sqlite:copy.db", "-o", "jobs/shop.yaml");
        Assert.True(init.Code == 0, init.ToString());
        var text = await File.ReadAllTextAsync(shop.At.At("jobs/shop.yaml"), TestContext.Current.CancellationToken);
        Assert.Contains("orders:", text);
        Assert.Contains("customers:", text);
        Assert.Contains("sqlite:../shop.db", text);
        var run = await shop.RunAsync("run", "jobs/shop.yaml");
        Assert.True(run.Code == 0, run.ToString());
        Assert.Equal(0, await shop.DifferencesAsync());
    }

    [Fact]
    public async Task Init_never_writes_over_a_file_without_force()
    {
        using var shop = await CliShop.CreateAsync();
        var before = await File.ReadAllTextAsync(shop.At.At("job.yaml"), TestContext.Current.CancellationToken);
        var refused = await shop.RunAsync("init", "--from", "sqlite:shop.db", "--to", "sqlite:copy.db");
        Assert.Equal(2, refused.Code);
        Assert.Contains("--force", refused.Err);
        Assert.Equal(before, await File.ReadAllTextAsync(shop.At.At("job.yaml"), TestContext.Current.CancellationToken));
        Assert.Equal(0, (await shop.RunAsync("init", "--from", "sqlite:shop.db", "--to", "sqlite:copy.db", "--force")).Code);
    }

    [Fact]
    public async Task Init_names_only_tables_that_are_there()
    {
        using var shop = await CliShop.CreateAsync();
        var missing = await shop.RunAsync("init", "--from", "sqlite:shop.db", "--to", "sqlite:copy.db", "--tables", "order", "-o", "-");
        Assert.Equal(2, missing.Code);
        Assert.Contains("PAWL-108", missing.Err);
        Assert.Contains("Did you mean orders?", string.Join(' ', missing.Err.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
        var some = await shop.RunAsync("init", "--from", "sqlite:shop.db", "--to", "sqlite:copy.db", "--tables", "cust*", "-o", "-");
        Assert.Equal(0, some.Code);
        Assert.Contains("customers", some.Out);
        Assert.DoesNotContain("orders", some.Out.Replace("# Names or globs. orders: dw_orders renames on the way;", ""));
    }
}
