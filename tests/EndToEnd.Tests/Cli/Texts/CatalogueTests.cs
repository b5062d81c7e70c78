using System.Reflection;
using Pawl.Cli.Texts;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Texts;

public sealed class CatalogueTests
{
    public static TheoryData<string> ErrorCodes => [.. Constants(typeof(Codes))];

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public void Every_error_code_has_title_cause_and_help_in_both_languages(string code)
    {
        var text = ErrorTexts.Find(code);
        Assert.NotNull(text);
        foreach (var words in new[] { text.Title, text.What, text.Why, text.Help })
        {
            Assert.NotEmpty(words.En);
            Assert.NotEmpty(words.Zh);
            Assert.Equal(Template.Names(words.En).Order().Distinct(), Template.Names(words.Zh).Order().Distinct());
        }
        Assert.DoesNotContain('{', text.Title.En);
        Assert.Contains(text.Title.Zh, c => c >= 0x4E00);
    }

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public void Error_texts_read_well_with_every_detail_and_with_none(string code)
    {
        var text = ErrorTexts.Find(code)!;
        foreach (var template in new[] { text.What.En, text.What.Zh, text.Why.En, text.Why.Zh, text.Help.En, text.Help.Zh })
        {
            var full = Template.Fill(template, name => $"<{name}>");
            foreach (var name in Template.Names(template)) Assert.Contains($"<{name}>", full);
            var bare = Template.Fill(template, _ => null);
            Assert.DoesNotContain("<", bare.Replace("(<", ""));
            Assert.NotEmpty(full.Trim());
        }
    }

    [Fact]
    public void No_text_is_left_of_a_code_that_is_gone() => Assert.Equal(Constants(typeof(Codes)).Order(), ErrorTexts.AllCodes.Order());

    [Fact]
    public void Every_event_code_has_a_line_and_a_meaning()
    {
        Assert.Equal(Constants(typeof(EventCodes)).Order(), EventTexts.AllCodes.Order());
        foreach (var code in EventTexts.AllCodes)
        {
            var text = EventTexts.Find(code)!;
            Assert.Equal(Template.Names(text.Line.En).Order(), Template.Names(text.Line.Zh).Order());
            Assert.NotEmpty(text.Meaning.Zh);
        }
    }

    [Fact]
    public void Every_finding_has_a_text_in_both_languages()
    {
        Assert.Equal(Constants(typeof(FindingCodes)).Order(), FindingTexts.AllCodes.Order());
        foreach (var code in FindingTexts.AllCodes)
        {
            var text = FindingTexts.Find(code)!;
            foreach (var words in new[] { text.Topic, text.Line, text.Advice })
            {
                Assert.Equal(Template.Names(words.En).Order(), Template.Names(words.Zh).Order());
                Assert.Equal(words.En.Length == 0, words.Zh.Length == 0);
            }
            Assert.Contains(text.Topic.Zh, c => c >= 0x4E00);
            Assert.NotEmpty(text.Line.En);
        }
    }

    [Fact]
    public void Every_reason_of_a_job_problem_has_a_text()
    {
        foreach (var reason in Constants(typeof(JobReasons)))
        {
            var words = ReasonTexts.Find(reason);
            Assert.True(words is not null, reason);
            Assert.Equal(Template.Names(words.En).Order(), Template.Names(words.Zh).Order());
        }
    }

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public void Advice_names_the_same_commands_in_both_languages(string code)
    {
        var help = ErrorTexts.Find(code)!.Help;
        Assert.Equal(Commands(help.En), Commands(help.Zh));

        // Prose and commands alternate; a command of ours or of the shell is the same in every language.
        static IEnumerable<string> Commands(string text) => text.Split("  ").Where((_, i) => i % 2 == 1).Select(c => c.Trim())
            .Where(c => c.StartsWith("pawl ", StringComparison.Ordinal)).Order();
    }

    [Fact]
    public void Every_detail_has_a_text_in_both_languages_with_the_same_holes()
    {
        foreach (var words in DetailTexts.All)
        {
            Assert.NotEmpty(words.En);
            Assert.True(words.Zh.Any(c => c >= 0x4E00), words.En);
            Assert.Equal(Holes(words.En), Holes(words.Zh));
        }

        static int Holes(string text) => text.Count(c => c == '{');
    }

    [Theory]
    [InlineData("its collation de_DE is not built in", "其排序规则 de_DE 并非内置")]
    [InlineData("the session 7 that held 00-1 has ended", "持有 00-1 的会话 7 已结束")]
    [InlineData("text that is not UTF-8", "不是 UTF-8 的文本")]
    [InlineData("relation \"x\" does not exist", null)]
    public void A_phrase_of_the_engine_is_said_in_Chinese_and_a_server_s_own_words_are_left(string said, string? chinese) =>
        Assert.Equal(chinese, DetailTexts.Chinese(said));

    [Theory]
    [InlineData("Option '--from' is required.", "必须给出选项 --from。")]
    [InlineData("Unrecognized command or argument 'x'.", "无法识别的命令或参数 x。")]
    [InlineData("Required command was not provided.", "缺少命令。")]
    [InlineData("Required argument missing for option: '--progress'.", "选项 --progress 缺少值。")]
    [InlineData("Required argument missing for command: 'add'.", "命令 add 缺少参数。")]
    [InlineData("Option '--from' expects a single argument but 2 were provided.", "选项 --from 只接受一个值，却给出了 2 个。")]
    [InlineData("Argument 'x' not recognized. Must be one of:\n\t'count'\n\t'digest'", "无法识别的值 x，应为其中之一：'count' 'digest'")]
    [InlineData("Cannot parse argument 'x' for option '--limit' as expected type 'System.Int32'.", "选项 --limit 的值 x 无法理解。")]
    public void What_the_parser_says_is_said_in_Chinese(string english, string chinese) => Assert.Equal(chinese, UsageTexts.Chinese(english));

    [Fact]
    public void A_bracketed_part_is_left_out_when_its_name_is_absent()
    {
        string? Detail(string name) => name == "a" ? "1" : null;
        Assert.Equal("x 1", Template.Fill("x {a}[ and {b}]", Detail));
        Assert.Equal("x ?", Template.Fill("x {b}[ and {b}, {a}]", Detail));
        Assert.Equal("{a} [1]", Template.Fill("{{a}} [[{a}]]", Detail));
    }

    private static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);
}
