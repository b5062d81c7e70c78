using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl checkpoint list|show|export|diff|import</c>: the durable places of a job, lane by lane.</summary>
internal static class CheckpointVerb
{
    public static Command Create()
    {
        var listJob = VerbRun.JobArgument();
        var list = new Command("list", Both("List the lanes with their last durable position.", "列出各通道最后的持久位置。")) { listJob }
            .Does("checkpoint list", (shell, parse, ct) => ListAsync(shell, parse.GetValue(listJob)!, ct));
        var lane = new Argument<string>("lane") 
        {
            Description = Both("A lane as list names it, for example orders/g1/s0.", "list 所列的通道名，如 orders/g1/s0。"),
        };
        var showJob = VerbRun.JobArgument();
        var show = new Command("show", Both("Show one lane in full.", "显示一个通道的全部细节。")) { lane, showJob }
            .Does("checkpoint show", (shell, parse, ct) => ShowAsync(shell, parse.GetValue(showJob)!, parse.GetValue(lane)!, ct));
        return new Command("checkpoint", Both("Look at the durable positions of a job, and carry them elsewhere.", "查看作业的持久位置，或把它们带到别处。"))
        {
            list, show, CheckpointMoving.Export(), CheckpointMoving.Diff(), CheckpointMoving.Import(),
        };
    }

    private static async Task<int> ListAsync(Shell shell, string file, CancellationToken ct)
    {
        var state = await ReadAsync(shell, file, ct);
        var table = new TextTable(new("lane", "通道"), new("ledger", "账本", true), new("epoch", "纪元", true, 3),
            new("position", "位置"), new("rows", "行数", true), new("bytes", "字节", true, 4),
            new("last commit", "最近提交", false, 2), new("", ""));
        foreach (var entry in state.Tables.SelectMany(t => t.Entries))
        {
            table.AddPainted(entry.Final ? shell.OutPaint.Green : null, entry.Lane.Name, Figures.Full(entry.Sequence),
                Figures.Full(entry.Epoch),
                entry.Position?.Text ?? Both("(no row)", "（无行）"), Figures.Full(entry.Total.Read), Figures.Bytes(entry.TotalBytes),
                entry.At is { } at ? Figures.Ago(shell.Now - at) : "", entry.Final ? Both("final", "已完成") : Both("open", "进行中"));
        }
        var waiting = state.Tables.Sum(t => t.Plan.Splits.Count - t.Entries.Count);
        if (table.Count > 0) shell.Say(table.Lines(shell.Width, shell.OutPaint));
        if (waiting > 0) shell.Say(Figures.Plural(waiting, Noun.Lane) + Both(" without a commit yet", "尚无提交"));
        if (table.Count == 0 && waiting == 0) shell.Say(Both("No table is planned yet.", "尚未规划任何表。"));
        shell.Data["lanes"] = state.Tables.SelectMany(t => t.Entries.Select(Data)).ToArray();
        shell.Data["waiting"] = waiting;
        return ExitCode.Done;
    }

    private static async Task<int> ShowAsync(Shell shell, string file, string lane, CancellationToken ct)
    {
        var state = await ReadAsync(shell, file, ct);
        var entries = state.Tables.SelectMany(t => t.Entries).ToArray();
        var entry = entries.FirstOrDefault(e => e.Lane.Name == lane)
            ?? throw new PawlException(Fault.Configuration, Codes.Usage, ("cause", Unknown(lane, entries)));
        var plan = state.Tables.First(t => t.Entries.Contains(entry)).Plan;
        var c = entry.Total;
        var facts = new (string Name, string Value)[]
        {
            (Both("lane", "通道"), entry.Lane.Name),
            (Both("table", "表"), $"{plan.Source} → {plan.Target}" + Both($", generation {plan.Generation}", $"，第 {plan.Generation} 代")),
            (Both("ledger", "账本"), Figures.Full(entry.Sequence) + Both($", epoch {Figures.Full(entry.Epoch)}, ",
                $"，纪元 {Figures.Full(entry.Epoch)}，") + (entry.Final ? Both("final", "已完成") : Both("open", "进行中"))),
            (Both("position", "位置"), entry.Position is { } p ? $"{p.Text}  ({p.Codec})"
                : Both("none: the lane held no row", "无：该通道没有行")),
            (Both("last step", "最近一步"), LastStep(entry)),
            (Both("committed", "提交于"), entry.At is { } at ? Figures.Moment(at) + Both(", ", "，") + Figures.Ago(shell.Now - at)
                : Both("unknown", "未知")),
            (Both("read", "读取"), Figures.Full(c.Read)),
            (Both("written", "写入"), Written(c)),
            (Both("filtered", "过滤"), Figures.Full(c.Filtered)),
            (Both("rejected", "拒收"), Figures.Full(c.Rejected)),
            (Both("bytes", "字节"), Figures.Bytes(entry.TotalBytes)),
            (Both("digest", "摘要"), entry.Digest ?? Both("none", "无")),
        };
        foreach (var (name, value) in facts) shell.Say($"{shell.OutPaint.Dim(Cells.Pad(name, 10, false))}{value}");
        shell.Data.AddRange(Data(entry));
        return ExitCode.Done;
    }

    private static string LastStep(LedgerEntry entry)
    {
        var (rows, bytes) = (Figures.Full(entry.Counts.Read), Figures.Bytes(entry.Bytes));
        return Both($"after {entry.After?.Text ?? "the start"}: {rows} rows, {bytes}",
            $"{(entry.After is null ? "自开头" : $"{entry.After.Text} 之后")}：{rows} 行，{bytes}");
    }

    private static string Written(WriteCounts c)
    {
        var (inserted, updated, unchanged) = (Figures.Full(c.Inserted), Figures.Full(c.Updated), Figures.Full(c.Unchanged));
        return Figures.Full(RunResult.Written(c)) + Both($" ({inserted} inserted, {updated} updated, {unchanged} unchanged)",
            $"（插入 {inserted}，更新 {updated}，未变 {unchanged}）");
    }

    private static string Unknown(string lane, LedgerEntry[] entries)
    {
        var near = NearestName.Of(lane, entries.Select(e => e.Lane.Name));
        return near is null
            ? Both($"There is no lane {lane} with a commit; see pawl checkpoint list", $"没有已提交的通道 {lane}；请看 pawl checkpoint list")
            : Both($"There is no lane {lane} with a commit; did you mean {near}?", $"没有已提交的通道 {lane}；是否想写 {near}？");
    }

    private static async Task<LedgerState> ReadAsync(Shell shell, string file, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        await using var door = await LedgerDoor.OpenAsync(connectors, job, shell.Time, ct);
        return LedgerState.Of(door.Record, await door.Store.ReadAsync(door.Record.Id, ct));
    }

    private static Pairs Data(LedgerEntry e) => new()
    {
        ["lane"] = e.Lane.Name, ["sequence"] = e.Sequence, ["epoch"] = e.Epoch, ["position"] = e.Position?.Text,
            ["codec"] = e.Position?.Codec,
        ["after"] = e.After?.Text, ["final"] = e.Final, ["step"] = RunResult.Counts(e.Counts), ["total"] = RunResult.Counts(e.Total),
        ["bytes"] = e.Bytes, ["total_bytes"] = e.TotalBytes, ["digest"] = e.Digest, ["at"] = e.At,
    };
}
