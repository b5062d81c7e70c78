using System.CommandLine;
using Pawl.Cli.Output;
using Pawl.Jobs;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl schema</c>: the JSON Schema of the job file, for editors.</summary>
internal static class SchemaVerb
{
    public static Command Create() =>
        new Command("schema", Both("Print the JSON Schema of the job file.", "打印作业文件的 JSON Schema。")).Does("schema", (shell, _, _) =>
        {
            var text = JobSchema.ToJson();
            shell.Raw(text);
            shell.Data["schema"] = text;
            return Task.FromResult(ExitCode.Done);
        });
}
