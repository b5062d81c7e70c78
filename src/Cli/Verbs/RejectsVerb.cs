using System.CommandLine;
using System.Runtime.CompilerServices;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl rejects list|show|export|retry</c>: the rows that were set aside, and trying them again.</summary>
internal static class RejectsVerb
{
    public static Command Create()
    {
        var tables = VerbRun.TablesOption();
        var job = VerbRun.JobArgument();
        var list = new Command("list", Both("Count the rejected rows by table and cause.", "按表和原因统计拒收的行。")) { job, tables }
            .Does("rejects list", (shell, parse, ct) => ListAsync(shell, parse.GetValue(job)!, parse.GetValue(tables) ?? [], ct));
        var limit = new Option<int>("--limit")
        {
            Description = Both("Rows shown at most.", "最多显示的行数。"), HelpName = "n", DefaultValueFactory = _ => 20,
        };
        limit.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() < 1) given.AddError(Both("--limit is a number of rows, at least 1.", "--limit 是行数，至少为 1。"));
        });
        var all = new Option<bool>("--all")
        {
            Description = Both("Also those that are written or superseded by now.", "也显示已写入或已被取代的行。"),
        };
        var shows = Both("Show rejected rows that are open, and cells set to NULL.", "显示仍未解决的拒收行，以及被置为 NULL 的单元格。");
        var show = new Command("show", shows) { job, tables, limit, all }
            .Does("rejects show", (shell, parse, ct) => ShowAsync(shell, parse.GetValue(job)!, parse.GetValue(tables) ?? [],
                parse.GetValue(limit), parse.GetValue(all), ct));
        var to = new Option<string>("--to")
        {
            Description = Both("The file, .jsonl or .csv; one that is there is replaced.", "文件，以 .jsonl 或 .csv 结尾；已存在则被替换。"),
            HelpName = "file", Required = true,
        };
        var export = new Command("export", Both("Write all rejected rows to a file, without loss.", "把所有拒收行无损写入文件。")) { job, tables, to }
            .Does("rejects export", (shell, parse, ct) => ExportAsync(shell, parse.GetValue(job)!, parse.GetValue(tables) ?? [],
                parse.GetValue(to)!, ct));
        var retry = new Command("retry", Both("Try each open rejected row once more. Exit code 3 when some stay rejected.",
            "把每条未解决的拒收行再试一次。仍有拒收行时退出码为 3。")) { job, tables }
            .Does("rejects retry", (shell, parse, ct) => RetryAsync(shell, parse.GetValue(job)!, parse.GetValue(tables) ?? [], ct));
        return new Command("rejects", Both("Look at the rows that were set aside, and try them again.", "查看被搁置的行，并重试。"))
        {
            list, show, export, retry,
        };
    }

    private static async Task<int> ListAsync(Shell shell, string file, string[] tables, CancellationToken ct)
    {
        var groups = new OrderedDictionary<(string Table, string Cause), Tally>();
        await foreach (var reject in ReadAsync(shell, file, tables, ct))
        {
            var key = (reject.Row.Table.ToString(), RejectCause.Of(reject.Row.Code));
            groups[key] = groups.GetValueOrDefault(key) is { } tally ? tally.With(reject) : Tally.Of(reject);
        }
        var table = new TextTable(new("table", "表"), new("cause", "原因"), new("open", "未解决", true), new("set to NULL", "已置空", true),
            new("written", "已写入", true, 2), new("superseded", "已被取代", true, 3),
            new("oldest", "最早", false, 4), new("newest", "最晚", false, 1));
        foreach (var ((name, cause), t) in groups)
        {
            table.Add(name, cause, Figures.Full(t.Open), Count(t.Nulled), Count(t.Written), Count(t.Superseded),
                Figures.Moment(t.Oldest), Figures.Moment(t.Newest));
        }
        if (table.Count > 0) shell.Say(table.Lines(shell.Width, shell.OutPaint));
        else shell.Say(Both("No row was rejected.", "没有拒收的行。"));
        var open = groups.Values.Sum(t => t.Open);
        if (open + groups.Values.Sum(t => t.Nulled) > 0)
            shell.Note(Both("To see them: ", "查看：") + $"pawl rejects show {Quoting.Word(file)}");
        shell.Data["open"] = open;
        shell.Data["causes"] = groups.Select(g => new Pairs
        {
            ["table"] = g.Key.Table, ["cause"] = g.Key.Cause, ["open"] = g.Value.Open, ["nulled"] = g.Value.Nulled,
            ["written"] = g.Value.Written, ["superseded"] = g.Value.Superseded, ["oldest"] = g.Value.Oldest, ["newest"] = g.Value.Newest,
        }).ToArray();
        return ExitCode.Done;
    }

    private static string Count(long n) => n == 0 ? "" : Figures.Full(n);

    private static async Task<int> ShowAsync(Shell shell, string file, string[] tables, int limit, bool all, CancellationToken ct)
    {
        var shown = new List<Pairs>();
        long more = 0;
        await foreach (var reject in ReadAsync(shell, file, tables, ct))
        {
            if (reject.State is not (RejectState.Open or RejectState.Nulled) && !all) continue;
            if (shown.Count == limit) more++;
            else
            {
                shell.Say(Lines(shell, reject));
                var data = RejectView.Data(reject);
                data["value"] = RejectView.Value(reject.Row);
                shown.Add(data);
            }
        }
        if (shown.Count == 0) shell.Say(all ? Both("No row was rejected.", "没有拒收的行。") : NoneOpen);
        if (more > 0)
        {
            shell.Note(Both($"{Figures.Full(more)} more; --limit shows them, pawl rejects export writes them to a file.",
                $"还有 {Figures.Full(more)} 行；用 --limit 显示，或用 pawl rejects export 写入文件。"));
        }
        shell.Data["rows"] = shown;
        shell.Data["more"] = more;
        return ExitCode.Done;
    }

    private static IEnumerable<string> Lines(Shell shell, StoredReject reject)
    {
        var row = reject.Row;
        var times = Figures.Full(reject.Attempts);
        var tried = reject.Attempts == 0 ? "" : Both($", tried again: {times}", $"，已重试 {times} 次");
        yield return shell.OutPaint.Bold($"{row.Table} {RejectView.Plain(row.Where ?? "")}".TrimEnd())
            + $"  {RejectCause.Of(row.Code)} " + Both($"({row.Code}), ", $"（{row.Code}），") + RejectView.Shown(reject.State) + tried;
        if (row.Column is { } column) yield return $"  {RejectView.Plain(column)} = {RejectView.Value(row)}";
        yield return $"  {RejectView.Plain(row.Cause)}";
        var (sequence, at) = (Figures.Full(reject.Sequence), Figures.Moment(reject.At));
        yield return shell.OutPaint.Dim("  " + Both($"{row.Lane.Name} ledger {sequence}, {at}", $"{row.Lane.Name} 账本 {sequence}，{at}"));
    }

    private static async Task<int> ExportAsync(Shell shell, string file, string[] tables, string to, CancellationToken ct)
    {
        _ = RejectFile.IsCsv(to);
        var rows = await RejectFile.WriteAsync(Path.GetFullPath(to), ReadAsync(shell, file, tables, ct));
        shell.Say(Both($"Wrote {Figures.Full(rows)} rejected rows to {to}.", $"已将 {Figures.Full(rows)} 条拒收行写入 {to}。"));
        shell.Data["rows"] = rows;
        shell.Data["file"] = to;
        return ExitCode.Done;
    }

    private static async Task<int> RetryAsync(Shell shell, string file, string[] tables, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        var retried = await new JobRejects(Hosts.Create(connectors, new NoEvents(), shell.Time)).RetryAsync(job, Patterns(tables), ct);
        var table = new TextTable(new("table", "表"), new("written", "已写入", true), new("superseded", "已被取代", true),
            new("refused again", "再次被拒", true), new("open", "未解决", true));
        foreach (var t in retried)
        {
            table.Add(t.Plan.Source.ToString(), Figures.Full(t.Counts.Written), Figures.Full(t.Counts.Superseded),
                Figures.Full(t.Counts.Refused), Figures.Full(t.Left));
        }
        var left = retried.Sum(t => t.Left);
        if (table.Count > 0) shell.Say(table.Lines(shell.Width, shell.OutPaint));
        else shell.Say(NoneOpen);
        if (left > 0) shell.Note(Both("Why they were refused: ", "被拒原因：") + $"pawl rejects show {Quoting.Word(file)}");
        shell.Data["open"] = left;
        shell.Data["tables"] = retried.Select(t => new Pairs
        {
            ["table"] = t.Plan.Source.ToString(), ["target"] = t.Plan.Target.ToString(), ["written"] = t.Counts.Written,
            ["superseded"] = t.Counts.Superseded, ["refused"] = t.Counts.Refused, ["open"] = t.Left,
        }).ToArray();
        return left > 0 ? ExitCode.Partial : ExitCode.Done;
    }

    private static string NoneOpen => Both("No rejected row is open.", "没有未解决的拒收行。");

    private static TablePattern[] Patterns(string[] tables) => [.. tables.Select(t => new TablePattern(t))];

    /// <summary>Works while another process runs the job.</summary>
    private static async IAsyncEnumerable<StoredReject> ReadAsync(Shell shell, string file, string[] tables,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        await using var door = await LedgerDoor.OpenAsync(connectors, job, shell.Time, ct);
        var progress = await door.Store.ReadAsync(door.Record.Id, ct);
        foreach (var plan in JobRejects.Chosen(progress.Plans, Patterns(tables)))
        {
            if (door.Rejects is not { } rejects) yield break;
            await foreach (var reject in rejects.ReadRejectsAsync(door.Record.Id, plan, ct)) yield return reject;
        }
    }

    /// <summary>Rejected rows of one table and cause.</summary>
    private sealed record Tally(long Open, long Nulled, long Written, long Superseded, DateTimeOffset Oldest,
        DateTimeOffset Newest)
    {
        public static Tally Of(StoredReject reject) => new Tally(0, 0, 0, 0, reject.At, reject.At).With(reject);

        public Tally With(StoredReject reject) => new(Open + (reject.State == RejectState.Open ? 1 : 0),
            Nulled + (reject.State == RejectState.Nulled ? 1 : 0), Written + (reject.State == RejectState.Written ? 1 : 0),
            Superseded + (reject.State == RejectState.Superseded ? 1 : 0),
            reject.At < Oldest ? reject.At : Oldest, reject.At > Newest ? reject.At : Newest);
    }
}
