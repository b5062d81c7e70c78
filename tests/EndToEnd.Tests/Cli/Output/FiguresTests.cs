using Pawl.Cli.Output;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Output;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(812, "812")]
    [InlineData(9_999, "9,999")]
    [InlineData(84_321, "84k")]
    [InlineData(999_499, "999k")]
    [InlineData(999_500, "1.0M")]
    [InlineData(7_312_000, "7.3M")]
    [InlineData(123_400_000, "123M")]
    [InlineData(12_000_000_000, "12.0G")]
    public void Numbers_are_short(double n, string text) => Assert.Equal(text, Figures.Short(n));

    [Theory]
    [InlineData(812, "812 B")]
    [InlineData(1023.6, "1.0 kB")]
    [InlineData(31 << 20, "31 MB")]
    [InlineData(1_288_490_189, "1.2 GB")]
    public void Sizes_have_units(double n, string text) => Assert.Equal(text, Figures.Bytes(n));

    [Theory]
    [InlineData(0.5, "0.50 s")]
    [InlineData(59.96, "0 min 59 s")]
    [InlineData(125, "2 min 05 s")]
    [InlineData(4320, "1 h 12 min")]
    public void Times_have_units(double seconds, string text) => Assert.Equal(text, Figures.Took(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Percent_is_never_100_before_it_is_all()
    {
        Assert.Equal("99%", Figures.Percent(999_999, 1_000_000));
        Assert.Equal("100%", Figures.Percent(1_000_000, 1_000_000));
        Assert.Equal("", Figures.Percent(5, -1));
    }

    [Fact]
    public void A_table_fits_into_80_columns_and_keeps_its_names_legible()
    {
        var table = new TextTable(new("table", "表"), new("target", "目标"), new("rows", "行数", true), new("bytes", "字节", true, 2),
            new("guarantee", "保证", false, 1), new("state", "状态"));
        table.Add("a_rather_long_schema.with_a_rather_long_table_name", "warehouse.with_a_rather_long_table_name", "12,345,678", "31 MB",
            "once per row",
            "finished before");
        table.Add("订单明细表", "dw.订单", "9", "1 kB", "once per row", "done");
        foreach (var line in table.Lines(80, new Paint(false)))
        {
            Assert.True(Cells.Width(line) <= 80, line);
        }
        Assert.Contains(table.Lines(80, new Paint(false)), l => l.Contains("12,345,678") && l.Contains("…")
            && l.Contains("finished before"));
    }

    [Fact]
    public void Columns_of_wide_letters_stand_below_each_other()
    {
        var table = new TextTable(new("表", "表"), new("行数", "行数", true), new("一致性", "一致性"));
        table.Add("customers", "500", "混合");
        table.Add("订单明细", "12,500", "同一快照");
        var lines = table.Lines(80, new Paint(false)).ToList();
        Assert.Equal(["表           行数  一致性", "customers     500  混合", "订单明细   12,500  同一快照"], lines);
        Assert.Single(lines.Select(l => Cells.Width(l[..(l.LastIndexOf(' ') + 1)])).Distinct());
    }

    [Theory]
    [InlineData("把表复制到自身，会读到自己写入的内容。", 12, "把表复制到自|身，会读到自|己写入的内|容。")]
    [InlineData("源端（SQLite）已被替换", 14, "源端（SQLite）|已被替换")]
    [InlineData("run it again, please", 9, "run it|again,|please")]
    [InlineData("a  b", 80, "a  b")]
    [InlineData("", 80, "")]
    public void Lines_break_at_spaces_and_beside_wide_letters_but_not_before_their_punctuation(string text, int width, string lines)
    {
        Assert.Equal(lines.Split('|'), Cells.Wrap(text, width));
        Assert.All(Cells.Wrap(text, width), l => Assert.True(Cells.Width(l) <= width));
    }
}
