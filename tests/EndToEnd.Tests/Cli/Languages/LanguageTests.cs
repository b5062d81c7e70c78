using System.Text.Json;
using System.Text.RegularExpressions;
using Pawl.EndToEnd.Tests.Harness;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Languages;

/// <summary>The program speaks the language it is asked for, and none of the other one.</summary>
public sealed partial class LanguageTests
{
    private static readonly string[] Chinese = ["--lang", "zh-CN"];

    [Fact]
    public async Task The_help_of_every_verb_is_Chinese()
    {
        using var at = new Scratch();
        var whole = await SpeaksChineseAsync(at, "--help");
        Assert.Contains("用法：", whole.Out);
        var verbs = whole.Out[whole.Out.IndexOf("命令：", StringComparison.Ordinal)..].Split('\n').Skip(1)
            .Select(l => l.Trim().Split(' ')[0]).Where(w => w.Length > 0).ToArray();
        Assert.True(verbs.Length > 10, whole.ToString());
        foreach (var verb in verbs)
        {
            var help = await SpeaksChineseAsync(at, verb, "--help");
            foreach (var heading in new[] { "说明：", "用法：", "选项：" }) Assert.Contains(heading, help.Out);
        }
    }

    [Fact]
    public async Task A_job_is_planned_run_verified_and_reported_in_Chinese()
    {
        using var shop = await CliShop.CreateAsync();
        foreach (var (words, says) in new (string[], string)[]
        {
            (["validate"], "是有效的作业"), (["doctor"], "一切就绪。"), (["plan"], "全部复制"), (["run"], "校验通过：2 张表"),
            (["run"], "无事可做：2 张表此前已完成"), (["verify", "--level", "digest"], "一致：2 张表的内容"), (["progress"], "最近提交"),
            (["checkpoint", "list"], "已完成"), (["checkpoint", "show", "orders/g2/s0"], "插入 1,000"), (["runs", "list"], "写入行数"),
            (["runs", "show"], "恢复报告："), (["runs", "report"], "本次运行复制的行"), (["pause"], "无须暂停"), (["version"], "支持的系统："),
            (["run", "--restart", "--tables", "orders", "--yes"], "删除已有的 1,000 行及其账本"), (["explain", "PAWL-401"], "源已被替换"),
            (["explain", "defaults.commit.rows"], "每次提交的行数上限"), (["explain", "lane.committed"], "运行事件"),
            (["explain", "csv.delimiter"], "两个字段之间的分隔符"),
        })
        {
            var told = await SpeaksChineseAsync(shop.At, words);
            Assert.True(told.Code == 0 && (told.Out + told.Err).Contains(says, StringComparison.Ordinal), told.ToString());
        }
        var page = await SpeaksChineseAsync(shop.At, "runs", "report", "--format", "html");
        Assert.Contains("<html lang=\"zh-CN\">", page.Out);
    }

    [Fact]
    public async Task A_run_that_was_killed_is_carried_on_and_told_in_Chinese()
    {
        using var shop = await CliShop.CreateAsync();
        await PawlProcess.RunAsync(shop.At, ["run"], ("PAWL_KILL_AT", "ledger-written:2"));
        Assert.Contains("，心跳 ", (await SpeaksChineseAsync(shop.At, "progress")).Out);
        Assert.Contains("续传", (await SpeaksChineseAsync(shop.At, "plan")).Out);
        var run = await SpeaksChineseAsync(shop.At, "run");
        Assert.Matches("续传运行 [0-9a-f]{4}，账本 .* 个分片已完成", run.Err);
        Assert.Contains("进程无声无息地结束", (await SpeaksChineseAsync(shop.At, "runs", "report")).Out);
    }

    [Fact]
    public async Task The_demo_tells_its_story_in_Chinese()
    {
        using var at = new Scratch();
        var demo = await SpeaksChineseAsync(at, "demo", "--seed", "3", "--dir", "demo");
        Assert.True(demo.Code == 0, demo.ToString());
        Assert.Contains("没有丢失一行，也没有重复一行。", demo.Out);
        Assert.Contains("恢复报告", demo.Out);
    }

    [Theory]
    [InlineData(2, "没有命令 rnu；是否想写 run？", "rnu")]
    [InlineData(2, "无法识别的值 x，应为其中之一：'count' 'digest'", "verify", "--level", "x")]
    [InlineData(2, "必须给出选项 --from。", "init", "--to", "sqlite:b.db")]
    [InlineData(2, "错误 PAWL-101：找不到作业文件", "run", "missing.yaml")]
    [InlineData(2, "是否想写 tables？", "validate", "bad.yaml")]
    [InlineData(2, "没有代码或字段 PAWL-999", "explain", "PAWL-999")]
    [InlineData(2, "错误 PAWL-204：找不到数据库文件", "plan", "job.yaml")]
    [InlineData(2, "尚无运行记录。", "runs", "report")]
    [InlineData(2, "不是地址", "conn", "add", "a", "word")]
    [InlineData(0, "尚未保存任何连接", "conn", "list")]
    [InlineData(2, "地址中有明文的密码", "conn", "add", "a", "postgres://u:secret@h/d")]
    public async Task Errors_are_Chinese(int exit, string says, params string[] words)
    {
        using var at = new Scratch();
        await File.WriteAllTextAsync(at.At("job.yaml"), "version: 1\nname: a\nsource: sqlite:none.db\ntarget: sqlite:b.db\ntables: {t: {}}\n");
        await File.WriteAllTextAsync(at.At("bad.yaml"), "version: 1\nname: a\nsource: sqlite:a.db\ntarget: sqlite:b.db\ntabels: {}\n");
        var told = await SpeaksChineseAsync(at, words);
        Assert.Contains(says, told.Out + told.Err);
        Assert.Equal(exit, told.Code);
    }

    [Theory]
    [InlineData("无法执行", null, null, "zh_CN.UTF-8")]
    [InlineData("无法执行", "zh_CN.UTF-8", null, "en_US.UTF-8")]
    [InlineData("无法执行", null, "zh_TW.UTF-8", "C")]
    [InlineData("无法执行", "", "", "zh")]
    [InlineData("this cannot be done", "C", null, "zh_CN.UTF-8")]
    [InlineData("this cannot be done", null, "de_DE.UTF-8", "zh_CN.UTF-8")]
    [InlineData("this cannot be done", null, null, "C.UTF-8")]
    [InlineData("this cannot be done", null, null, null)]
    [InlineData("this cannot be done", "zh_CN.UTF-8", null, "zh_CN.UTF-8", "--lang", "en")]
    [InlineData("this cannot be done", "zh_CN.UTF-8", null, "zh_CN.UTF-8", "--lang=en")]
    [InlineData("无法执行", null, null, "C", "--lang", "zh-CN")]
    [InlineData("无法执行", null, null, "C", "--lang=zh-CN")]
    public async Task The_environment_chooses_the_language_unless_lang_does(string says, string? all, string? messages, string? lang,
        params string[] words)
    {
        using var at = new Scratch();
        (string, string?)[] settings = [("LC_ALL", all), ("LC_MESSAGES", messages), ("LANG", lang)];
        Assert.Contains(says, (await PawlProcess.RunAsync(at, ["explain", "nothing", .. words], settings)).Err);
        if (words.Length > 0) Assert.Contains(says, (await PawlProcess.RunAsync(at, [.. words, "explain", "nothing"], settings)).Err);
    }

    [Fact]
    public async Task A_language_that_is_not_spoken_is_refused()
    {
        using var at = new Scratch();
        var told = await PawlProcess.RunAsync(at, "--lang", "fr", "version");
        Assert.Equal(2, told.Code);
        Assert.Contains("zh-CN", told.Err);
    }

    [Fact]
    public async Task Keys_and_codes_of_JSON_are_the_same_in_both_languages()
    {
        using var at = new Scratch();
        var english = (await PawlProcess.RunAsync(at, "run", "none.yaml", "--json")).Last();
        var chinese = (await PawlProcess.RunAsync(at, "run", "none.yaml", "--json", "--lang", "zh-CN")).Last();
        Assert.Equal(Keys(english), Keys(chinese));
        Assert.Equal("PAWL-101", chinese.GetProperty("error").GetProperty("code").GetString());

        static IEnumerable<string> Keys(JsonElement at) => at.ValueKind switch
        {
            JsonValueKind.Object => at.EnumerateObject().SelectMany(p => Keys(p.Value).Prepend(p.Name)),
            JsonValueKind.Array => at.EnumerateArray().SelectMany(Keys),
            _ => [],
        };
    }

    /// <summary>Asks for help by the environment and for all else by the option; no line of what is said may be English.</summary>
    private static async Task<PawlExit> SpeaksChineseAsync(Scratch at, params string[] words)
    {
        var told = words[^1] == "--help" ? await PawlProcess.RunAsync(at, words, ("LANG", "zh_CN.UTF-8"))
            : await PawlProcess.RunAsync(at, [.. words, .. Chinese]);
        var said = told.Out + told.Err;
        Assert.True(said.Any(c => c is >= '\u4E00' and <= '\u9FFF'), told.ToString());
        foreach (var line in said.Split('\n').Where(l => !l.Contains("@media") && !l.TrimStart().StartsWith("pawl ", StringComparison.Ordinal)))
        {
            Assert.False(English().IsMatch(ReportOf().Replace(line, "")), $"{string.Join(' ', words)} says: {line}");
        }
        return told;
    }

    /// <summary>A command whose last word, a run, may be four letters.</summary>
    [GeneratedRegex("pawl runs report [0-9a-f]+")]
    private static partial Regex ReportOf();

    /// <summary>Three words in a row that are no command, or the first words of a sentence.</summary>
    [GeneratedRegex(@"(?<![\w/:.{;<-])(?!pawl )[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}(?![\w:=])|\b(The|There|No|This|It|Nothing|Done|Equal) [a-z]")]
    private static partial Regex English();
}
