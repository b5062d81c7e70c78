using Xunit;

namespace Pawl.Core.Tests.House;

/// <summary>Whatever the program says, it says in English and in Chinese.</summary>
public sealed class SpokenTextTests
{
    /// <summary>Code of other languages: SQL, YAML and shells.</summary>
    private static readonly string[] Code =
    [
        "src/Cli/Demo/ShopSource.cs", "src/Cli/Demo/ShopCheck.cs", "src/Cli/Demo/DemoFiles.cs", "src/Cli/Completion/",
    ];

    /// <summary>The same in every language.</summary>
    private static readonly string[] Names = ["SIGKILL", "customers  · orders  ", "· items  "];

    private static readonly string[] Files = [.. Repo.Under("src/Cli/", ".cs").Where(f => !Code.Any(c => f.StartsWith(c)))];

    [Fact]
    public void No_text_for_people_stands_in_one_language_only()
    {
        var words = Files.SelectMany(f => SpokenText.Compared(Repo.Read(f))).Concat(Names).ToHashSet();
        Assert.True(Files.Length > 60, "the rule looked at next to nothing");
        var missing = Files.SelectMany(f => SpokenText.Missing(Repo.Read(f), words).Select(m => $"{f} {m}")).ToList();
        Assert.True(missing.Count == 0, string.Join('\n', missing));
    }

    [Fact]
    public void No_text_is_made_before_the_language_is_chosen() =>
        Assert.Empty(Files.SelectMany(f => SpokenText.TooEarly(Repo.Read(f)).Select(m => $"{f} {m}")));

    [Theory]
    [InlineData("shell.Say(\"Nothing to do.\");")]
    [InlineData("shell.Note($\"Removed {name} and all.\");")]
    [InlineData("shell.Say(done ? \"Done\" : \"Failed\");")]
    [InlineData("var option = new Option<bool>(\"--force\") { Description = \"Write over a file.\" };")]
    [InlineData("yield return \"every table is finished\";")]
    public void The_rule_finds_a_text_without_its_twin(string text) => Assert.NotEmpty(SpokenText.Missing(text, new HashSet<string>()));

    [Theory]
    [InlineData("shell.Say(Both(\"Nothing to do.\", \"无事可做。\"));")]
    [InlineData("shell.Say(paint.Green(Both($\"Wrote {file} \" + \"for you\", $\"已写出 {file}\")));")]
    [InlineData("table.Add(name, Figures.Full(rows), \"–\");")]
    [InlineData("shell.Data[\"tables\"] = data;")]
    public void The_rule_leaves_pairs_and_data_alone(string text) => Assert.Empty(SpokenText.Missing(text, new HashSet<string>()));

    [Fact]
    public void The_rule_finds_a_text_that_is_made_too_early()
    {
        Assert.Single(SpokenText.TooEarly("class A { static readonly string Row = Both(\"row\", \"行\"); }"));
        Assert.Empty(SpokenText.TooEarly("class A { static string Row => Both(\"row\", \"行\"); }"));
    }

    /// <summary>Engine and connectors speak English in the details of their errors; a catalogue of the program says it in Chinese.</summary>
    [Fact]
    public void Every_phrase_of_engine_and_connectors_is_in_the_catalogue_of_details()
    {
        var catalogue = Repo.Read("src/Cli/Texts/DetailTexts.cs");
        var phrases = Repo.Under("src/", ".cs").Where(f => f.StartsWith("src/Core/") || f.StartsWith("src/Connectors/"))
            .SelectMany(f => SpokenText.Details(Repo.Read(f)).Select(p => (File: f, Phrase: p))).ToList();
        Assert.True(phrases.Count > 40, "the rule looked at next to nothing");
        var missing = phrases.Where(p => !catalogue.Contains($"new(\"{p.Phrase}\"", StringComparison.Ordinal)).ToList();
        Assert.True(missing.Count == 0, string.Join('\n', missing.Select(m => $"{m.File}: {m.Phrase}")));
    }
}
