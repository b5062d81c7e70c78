using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Pawl.Core.Tests.House;

/// <summary>The walls between the folders.</summary>
public sealed partial class WallTests
{
    /// <summary>What Core may stand on beside the runtime.</summary>
    private static readonly string[] CorePackages = ["Polly.Core", "YamlDotNet"];

    [Fact]
    public void Core_uses_no_driver_no_web_and_no_connector()
    {
        var used = Assembly.Load("Pawl.Core").GetReferencedAssemblies().Select(a => a.Name!)
            .Where(n => !n.StartsWith("System", StringComparison.Ordinal) && n is not "netstandard" and not "mscorlib")
                .Except(CorePackages);
        Assert.Empty(used.Except(["System.Data.Common"]));
        Assert.DoesNotContain(Assembly.Load("Pawl.Core").GetReferencedAssemblies(), a =>
            a.Name is "System.Data.Common" or "System.Console");
    }

    [Fact]
    public void Core_asks_for_no_other_package()
    {
        var project = XDocument.Parse(Repo.Read("src/Core/Core.csproj"));
        var asked = project.Descendants("PackageReference").Where(p => (string?)p.Attribute("PrivateAssets") != "all")
            .Select(p => (string)p.Attribute("Include")!);
        Assert.Empty(asked.Except(CorePackages));
        Assert.Empty(project.Descendants("ProjectReference"));
    }

    [Fact]
    public void Core_is_under_the_banned_symbols()
    {
        var project = XDocument.Parse(Repo.Read("src/Core/Core.csproj"));
        Assert.Contains(project.Descendants("AdditionalFiles"), f => (string?)f.Attribute("Include") == "BannedSymbols.txt");
        var banned = Repo.Read("src/Core/BannedSymbols.txt");
        foreach (var symbol in new[]
        {
            "Task.Run(", "ThreadPool", "Task.ConfigureAwait", "ValueTask.ConfigureAwait", "Stopwatch", "DateTime.Now", "DateTime.UtcNow",
            "Guid.NewGuid", "Random.#ctor", "Random.Shared", "Task.Delay(", "Task.Wait", "System.Console",
        })
        {
            Assert.Contains(symbol, banned);
        }
    }

    [Fact]
    public void A_connector_uses_Core_and_itself_only()
    {
        var folders = ConnectorFolders();
        Assert.NotEmpty(folders);
        foreach (var folder in folders)
        {
            foreach (var file in Repo.Under($"src/Connectors/{folder}/", ".cs"))
            {
                foreach (Match named in PawlNamespace().Matches(Repo.Read(file)))
                {
                    var parts = named.Groups[1].Value.Split('.');
                    var own = parts[0] != "Connectors" || parts.Length < 2 || parts[1] == folder;
                    Assert.True(own && parts[0] is not "Cli" and not "Server" and not "Conformance" and not "Kettle",
                        $"{file} names {named.Value}");
                }
            }
        }
    }

    [Fact]
    public void Every_connector_file_lies_in_the_folder_of_its_system() =>
        Assert.Equal(["src/Connectors/Interop.cs"], Repo.Under("src/Connectors/", ".cs").Where(f => f.Split('/').Length < 4));

    [Fact]
    public void No_product_code_outside_a_connector_names_it()
    {
        foreach (var file in Repo.Under("src/", ".cs").Where(f => !f.StartsWith("src/Connectors/")))
        {
            Assert.False(Repo.Read(file).Contains("Pawl.Connectors.", StringComparison.Ordinal), $"{file} names a connector");
        }
    }

    [Fact]
    public void No_generic_code_asks_which_system_it_talks_to()
    {
        foreach (var file in Repo.Under("src/Core/", ".cs").Concat(Repo.Under("src/Conformance/", ".cs")))
        {
            Assert.False(AsksForSystem().IsMatch(Repo.Read(file)), $"{file} compares a connector's name or scheme");
        }
    }

    [Fact]
    public void A_driver_is_pinned_in_its_connectors_folder_and_nowhere_else()
    {
        var central = Repo.Read("Directory.Packages.props");
        foreach (var folder in ConnectorFolders())
        {
            var props = $"src/Connectors/{folder}/Packages.props";
            if (!Repo.Has(props)) continue;
            foreach (var package in XDocument.Parse(Repo.Read(props)).Descendants("PackageVersion"))
            {
                Assert.DoesNotContain($"\"{package.Attribute("Include")!.Value}\"", central);
            }
        }
    }

    [Fact]
    public void Every_version_is_pinned_exactly_and_in_one_place()
    {
        var props = Repo.Files.Where(f => f.EndsWith(".props")).Select(f => XDocument.Parse(Repo.Read(f)));
        var versions = props.SelectMany(p => p.Descendants("PackageVersion")).ToList();
        Assert.NotEmpty(versions);
        Assert.All(versions, v => Assert.Matches(@"^\d+(\.\d+){1,3}(-[0-9A-Za-z.]+)?$", v.Attribute("Version")!.Value));
        Assert.Equal(versions.Count, versions.Select(v => v.Attribute("Include")!.Value).Distinct(StringComparer.OrdinalIgnoreCase)
            .Count());
        foreach (var file in Repo.Files.Where(f => f.EndsWith(".csproj")))
        {
            Assert.All(XDocument.Parse(Repo.Read(file)).Descendants("PackageReference"),
                p => Assert.True(p.Attribute("Version") is null
                    && p.Attribute("VersionOverride") is null, $"{file} pins {p.Attribute("Include")?.Value}"));
        }
    }

    [Fact]
    public void Every_project_has_its_lock_file()
    {
        foreach (var file in Repo.Files.Where(f => f.EndsWith(".csproj")))
        {
            Assert.Contains(Path.GetDirectoryName(file)!.Replace('\\', '/') + "/packages.lock.json", Repo.Files);
        }
    }

    private static string[] ConnectorFolders() =>
        [.. Repo.Under("src/Connectors/", ".cs", ".props").Select(f => f.Split('/')).Where(p => p.Length > 3).Select(p => p[2]).Distinct()];

    [GeneratedRegex(@"\bPawl\.((?:[A-Z]\w*\.?)+)")]
    private static partial Regex PawlNamespace();

    [GeneratedRegex("""(Spec\.Name|\.Scheme)\s*(==|!=|is|switch)""")]
    private static partial Regex AsksForSystem();
}
