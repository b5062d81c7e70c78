using System.Text.RegularExpressions;
using Xunit;

namespace Pawl.Connectors.Tests.KnownFailures;

/// <summary>The page of known failures names tests that exist, the same in both languages.</summary>
public sealed partial class KnownFailuresPageTests
{
    [Fact]
    public void Every_test_that_the_page_names_is_there()
    {
        var english = Named("known-failures.md");
        Assert.True(english.Length >= 5, "the page names next to nothing");
        Assert.Equal(english, Named("known-failures.zh-CN.md"));
        var types = typeof(KnownFailuresPageTests).Assembly.GetTypes();
        var missing = english.Where(n => types.FirstOrDefault(t => t.Name == n.Type)?.GetMethod(n.Test) is null).ToArray();
        Assert.True(missing.Length == 0, string.Join(", ", missing));
    }

    private static (string Type, string Test)[] Named(string page)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "global.json"))) root = root.Parent;
        var text = File.ReadAllText(Path.Combine(root!.FullName, "docs", "guarantees", page));
        return [.. Names().Matches(text).Select(m => (m.Groups[1].Value, m.Groups[2].Value))];
    }

    [GeneratedRegex(@"`(\w+Tests)\.(\w+)`")]
    private static partial Regex Names();
}
