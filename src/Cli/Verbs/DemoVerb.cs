using System.CommandLine;
using System.Security.Cryptography;
using Pawl.Cli.Demo;
using Pawl.Cli.Output;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl demo</c>: a sync that is killed in the middle of a transaction and carried on without loss.</summary>
internal static class DemoVerb
{
    public static Command Create()
    {
        var seed = new Option<long?>("--seed") { 
            Description = Both("Repeat the crash of this seed. Default: another one each time.", "重演该种子的崩溃。默认：每次不同。"),
        };
        var folder = new Option<string?>("--dir") {
            Description = Both("Folder to work in; it stays. Default: a fresh one for temporary files.", "工作目录，会保留。默认：新建一个临时目录。") };
        return new Command("demo", Both("Watch a sync being killed and carried on, with proof. Needs nothing; takes some seconds.",
            "观看一次同步被杀死、续传并给出证明。无须任何准备，只要几秒钟。")) { seed, folder }
            .Does("demo", (shell, parse, ct) => RunAsync(shell, parse.GetValue(seed), parse.GetValue(folder), ct));
    }

    private static Task<int> RunAsync(Shell shell, long? seed, string? folder, CancellationToken ct)
    {
        var chosen = seed ?? RandomNumberGenerator.GetInt32(1, 100_000);
        var place = folder is null ? Directory.CreateTempSubdirectory("pawl-demo-").FullName : Path.GetFullPath(folder);
        Directory.CreateDirectory(place);
        var files = new DemoFiles(place);
        if (files.All.FirstOrDefault(File.Exists) is { } there)
        {
            throw new PawlException(Fault.Configuration, Codes.Usage,
                ("cause", Both($"{there} is there already; the demo writes over nothing. Choose another --dir.",
                    $"{there} 已存在；demo 不覆盖任何文件。请换一个 --dir。")));
        }
        return new DemoStory(shell, files, chosen).TellAsync(ct);
    }
}
