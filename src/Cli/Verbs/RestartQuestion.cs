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
        shell.Note($"--restart begins {(known is null ? "every table" : Figures.Plural(known.Count, "table"))} of {job.Name} anew:");
        if (known is null) shell.Note("  the target knows this job from another source; all its rows and its ledger are deleted");
        foreach (var table in (known ?? []).Take(20)) shell.Note($"  {table.Target}: {Consequence(table)}");
        if (known?.Count > 20) shell.Note($"  … and {known.Count - 20} more");
        if (yes) return true;
        if (!shell.InputIsTerminal || !shell.ErrorIsTerminal || shell.Json) throw Refused(shell, job, options);
        shell.Error.Write("Go on? Type yes: ");
        shell.Error.Flush();
        if (Console.ReadLine()?.Trim().ToLowerInvariant() is "yes" or "y") return true;
        shell.Note("Nothing was deleted, nothing was done.");
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

    private static string Consequence(TableForecast table) => table.Write switch
    {
        WriteMode.Upsert => $"its ledger is deleted; its {Figures.Plural(table.Durable.Read, "row")} stay and are written over by key",
        WriteMode.Append => $"its ledger is deleted; its {Figures.Plural(table.Durable.Inserted, "row")} stay, "
            + "and all rows of the source are added once more",
        _ => $"its {Figures.Plural(table.Durable.Inserted + table.Durable.Updated, "row")} and their ledger are deleted",
    };

    private static PawlException Refused(Shell shell, JobSpec job, RunOptions options)
    {
        var tables = options.Tables.Count == 0 ? "" : " --tables " + string.Join(' ', options.Tables.Select(t => Quoting.Word(t.Text)));
        return new PawlException(Fault.Configuration, Codes.ConfirmationNeeded, ("action", "--restart"), ("job", job.Name),
            ("command", $"pawl run {Quoting.Word(shell.JobFile!)} --restart{tables}"));
    }
}
