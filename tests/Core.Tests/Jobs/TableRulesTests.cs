using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

public sealed class TableRulesTests
{
    [Theory]
    [InlineData("shop.orders", "shop.orders")]
    [InlineData("shop.order_items", "shop.order_*")]
    [InlineData("shop.order1", "shop.order?")]
    [InlineData("shop.users", "shop.*")]
    [InlineData("other.archive", "*.archive")]
    [InlineData("other.x", "*")]
    public void The_most_specific_pattern_speaks(string table, string expected)
    {
        string[] patterns = ["*", "shop.*", "shop.order_*", "*.archive", "shop.order?", "shop.orders"];
        foreach (var order in (string[][])[patterns, [.. patterns.Reverse()]])
        {
            Assert.Equal(expected, TableRules.Resolve([.. order.Select(Rule)], table)!.Pattern.Text);
        }
    }

    [Fact]
    public void A_table_no_pattern_matches_is_not_taken() => Assert.Null(TableRules.Resolve([Rule("a*"), Rule("b")], "c"));

    [Fact]
    public void Among_equals_the_later_one_speaks() =>
        Assert.Equal("?b*", TableRules.Resolve([Rule("?*b"), Rule("?b*")], "bb")!.Pattern.Text);

    [Fact]
    public void What_the_speaking_rule_excludes_is_not_brought_back_by_a_wider_one()
    {
        TableRule[] rules = [Rule("*"), Rule("a*") with { Exclude = [new TablePattern("a_tmp*")] }];
        Assert.Null(TableRules.Resolve(rules, "a_tmp1"));
        Assert.Equal("a*", TableRules.Resolve(rules, "a1")!.Pattern.Text);
        Assert.Equal("*", TableRules.Resolve(rules, "b_tmp1")!.Pattern.Text);
    }

    [Fact]
    public void Case_matters_unless_the_source_says_otherwise()
    {
        Assert.Null(TableRules.Resolve([Rule("Orders")], "orders"));
        Assert.NotNull(TableRules.Resolve([Rule("Orders")], "orders", ignoreCase: true));
    }

    [Theory]
    [InlineData("*", "a", true)]
    [InlineData("*", "*", true)]
    [InlineData("*", "", true)]
    [InlineData("a*", "a?b*", true)]
    [InlineData("a?", "a?", true)]
    [InlineData("a?", "ab", true)]
    [InlineData("a?", "a*", false)]
    [InlineData("a*", "*a", false)]
    [InlineData("*b", "a*", false)]
    [InlineData("*a*b*", "xaybz", true)]
    [InlineData("*a*b*", "a*b", true)]
    [InlineData("shop.*", "shop.o*", true)]
    [InlineData("shop.*", "*.orders", false)]
    [InlineData("a\\*", "a\\*", true)]
    [InlineData("a\\*", "a*", false)]
    [InlineData("a*", "a\\*", true)]
    [InlineData("a", "b", false)]
    public void One_pattern_covers_another(string wide, string narrow, bool covers) =>
        Assert.Equal(covers, TableRules.Covers(new TablePattern(wide), new TablePattern(narrow)));

    [Fact]
    public void What_is_covered_never_matches_what_the_wider_one_does_not()
    {
        var random = new Random(11);
        var (covered, matched) = (0, 0);
        for (var i = 0; i < 30_000; i++)
        {
            var (wide, narrow) = (new TablePattern(Letters(random, "ab*?")), new TablePattern(Letters(random, "ab*?")));
            if (!TableRules.Covers(wide, narrow)) continue;
            covered++;
            for (var k = 0; k < 8; k++)
            {
                var name = Letters(random, "ab");
                if (!narrow.Matches(name)) continue;
                matched++;
                Assert.True(wide.Matches(name), $"{wide.Text} covers {narrow.Text} but does not match {name}");
            }
        }
        Assert.True(covered > 1_000 && matched > 1_000, $"{covered} covered, {matched} matched");
    }

    [Theory]
    [InlineData("{table}", "shop", "orders", "orders")]
    [InlineData("dw.{table}_copy", "shop", "orders", "dw.orders_copy")]
    [InlineData("{schema}_{table}", "shop", "orders", "shop_orders")]
    [InlineData("{schema}.{table}", null, "orders", "orders")]
    [InlineData("{{{table}}}", "shop", "orders", "{orders}")]
    [InlineData("a b'\"😀", "shop", "orders", "a b'\"😀")]
    [InlineData("{table}", null, "{schema}", "{schema}")]
    public void A_target_name_is_filled_in_once(string template, string? schema, string table, string expected) =>
        Assert.Equal(expected, TableRules.TargetName(template, new TableName(schema, table)));

    [Theory]
    [InlineData("{table}", null, "a.b", null, "a.b")]
    [InlineData("dw.{table}", null, "a.b", "dw", "a.b")]
    [InlineData("{schema}.{table}", "s", "t", "s", "t")]
    [InlineData("{schema}.{table}", null, "t", null, "t")]
    [InlineData("a.b.c", null, "t", "a", "b.c")]
    public void A_target_with_schemas_is_cut_at_the_templates_dot(string template, string? schema, string table, string? to, string name)
    {
        Assert.Equal(new TableName(to, name), TableRules.TargetName(template, new TableName(schema, table), schemas: true));
        Assert.Null(TableRules.TargetName(template, new TableName(schema, table), schemas: false).Schema);
    }

    [Theory]
    [InlineData("{tabel}")]
    [InlineData("{table")]
    [InlineData("table}")]
    [InlineData("{}")]
    [InlineData(" ")]
    public void Other_braces_are_no_template(string template) => Assert.False(TableRules.IsTemplate(template));

    private static string Letters(Random random, string of) =>
        string.Concat(Enumerable.Range(0, random.Next(0, 6)).Select(_ => of[random.Next(of.Length)]));

    private static TableRule Rule(string pattern) => new() { Pattern = new TablePattern(pattern) };
}
