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
        var detailed = new Option<bool>("--detailed-exitcode") { Description = "Exit with 8 when there is work to do." };
        return new Command("plan", "Show what a run would do, without doing it.") { job, tables, detailed }
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
            + (plan.Holder is { } holder ? $"   (held by {holder})" : ""));
        shell.Say();
        shell.Say(Table(plan, shell).Lines(shell.Width, shell.OutPaint));
        foreach (var line in Remarks(plan, shell)) shell.Say(line);
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
        var table = new TextTable(new("table"), new("target"), new("key", false, 3), new("write", false, 4), new("rows", true),
            new("durable", true),
            new("splits", true, 2), new("guarantee", false, 5), new("consistency", false, 8), new("a run would"));
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
        KeyKind.RowId => "row id",
        KeyKind.None => "none",
        _ => string.Join(", ", t.KeyColumns),
    };

    private static string What(TableForecast t) => t.State switch
    {
        TableState.New => "copy it all",
        TableState.Resumes => "go on",
        TableState.Finished => "do nothing",
        TableState.Restarts => "copy it anew",
        TableState.Continues => "take what is new",
        _ => "refuse: " + t.Error?.Code,
    };

    private static IEnumerable<string> Remarks(PlanReport plan, Shell shell)
    {
        foreach (var t in plan.Tables)
        {
            if (t.Where is { } where) yield return $"\n  {t.Source} where (code, run by the source): {where}";
            if (t.Window is { } window) yield return $"\n  {t.Source} {Window(window)}; rows deleted at the source are not seen";
            if (t.Columns.Rename.Count > 0)
            {
                yield return $"  {t.Source} rename: {string.Join(", ", t.Columns.Rename.Select(r => $"{r.Key} → {r.Value}"))}";
            }
            if (t.Columns.Set.Count > 0) yield return $"  {t.Source} set: {string.Join(", ", t.Columns.Set.Keys)}";
            if (t.TypeChanges.Count > 0) yield return Types(t);
            if (t.State == TableState.Resumes && t.LastCommit is { } last)
            {
                yield return $"  {t.Source}: last commit {Figures.TimeOfDay(last, shell.Now)}, {Figures.Ago(shell.Now - last)}";
            }
            if (t.IsSnapshotLost)
            {
                yield return $"  {t.Source}: the snapshot its rows were read in is gone; what it has copied is removed and copied anew";
            }
            else if (t.Consistency == Consistency.OneSnapshot && t.State is not (TableState.Finished or TableState.Blocked))
            {
                yield return $"  {t.Source}: read in one snapshot; if that ends before the table is done, the table "
                    + (t.Write == WriteMode.Append ? "stops: rows it has added cannot be removed" : "begins anew");
            }
            if (t.Rejects > 0) yield return $"  {t.Source}: {Figures.Plural(t.Rejects, "row")} rejected so far";
            if (t.Error is null) continue;
            yield return "";
            foreach (var line in new ErrorView(shell.OutPaint, shell.Width, VerbRun.Context(shell)).Of(t.Error,
                shell.Verbose)) yield return line;
        }
    }

    private static string Window(CursorWindow window)
    {
        if (window.Through is null) return $"by {window.Column}: no row yet";
        var from = window.After is { } after ? $"{(window.AfterIncluded ? "from" : "after")} {after} " : "all rows ";
        return $"by {window.Column}: {from}{(window.ThroughIncluded ? "up to" : "before")} {window.Through}";
    }

    private static string Types(TableForecast t)
    {
        const int shown = 8;
        static string Word(string type) => type.Length > 0 ? type : "no type";
        var words = t.TypeChanges.Take(shown).Select(c => $"{c.Column} {Word(c.From)} → {Word(c.To)}");
        return $"  {t.Source} types at the target: {string.Join(", ", words)}"
            + (t.TypeChanges.Count > shown ? $", and {t.TypeChanges.Count - shown} more (--json lists all)" : "");
    }

    private static string Conclusion(PlanReport plan, string file)
    {
        if (plan.NothingToDo) return "Nothing to do: every table is finished.";
        var words = plan.Tables.GroupBy(t => t.State).OrderBy(g => g.Key).Select(g => $"{g.Count()} {Word(g.Key)}");
        return $"{Figures.Plural(plan.Tables.Count, "table")}: {string.Join(", ", words)}. To do it: pawl run {Quoting.Word(file)}";
    }

    private static string Word(TableState state) => state switch
    {
        TableState.New => "new",
        TableState.Resumes => "to go on with",
        TableState.Finished => "finished",
        TableState.Restarts => "to restart",
        TableState.Continues => "to bring up to date",
        _ => "blocked",
    };

    private static Pairs Data(PlanReport plan, IReadOnlyDictionary<string, string?> context) => new()
    {
        ["nothing_to_do"] = plan.NothingToDo,
        ["holder"] = plan.Holder,
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
                ["rejects"] = t.Rejects, ["last_commit"] = t.LastCommit,
            };
            if (t.Window is { } w)
            {
                data["window"] = new Pairs
                {
                    ["column"] = w.Column, ["after"] = w.After, ["after_included"] = w.AfterIncluded, ["through"] = w.Through,
                    ["through_included"] = w.ThroughIncluded,
                };
            }
            if (t.Error is { } e) data["error"] = ErrorView.Data(e, context);
            return data;
        }).ToArray(),
    };
}
