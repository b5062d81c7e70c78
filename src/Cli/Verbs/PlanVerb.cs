using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl plan</c>: what a run would do, from what source and target hold now. Changes nothing.</summary>
internal static class PlanVerb
{
    public static Command Create()
    {
        var job = VerbRun.JobArgument();
        var tables = VerbRun.TablesOption();
        var detailed = new Option<bool>("--detailed-exitcode") 
        {
            Description = Both("Exit with 8 when there is work to do.", "有事可做时以退出码 8 结束。"),
        };
        return new Command("plan", Both("Show what a run would do, without doing it.", "显示一次运行会做什么，但不去做。"))
        {
            job, tables, detailed,
        }
            .Does("plan", (shell, parse, ct) => PlanAsync(shell, parse.GetValue(job)!, parse.GetValue(tables) ?? [],
                parse.GetValue(detailed), ct));
    }

    private static async Task<int> PlanAsync(Shell shell, string file, string[] tables, bool detailed, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        var options = new RunOptions { Tables = [.. tables.Select(t => new TablePattern(t))] };
        var plan = await new JobPlanner(Hosts.Create(connectors, new NoEvents(), shell.Time)).PlanAsync(job, options, ct);
        shell.Say($"{shell.OutPaint.Bold(job.Name)}: {job.Source.Display} → {job.Target.Display}"
            + (plan.Holder is { } holder ? Both($"   (held by {holder})", $"   （由 {holder} 持有）") : ""));
        shell.Say();
        shell.Say(Table(plan, shell).Lines(shell.Width, shell.OutPaint));
        foreach (var line in Remarks(plan, shell)) shell.Say(line);
        foreach (var left in plan.Left) shell.Say(Line(left));
        var open = plan.Tables.Where(t => t.State != TableState.Blocked).Select(t => t.Consistency).ToArray();
        if (open.Length > 0) shell.Say("  " + RunResult.Words(open));
        shell.Say();
        shell.Say(Conclusion(plan, file));
        shell.Data.AddRange(Data(plan, VerbRun.Context(shell)));
        var blocked = plan.Tables.Where(t => t.Error is not null).Select(t => ExitCode.Of(t.Error!)).ToArray();
        if (blocked.Length > 0) return blocked.Distinct().Count() == 1 ? blocked[0] : ExitCode.Failed;
        return detailed && !plan.NothingToDo ? ExitCode.WorkToDo : ExitCode.Done;
    }

    private static TextTable Table(PlanReport plan, Shell shell)
    {
        var table = new TextTable(new("table", "表"), new("target", "目标"), new("key", "键", false, 3),
            new("write", "写入方式", false, 4), new("rows", "行数", true), new("durable", "已持久", true),
            new("splits", "分片", true, 2), new("guarantee", "保证", false, 5), new("consistency", "一致性", false, 8), new("a run would", "将执行"));
        foreach (var t in plan.Tables)
        {
            var splits = t.SplitsDone + t.SplitsPartial + t.SplitsToDo;
            table.AddPainted(t.State == TableState.Blocked ? shell.OutPaint.Red : t.State == TableState.Finished ? shell.OutPaint.Green
                : null,
                t.Source, t.Target, Key(t), t.Write.ToString().ToLowerInvariant(), t.EstimatedRows >= 0 ? "~"
                    + Figures.Short(t.EstimatedRows) : "",
                t.Durable.Read > 0 ? Figures.Full(t.Durable.Read) : "", splits > 0 ? $"{t.SplitsDone}/{splits}" : "",
                t.State == TableState.Blocked ? "" : RunResult.Words(t.Guarantee),
                t.State == TableState.Blocked ? "" : RunResult.Words(t.Consistency), What(t));
        }
        return table;
    }

    private static string Key(TableForecast t) => t.Key switch
    {
        KeyKind.RowId => Both("row id", "行号"),
        KeyKind.None => Both("none", "无"),
        _ => string.Join(", ", t.KeyColumns),
    };

    private static string What(TableForecast t) => t.State switch
    {
        TableState.New => Both("copy it all", "全部复制"),
        TableState.Restarts or TableState.Continues when t.Answer == DriftAnswer.ReadAgain => Both("read it all again", "全部重读"),
        TableState.Resumes => Both("go on", "续传"),
        TableState.Finished => Both("do nothing", "无事可做"),
        TableState.Restarts => Both("copy it anew", "重新复制"),
        TableState.Continues => Both("take what is new", "取新到的行"),
        TableState.Renews => Both("copy it anew and replace", "重新复制并取代"),
        _ => Both("refuse: ", "拒绝：") + t.Error?.Code,
    };

    private static IEnumerable<string> Remarks(PlanReport plan, Shell shell)
    {
        foreach (var t in plan.Tables)
        {
            foreach (var line in Remarks(t, shell.Now)) yield return line;
            if (t.Error is null) continue;
            yield return "";
            foreach (var line in new ErrorView(shell.OutPaint, shell.Width, VerbRun.Context(shell)).Of(t.Error,
                shell.Verbose)) yield return line;
        }
    }

    private static string Window(CursorWindow window)
    {
        if (window.Through is not { } through) return Both($"by {window.Column}: no row yet", $"按 {window.Column}：尚无行");
        var (after, equal) = (window.After, window.AfterIncluded);
        var from = after is null ? Both("all rows", "所有行") : equal ? Both($"from {after}", $"从 {after} 起")
            : Both($"after {after}", $"{after} 之后");
        var to = window.ThroughIncluded ? Both($"up to {through}", $"到 {through} 为止") : Both($"before {through}", $"早于 {through}");
        return Both($"by {window.Column}: {from} {to}", $"按 {window.Column}：{from}，{to}");
    }

    private static IEnumerable<string> Remarks(TableForecast t, DateTimeOffset now)
    {
        if (t.Where is { } where)
        {
            yield return Both($"\n  {t.Source} where (code, run by the source): {where}", $"\n  {t.Source} where（代码，由源端执行）：{where}");
        }
        if (t.Window is { } window) yield return Both($"\n  {t.Source} {Window(window)}; rows deleted at the source are not seen",
            $"\n  {t.Source} {Window(window)}；看不到源端删除的行");
        if (t.Columns.Rename.Count > 0)
        {
            var pairs = string.Join(", ", t.Columns.Rename.Select(r => $"{r.Key} → {r.Value}"));
            yield return Both($"  {t.Source} rename: {pairs}", $"  {t.Source} 改名：{pairs}");
        }
        if (t.Columns.SourceColumn is { } mark)
        {
            var value = t.Columns.Set[mark];
            yield return $"  {t.Source} → {t.Target}: " + Both($"known by {mark} = {value}", $"以 {mark} = {value} 标记");
        }
        if (t.Columns.Set.Keys.Where(k => k != t.Columns.SourceColumn).ToArray() is { Length: > 0 } constants)
        {
            var names = string.Join(", ", constants);
            yield return Both($"  {t.Source} set: {names}", $"  {t.Source} 常量：{names}");
        }
        if (t.TypeChanges.Count > 0) yield return Types(t);
        if (t.CoarseKey.Count > 0)
        {
            var keys = string.Join(", ", t.CoarseKey);
            yield return Both($"  {t.Source}: key {keys} at the target takes texts for one that differ in case, accents or blanks at "
                + "the end; such rows would become one", $"  {t.Source}：目标端的键 {keys} 把仅大小写、重音或末尾空格不同的文本视为相同；这样的行会并为一行");
        }
        if (t.Publication is { } publication) yield return $"  {t.Source}{Both(": ", "：")}{PublicationText.Of(publication)}";
        if (t.Difference is { } difference && t.State != TableState.Blocked) yield return DriftView.Line(t, difference);
        if (t.State == TableState.Resumes && t.LastCommit is { } last)
        {
            var (at, ago) = (Figures.TimeOfDay(last, now), Figures.Ago(now - last));
            yield return Both($"  {t.Source}: last commit {at}, {ago}", $"  {t.Source}：最近提交 {at}，{ago}");
        }
        if (t.IsSnapshotLost)
        {
            yield return Both($"  {t.Source}: the snapshot its rows were read in is gone; what it has copied is removed and copied anew",
                $"  {t.Source}：读取各行所用的快照已失效；已复制的内容会删除并重新复制");
        }
        else if (t.Consistency == Consistency.OneSnapshot && t.State is not (TableState.Finished or TableState.Blocked))
        {
            yield return t.Write == WriteMode.Append
                ? Both($"  {t.Source}: read in one snapshot; if that ends before the table is done, the table stops: "
                    + "rows it has added cannot be removed", $"  {t.Source}：在同一快照内读取；若快照在该表完成前结束，该表停止：已追加的行无法删除")
                : Both($"  {t.Source}: read in one snapshot; if that ends before the table is done, the table begins anew",
                    $"  {t.Source}：在同一快照内读取；若快照在该表完成前结束，该表从头再来");
        }
        else if (t.Key == KeyKind.None && t.State is not (TableState.Finished or TableState.Blocked))
        {
            yield return Both($"  {t.Source}: has no key; read in one piece, and one commit at its end: "
                + "a run that dies before begins it anew",
                $"  {t.Source}：没有键；一次读完，在结尾一次提交：此前中断的运行会让它从头再来");
        }
        if (t.Rejects > 0)
        {
            var rejects = Figures.Plural(t.Rejects, Noun.Row);
            yield return Both($"  {t.Source}: {rejects} rejected so far", $"  {t.Source}：至今拒收 {rejects}");
        }
        if (t.Durable.Nulled > 0)
        {
            var cells = Figures.Full(t.Durable.Nulled);
            yield return Both($"  {t.Source}: {cells} cells set to NULL so far", $"  {t.Source}：至今有 {cells} 个单元格置为 NULL");
        }
    }

    private static string Line(LeftTable left)
    {
        var rows = Figures.Plural(left.Rows, Noun.Row);
        return left.Reason == LeftReason.NotInJob
            ? Both($"  {left.Source}: no longer in the job; its {rows} and its progress are kept", $"  {left.Source}：已不在作业中；保留其 {rows}和进度")
            : Both($"  {left.Source}: no longer at the source; its {rows} and its progress are kept",
                $"  {left.Source}：源端已没有该表；保留其 {rows}和进度");
    }

    private static string Types(TableForecast t)
    {
        const int shown = 8;
        static string Word(string type) => type.Length > 0 ? type : Both("no type", "无类型");
        var words = string.Join(", ", t.TypeChanges.Take(shown).Select(c => $"{c.Column} {Word(c.From)} → {Word(c.To)}"));
        var more = t.TypeChanges.Count - shown;
        return Both($"  {t.Source} types at the target: {words}", $"  {t.Source} 在目标端的类型：{words}")
            + (more > 0 ? Both($", and {more} more (--json lists all)", $"，另有 {more} 列（--json 列出全部）") : "");
    }

    private static string Conclusion(PlanReport plan, string file)
    {
        if (plan.NothingToDo) return Both("Nothing to do: every table is finished.", "无事可做：每张表都已完成。");
        var words = string.Join(Both(", ", "，"), plan.Tables.GroupBy(t => t.State).OrderBy(g => g.Key)
            .Select(g => Both($"{g.Count()} {Word(g.Key)}", $"{g.Count()} 张{Word(g.Key)}")));
        var count = Figures.Plural(plan.Tables.Count, Noun.Table);
        return Both($"{count}: {words}. To do it: ", $"共 {count}：{words}。执行：") + $"pawl run {Quoting.Word(file)}";
    }

    private static string Word(TableState state) => state switch
    {
        TableState.New => Both("new", "全新"),
        TableState.Resumes => Both("to go on with", "待续传"),
        TableState.Finished => Both("finished", "已完成"),
        TableState.Restarts => Both("to restart", "待重新复制"),
        TableState.Continues => Both("to bring up to date", "待跟进"),
        TableState.Renews => Both("to replace", "待取代"),
        _ => Both("blocked", "受阻"),
    };

    private static Pairs Data(PlanReport plan, IReadOnlyDictionary<string, string?> context) => new()
    {
        ["nothing_to_do"] = plan.NothingToDo,
        ["holder"] = plan.Holder,
        ["left"] = plan.Left.Select(l => new Pairs
        {
            ["source"] = l.Source, ["target"] = l.Target, ["reason"] = l.Reason.ToString(), ["rows"] = l.Rows, ["finished"] = l.IsFinished,
        }).ToArray(),
        ["tables"] = plan.Tables.Select(t =>
        {
            var data = new Pairs
            {
                ["source"] = t.Source, ["target"] = t.Target, ["state"] = t.State.ToString(), ["key"] = t.Key.ToString(),
                ["key_columns"] = t.KeyColumns, ["write"] = t.Write.ToString(), ["where"] = t.Where, ["guarantee"] = t.Guarantee.ToString(),
                ["consistency"] = t.Consistency.ToString(), ["snapshot_lost"] = t.IsSnapshotLost,
                ["generation"] = t.Generation, ["splits_done"] = t.SplitsDone, ["splits_partial"] = t.SplitsPartial,
                ["splits_todo"] = t.SplitsToDo, ["durable"] = RunResult.Counts(t.Durable), ["bytes"] = t.DurableBytes,
                ["estimated_rows"] = t.EstimatedRows,
                ["type_changes"] = t.TypeChanges.Select(c => new Pairs
                {
                    ["column"] = c.Column, ["from"] = c.From, ["to"] = c.To,
                }).ToArray(),
                ["coarse_key"] = t.CoarseKey, ["rejects"] = t.Rejects, ["nulled"] = t.Durable.Nulled, ["last_commit"] = t.LastCommit,
            };
            if (t.Difference is { } difference) data["schema"] = DriftView.Data(t, difference);
            if (t.Window is { } w)
            {
                data["window"] = new Pairs
                {
                    ["column"] = w.Column, ["after"] = w.After, ["after_included"] = w.AfterIncluded, ["through"] = w.Through,
                    ["through_included"] = w.ThroughIncluded,
                };
            }
            if (t.Publication is { } p)
            {
                data["publication"] = new Pairs { ["way"] = p.Way.ToString(), ["what"] = p.What, ["name"] = p.Name };
            }
            if (t.Error is { } e) data["error"] = ErrorView.Data(e, context);
            return data;
        }).ToArray(),
    };
}
