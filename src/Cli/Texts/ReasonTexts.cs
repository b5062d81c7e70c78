using Pawl.Jobs;

namespace Pawl.Cli.Texts;

/// <summary>
/// What exactly is wrong with a job file where one code covers several things; see <see cref="JobReasons"/>. Thread-safe.
/// </summary>
public static class ReasonTexts
{
    private static readonly Dictionary<string, Words> All = new()
    {
        [JobReasons.TooLarge] = new("It is larger than[ {most}][ what may be read here].", "超过允许的大小[ {most}]。"),
        [JobReasons.Encoding] = new("It is not UTF-8 text.", "不是 UTF-8 文本。"),
        [JobReasons.ControlCharacter] = new("A control character stands here[ ({character})].", "此处有控制字符[（{character}）]。"),
        [JobReasons.Yaml] = new("This is not valid YAML[: {parser}]", "不是合法的 YAML[：{parser}]"),
        [JobReasons.Brackets] = new("The bracket opened here is not closed.", "此处打开的括号没有闭合。"),
        [JobReasons.Tab] = new("A tab stands here; YAML is indented with spaces.", "此处是制表符；YAML 只能用空格缩进。"),
        [JobReasons.Alias] = new("A text that starts with * is an alias in YAML; put the pattern in quotes.",
            "以 * 开头的文本在 YAML 中是别名；请给模式加引号。"),
        [JobReasons.Anchor] = new("Anchors (&name) are not used in job files; put the text in quotes if it is meant as it stands.",
            "作业文件不使用锚点（&name）；若为原文请加引号。"),
        [JobReasons.Tag] = new("Tags (!name) are not used in job files; put the text in quotes if it is meant as it stands.",
            "作业文件不使用标签（!name）；若为原文请加引号。"),
        [JobReasons.Directive] = new("Only the directive %YAML 1.2 is understood.", "只支持指令 %YAML 1.2。"),
        [JobReasons.SecondDocument] = new("A second document begins here; a file holds one job.", "此处开始了第二个文档；一个文件只含一个作业。"),
        [JobReasons.Empty] = new("[{field} ]is empty[; expected {expected}].", "[{field} ]为空[；应为 {expected}]。"),
        [JobReasons.TooDeep] = new("It is nested too deeply.", "嵌套过深。"),
        [JobReasons.TooMany] = new("There are too many entries.", "条目过多。"),
        [JobReasons.KeyNotText] = new("A field's name must be plain text.", "字段名必须是普通文本。"),
        [JobReasons.DuplicateKey] = new("{name} is given twice[; the first is in line {line}].", "{name} 重复[；第一次在第 {line} 行]。"),
        [JobReasons.Type] = new("[{field}: ]expected {expected}[, found {found}][, found {value}].",
            "[{field}：]应为 {expected}[，实为 {found}][，实为 {value}]。"),
        [JobReasons.Range] = new("[{value} ]is out of range[ for {field}][; expected {expected}].",
            "[{value} ]超出[ {field} 的]范围[；应为 {expected}]。"),
        [JobReasons.Unit] = new("[{value} ]cannot be read[ as {field}][; expected {expected}].",
            "[{value} ]无法理解[（{field}）][；应为 {expected}]。"),
        [JobReasons.Choice] = new("[{value} ]is not one of the words for[ the option {option} of][ {field}][; expected {expected}].",
            "[{value} ]不是[ {field}][ 的选项 {option}] 可用的词[；应为 {expected}]。"),
        [JobReasons.TooLong] = new("[{field} ]is too long[; at most {most} characters].", "[{field} ]过长[；最多 {most} 个字符]。"),
        [JobReasons.Placeholder] = new("A placeholder is written ${{NAME}} or ${{file:path}}.", "占位符写作 ${{NAME}} 或 ${{file:路径}}。"),
        [JobReasons.PlaceholderHere] = new("A placeholder is not filled in here, only in source and target; $${{ stands for ${{.",
            "此处不替换占位符，仅 source 与 target 会替换；原文 ${{ 请写作 $${{。"),
        [JobReasons.DuplicateItem] = new("{value} is given twice.", "{value} 重复。"),
        [JobReasons.ColumnConflict] = new("The column {column} is[ already in {other}][ named twice].", "列 {column} [已在 {other} 中]出现。"),
        [JobReasons.TargetTemplate] = new("[{value} ]is not a target name: it may hold {{schema}} and {{table}}.",
            "[{value} ]不是目标名：只可含 {{schema}} 与 {{table}}。"),
        [JobReasons.SourceTemplate] = new("[{value} ]cannot stand in the source column: it may hold {{schema}} and {{table}}.",
            "[{value} ]不能作为来源列的值：只可含 {{schema}} 与 {{table}}。"),
        [JobReasons.NeedsSourceColumn] = new("source_value belongs to  source_column: the column it stands in.",
            "source_value 只用于  source_column，即写入它的列。"),
        [JobReasons.RangeOrder] = new("[{value}: ]the first must not be larger than the second.", "[{value}：]前者不得大于后者。"),
        [JobReasons.NeedsIncremental] = new("{name} belongs to  mode: incremental.", "{name} 只用于  mode: incremental。"),
        [JobReasons.NeedsReplace] = new("{name} belongs to  write: replace.", "{name} 只用于  write: replace。"),
        [JobReasons.NeedsSnapshot] = new("{name} copies every row anew: it belongs to  mode: snapshot.",
            "{name} 每次都重新复制所有行：只用于  mode: snapshot。"),
        [JobReasons.NeedsCursor] = new("mode: incremental needs a cursor: the column that grows with every added or changed row.",
            "mode: incremental 需要 cursor：随每次新增或修改而增大的列。"),
        [JobReasons.Zone] = new("[{value} ]is not a zone here[; expected {expected}]: where clocks are set back an hour repeats.",
            "[{value} ]不能用作时区[；应为 {expected}]：会回拨的时区有一小时重复。"),
        [JobReasons.NotSet] = new("[{name}: ]the environment variable is not set.", "[{name}：]环境变量未设置。"),
        [JobReasons.FileAbsent] = new("[{name}: ]there is no such file.", "[{name}：]文件不存在。"),
        [JobReasons.FileUnreadable] = new("[{name}: ]the file cannot be read.", "[{name}：]文件无法读取。"),
        [JobReasons.NoScheme] = new("An address starts with its system, as in sqlite:shop.db[; known: {known}].",
            "地址以系统名开头，如 sqlite:shop.db[；已知：{known}]。"),
        [JobReasons.NoPath] = new("The address names no file or database.", "地址中没有文件或数据库。"),
        [JobReasons.Host] = new("The host in the address cannot be read.", "地址中的主机无法理解。"),
        [JobReasons.Port] = new("The port in the address is not a number from 1 to 65535.", "地址中的端口不是 1 到 65535 的数字。"),
        [JobReasons.Percent] = new("A % in an address starts two hexadecimal digits; a percent sign itself is %25.",
            "地址中的 % 后须跟两位十六进制数；百分号本身写作 %25。"),
        [JobReasons.AtSign] = new("An @ belongs before the host only; elsewhere write %40.", "@ 只能出现在主机之前；其他位置请写作 %40。"),
        [JobReasons.NoValue] = new("The option {option} has no value.", "选项 {option} 没有值。"),
        [JobReasons.DuplicateOption] = new("The option {option} is given twice.", "选项 {option} 重复。"),
    };

    public static Words? Find(string reason) => All.GetValueOrDefault(reason);
}
