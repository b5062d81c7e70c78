using System.CommandLine;
using Pawl.Cli.Output;
using Pawl.Jobs;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl schema</c>: the JSON Schema of the job file, for editors.</summary>
internal static class SchemaVerb
{
    public static Command Create() => new Command("schema", "Print the JSON Schema of the job file.").Does("schema", (shell, _, _) =>
    {
        var text = JobSchema.ToJson();
        shell.Raw(text);
        shell.Data["schema"] = text;
        return Task.FromResult(ExitCode.Done);
    });
}
