using Xunit;

namespace Pawl.Core.Tests.House;

/// <summary>The style sheet, held by a test rather than by a reviewer.</summary>
public sealed class SourceShapeTests
{
    private static readonly string[] Sources = [.. Repo.Under("", ".cs")];
    private static readonly string[] Product = [.. Repo.Under("src/", ".cs")];

    [Fact]
    public void Every_source_file_parses() => None(Sources, (_, text) => SourceRules.Parse(text).GetDiagnostics()
        .Where(d => d.Severity == Microsoft.CodeAnalysis.DiagnosticSeverity.Error).Select(d => d.ToString()));

    [Fact]
    public void No_source_file_is_longer_or_wider_than_agreed() => 
        None(Sources, (path, text) => SourceRules.Size(text, literals: path.StartsWith("tests/")));

    [Fact]
    public void No_function_is_longer_than_agreed() => None(Sources, (_, text) => SourceRules.Functions(text));

    [Fact]
    public void No_type_has_an_empty_name() => None(Sources, (_, text) => SourceRules.Names(text));

    [Fact]
    public void Every_file_is_named_after_its_main_type() => None(Product.Where(f => !f.EndsWith("/Program.cs")), SourceRules.MainType);

    [Fact]
    public void Every_public_contract_is_documented() =>
        None(Product.Where(f => f.StartsWith("src/Core/Contracts/")), (_, text) => SourceRules.Documented(text));

    [Fact]
    public void No_product_code_hides_time_chance_or_a_blocked_thread() =>
        None(Product, (path, text) => SourceRules.Banned(text, console: path.StartsWith("src/Cli/")));

    [Fact]
    public void Nothing_is_left_for_later() => None(Sources, (_, text) => SourceRules.Marks(text));

    private static void None(IEnumerable<string> files, Func<string, string, IEnumerable<string>> rule)
    {
        var list = files.ToList();
        Assert.True(list.Count > 5, "the rule looked at next to nothing");
        var wrong = list.SelectMany(f => rule(f, Repo.Read(f)).Select(w => $"{f}: {w}")).ToList();
        Assert.True(wrong.Count == 0, string.Join('\n', wrong.Take(50)));
    }
}
