using System.CommandLine;
using Pawl.Cli.Completion;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl completion bash|zsh|fish|pwsh</c>: a script with which a shell completes verbs, options and their values.</summary>
internal static class CompletionVerb
{
    private static readonly Dictionary<string, Func<CompletionTree, string>> Shells = new()
    {
        ["bash"] = BashScript.Write, ["zsh"] = ZshScript.Write, ["fish"] = FishScript.Write, ["pwsh"] = PwshScript.Write,
    };

    public static Command Create()
    {
        var name = new Argument<string>("shell")
        {
            Description = Both("The shell: bash, zsh, fish or pwsh.", "哪种 shell：bash、zsh、fish 或 pwsh。"), HelpName = "bash|zsh|fish|pwsh",
        };
        name.AcceptOnlyFromAmong([.. Shells.Keys]);
        return new Command("completion", Both("Print a script that lets a shell complete verbs, options and values.",
            "打印补全脚本，让 shell 补全命令、选项和选项值。")) { name }
            .Does("completion", (shell, parse, _) =>
            {
                var script = Shells[parse.GetValue(name)!](CompletionTree.Of(App.Whole()));
                shell.Raw(script);
                shell.Data["script"] = script;
                return Task.FromResult(ExitCode.Done);
            });
    }
}
