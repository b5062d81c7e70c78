namespace Pawl.Jobs;

public static partial class JobFieldDocs
{
    /// <summary>The same fields stand at the top, under defaults and under each table.</summary>
    private static IEnumerable<JobField> Transform(string path, bool general) =>
    [
        new()
        {
            Path = path, Kind = FieldKind.Map, Default = "{}", Example = "{drop: [note]}",
            English = general
                ? "Changes on the way for all tables; merged under each table's own transform."
                : "Changes on the way from source to target: which rows, which columns, under which names.",
            Chinese = general ? "对所有表生效的转换；各表自己的 transform 在其上合并。" : "从源到目标途中的转换：取哪些行、哪些列、用什么列名。",
        },
        new()
        {
            Path = path + ".where", Kind = FieldKind.Code, MaxLength = 65_536, Example = "amount > 0",
            English = "Only rows that meet this condition. It is code in the source's own language and is handed to it as it "
                + "stands; plan shows it as code.",
            Chinese = "只取满足该条件的行。条件用源系统自己的语言书写，原样交给源执行；plan 会将其标明为代码。",
        },
        new()
        {
            Path = path + ".select", Kind = FieldKind.Texts, Example = "[id, amount]",
            English = "Source columns to carry, in this order. Without it all of them.", Chinese = "要传输的源列及其顺序。不写则全部传输。",
        },
        new()
        {
            Path = path + ".drop", Kind = FieldKind.Texts, Default = "[]", Example = "[note]",
            English = "Source columns to leave out.", Chinese = "不传输的源列。",
        },
        new()
        {
            Path = path + ".rename", Kind = FieldKind.Names, Default = "{}", Example = "{id: order_id}",
            English = "Source column → target column.", Chinese = "列改名：源列名 → 目标列名。",
        },
        new()
        {
            Path = path + ".set", Kind = FieldKind.Constants, Default = "{}", Example = "{origin: shop}",
            English = "Target column → constant (number, text, true, false or null). Adds the column, or replaces what it held.",
            Chinese = "目标列 → 常量（数字、文本、true、false 或 null）。新增该列，或替换其原值。",
        },
    ];

    /// <summary>Known from the design, not in this version: named so that a person is told so, and not "unknown".</summary>
    private static IEnumerable<JobField> Later()
    {
        yield return Soon("notify", "notifications", "Who is told when a run fails, recovers or finds differences.", "运行失败、恢复或发现差异时通知谁。");
        yield return Soon("schedule", "schedules", "When the job runs by itself.", "作业何时自动运行。");
        foreach (var under in (string[])["defaults", "tables.*"])
        {
            yield return Soon(under + ".deletes", "cdc", "What becomes of rows deleted in the source.", "源端删除的行如何处理。");
            yield return Soon(under + ".parallel", "settings per table", "Parts of this table copied at the same time.", "该表同时复制的分片数。");
        }
        yield return Soon("tables.*.commit", "settings per table", "When rows of this table are committed.", "该表何时提交。");
        yield return Soon("tables.*.on_error.retry", "settings per table", "Retries for this table.", "该表的重试设置。");
        foreach (var under in (string[])["transform", "defaults.transform", "tables.*.transform"])
        {
            yield return Soon(under + ".mask", "masking", "Columns whose values are made unreadable.", "需要脱敏的列。");
            yield return Soon(under + ".sql", "sql transforms", "A query of an embedded engine over the rows on their way.",
                "用内嵌引擎以 SQL 处理途中的行。");
            yield return Soon(under + ".python", "scripts", "A Python function over the rows on their way.", "用 Python 函数处理途中的行。");
            yield return Soon(under + ".javascript", "scripts", "A JavaScript function over the rows on their way.",
                "用 JavaScript 函数处理途中的行。");
        }
    }

    private static JobField Soon(string path, string capability, string english, string chinese) => new()
    {
        Path = path, Kind = FieldKind.Unread, Since = null, Capability = capability, English = english, Chinese = chinese,
    };
}
