using Pawl.Telemetry;
using Xunit;

namespace Pawl.Core.Tests.House;

/// <summary>Links lead somewhere and both languages tell the same story.</summary>
public sealed class DocumentationTests
{
    /// <summary>Folders whose pages are for people who use Pawl: each page exists in both languages.</summary>
    private static readonly string[] UserFolders = ["docs/guarantees/", "docs/connectors/", "docs/operating/", "docs/tutorial/"];

    private static readonly string[] Pages = [.. Repo.Files.Where(f => f.EndsWith(".md"))];

    [Fact]
    public void No_relative_link_is_dead()
    {
        var dead = new List<string>();
        foreach (var page in Pages)
        {
            foreach (var link in Markdown.Links(Repo.Read(page)).Where(l => !l.Contains("://") && !l.StartsWith("mailto:")))
            {
                var parts = link.Split('#', 2);
                var target = parts[0].Length == 0 ? page : Normal(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
                if (!Repo.Has(target)) dead.Add($"{page} → {link}");
                else if (parts.Length == 2 && target.EndsWith(".md") && Markdown.Headings(Repo.Read(target)).All(h => h.Anchor != parts[1]))
                {
                    dead.Add($"{page} → {link}: no such heading");
                }
            }
        }
        Assert.Empty(dead);
    }

    [Fact]
    public void Every_page_for_users_exists_in_both_languages()
    {
        var pages = Pages.Where(p => p == "README.md" || p == "README.zh-CN.md" || UserFolders.Any(f => p.StartsWith(f))).ToList();
        foreach (var page in pages)
        {
            var twin = page.EndsWith(".zh-CN.md") ? page.Replace(".zh-CN.md", ".md") : page.Replace(".md", ".zh-CN.md");
            Assert.True(pages.Contains(twin), $"{page} has no twin {twin}");
        }
        Assert.All(UserFolders, f => Assert.Contains(pages, p => p.StartsWith(f)));
    }

    [Fact]
    public void Twins_have_the_same_headings_and_the_same_blocks()
    {
        foreach (var page in Pages.Where(p => p.EndsWith(".zh-CN.md")))
        {
            var here = Repo.Read(page);
            var there = Repo.Read(page.Replace(".zh-CN.md", ".md"));
            Assert.True(Levels(here) == Levels(there), $"{page}: headings {Levels(here)}, in English {Levels(there)}");
            Assert.True(Commands(here) == Commands(there), $"{page}: commands\n{Commands(here)}\nin English\n{Commands(there)}");
        }
    }

    [Theory]
    [InlineData("README.md", "performance", "sqlite")]
    [InlineData("README.zh-CN.md", "performance", "sqlite")]
    [InlineData("README.md", "performance: PostgreSQL", "postgres")]
    [InlineData("README.zh-CN.md", "performance: PostgreSQL", "postgres")]
    [InlineData("README.md", "performance: MySQL", "mysql")]
    [InlineData("README.zh-CN.md", "performance: MySQL", "mysql")]
    public void The_figures_of_a_README_are_the_committed_ones(string readme, string marker, string page)
    {
        var result = $"bench/results/{page}.md";
        var text = Repo.Read(readme);
        var start = text.IndexOf($"<!-- {marker} -->", StringComparison.Ordinal);
        var shown = text[start..text.IndexOf("<!-- end -->", start, StringComparison.Ordinal)];
        var committed = Repo.Has(result) ? Repo.Read(result) : "";
        Assert.Equal(Table(committed), Table(shown));

        static string Table(string page) => string.Join('\n', page.Split('\n').Where(l => l.StartsWith('|')));
    }

    [Fact]
    public void The_page_for_contributors_lists_every_point_a_process_can_be_killed_at() =>
        Assert.Equal(CrashPoint.All, Repo.Read("CONTRIBUTING.md").Split('\n').SkipWhile(l => !l.StartsWith("| point |")).Skip(2)
            .TakeWhile(l => l.StartsWith('|')).Select(l => l.Split('`')[1]));

    private static string Levels(string text) => string.Join(' ', Markdown.Headings(text).Select(h => h.Level));

    /// <summary>Commands of console blocks; comments and output may be translated.</summary>
    private static string Commands(string text) => string.Join('\n', Markdown.Blocks(text).Where(b => b.Info.StartsWith("console"))
        .SelectMany(b => b.Text.Split('\n').Where(l => l.StartsWith("$ ")).Select(l => l.Split('#')[0].Trim())));

    private static string Normal(string path) =>
        Path.GetRelativePath(Repo.Root, Path.GetFullPath(Repo.Full(path))).Replace('\\', '/');
}
