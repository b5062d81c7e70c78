using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Pawl.Core.Tests.House;

/// <summary>What a stranger finds in the checkout.</summary>
public sealed partial class RepositoryTests
{
    [Theory]
    [InlineData("README.md")]
    [InlineData("README.zh-CN.md")]
    [InlineData("ARCHITECTURE.md")]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("SECURITY.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("LICENSE")]
    [InlineData("pawl")]
    [InlineData("pawl.cmd")]
    [InlineData("test.sh")]
    [InlineData(".ci/run")]
    public void The_root_holds(string file) =>
        Assert.True(new FileInfo(Repo.Full(file)) is { Exists: true, Length: > 200 }, $"{file} is missing or empty");

    [Fact]
    public void The_root_holds_no_notes()
    {
        string[] known =
        [
            "README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE",
            "pawl", "pawl.cmd", "test.sh", ".editorconfig", ".gitignore", ".gitattributes",
            "Directory.Build.props", "Directory.Packages.props", "global.json",
        ];
        Assert.Empty(Repo.Files.Where(f => !f.Contains('/')).Except(known));
    }

    [Fact]
    public void The_licence_is_Apache_2() =>
        Assert.Contains("Apache License\n                           Version 2.0, January 2004", Repo.Read("LICENSE"));

    [Fact]
    public void The_change_log_speaks_of_data_safety_first() =>
        Assert.Equal("Data safety", Markdown.Headings(Repo.Read("CHANGELOG.md")).First().Text);

    [Fact]
    public void No_file_names_a_machine_or_a_package_registry()
    {
        var wrong = new List<string>();
        foreach (var file in Repo.Files.Where(f => !IsBinary(f)))
        {
            wrong.AddRange(MachinePlace().Matches(Repo.Read(file)).Select(m => $"{file}: {m.Value}"));
        }
        Assert.Empty(wrong);
    }

    [Theory]
    [InlineData("see /wo" + "rk/main/src")]
    [InlineData("cd /ro" + "ot/x")]
    [InlineData("https://api.nu" + "get.org/v3/index.json")]
    [InlineData("/ho" + "me/somebody/pawl")]
    public void The_search_for_machine_places_finds(string text) => Assert.Matches(MachinePlace(), text);

    [Fact]
    public void No_file_is_large()
    {
        Assert.DoesNotContain(Repo.Files, f => new FileInfo(Repo.Full(f)).Length > 1 << 20);
    }

    [Fact]
    public void Text_files_end_their_lines_the_one_way()
    {
        foreach (var file in Repo.Files.Where(f => !IsBinary(f)))
        {
            Assert.False(Repo.Read(file).Contains('\r'), $"{file} holds a carriage return");
        }
    }

    private static bool IsBinary(string file)
    {
        using var stream = File.OpenRead(Repo.Full(file));
        Span<byte> head = stackalloc byte[4096];
        return head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)].Contains((byte)0);
    }

    [GeneratedRegex(@"(?<![\w.~$}])/(?:work|root|home/\w+)/|/[t]mp/pawl\b|https?://[\w.-]*(?:nuget|npmjs|pypi)\.org",
        RegexOptions.IgnoreCase)]
    private static partial Regex MachinePlace();
}
