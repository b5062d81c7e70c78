using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl pause</c>: asks whoever runs the job to stop after the commit in flight.</summary>
internal static class PauseVerb
{
    public static Command Create()
    {
        var job = VerbRun.JobArgument();
        return new Command("pause", "Ask the process that runs a job to stop after the commit in flight.") { job }
            .Does("pause", (shell, parse, ct) => PauseAsync(shell, parse.GetValue(job)!, ct));
    }

    private static async Task<int> PauseAsync(Shell shell, string file, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var job = VerbRun.LoadJob(shell, file, connectors);
        await using var door = await LedgerDoor.OpenAsync(connectors, job, shell.Time, ct);
        var state = LedgerState.Of(door.Record, await door.Store.ReadAsync(door.Record.Id, ct));
        shell.Data["asked"] = state.Alive;
        shell.Data["runner"] = state.Record.Runner;
        if (!state.Alive)
        {
            shell.Say($"Nobody runs {job.Name} now; there is nothing to pause.");
            return ExitCode.Done;
        }
        await door.Store.RequestAsync(door.Record.Id, WantedState.Pause, ct);
        shell.Say($"Asked {state.Record.Runner} to pause {job.Name}. "
            + $"It finishes the commit in flight and ends with exit code {ExitCode.Interrupted}.");
        shell.Note($"To continue afterwards: pawl run {Quoting.Word(file)}");
        return ExitCode.Done;
    }
}
