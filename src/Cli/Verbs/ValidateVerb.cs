using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl validate</c>: reads a job file and shows everything that is wrong with it. Opens neither source nor target.</summary>
internal static class ValidateVerb
{
    public static Command Create()
    {
        var job = VerbRun.JobArgument();
        return new Command("validate", "Check a job file, without opening source or target.") { job }
            .Does("validate", (shell, parse, _) => Task.FromResult(Validate(shell, parse.GetValue(job)!)));
    }

    private static int Validate(Shell shell, string file)
    {
        var job = VerbRun.LoadJob(shell, file, new ConnectorScan());
        shell.Say($"{file} is a valid job: {job.Name}, {job.Source.Display} → {job.Target.Display}, "
            + $"{Figures.Plural(job.Tables.Count, "table entry", "table entries")}.");
        shell.Note($"Next: pawl plan {Quoting.Word(file)}");
        shell.Data["valid"] = true;
        shell.Data["source"] = job.Source.Display;
        shell.Data["target"] = job.Target.Display;
        shell.Data["tables"] = job.Tables.Select(t => new Pairs { ["pattern"] = t.Pattern.Text, ["target"] = t.Target }).ToArray();
        return ExitCode.Done;
    }
}
