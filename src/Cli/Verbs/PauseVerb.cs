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
        return new Command("pause", Both("Ask the process that runs a job to stop after the commit in flight.",
            "请正在运行作业的进程在当前提交之后停下。")) { job }
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
            shell.Say(Both($"Nobody runs {job.Name} now; there is nothing to pause.", $"现在没有进程运行 {job.Name}，无须暂停。"));
            return ExitCode.Done;
        }
        await door.Store.RequestAsync(door.Record.Id, WantedState.Pause, ct);
        var runner = state.Record.Runner;
        shell.Say(Both(
            $"Asked {runner} to pause {job.Name}. It finishes the commit in flight and ends with exit code {ExitCode.Interrupted}.",
            $"已请 {runner} 暂停 {job.Name}。它会完成进行中的提交，以退出码 {ExitCode.Interrupted} 结束。"));
        shell.Note(Both("To continue afterwards: ", "之后继续：") + $"pawl run {Quoting.Word(file)}");
        return ExitCode.Done;
    }
}
