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
        var seed = new Option<long?>("--seed") { Description = "Repeat the crash of this seed. Default: another one each time." };
        var folder = new Option<string?>("--dir") {
            Description = "Folder to work in; it stays. Default: a fresh one for temporary files." };
        return new Command("demo", "Watch a sync being killed and carried on, with proof. Needs nothing; takes some seconds.") { seed,
            folder }
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
                ("cause", $"{there} is there already; the demo writes over nothing. Choose another --dir."));
        }
        return new DemoStory(shell, files, chosen).TellAsync(ct);
    }
}
