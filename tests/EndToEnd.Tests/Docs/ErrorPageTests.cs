using System.Reflection;
using Pawl.Cli.Texts;
using Pawl.EndToEnd.Tests.Harness;
using Pawl.Model;
using Xunit;

namespace Pawl.EndToEnd.Tests.Docs;

public sealed class ErrorPageTests
{
    [Theory]
    [InlineData("errors.md", false)]
    [InlineData("errors.zh-CN.md", true)]
    public void A_page_of_errors_lists_every_code_in_order_as_the_program_explains_it(string page, bool chinese)
    {
        var rows = File.ReadLines(Path.Combine(PawlProgram.Root, "docs", "operating", page))
            .Where(l => l.StartsWith("| PAWL-", StringComparison.Ordinal)).Select(PageTable.Cells).ToList();
        Assert.Equal(Declared(), rows.Select(r => r[0]));
        foreach (var row in rows)
        {
            var text = ErrorTexts.Find(row[0])!;
            Assert.Equal([row[0], In(text.Title), In(text.Why)], row);
        }

        // As pawl explain fills a text where nothing has happened.
        string In(Words words) => Template.Fill(chinese ? words.Zh : words.En, name => name.ToUpperInvariant());
    }

    private static IEnumerable<string> Declared() => typeof(Codes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.IsLiteral).OrderBy(f => f.MetadataToken).Select(f => (string)f.GetRawConstantValue()!);
}
