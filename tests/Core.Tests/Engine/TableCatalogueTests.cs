using Pawl.Contracts;
using Pawl.Core.Tests.Conformance;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Engine;

public sealed class TableCatalogueTests
{
    private static readonly ConnectorLimits Limits = new() { HasSchemas = false };
    private readonly EngineWorld world = new();

    public TableCatalogueTests()
    {
        foreach (var name in new[] { "orders", "order_items", "customers" }) world.Fill(name, 1);
    }

    private async Task<IReadOnlyList<MatchedTable>> MatchAsync(string[] only, params TableRule[] rules) => await TableCatalogue.MatchAsync(
        new MemorySource(world.Source, MemoryBug.None), world.Job with { Tables = rules }, [.. only.Select(o => new TablePattern(o))],
            Limits, default);

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
    public async Task A_name_that_is_written_wrongly_beside_one_that_is_right_is_not_left_out_without_a_word()
    {
        var e = await Assert.ThrowsAsync<PawlException>(() => MatchAsync(["orders", "custmers"], Rule("*")));
        Assert.Equal((Codes.PatternEmpty, "custmers", "customers"), (e.Code, e.Details["pattern"], e.Details["suggestion"]));
    }

    [Fact]
    public async Task Tables_may_share_a_target_where_a_column_tells_their_rows_apart()
    {
        var into = Rule("order*") with { Target = "all", SourceColumn = "origin" };
        var matched = await MatchAsync([], into);
        Assert.Equal(["order_items", "orders"], matched.Select(m => m.Rule.Set["origin"]));
        Assert.Equal(["v1.order_items", "v1.orders"], (await MatchAsync([], into with { SourceValue = "v1.{table}" }))
            .Select(m => m.Rule.Set["origin"]));
        foreach (var (rule, code) in new[]
        {
            (into with { SourceValue = "{schema}" }, Codes.ShardsAlike), (into with { SourceColumn = null }, Codes.TargetClash),
            (into with { SourceColumn = null, Write = WriteMode.Upsert }, Codes.TargetClash),
        })
        {
            Assert.Equal(code, (await Assert.ThrowsAsync<PawlException>(() => MatchAsync([], rule))).Code);
        }
        var mixed = await Assert.ThrowsAsync<PawlException>(() => MatchAsync([], into, Rule("customers") with { Target = "all" }));
        Assert.Equal(Codes.TargetClash, mixed.Code);
        Assert.Equal(2, (await MatchAsync([], into with { SourceColumn = null, Write = WriteMode.Append })).Count);
    }

    [Fact]
    public async Task A_target_that_cannot_tell_merged_rows_apart_refuses_the_column()
    {
        world.Job = world.Job with { Tables = [Rule("order*") with { Target = "all", SourceColumn = "origin" }, Rule("customers")] };
        var summary = await world.RunAsync();
        Assert.Equal(["", Codes.JobValueInvalid, Codes.JobValueInvalid], summary.Tables.Select(t => t.Error?.Code ?? ""));
        Assert.Equal(["customers"], world.Target.Tables.Keys.Where(t => !t.StartsWith("pawl_")));
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
