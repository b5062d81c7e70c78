using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>Limits of rejected rows by what was wrong with them: one field for each <see cref="RejectCause"/>.</summary>
public static partial class JobFieldDocs
{
    private static IEnumerable<JobField> Causes(string under) =>
    [
        new()
        {
            Path = under + ".causes", Kind = FieldKind.Map, Default = "{}", Example = "{duplicate: 10}",
            English = "Limits by what was wrong with a row: stop, or the number of rows that may be set aside for that cause; or, where "
                + "one cell is at fault, set_null. "
                + "reject_limit, where it is given, holds for all causes together; where it is not, a cause that is not named here "
                + "stops the table.",
            Chinese = "按出错原因分别设限：stop，或该原因允许剔除的行数；出错的只是一个单元格时，也可以写 set_null。写了 reject_limit 时，它对所有原因合计生效；没写时，此处未列出的原因一律停止该表。",
        },
        Cause(under, "not_null", "A null for a column that takes none", "不允许为空的列遇到空值"),
        Cause(under, "duplicate", "A key or unique value that is there already", "主键或唯一值已经存在"),
        Cause(under, "foreign_key", "A reference to a row that is not there", "引用的行不存在"),
        Cause(under, "check", "A check of the target that does not hold", "不满足目标端的检查约束"),
        Cause(under, "overflow", "A number or a text beyond the column's range or length", "数字或文本超出列的范围或长度"),
        Cause(under, "type", "A cell of another type than its column, those of mistyped: reject among them",
            "单元格与列的类型不符，包括 mistyped: reject 剔除的行"),
        Cause(under, "too_large", "A value of more bytes than the target takes", "值的字节数超出目标端所能容纳"),
        Cause(under, "text", "Text with a NUL character, or that is not valid UTF-8", "文本含有 NUL 字符，或不是合法的 UTF-8"),
        Cause(under, "record", "A record of a file that is no row", "文件中不成一行的记录"),
        Cause(under, RejectCause.Other, "Any other refusal by the target, such as a trigger's", "目标端的其他拒绝，例如触发器"),
    ];

    private static JobField Cause(string under, string name, string english, string chinese)
    {
        var oneCell = RejectCause.Cellwise.Contains(name);
        return new()
        {
            Path = $"{under}.causes.{name}", Kind = FieldKind.Count, Allowed = oneCell ? ["stop", RejectCause.SetNull] : ["stop"],
            Min = "0", Max = "1000M", Unit = "rows", Example = "10",
            English = english + ": stop, or how many such rows of one table may be set aside. 0 = stop."
                + (oneCell ? " set_null = the cell is written as NULL, its row is kept, and the value is stored with the rejects." : ""),
            Chinese = chinese + "：stop，或每张表允许剔除的此类行数。0 即 stop。"
                + (oneCell ? "set_null 即把该单元格写为 NULL、保留该行，原值与拒收行存放在一起。" : ""),
        };
    }
}
