using Pawl.Model;
using Xunit;

namespace Pawl.Core.Tests.Model;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("statsu", "status")]
    [InlineData("NOTE", "note")]
    [InlineData("reject-limit", "reject_limit")]
    [InlineData("sttus", "status")]
    [InlineData("ab", "ba")]
    [InlineData("elephant", null)]
    [InlineData("", null)]
    public void Swaps_case_and_dashes_are_seen_through(string written, string? meant) =>
        Assert.Equal(meant, NearestName.Of(written, ["id", "ba", "note", "status", "reject_limit"]));

    [Fact]
    public void A_third_of_the_length_may_differ_and_no_more()
    {
        Assert.Equal("abcdef", NearestName.Of("abcdxx", ["abcdef"]));
        Assert.Null(NearestName.Of("abcxxx", ["abcdef"]));
        Assert.Equal("abcdefgh", NearestName.Of("abcdef", ["abcdefgh"]));
        Assert.Null(NearestName.Of("abcdef", ["abcdefghi"]));
    }

    [Fact]
    public void The_closest_wins_and_among_equals_the_first()
    {
        Assert.Equal("order", NearestName.Of("ordre", ["ordxx", "order", "ordr"]));
        Assert.Equal("cart", NearestName.Of("card", ["cart", "care"]));
    }

    [Fact]
    public void A_name_longer_than_any_identifier_is_not_compared()
    {
        Assert.Equal(new string('a', 128), NearestName.Of(new string('a', 127), [new string('a', 128)]));
        Assert.Null(NearestName.Of(new string('a', 128), [new string('a', 129)]));
        Assert.Null(NearestName.Of(new string('a', 129), [new string('a', 128)]));
    }
}
