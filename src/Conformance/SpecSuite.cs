using Pawl.Contracts;
using Xunit;

namespace Pawl.Conformance;

/// <summary>What a connector says about itself is complete and can be printed.</summary>
public abstract class SpecSuite
{
    protected abstract Connector Connector { get; }

    /// <summary>An endpoint of this connector with a password and every secret option set to <paramref name="secret"/>.</summary>
    protected abstract Endpoint WithSecrets(string secret);

    /// <summary>An endpoint that cannot be reached.</summary>
    protected abstract Endpoint Unreachable { get; }

    [Fact]
    public void The_spec_is_complete()
    {
        var spec = Connector.Spec;
        Assert.Matches("^[A-Z][A-Za-z0-9 ]+$", spec.Name);
        Assert.True(spec.Description.Length > 20 && spec.Description.EndsWith('.'), "the description is one sentence");
        Assert.NotEmpty(spec.Schemes);
        Assert.All(spec.Schemes, s => Assert.Matches("^[a-z][a-z0-9+]*$", s));
        Assert.Equal(spec.Schemes.Count, spec.Schemes.Distinct().Count());
    }

    [Fact]
    public void Every_option_is_documented()
    {
        var options = Connector.Spec.Options;
        Assert.Equal(options.Count, options.Select(o => o.Name).Distinct().Count());
        foreach (var option in options)
        {
            Assert.Matches("^[a-z][a-z0-9_]*$", option.Name);
            Assert.True(option.Description.Length > 15
                && option.Description.EndsWith('.'), $"{option.Name}: the description is one sentence");
            Assert.True(option.Chinese.Length > 6 && option.Chinese.EndsWith('。') && option.Chinese.Any(c => c is >= '一' and <= '龥'),
                $"{option.Name}: the description is one sentence in Chinese, too");
            if (option.Allowed is { } allowed)
            {
                Assert.True(allowed.Count > 1, $"{option.Name} leaves no choice");
                Assert.True(option.Default is null || allowed.Contains(option.Default), $"{option.Name}: the default is not allowed");
            }
            Assert.False(option is { Secret: true, Default: not null }, $"{option.Name}: a secret has no default");
        }
    }

    [Fact]
    public void The_limits_are_sane()
    {
        var limits = Connector.Spec.Limits;
        Assert.InRange(limits.MaxWriters, 1, 1024);
        Assert.True(limits.IdentifierBytes is 0 or >= 30, "no system has identifiers that short");
        Assert.True(limits.ValueBytes >= 1 << 16, "no system has values that small");
        Assert.True(limits.ValueBytes <= int.MaxValue, "a batch holds at most 2 GiB");
    }

    [Fact]
    public void It_has_a_role() =>
        Assert.True(Connector is IReadsTables or IFollowsChanges or IWritesTables or IKeepsHistory,
            "a connector without a role does nothing");

    [Fact]
    public void It_can_be_found_by_a_scan()
    {
        var type = Connector.GetType();
        Assert.True(type.IsPublic && type is { IsSealed: true, IsAbstract: false }, "public and sealed");
        Assert.NotNull(type.GetConstructor(Type.EmptyTypes));
    }

    [Fact]
    public void No_secret_is_printed()
    {
        const string secret = "canary-7f3a91";
        var at = WithSecrets(secret);
        Assert.DoesNotContain(secret, at.Display);
        Assert.DoesNotContain(secret, at.ToString());
        Assert.DoesNotContain(secret, $"{at}");
    }

    [Theory]
    [InlineData(ProbeRole.Any)]
    [InlineData(ProbeRole.Source)]
    [InlineData(ProbeRole.Target)]
    public async Task Probing_reports_and_does_not_throw(ProbeRole role)
    {
        var request = new ProbeRequest(Unreachable) { Role = role };
        var report = await Connector.ProbeAsync(request, TestContext.Current.CancellationToken);
        Assert.False(report.Reachable);
        var broken = Assert.Single(report.Findings, f => f.Level == FindingLevel.Broken);
        Assert.StartsWith("PAWL-", broken.Code);
    }
}
