using Pawl.Model;

namespace Pawl.Cli.Texts;

/// <summary>6xx: rows.</summary>
internal static class RowErrors
{
    public static readonly IReadOnlyDictionary<string, ErrorText> All = new Dictionary<string, ErrorText>
    {
        [Codes.RowRefused] = new(
            new("the target refused a row", "目标拒绝了一行"),
            new("A row[ of {table}] was refused by the target[, column {column}][, at {where}][: {cause}].",
                "目标拒绝了[{table} 的]一行[，列 {column}][，位置 {where}][：{cause}]。"),
            new("A constraint of the target does not hold for it (NOT NULL, CHECK, UNIQUE, foreign key).", "该行不满足目标的约束（非空、CHECK、唯一、外键）。"),
            new("Mend the row or the constraint; or let up to n such rows be set aside:  on_error: {{reject_limit: 100}}",
                "修正该行或约束；或允许最多 n 行被搁置：  on_error.reject_limit: 100")),
        [Codes.TypeMismatch] = new(
            new("a cell holds another type than its column", "单元格类型与列不符"),
            new("[{table}: ]column {column}[ ({type})] holds a value of type {found}[, at {where}].",
                "[{table}：]列 {column}[（{type}）]中有类型为 {found} 的值[，位置 {where}]。"),
            new("The target cannot store it exactly, or the job says on_error: {{mistyped: stop}}.", "目标无法精确保存，或作业设置为遇到即停。"),
            new("Mend the cell, or choose  on_error: {{mistyped: reject}}  and count it as rejected",
                "修正该单元格，或选择  on_error.mistyped: reject  将其计为拒收")),
        [Codes.RejectLimit] = new(
            new("too many rejected rows", "被拒收的行过多"),
            new("{table}: {rejected} rows were rejected[ for {reject_cause}], the limit is {limit}[; the last at {where}]"
                + "[, column {column}][: {cause}].",
                "{table}：已[因 {reject_cause} ]拒收 {rejected} 行，上限 {limit}[；最近一行位于 {where}][，列 {column}][：{cause}]。"),
            new("So many bad rows usually mean that something else is wrong.", "坏行这么多，通常是别处出了问题。"),
            new("See those that are stored:  pawl rejects list {jobfile}   or raise the limit:  on_error: {{reject_limit: 1000}}",
                "查看已保存的拒收行：  pawl rejects list {jobfile}   或提高上限：  on_error.reject_limit: 1000")),
        [Codes.ValueTooLarge] = new(
            new("a value is too large", "值过大"),
            new("A value[ in column {column}][ of {table}] is too large[: {bytes} bytes][, at most {limit}][, at {where}][ ({cause})].",
                "[{table} 的][列 {column} 的]值过大[：{bytes} 字节][，上限 {limit}][，位置 {where}][（{cause}）]。"),
            new("The target, or the memory given to the job, cannot hold it.", "目标或作业可用内存无法容纳。"),
            new("[Give the job more memory, as in  memory: {memory}][Let the server take more, then run again:  {raise}]"
                + "[   or leave the column out:  drop: [[{column}]]]",
                "[给作业更多内存，如  memory: {memory}][让服务器允许更大的包，然后重新运行：  {raise}]"
                + "[   或不带该列：  drop: [[{column}]]]")),
        [Codes.CountsDiffer] = new(
            new("row counts differ", "行数不一致"),
            new("{table} has {source_rows} rows, {target} has {target_rows}[, {rejected} were rejected].",
                "{table} 有 {source_rows} 行，{target} 有 {target_rows} 行[，拒收 {rejected} 行]。"),
            new("Somebody changed the source or the target after the copy, or rows were lost; the digest says where.",
                "复制之后有人改动了源或目标，或有行丢失；摘要能指出位置。"),
            new("Find the range:  pawl verify {jobfile} --level digest --tables {table}",
                "定位区间：  pawl verify {jobfile} --level digest --tables {table}")),
        [Codes.DigestsDiffer] = new(
            new("contents differ", "内容不一致"),
            new("{table} and {target} differ[ in {ranges} ranges].", "{table} 与 {target} 不一致[，差异区间 {ranges} 个]。"),
            new("Rows were changed on one side after they were copied. Equal counts do not mean equal rows.", "复制之后有一侧的行被改动。行数相等不代表内容相等。"),
            new("Copy this table afresh:  pawl run {jobfile} --restart --tables {table}",
                "重新复制该表：  pawl run {jobfile} --restart --tables {table}")),
        [Codes.TextUnfit] = new(
            new("a text the target cannot hold", "目标无法存放的文本"),
            new("A text[ in column {column}][ of {table}] holds characters that the target cannot store[: {cause}].",
                "[{table} 的][列 {column} 的]文本含有目标无法存储的字符[：{cause}]。"),
            new("A NUL character or bytes that are not UTF-8. Changing them unasked would be a silent loss.",
                "NUL 字符，或并非 UTF-8 的字节。擅自改动等于悄悄丢失。"),
            new("Let such rows go to the reject store (on_error), then:  pawl run {jobfile}",
                "让这样的行进入拒收库（on_error），然后：  pawl run {jobfile}")),
        [Codes.NullRefused] = Refused("null in a column that takes none", "非空列遇到空值",
            new("The target's column is declared NOT NULL.", "目标列声明为 NOT NULL。"), "not_null"),
        [Codes.DuplicateRefused] = Refused("a key that is there already", "键值已存在",
            new("The target has a row with the same key or unique value.", "目标中已有主键或唯一值相同的行。"), "duplicate"),
        [Codes.ReferenceMissing] = Refused("a reference to a row that is not there", "引用的行不存在",
            new("A foreign key of the target names a row that has not arrived, or never will.", "目标的外键指向尚未到达或不会到达的行。"),
            "foreign_key"),
        [Codes.CheckFailed] = Refused("a check that does not hold", "不满足检查约束",
            new("A CHECK constraint of the target refuses the values.", "目标的 CHECK 约束拒绝了这些值。"), "check"),
        [Codes.ValueBeyond] = Refused("a value beyond its column", "值超出列的范围",
            new("The number or text does not fit the column's range or length. Rounding or cutting it would be a silent change.",
                "数字或文本超出列的范围或长度。舍入或截断等于悄悄改动。"), "overflow"),
        [Codes.RecordBroken] = new(
            new("a record is no row", "一条记录不成一行"),
            new("A record[ of {table}][ at {where}] is no row[: {cause}].", "[{table} 的]一条记录[（{where}）]不成一行[：{cause}]。"),
            new("It has more or fewer fields than the table has columns, an open quote, or bytes that are no text in the file's " +
                "encoding. Leaving it out unasked would be a silent loss.",
                "字段数与列数不符、引号未闭合，或含有不符合文件编码的字节。擅自略过等于悄悄丢失。"),
            new("Mend the file or the options of its address; or set such records aside:  on_error: {{mistyped: reject, " +
                "reject_limit: 100}}",
                "修正文件或地址中的选项；或把这样的记录搁置：  on_error: {{mistyped: reject, reject_limit: 100}}")),
    };

    /// <param name="cause">The name under <c>on_error.causes</c>.</param>
    private static ErrorText Refused(string title, string zhTitle, Words why, string cause) => new(
        new(title, zhTitle),
        new("A row[ of {table}] was refused[, column {column}][, at {where}][: {cause}].",
            "[{table} 的]一行被拒绝[，列 {column}][，位置 {where}][：{cause}]。"),
        why,
        new($"Mend the row or the target, then:  pawl rejects retry {{jobfile}}   or set such rows aside:  on_error: {{{{causes: "
            + $"{{{{{cause}: 100}}}}}}}}",
            $"修正该行或目标，然后：  pawl rejects retry {{jobfile}}   或搁置这样的行：  on_error.causes.{cause}: 100"));
}
