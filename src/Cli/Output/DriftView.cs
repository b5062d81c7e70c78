using Pawl.Contracts;
using Pawl.Engine;

namespace Pawl.Cli.Output;

/// <summary>Says what a source table has become since its plan was made, and what a run makes of it.</summary>
internal static class DriftView
{
    public static string Line(TableForecast t, SchemaDifference difference)
    {
        var words = difference.Words;
        var replaced = t.Write == WriteMode.Replace && t.Answer != DriftAnswer.Ignored;
        return Both($"  {t.Source}: the source has changed ({words}); ", $"  {t.Source}：源表已变化（{words}）；") + (t.Answer switch
        {
            _ when replaced => Both("the whole copy that is staged anew has it", "重新暂存的整份副本会包含它"),
            DriftAnswer.Ignored => Both("the planned columns go on (schema: {changes: ignore})", "按原计划的列继续（schema: {changes: ignore}）"),
            DriftAnswer.Followed => Both("the target follows, nothing is read again", "目标表随之变更，无须重读"),
            DriftAnswer.ReadAgain => Both("the target follows, and every row is read again and written over by its key",
                "目标表随之变更，所有行重新读取并按键覆盖"),
            DriftAnswer.CopiedAnew => Both("its rows at the target are removed and copied anew; to keep them without the new columns: "
                + "schema: {changes: ignore}", "目标端已有的行会删除并重新复制；若要保留它们而不带新列：schema: {changes: ignore}"),
            DriftAnswer.AfterWindow => Both("the next window follows", "由下一个窗口处理"),
            _ => Both("the finished copy stays as it is; --restart takes what is new", "已完成的复制保持原样；--restart 可取得新内容"),
        });
    }

    public static Pairs Data(TableForecast t, SchemaDifference difference) => new()
    {
        ["added"] = difference.Added,
        ["widened"] = difference.Widened.Select(w => new Pairs { ["column"] = w.Column, ["from"] = w.From, ["to"] = w.To }).ToArray(),
        ["nullable"] = difference.Freed, ["breaking"] = difference.Breaking, ["answer"] = t.Answer.ToString(),
    };
}
