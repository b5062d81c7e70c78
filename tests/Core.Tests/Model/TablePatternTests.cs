using FsCheck;
using FsCheck.Fluent;
using Pawl.Contracts;
using Xunit;

namespace Pawl.Core.Tests.Model;

public sealed class TablePatternTests
{
    [Theory]
    [InlineData("orders", "orders", true)]
    [InlineData("orders", "order", false)]
    [InlineData("o*s", "orders", true)]
    [InlineData("*", "", true)]
    [InlineData("?", "", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a*b*c", "aXbYbZc", true)]
    [InlineData(@"a\*", "a*", true)]
    [InlineData(@"a\*", "ab", false)]
    [InlineData(@"a\b", @"a\b", true)]
    [InlineData(@"a\\*", @"a\bc", true)]
    [InlineData(@"\?x", "?x", true)]
    [InlineData(@"\?x", "yx", false)]
    [InlineData("Orders", "orders", false)]
    public void A_pattern_matches_whole_names(string pattern, string name, bool expected) =>
        Assert.Equal(expected, new TablePattern(pattern).Matches(name));

    [Fact]
    public void Case_is_ignored_only_when_asked()
    {
        Assert.True(new TablePattern("Or*S").Matches("orders", ignoreCase: true));
        Assert.False(new TablePattern("Or*S").Matches("orders"));
    }

    [Fact]
    public void A_literal_matches_its_name_and_no_other()
    {
        var names = Gen.Elements('a', 'b', '*', '?', '\\').ListOf().Select(c => new string([.. c])).ToArbitrary();
        Prop.ForAll(names, names, (name, other) =>
        {
            var pattern = TablePattern.Literal(name);
            return pattern.Matches(name) && pattern.Matches(other) == (name == other) && pattern.Exact == name && !pattern.HasWildcard;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_wildcard_is_not_one_name()
    {
        Assert.Null(new TablePattern("a*").Exact);
        Assert.True(new TablePattern(@"a\\?").HasWildcard);
    }
}
