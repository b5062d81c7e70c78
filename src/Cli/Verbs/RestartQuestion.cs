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
    /// <exception cref="PawlException"><see cref="Codes.ConfirmationNeeded"/> when nobody can or will say yes.</exception>
    public static async Task AskAsync(Shell shell, IConnectors connectors, JobSpec job, RunOptions options, bool yes, CancellationToken ct)
    {
        var plan = await new JobPlanner(Hosts.Create(connectors, new NoEvents(), shell.Time)).PlanAsync(job,
            options with { Restart = false }, ct);
        var known = plan.Tables.Where(t => t.State != TableState.New && (t.Durable.Read > 0 || t.SplitsDone + t.SplitsPartial > 0
            || t.Error is not null))
            .ToArray();
        if (known.Length == 0) return;
        shell.Note($"--restart begins {Figures.Plural(known.Length, "table")} of {job.Name} anew:");
        foreach (var table in known.Take(20)) shell.Note($"  {table.Target}: {Consequence(table)}");
        if (known.Length > 20) shell.Note($"  … and {known.Length - 20} more");
        if (yes) return;
        if (!shell.InputIsTerminal || !shell.ErrorIsTerminal || shell.Json) throw Refused(shell, job, options);
        shell.Error.Write("Go on? Type yes: ");
        shell.Error.Flush();
        if (Console.ReadLine()?.Trim().ToLowerInvariant() is not ("yes" or "y")) throw Refused(shell, job, options);
    }

    private static string Consequence(TableForecast table) => table.Write == WriteMode.Upsert
        ? $"its ledger is deleted; its {Figures.Plural(table.Durable.Read, "row")} stay and are written over by key"
        : $"its {Figures.Plural(table.Durable.Inserted + table.Durable.Updated, "row")} and their ledger are deleted";

    private static PawlException Refused(Shell shell, JobSpec job, RunOptions options)
    {
        var tables = options.Tables.Count == 0 ? "" : " --tables " + string.Join(' ', options.Tables.Select(t => Quoting.Word(t.Text)));
        return new PawlException(Fault.Configuration, Codes.ConfirmationNeeded, ("action", "--restart"), ("job", job.Name),
            ("command", $"pawl run {Quoting.Word(shell.JobFile!)} --restart{tables}"));
    }
}
