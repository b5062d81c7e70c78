using Pawl.Cli.Output;

namespace Pawl.Cli.Texts;

/// <summary>What is counted. Chinese has no plural, but a word of measure between number and noun.</summary>
/// <param name="One">As in "1 row".</param>
/// <param name="Many">As in "2 rows".</param>
/// <param name="Zh">What follows the number, as in "2 行".</param>
public sealed record Noun(string One, string Many, string Zh)
{
    public static readonly Noun Row = new("row", "rows", "行"), Table = new("table", "tables", "张表"),
        Split = new("split", "splits", "个分片"), Lane = new("lane", "lanes", "个通道"), Retry = new("retry", "retries", "次重试"),
        Entry = new("table entry", "table entries", "个表条目"), Warning = new("warning", "warnings", "项警告"),
        Defect = new("thing to mend", "things to mend", "项需要处理"), Problem = new("problem", "problems", "个问题");

    /// <summary>The number with all its digits, and the noun.</summary>
    public string Of(long n) => $"{Figures.Full(n)} {Speech.Both(n == 1 ? One : Many, Zh)}";
}
