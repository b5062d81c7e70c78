using Xunit;

namespace Pawl.Core.Tests.House;

/// <summary>Every rule finds what it is there to find.</summary>
public sealed class SourceRulesTests
{
    [Fact]
    public void Size_finds_a_long_file_and_a_wide_line()
    {
        Assert.Single(SourceRules.Size(string.Concat(Enumerable.Repeat("x;\n", SourceRules.FileLines + 1))));
        Assert.Single(SourceRules.Size(new string('x', SourceRules.Columns + 1)));
        Assert.Empty(SourceRules.Size(new string('x', SourceRules.Columns)));
    }

    [Fact]
    public void Functions_finds_a_long_method()
    {
        var body = string.Concat(Enumerable.Repeat("x++;\n", SourceRules.FunctionLines));
        Assert.Single(SourceRules.Functions($"class A {{ void Long(int x) {{\n{body}}} }}"));
        Assert.Empty(SourceRules.Functions("class A { void Short(int x) {\nx++;\n} }"));
    }

    [Theory]
    [InlineData("class JobManager {}")]
    [InlineData("static class FileUtil {}")]
    [InlineData("class ReaderBase {}")]
    [InlineData("record SinkImpl;")]
    public void Names_finds_names_that_say_nothing(string text) => Assert.Single(SourceRules.Names(text));

    [Fact]
    public void MainType_finds_a_file_named_after_nothing_in_it_and_a_big_guest()
    {
        Assert.Single(SourceRules.MainType("src/Other.cs", $"class Reader {{ {new string('\n', SourceRules.FamilyLines)} }}"));
        Assert.Single(SourceRules.MainType("src/Reader.cs",
            $"class Reader {{}} class Guest {{ {new string('\n', SourceRules.SideTypeLines)} }}"));
        Assert.Empty(SourceRules.MainType("src/Reader.Part.cs", "class Reader {} class Small {}"));
    }

    [Fact]
    public void Documented_finds_a_public_type_without_a_comment()
    {
        Assert.Single(SourceRules.Documented("public record A; /// <summary>B.</summary>\npublic record B; class Hidden {}"));
    }

    [Theory]
    [InlineData("var x = DateTime.UtcNow;")]
    [InlineData("Thread.Sleep(5);")]
    [InlineData("var r = new Random();")]
    [InlineData("var x = stream.ReadAsync(b).Result;")]
    [InlineData("task.Wait();")]
    [InlineData("task.GetAwaiter().GetResult();")]
    [InlineData("try { F(); } catch (Exception) { }")]
    [InlineData("Console.WriteLine();")]
    public void Banned_finds_hidden_time_chance_and_blocking(string text) => Assert.Single(SourceRules.Banned(text, console: false));

    [Theory]
    [InlineData("var r = new Random(seed);")]
    [InlineData("try { F(); } catch (OperationCanceledException) { /* the caller asked */ }")]
    [InlineData("var x = outcome.Result;")]
    public void Banned_leaves_the_rest_alone(string text) => Assert.Empty(SourceRules.Banned(text, console: false));

    [Fact]
    public void Marks_finds_unfinished_work() => Assert.Single(SourceRules.Marks("// TO" + "DO later\nclass A {}"));
}
