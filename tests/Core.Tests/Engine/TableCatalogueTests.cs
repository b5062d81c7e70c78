using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Engine;

public sealed class TableCatalogueTests
{
    private readonly EngineWorld world = new();

    public TableCatalogueTests()
    {
        foreach (var name in new[] { "orders", "order_items", "customers" }) world.Fill(name, 1);
    }

    private async Task<IReadOnlyList<MatchedTable>> MatchAsync(string[] only, params TableRule[] rules) => await TableCatalogue.MatchAsync(
        new MemorySource(world.Source, MemoryBug.None), world.Job with { Tables = rules }, [.. only.Select(o => new TablePattern(o))],
            false, default);

    private static TableRule Rule(string pattern, params string[] exclude) =>
        new() { Pattern = new TablePattern(pattern), Exclude = [.. exclude.Select(x => new TablePattern(x))] };

    [Fact]
    public async Task A_table_belongs_to_its_most_specific_rule_once()
    {
        var exact = Rule("orders") with { Where = "id < 5" };
        var matched = await MatchAsync([], Rule("*"), exact);
        Assert.Equal(["customers", "order_items", "orders"], matched.Select(m => m.Name));
        Assert.Same(exact, matched[2].Rule);
    }

    [Fact]
    public async Task Excluded_tables_stay_out() =>
        Assert.Equal(["customers"], (await MatchAsync([], Rule("*", "order*"))).Select(m => m.Name));

    [Fact]
    public async Task A_name_that_is_not_there_and_a_pattern_without_a_match_are_errors_of_their_own()
    {
        var matched = await MatchAsync([], Rule("orders"), Rule("order"), Rule("x*"));
        Assert.Null(matched[0].Error);
        Assert.Equal([Codes.TableMissing, Codes.PatternEmpty], matched.Skip(1).Select(m => m.Error!.Code));
    }

    [Fact]
    public async Task Only_the_chosen_tables_are_left()
    {
        Assert.Equal(["orders"], (await MatchAsync(["orders"], Rule("*"))).Select(m => m.Name));
        var e = await Assert.ThrowsAsync<PawlException>(() => MatchAsync(["nothing"], Rule("*")));
        Assert.Equal(Codes.PatternEmpty, e.Code);
    }

    [Fact]
    public async Task Two_tables_into_one_target_are_refused_whatever_the_case()
    {
        world.Job = world.Job with
        {
            Tables = [Rule("orders") with { Target = "all" }, Rule("customers") with { Target = "ALL" }],
        };
        var summary = await world.RunAsync();
        Assert.Equal((RunStatus.Failed, Codes.TargetClash), (summary.Status, summary.Error?.Code));
        Assert.Empty(world.Target.Tables);
    }

    [Fact]
    public async Task Two_tables_into_one_target_are_refused_also_when_one_or_none_of_them_is_chosen()
    {
        foreach (var only in new[] { "orders", "order_items" })
        {
            var e = await Assert.ThrowsAsync<PawlException>(() =>
                MatchAsync([only], Rule("*"), Rule("orders") with { Target = "customers" }));
            Assert.Equal((Codes.TargetClash, "customers", "orders"), (e.Code, e.Details["first"], e.Details["second"]));
        }
        Assert.Equal(["orders"], (await MatchAsync(["orders"], Rule("*", "customers"), Rule("orders") with { Target = "customers" }))
            .Select(m => m.Name));
    }
}
