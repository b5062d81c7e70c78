using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Jobs;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary>What all verbs share: common options, opening the shell, turning every failure into a text and an exit code.</summary>
internal static class VerbRun
{
    private static readonly Option<bool> Json = new("--json") { Recursive = true };
    private static readonly Option<bool> Quiet = new("--quiet", "-q") { Recursive = true };
    private static readonly Option<bool> Verbose = new("--verbose", "-v") { Recursive = true };

    /// <summary>The options of every verb, described in the language that is spoken.</summary>
    public static Option[] Common()
    {
        Json.Description = Both("Print JSON lines for programs; the last line has the code \"summary\".",
            "为程序打印 JSON 行；最后一行的代码是 \"summary\"。");
        Quiet.Description = Both("Print results and errors only.", "只打印结果和错误。");
        Verbose.Description = Both("Print every event, and the causes of errors.", "打印每个事件，以及错误的起因。");
        var lang = new Option<string>(LanguageOption)
        {
            Description = Both("The language: en or zh-CN. Default: what LC_ALL, LC_MESSAGES or LANG ask for.",
                "语言：en 或 zh-CN。默认：由 LC_ALL、LC_MESSAGES、LANG 决定。"),
            Recursive = true,
        };
        lang.AcceptOnlyFromAmong([.. AllTags]);
        return [Json, Quiet, Verbose, lang];
    }

    public static Argument<string> JobArgument() => new("job")
    {
        Description = Both("The job file.", "作业文件。"), HelpName = "job.yaml", DefaultValueFactory = _ => "job.yaml",
    };

    public static Option<string[]> TablesOption() => new("--tables")
    {
        Description = Both("Only source tables matching one of these names or patterns.", "只处理与这些名字或模式相符的源表。"),
        HelpName = "pattern",
        AllowMultipleArgumentsPerToken = true,
    };

    /// <summary>Makes <paramref name="act"/> the command's action.</summary>
    public static Command Does(this Command command, string verb, Func<Shell, ParseResult, CancellationToken, Task<int>> act)
    {
        command.SetAction((parse, ct) => GuardAsync(
            Shell.Create(verb, parse.GetValue(Json), parse.GetValue(Quiet), parse.GetValue(Verbose)), shell => act(shell, parse, ct)));
        return command;
    }

    public static async Task<int> GuardAsync(Shell shell, Func<Shell, Task<int>> act)
    {
        try
        {
            var exit = await act(shell);
            shell.Finish(exit);
            return exit;
        }
        catch (JobRejected rejected)
        {
            return Report(shell, rejected);
        }
        catch (PawlException e)
        {
            return Report(shell, e);
        }
        catch (OperationCanceledException)
        {
            shell.Finish(ExitCode.Interrupted);
            return ExitCode.Interrupted;
        }
        catch (IOException) when (shell.Out is { } && Console.IsOutputRedirected && IsPipeClosed(shell))
        {
            return ExitCode.Failed; // the reader of a pipe hung up, there is nobody to tell
        }
        catch (Exception e)
        {
            return Report(shell, new PawlException(Fault.Bug, Codes.Unexpected, e, ("cause", e.Message), ("type", e.GetType().Name)));
        }
    }

    public static JobSpec LoadJob(Shell shell, string file, ConnectorScan connectors)
    {
        shell.JobFile = file;
        var result = JobFile.Load(file, Environment.GetEnvironmentVariable, connectors.All.Select(c => c.Spec),
            SavedConnections.InHome());
        if (result.Job is null) throw new JobRejected(file, result.Problems);
        shell.Job = result.Job.Name;
        return result.Job;
    }

    /// <summary>Words that advice may need beside an error's own details.</summary>
    public static Dictionary<string, string?> Context(Shell shell) => new()
    {
        ["jobfile"] = shell.JobFile ?? "job.yaml",
        ["job"] = shell.Job,
        ["verb"] = shell.Verb,
        ["run"] = shell.Run is { } run ? Figures.RunName(run) : null,
    };

    public static int Report(Shell shell, PawlException e)
    {
        var exit = ExitCode.Of(e);
        ShowError(shell, e);
        shell.Finish(exit, ErrorView.Data(e, Context(shell)));
        return exit;
    }

    public static void ShowError(Shell shell, PawlException e)
    {
        if (shell.Json) return;
        foreach (var line in new ErrorView(shell.ErrorPaint, shell.Width, Context(shell)).Of(e, shell.Verbose)) shell.Error.WriteLine(line);
    }

    private static int Report(Shell shell, JobRejected rejected)
    {
        if (!shell.Json)
        {
            var view = new ErrorView(shell.ErrorPaint, shell.Width, Context(shell));
            foreach (var line in view.Of(rejected.Problems, rejected.File)) shell.Error.WriteLine(line);
        }
        var first = rejected.Problems[0];
        shell.Finish(ExitCode.Invalid, new Pairs
        {
            ["code"] = first.Code,
            ["fault"] = Fault.Configuration.ToString(),
            ["problems"] = rejected.Problems.Select(ProblemText.Data).ToArray(),
        });
        return ExitCode.Invalid;
    }

    private static bool IsPipeClosed(Shell shell)
    {
        try
        {
            shell.Out.Flush();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
