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
        return new Command("validate", Both("Check a job file, without opening source or target.", "检查作业文件，不打开源与目标。")) { job }
            .Does("validate", (shell, parse, _) => Task.FromResult(Validate(shell, parse.GetValue(job)!)));
    }

    private static int Validate(Shell shell, string file)
    {
        var job = VerbRun.LoadJob(shell, file, new ConnectorScan());
        var (ends, entries) = ($"{job.Source.Display} → {job.Target.Display}", Figures.Plural(job.Tables.Count, Noun.Entry));
        shell.Say(Both($"{file} is a valid job: {job.Name}, {ends}, {entries}.", $"{file} 是有效的作业：{job.Name}，{ends}，{entries}。"));
        shell.Note(Both("Next: ", "下一步：") + $"pawl plan {Quoting.Word(file)}");
        shell.Data["valid"] = true;
        shell.Data["source"] = job.Source.Display;
        shell.Data["target"] = job.Target.Display;
        shell.Data["tables"] = job.Tables.Select(t => new Pairs { ["pattern"] = t.Pattern.Text, ["target"] = t.Target }).ToArray();
        return ExitCode.Done;
    }
}
