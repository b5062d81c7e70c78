using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Demo;

/// <summary>The first of the first five minutes.</summary>
public sealed class DemoTests
{
    [Theory]
    [InlineData("1")]
    [InlineData("20260101")]
    public async Task The_demo_kills_its_worker_in_a_transaction_and_loses_nothing(string seed)
    {
        using var at = new Scratch();
        var demo = await PawlProcess.RunAsync(at, "demo", "--seed", seed, "--dir", "demo");
        Assert.True(demo.Code == 0, demo.ToString());
        Assert.Contains("SIGKILL struck process", demo.Out);
        Assert.Contains("Resuming run", demo.Out);
        Assert.Contains("0 rows missing, 0 duplicate, 0 foreign", demo.Out);
        Assert.Matches(@"digests +equal", demo.Out);
        var (source, target) = (at.At("demo/shop.db"), at.At("demo/copy.db"));
        Assert.Equal("0|200000|300000", Assert.Single(await Sqlite3.RunAsync(target, $"""
            attach {Sqlite3.Text(source)} as s;
            select (select count(*) from (select * from s.orders except select * from main.orders)), (select count(*) from main.orders),
              (select count(*) from main.items);
            """)));
    }

    [Fact]
    public async Task The_demo_writes_over_nothing()
    {
        using var at = new Scratch();
        at.Write("demo/job.yaml", "mine");
        var demo = await PawlProcess.RunAsync(at, "demo", "--dir", "demo");
        Assert.Equal(2, demo.Code);
        Assert.Equal("mine", await File.ReadAllTextAsync(at.At("demo/job.yaml"), TestContext.Current.CancellationToken));
    }
}
