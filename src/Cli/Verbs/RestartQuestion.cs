using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary>Says what <c>--restart</c> deletes and asks. Without a terminal it never asks.</summary>
internal static class RestartQuestion
{
    /// <exception cref="PawlException"><see cref="Codes.ConfirmationNeeded"/> when there is nobody to ask.</exception>
    /// <returns>Whether to go on.</returns>
    public static async Task<bool> AskAsync(Shell shell, IConnectors connectors, JobSpec job, RunOptions options, bool yes,
        CancellationToken ct)
    {
        var known = await KnownAsync(shell, connectors, job, options, ct);
        if (known is { Count: 0 }) return true;
        var which = known is null ? Both("every table", "所有表") : Figures.Plural(known.Count, Noun.Table);
        shell.Note(Both($"--restart begins {which} of {job.Name} anew:",
            $"--restart 让 {job.Name} 的{(known is null ? "" : " ")}{which}重新开始："));
        if (known is null)
        {
            shell.Note(Both("  the target knows this job from another source; all its rows and its ledger are deleted",
                "  目标端记录的该作业来自另一个源；它的所有行和账本都会被删除"));
        }
        foreach (var table in (known ?? []).Take(20)) shell.Note($"  {Which(table)}{Both(": ", "：")}{Consequence(table)}");
        if (known?.Count > 20) shell.Note(Both($"  … and {known.Count - 20} more", $"  … 另有 {known.Count - 20} 张"));
        if (yes) return true;
        if (!shell.InputIsTerminal || !shell.ErrorIsTerminal || shell.Json) throw Refused(shell, job, options);
        shell.Error.Write(Both("Go on? Type yes: ", "继续吗？请输入 yes："));
        shell.Error.Flush();
        if (Console.ReadLine()?.Trim().ToLowerInvariant() is "yes" or "y") return true;
        shell.Note(Both("Nothing was deleted, nothing was done.", "什么都没有删除，什么都没有做。"));
        return false;
    }

    /// <summary>Tables the target holds something of; null when it cannot be told because the job is bound to another source.</summary>
    private static async Task<IReadOnlyList<TableForecast>?> KnownAsync(Shell shell, IConnectors connectors, JobSpec job,
        RunOptions options,
        CancellationToken ct)
    {
        try
        {
            var planner = new JobPlanner(Hosts.Create(connectors, new NoEvents(), shell.Time));
            var plan = await planner.PlanAsync(job, options with { Restart = false }, ct);
            return [.. plan.Tables.Where(t => t.State != TableState.New
                && (t.Durable.Read > 0 || t.SplitsDone + t.SplitsPartial > 0 || t.Error is not null))];
        }
        catch (PawlException e) when (e.Fault == Fault.PositionLost)
        {
            return null;
        }
    }

    /// <summary>Of a target that several tables go into only one's rows are meant.</summary>
    private static string Which(TableForecast table) =>
        table.Columns.SourceColumn is null ? table.Target : $"{table.Source} → {table.Target}";

    private static string Consequence(TableForecast table)
    {
        var rows = Figures.Plural(table.Write switch
        {
            WriteMode.Upsert => table.Durable.Read,
            WriteMode.Append => table.Durable.Inserted,
            _ => table.Durable.Inserted + table.Durable.Updated,
        }, Noun.Row);
        return table.Write switch
        {
            WriteMode.Upsert => Both($"its ledger is deleted; its {rows} stay and are written over by key",
                $"删除其账本；已有的 {rows}保留，之后按键覆盖"),
            WriteMode.Replace => Both(
                "its ledger and what is staged are deleted; the target keeps its rows until the new copy is published",
                "删除其账本与暂存的内容；新的副本发布之前，目标保留现有的行"),
            WriteMode.Append => Both($"its ledger is deleted; its {rows} stay, and all rows of the source are added once more",
                $"删除其账本；已有的 {rows}保留，源端的所有行会再追加一遍"),
            _ => Both($"its {rows} and their ledger are deleted", $"删除已有的 {rows}及其账本"),
        };
    }

    private static PawlException Refused(Shell shell, JobSpec job, RunOptions options)
    {
        var tables = options.Tables.Count == 0 ? "" : " --tables " + string.Join(' ', options.Tables.Select(t => Quoting.Word(t.Text)));
        return new PawlException(Fault.Configuration, Codes.ConfirmationNeeded, ("action", "--restart"), ("job", job.Name),
            ("command", $"pawl run {Quoting.Word(shell.JobFile!)} --restart{tables}"));
    }
}
